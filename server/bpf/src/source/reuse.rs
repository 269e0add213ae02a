//! After an edit: the model of the text before it, where nothing of what it was made of has changed.

use cfront::unit::Unit;

use super::{SourceObject, is_torn};

/// The model of `unit`, from that of an earlier unit of the same file; `None` where it may be another.
pub(super) fn taken_over(unit: &Unit, name: &str, earlier: &SourceObject) -> Option<SourceObject> {
    if earlier.object.name != name {
        return None;
    }
    let (basis, moved) = earlier.basis.as_ref()?.taken_over(unit)?;
    let mut object = earlier.object.clone();
    object.complete = !basis.is_incomplete() && !is_torn(unit);
    let variables = object.sections.iter_mut().flat_map(|s| &mut s.variables).map(|v| &mut v.place);
    let maps = object.maps.iter_mut().map(|map| &mut map.place);
    let programs = object.programs.iter_mut().map(|program| &mut program.place);
    for place in variables.chain(maps).chain(programs).flatten() {
        *place = moved.place(*place)?;
    }
    Some(SourceObject { object, refusals: earlier.refusals.clone(), basis: Some(basis) })
}
