//! The entry programs of a unit, with what their sections make of them.

use std::sync::Arc;

use cfront::{
    sema::Function,
    source::FileRange,
    symbol::Symbol,
    unit::{ItemId, Unit},
};

use super::{Code, FnBody};
use crate::{
    facts::sections::{self, ProgramSection},
    object::Object,
};

/// An entry program.
pub(in super::super) struct Entry {
    /// The function.
    pub(in super::super) function: Arc<Function>,
    /// Its section, a leading `?` included.
    pub(in super::super) section: &'static str,
    /// The row of libbpf's table.
    pub(in super::super) row: &'static ProgramSection,
}

/// The programs whose section libbpf knows.
pub(in super::super) fn entries(unit: &Unit, object: &Object) -> Vec<Entry> {
    object
        .programs
        .iter()
        .filter_map(|program| {
            let function = unit.function(Symbol::intern(&program.name))?;
            let section = function.attrs.section?.as_str();
            Some(Entry { function, section, row: sections::find(section)? })
        })
        .collect()
}

impl Entry {
    /// The function that holds the code of a program made by `BPF_PROG`, `BPF_KPROBE` and the like,
    /// if the program came out of one of these macros.
    pub(in super::super) fn wrapped(
        &self,
        code: &Code<'_>,
        macros: &[&str],
    ) -> Option<Arc<FnBody>> {
        let place = self.function.definition_place()?;
        let token = code.unit.token(ItemId(place.item), place.token)?;
        let steps = code.unit.preprocessed().expansion_stack(token.loc);
        if !steps.iter().any(|step| macros.contains(&step.macro_name.as_str())) {
            return None;
        }
        code.body(Symbol::intern(&format!("____{}", self.function.name)))
    }

    /// Where the macro that wraps the program stands, when the user wrote it out.
    pub(in super::super) fn macro_name(&self, code: &Code<'_>, name: &str) -> Option<FileRange> {
        let place = self.function.definition_place()?;
        let token = code.unit.token(ItemId(place.item), place.token)?;
        let pp = code.unit.preprocessed();
        // The outermost one: within the body of another macro it is not this program's alone.
        let step = pp.expansion_stack(token.loc).pop().filter(|s| s.macro_name.as_str() == name)?;
        let text = pp.text(step.name.file)?;
        let written = text.get(step.name.start as usize..step.name.end as usize)?;
        (written == name && step.name.file == pp.main).then_some(step.name)
    }
}
