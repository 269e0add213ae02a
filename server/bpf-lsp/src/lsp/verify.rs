//! Build and verify: on save the project's own compile command runs in the background, and the object
//! that it makes is compared with the source model.
//!
//! Only with `buildAndVerify.enable` on, and only in a workspace that the client says the user trusts:
//! nothing outside of its folders chooses what runs.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use ide::{
    Role,
    built::{BuiltObject, BuiltOrigin, fingerprint},
};
use tower_lsp::lsp_types::MessageType;

use super::{
    outbox::Outgoing,
    session::Session,
    workers::{lock, spawn},
};
use crate::project::{
    build::{BuildError, Trusted},
    files::{self, Kind},
    objects,
};

/// A compiler that runs longer is ended.
const TIMEOUT: Duration = Duration::from_secs(60);

impl Session {
    /// A file was saved: builds it, or the open programs that include it.
    pub(super) fn verify_saved(self: &Arc<Self>, saved: &Path) {
        let programs: Vec<PathBuf> = {
            let state = lock(&self.state);
            if !state.may_build() {
                return;
            }
            let analysis = state.host.analysis();
            let wanted = |path: &&PathBuf| *path == saved || analysis.depends_on(path, saved);
            state.open.keys().filter(wanted).cloned().collect()
        };
        for program in programs {
            self.verify(program);
        }
    }

    fn verify(self: &Arc<Self>, program: PathBuf) {
        let cancelled = Arc::new(AtomicBool::new(false));
        let older = lock(&self.builds.running).insert(program.clone(), cancelled.clone());
        if let Some(older) = older {
            older.store(true, Ordering::SeqCst);
        }
        let session = self.clone();
        spawn("build", move || {
            let turn = lock(&session.builds.turn);
            let result = session.build(&program, &cancelled);
            drop(turn);
            {
                let mut running = lock(&session.builds.running);
                if running.get(&program).is_some_and(|newest| Arc::ptr_eq(newest, &cancelled)) {
                    running.remove(&program);
                }
            }
            if let Some(result) = result {
                session.built(&program, result);
            }
        });
    }

    /// The object of the text on disk; `None` when it is not to be built, or the text moved on meanwhile.
    fn build(
        &self,
        program: &Path,
        cancelled: &AtomicBool,
    ) -> Option<Result<BuiltObject, BuildError>> {
        let (analysis, disk, roots) = {
            let state = lock(&self.state);
            if !state.may_build() || !state.open.contains_key(program) {
                return None;
            }
            (state.host.analysis(), state.disk.clone(), state.roots.clone())
        };
        // An object of the session's end, or of an older save, is wanted by nobody.
        let is_cancelled = || cancelled.load(Ordering::SeqCst);
        if is_cancelled() || analysis.file(program).ok()??.role != Role::Bpf {
            return None;
        }
        let text_of = || Some(fingerprint(&files::text(program, Kind::Source)?));
        let text = text_of()?;
        let trusted = Trusted::new(&roots);
        let result = disk.build(program, &trusted, TIMEOUT, cancelled).and_then(|bytes| {
            objects::verified(&bytes, program, text)
                .map_err(|error| BuildError::Io(format!("the object cannot be read: {error}")))
        });
        (!is_cancelled() && text_of() == Some(text)).then_some(result)
    }

    fn built(self: &Arc<Self>, program: &Path, result: Result<BuiltObject, BuildError>) {
        let name = program.file_name().map(|n| n.to_string_lossy()).unwrap_or_default();
        let note = match &result {
            Ok(_) => "built on save".to_owned(),
            Err(error) => format!("not built on save: {error}"),
        };
        let (kind, text) = match &result {
            Ok(_) => (MessageType::LOG, format!("{name}: {note}")),
            Err(BuildError::Failed(said)) => (MessageType::INFO, format!("{name}: {note}\n{said}")),
            Err(_) => (MessageType::INFO, format!("{name}: {note}")),
        };
        self.send(Outgoing::Log(kind, format!("bpf-lsp: {text}")));
        let told = {
            let state = lock(&self.state);
            let document = state.open.get(program);
            document.is_some_and(|d| std::mem::replace(&mut *lock(&d.built), note.clone()) != note)
        };
        self.replace_object(program, result.ok(), |origin| origin == BuiltOrigin::Verified);
        if told {
            self.check(program);
        }
    }
}
