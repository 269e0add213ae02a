//! The outline: maps, programs and variables with their sections, and other functions.

use std::path::Path;

use bpf::object::Program;
use cfront::{
    source::FileRange,
    unit::{ItemId, Unit},
};

use rustc_hash::FxHashMap;

use crate::{
    answer::{Symbol, SymbolKind},
    host::{Analysis, Cancellable},
    hover::map_type,
    pipeline::{FileAnalysis, Role},
    target::{Names, Target},
};

impl Analysis {
    /// The outline of a BPF program, in order of place; empty for other files, which are clangd's.
    pub fn document_symbols(&self, path: &Path) -> Cancellable<Vec<Symbol>> {
        let Some(file) = self.file(path)? else { return Ok(Vec::new()) };
        let mut symbols = match file.role {
            Role::Bpf => file.symbols(),
            _ => Vec::new(),
        };
        symbols.sort_by_key(|symbol| (symbol.range.start, symbol.selection.start));
        Ok(symbols)
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
