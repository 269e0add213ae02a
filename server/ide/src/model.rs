//! The object model of a BPF program with its previews, taken over from the text before an edit where
//! the edit cannot have changed it.

use std::sync::{Arc, Mutex, OnceLock};

use bpf::{
    skeleton::{Preview, SkeletonKind},
    source::{SourceObject, build, taken_over},
};
use cfront::unit::Unit;

use crate::pipeline::lock;

/// A model, and what was made of it.
pub(crate) struct Model {
    pub(crate) source: SourceObject,
    /// They show no place of the text: equal models have equal previews.
    previews: Arc<[OnceLock<Preview>; 3]>,
    /// Whether it is the one of an earlier text.
    #[cfg(test)]
    pub(crate) taken_over: bool,
}

/// A model that is made at the first question about it.
#[derive(Default)]
pub(crate) struct LazyModel {
    made: OnceLock<Arc<Model>>,
    /// The newest model of an earlier text.
    earlier: Mutex<Option<Arc<Model>>>,
}

impl LazyModel {
    /// The model of the text after an edit.
    pub(crate) fn after(previous: &LazyModel) -> LazyModel {
        // In this order: the earlier one goes when the other is there.
        let earlier = lock(&previous.earlier).clone();
        let earlier = previous.made.get().cloned().or(earlier);
        LazyModel { made: OnceLock::new(), earlier: Mutex::new(earlier) }
    }

    /// Whether somebody has asked for it.
    #[cfg(test)]
    pub(crate) fn is_made(&self) -> bool {
        self.made.get().is_some()
    }

    /// The model. `complete`: all of the text was seen by the preprocessor.
    pub(crate) fn get(&self, unit: &Unit, name: &str, complete: bool) -> &Model {
        let model = self.made.get_or_init(|| {
            let earlier = lock(&self.earlier).clone();
            let same = earlier.as_ref().and_then(|earlier| taken_over(unit, name, &earlier.source));
            #[cfg(test)]
            let taken_over = same.is_some();
            let previews = earlier.filter(|_| same.is_some());
            let previews = previews.map(|earlier| earlier.previews.clone()).unwrap_or_default();
            let mut source = same.unwrap_or_else(|| build(unit, name));
            source.object.complete &= complete;
            Arc::new(Model {
                source,
                previews,
                #[cfg(test)]
                taken_over,
            })
        });
        lock(&self.earlier).take();
        model
    }
}

impl Model {
    /// The preview of that kind.
    pub(crate) fn preview(&self, kind: SkeletonKind) -> Option<&Preview> {
        let slot = match kind {
            SkeletonKind::Skeleton => 0,
            SkeletonKind::Subskeleton => 1,
            SkeletonKind::Light => 2,
        };
        let slot = self.previews.get(slot)?;
        Some(slot.get_or_init(|| bpf::skeleton::preview(&self.source.object, kind)))
    }
}
