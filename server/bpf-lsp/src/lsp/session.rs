//! The state of one LSP session. Who changes it are `events` (what the client tells), `disk` and `objects` (what is
//! found on disk), and checks, which note what they have told.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use ide::{Analysis, AnalysisHost, Change};
use rustc_hash::{FxHashMap, FxHashSet};
use tokio::sync::mpsc;

use super::{
    builds::Builds,
    client::ClientCan,
    ext::ServerStatusParams,
    header_findings::HeaderFindings,
    outbox::{Outbox, Outgoing},
    settings::Settings,
    uris::Uris,
    workers::{Workers, lock},
};
use crate::project::{Disk, Project, objects::ObjectCache};

/// What a handler works with: the world as it was when its request was read.
#[derive(Clone)]
pub(super) struct Snapshot {
    pub(super) analysis: Analysis,
    pub(super) client: ClientCan,
    pub(super) uris: Uris,
}

/// The session.
pub(super) struct Session {
    pub(super) state: Mutex<State>,
    outbox: Outbox,
    pub(super) due: mpsc::UnboundedSender<PathBuf>,
    pub(super) workers: Workers,
    /// What was read of built objects.
    pub(super) objects: ObjectCache,
    /// Programs whose object is about to be looked for.
    pub(super) looking: Mutex<FxHashSet<PathBuf>>,
    /// The disk is about to be looked at.
    pub(super) looking_at_disk: AtomicBool,
    pub(super) builds: Builds,
}

pub(super) struct State {
    pub(super) host: AnalysisHost,
    pub(super) project: Project,
    /// The files of now, as the host has them.
    pub(super) disk: Arc<Disk>,
    pub(super) client: ClientCan,
    pub(super) uris: Uris,
    pub(super) open: FxHashMap<PathBuf, Arc<OpenDocument>>,
    pub(super) headers: HeaderFindings,
    /// The folders of the workspace; none when the client has only files.
    pub(super) roots: Vec<PathBuf>,
    pub(super) settings: Settings,
    /// The client says that the user trusts the workspace.
    pub(super) trusted: bool,
    pub(super) initialized: bool,
    last_status: Option<(bool, ide::answer::Status)>,
}

/// What the checks of an open document share.
#[derive(Debug, Default)]
pub(super) struct OpenDocument {
    /// Number of the newest check that was asked for.
    pub(super) epoch: AtomicU64,
    /// Number of the newest check that was published.
    pub(super) published: AtomicU64,
    /// Checks in a row that gave up because the text moved on.
    pub(super) given_up: AtomicU64,
    /// Fingerprint of the skeleton that was last told of.
    pub(super) skeleton: AtomicU64,
    /// What became of the last build on save; empty before the first.
    pub(super) built: Mutex<String>,
}

impl Session {
    /// A session over an empty world. What it says goes to `outbox`, and the documents that are to be
    /// checked once no message waits to be read to `due`.
    pub(super) fn new(outbox: Outbox, due: mpsc::UnboundedSender<PathBuf>) -> Session {
        let mut project = Project::default();
        project.keep_stamps();
        let disk = project.environment();
        Session {
            state: Mutex::new(State {
                host: AnalysisHost::new(disk.clone()),
                project,
                disk,
                client: ClientCan::default(),
                uris: Uris::default(),
                open: FxHashMap::default(),
                headers: HeaderFindings::default(),
                roots: Vec::new(),
                settings: Settings::default(),
                trusted: false,
                initialized: false,
                last_status: None,
            }),
            outbox,
            due,
            workers: Workers::new(),
            objects: ObjectCache::default(),
            looking: Mutex::default(),
            looking_at_disk: AtomicBool::new(false),
            builds: Builds::default(),
        }
    }

    /// Puts a message to the client into the queue.
    pub(super) fn send(&self, message: Outgoing) {
        self.outbox.send(message);
    }

    /// The world of now.
    pub(super) fn snapshot(&self) -> Snapshot {
        lock(&self.state).snapshot()
    }

    /// Tells a client that pulls that what it pulled before may be old.
    pub(super) fn refresh_pulled(&self) {
        let client = lock(&self.state).client;
        if client.pull && client.refresh_diagnostics {
            self.send(Outgoing::RefreshDiagnostics);
        }
        if client.refresh_lenses {
            self.send(Outgoing::RefreshLenses);
        }
    }

    /// Runs `send` while the document is surely open and nothing of this or a newer check has been
    /// published as its end.
    pub(super) fn if_newest(
        &self,
        path: &Path,
        document: &Arc<OpenDocument>,
        epoch: u64,
        send: impl FnOnce(),
    ) {
        let state = lock(&self.state);
        let open = state.open.get(path).is_some_and(|open| Arc::ptr_eq(open, document));
        if open && document.published.load(Ordering::SeqCst) < epoch {
            send();
        }
    }

    /// Runs `send` while the document is surely open and no newer check has been published; returns
    /// whether it did.
    pub(super) fn if_current(
        &self,
        path: &Path,
        document: &Arc<OpenDocument>,
        epoch: u64,
        send: impl FnOnce(),
    ) -> bool {
        let state = lock(&self.state);
        let open = state.open.get(path).is_some_and(|open| Arc::ptr_eq(open, document));
        let current = open && document.published.fetch_max(epoch, Ordering::SeqCst) < epoch;
        if current {
            send();
        }
        current
    }

    /// Whether a file belongs to the user: it lies in the workspace, or, when the client has named no
    /// folder, beside or below the program that it was read for.
    pub(super) fn is_of_workspace(&self, path: &Path, program: &Path) -> bool {
        let state = lock(&self.state);
        if state.roots.is_empty() {
            return program.parent().is_some_and(|folder| path.starts_with(folder));
        }
        state.roots.iter().any(|root| path.starts_with(root))
    }

    /// Tells the status when it is another than the last one told.
    pub(super) fn tell_status(&self, quiescent: bool, status: ide::answer::Status) {
        let mut state = lock(&self.state);
        let new = Some((quiescent, status));
        if state.last_status != new {
            state.last_status.clone_from(&new);
            if let Some((quiescent, status)) = new {
                self.send(Outgoing::Status(ServerStatusParams {
                    health: if status.warning { "warning" } else { "ok" }.to_owned(),
                    quiescent,
                    message: status.message,
                }));
            }
        }
    }
}

impl State {
    /// Takes what is known of the disk as new.
    pub(super) fn renew_environment(&mut self) {
        self.disk = self.project.environment();
        self.host.apply(Change::Environment(self.disk.clone()));
    }

    /// Whether the project's own commands may be run.
    pub(super) fn may_build(&self) -> bool {
        self.trusted && self.settings.build_and_verify
    }

    pub(super) fn snapshot(&self) -> Snapshot {
        Snapshot { analysis: self.host.analysis(), client: self.client, uris: self.uris.clone() }
    }
}
