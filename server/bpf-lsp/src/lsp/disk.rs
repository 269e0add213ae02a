//! What becomes of files on disk: told by the client, or seen by ourselves.

use std::{
    path::PathBuf,
    sync::{Arc, atomic::Ordering},
};

use ide::Change;
use tower_lsp::lsp_types::{DidChangeWatchedFilesParams, DidSaveTextDocumentParams};

use super::{session::Session, uris::path_of, workers::lock};

impl Session {
    pub(super) fn did_save(self: &Arc<Self>, params: DidSaveTextDocumentParams) {
        let path = path_of(&params.text_document.uri);
        self.look_at_disk();
        self.look_for_all_objects();
        self.verify_saved(&path);
    }

    pub(super) fn did_change_watched_files(self: &Arc<Self>, params: DidChangeWatchedFilesParams) {
        self.look_for_all_objects();
        let mut paths: Vec<_> = params.changes.iter().map(|change| path_of(&change.uri)).collect();
        // An open document hides its file.
        paths.retain(|path| !lock(&self.state).open.contains_key(path));
        self.disk_changed(paths);
        // A client tells of what it watches, and of a folder that was moved at most the name.
        self.look_at_disk();
    }

    /// Looks, in the background, whether files that answers rest on are not what they were: of a client that
    /// watches no files nothing else is heard, and system headers are outside of what any client watches.
    /// One look waits at a time.
    pub(super) fn look_at_disk(self: &Arc<Self>) {
        if self.looking_at_disk.swap(true, Ordering::SeqCst) {
            return;
        }
        let session = self.clone();
        let job = move || {
            // Before the look: what changes from here on is worth another one.
            session.looking_at_disk.store(false, Ordering::SeqCst);
            let disk = lock(&session.state).disk.clone();
            let changed = disk.changed();
            let open = |path: &&PathBuf| lock(&session.state).open.contains_key(path.as_path());
            let (saved, mut changed): (Vec<_>, Vec<_>) =
                changed.iter().partition::<Vec<&PathBuf>, _>(open);
            // That an open document was saved is news when it is compiled in another way now.
            changed.extend(saved.into_iter().filter(|path| disk.flags_changed(path)));
            session.disk_changed(changed.into_iter().cloned().collect());
        };
        self.workers.background("look at the disk", Box::new(job));
    }

    /// These files and folders changed, came or went.
    fn disk_changed(self: &Arc<Self>, mut paths: Vec<PathBuf>) {
        // No answer but the comparison reads an object.
        paths.retain(|path| path.extension().is_none_or(|e| e != "o"));
        if paths.is_empty() {
            return;
        }
        {
            let mut state = lock(&self.state);
            state.disk.told(&paths);
            // A file that comes or goes may change flags, and which files are read at all.
            state.renew_environment();
            paths.retain(|path| !state.open.contains_key(path));
            state.host.apply(Change::Disk(paths));
        }
        self.check_all();
    }
}
