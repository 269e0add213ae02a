//! Built objects of open programs: looked for in the background, after a document's first check and
//! whenever files changed on disk. No edit reads an object.

use std::{path::Path, sync::Arc};

use ide::{
    Change, Role,
    built::{BuiltObject, BuiltObjects, BuiltOrigin},
};

use super::{
    session::{Session, State},
    workers::lock,
};

impl Session {
    /// Looks for the built objects of all open programs.
    pub(super) fn look_for_all_objects(self: &Arc<Self>) {
        let open: Vec<_> = lock(&self.state).open.keys().cloned().collect();
        for path in open {
            self.look_for_object(&path);
        }
    }

    /// Looks for the built object of an open program; one look waits for it at a time.
    pub(super) fn look_for_object(self: &Arc<Self>, program: &Path) {
        if !lock(&self.looking).insert(program.to_owned()) {
            return;
        }
        let (session, program) = (self.clone(), program.to_owned());
        let job = move || {
            // Before the look: what changes from here on is worth another one.
            lock(&session.looking).remove(&program);
            session.find_object(&program);
        };
        self.workers.background("search for an object", Box::new(job));
    }

    fn find_object(self: &Arc<Self>, program: &Path) {
        let (analysis, disk) = {
            let state = lock(&self.state);
            if !state.open.contains_key(program) {
                return;
            }
            (state.host.analysis(), state.disk.clone())
        };
        let Ok(Some(file)) = analysis.file(program) else { return };
        let found = (file.role == Role::Bpf)
            .then(|| disk.built_object(program, &analysis.files_read(&file), &self.objects))
            .flatten();
        let is_found = |origin| origin != BuiltOrigin::Verified;
        self.replace_object(program, found, is_found);
    }

    /// Replaces the objects of a program whose origin `replaced` names by another one, and checks it anew
    /// when that makes a difference.
    pub(super) fn replace_object(
        self: &Arc<Self>,
        program: &Path,
        new: Option<BuiltObject>,
        replaced: impl Fn(BuiltOrigin) -> bool,
    ) {
        {
            let mut state = lock(&self.state);
            if !state.open.contains_key(program) || !state.replace_object(program, new, replaced) {
                return;
            }
        }
        self.check(program);
        self.refresh_pulled();
    }
}

impl State {
    fn replace_object(
        &mut self,
        program: &Path,
        new: Option<BuiltObject>,
        replaced: impl Fn(BuiltOrigin) -> bool,
    ) -> bool {
        let known = self.host.analysis().objects(program);
        let (old, kept): (Vec<_>, Vec<_>) =
            known.iter().cloned().partition(|built| replaced(built.origin));
        let same = match (old.as_slice(), &new) {
            ([], None) => true,
            ([old], Some(new)) => is_same(old, new),
            _ => false,
        };
        if same {
            return false;
        }
        let objects: BuiltObjects = kept.into_iter().chain(new.map(Arc::new)).collect();
        self.host.apply(Change::Objects { program: program.into(), objects });
        true
    }
}

fn is_same(a: &BuiltObject, b: &BuiltObject) -> bool {
    Arc::ptr_eq(&a.object, &b.object) && (&a.path, a.text, a.origin) == (&b.path, b.text, b.origin)
}
