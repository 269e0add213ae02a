//! The outline: maps, programs and variables with their sections, and other functions.

use std::path::Path;

use bpf::object::Program;
use cfront::{
    source::FileRange,
    unit::{ItemId, Unit},
};

use rustc_hash::FxHashMap;

use crate::{
    answer::{Symbol, SymbolKind, shown},
    host::{Analysis, Cancellable},
    hover::map_type,
    pipeline::{FileAnalysis, Role},
    target::{Names, Target},
};

impl Analysis {
    /// The outline of a BPF program, in order of place; empty for other files, which are clangd's. Of very many
    /// entries the last says how many are left out.
    ///
    /// # Errors
    ///
    /// When nobody wants the answer any more.
    pub fn document_symbols(&self, path: &Path) -> Cancellable<Vec<Symbol>> {
        let Some(file) = self.file(path)? else { return Ok(Vec::new()) };
        let mut symbols = match file.role {
            Role::Bpf => file.symbols(),
            _ => Vec::new(),
        };
        symbols.sort_by_key(|symbol| (symbol.range.start, symbol.selection.start));
        Ok(shown(symbols, |next, left_out| Symbol {
            name: format!("\u{2026} {left_out} more"),
            detail: "not shown".to_owned(),
            ..next.clone()
        }))
    }
}

impl FileAnalysis {
    fn symbols(&self) -> Vec<Symbol> {
        let Some(source) = self.source() else { return Vec::new() };
        let unit: &Unit = &self.unit;
        let mut symbols = Vec::new();
        let names = Names::new(&source.object);
        let programs: FxHashMap<&str, &Program> =
            source.object.programs.iter().rev().map(|p| (p.name.as_str(), p)).collect();
        for variable in unit.variables() {
            let Some(decl) = variable.defining_decl().or_else(|| variable.decls.first()) else {
                continue;
            };
            let name = variable.name.as_str();
            let (kind, detail) = match names.get(name) {
                Some(Target::Map(map)) => (SymbolKind::Map, map_type(&map.def)),
                Some(Target::Variable { section, .. }) => {
                    let ty = unit.spell(decl.ty, None);
                    (SymbolKind::Variable, format!("{ty}, {}", section.name))
                }
                _ => (SymbolKind::Variable, unit.spell(decl.ty, None)),
            };
            self.push(&mut symbols, name, kind, detail, ItemId(decl.place.item), decl.place.token);
        }
        for function in unit.functions() {
            let Some(place) = function.definition_place() else { continue };
            let name = function.name.as_str();
            let (kind, detail) = match programs.get(name) {
                Some(program) => (SymbolKind::Program, program.section.to_string()),
                None => (SymbolKind::Function, String::new()),
            };
            self.push(&mut symbols, name, kind, detail, ItemId(place.item), place.token);
        }
        symbols
    }

    fn push(
        &self,
        symbols: &mut Vec<Symbol>,
        name: &str,
        kind: SymbolKind,
        detail: String,
        item: ItemId,
        token: u32,
    ) {
        let Some(selection) = self.unit.token_place(item, token) else { return };
        // What `BPF_PROG` and the like put behind a program is nobody's function.
        let made = kind == SymbolKind::Function && !self.spells(selection, name);
        if selection.file != self.main || made {
            return;
        }
        let contains = |all: &FileRange| {
            all.file == selection.file && all.start <= selection.start && selection.end <= all.end
        };
        // The protocol wants the name inside the whole, which macros can break.
        let all = self.item_range(item).filter(contains).unwrap_or(selection);
        symbols.push(Symbol {
            name: name.to_owned(),
            detail,
            kind,
            range: all.start..all.end,
            selection: selection.start..selection.end,
        });
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        answer::{Lens, MOST_SHOWN, Symbol},
        test_world::world,
    };

    /// The outline and the lenses of so many programs.
    fn of_programs(n: usize) -> (Vec<Symbol>, Vec<Lens>) {
        let program =
            |i| format!("__attribute__((section(\"tc\"))) int p{i}(void *c) {{ return 0; }}\n");
        let text: String = (0..n).map(program).collect();
        let world = world(&format!("//- /a.bpf.c\n$0{text}"));
        let symbols = world.analysis.document_symbols(&world.path).expect("nobody cancels");
        (symbols, world.analysis.code_lenses(&world.path).expect("nobody cancels"))
    }

    #[test]
    fn of_very_many_the_last_says_so() {
        let (symbols, lenses) = of_programs(MOST_SHOWN);
        assert_eq!((symbols.len(), lenses.len()), (MOST_SHOWN, MOST_SHOWN));
        assert_eq!(symbols.last().map(|s| s.name.as_str()), Some("p4999"));
        let (symbols, lenses) = of_programs(MOST_SHOWN + 1);
        assert_eq!((symbols.len(), lenses.len()), (MOST_SHOWN, MOST_SHOWN));
        assert_eq!(symbols.last().map(|s| s.name.as_str()), Some("\u{2026} 2 more"));
        let title = lenses.last().map(|lens| lens.title.as_str());
        assert_eq!(title, Some("2 more lenses not shown"));
    }
}
