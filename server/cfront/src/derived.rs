//! Results that others keep with an item: made once for each parse of it.

use std::{
    any::{Any, TypeId},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use rustc_hash::FxHashMap;

/// More results than this are not kept, unless the unit is large: those of items that are gone are among them.
const MAX_KEPT: usize = 1 << 14;
/// Results that are kept for each item of a large unit.
const KEPT_OF_ITEM: usize = 8;
/// More than this are kept of no unit.
const MOST_KEPT: usize = 1 << 20;

/// A parse and the item that has it: equal items that changed places may take over each other's.
pub(crate) type Parse = (u64, u32);

type Kept = FxHashMap<(TypeId, Parse), Arc<dyn Any + Send + Sync>>;

/// Results by their type and the parse that they were made of.
#[derive(Default, Debug)]
pub(crate) struct Derivations {
    kept: Mutex<Kept>,
    made: AtomicUsize,
}

impl Derivations {
    /// The result of that type for a parse in a unit whose file has so many items of its own; `make` is called outside of any lock.
    pub(crate) fn get<T: Send + Sync + 'static>(
        &self,
        parse: Parse,
        items: usize,
        make: impl FnOnce() -> T,
    ) -> Arc<T> {
        let key = (TypeId::of::<T>(), parse);
        let known = self.lock().get(&key).cloned();
        if let Some(known) = known.and_then(|known| known.downcast().ok()) {
            return known;
        }
        let made = Arc::new(make());
        self.made.fetch_add(1, Ordering::Relaxed);
        let mut kept = self.lock();
        if kept.len() >= (items * KEPT_OF_ITEM).clamp(MAX_KEPT, MOST_KEPT) {
            kept.clear();
        }
        kept.insert(key, made.clone());
        made
    }

    /// Results made so far.
    pub(crate) fn made(&self) -> usize {
        self.made.load(Ordering::Relaxed)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
