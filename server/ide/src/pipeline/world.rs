//! The files as they are now, for the front end.

use std::{
    path::Path,
    sync::{Arc, PoisonError, RwLock},
};

use cfront::{session::FileSystem, source::Text};

use crate::{environment::Environment, host::Documents};

/// The files as they are now. The session reads headers through this and not through a snapshot:
/// what it keeps must be the newest text it was told of, whoever asks.
pub(super) struct World {
    documents: RwLock<Arc<Documents>>,
    environment: RwLock<Arc<dyn Environment>>,
}

fn read<T: Clone>(lock: &RwLock<T>) -> T {
    lock.read().unwrap_or_else(PoisonError::into_inner).clone()
}

fn write<T>(lock: &RwLock<T>, value: T) {
    *lock.write().unwrap_or_else(PoisonError::into_inner) = value;
}

impl World {
    pub(super) fn new(environment: Arc<dyn Environment>) -> World {
        World { documents: RwLock::default(), environment: RwLock::new(environment) }
    }

    pub(super) fn set_documents(&self, documents: Arc<Documents>) {
        write(&self.documents, documents);
    }

    pub(super) fn set_environment(&self, environment: Arc<dyn Environment>) {
        write(&self.environment, environment);
    }
}

impl FileSystem for World {
    fn read(&self, path: &Path) -> Option<Text> {
        if let Some(document) = read(&self.documents).get(path) {
            return Some(document.text.clone());
        }
        read(&self.environment).read(path)
    }

    fn read_bytes(&self, path: &Path) -> Option<Vec<u8>> {
        read(&self.environment).read_bytes(path)
    }

    fn is_file(&self, path: &Path) -> bool {
        read(&self.documents).contains_key(path) || read(&self.environment).is_file(path)
    }

    fn is_folder(&self, path: &Path) -> bool {
        // A document need not be saved yet, nor its folder made.
        read(&self.environment).is_folder(path)
            || read(&self.documents).keys().any(|document| document.starts_with(path))
    }
}
