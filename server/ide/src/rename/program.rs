//! The BPF side of a rename.

use std::collections::BTreeMap;

use bpf::{
    diagnostic::Edit,
    object::{Object, SectionKind},
};
use cfront::{
    source::FileRange,
    symbol::Symbol,
    token::{Token, TokenKind},
    unit::TokenPlace,
};
use rustc_hash::{FxHashMap, FxHashSet};

use super::{OrReason, Rename, file_edits, unread, words};
use crate::{
    answer::FileEdits,
    crossing::{Crossing, Kind, Known},
    pipeline::FileAnalysis,
    target::by_name,
};

impl Rename<'_> {
    /// The places of the name in the program's own text.
    pub(super) fn program_edits(&self, (path, file): &Known) -> OrReason<FileEdits> {
        let (old, crossing) = (self.old, self.crossing);
        if crossing.place.file != file.main {
            return Err(format!(
                "`{old}` is declared in a header ({}), which other programs may share",
                self.at(file, crossing.place)
            ));
        }
        if !file.spells(crossing.place, old) {
            return Err(format!(
                "a macro produces the name `{old}` ({})",
                self.at(file, crossing.place)
            ));
        }
        if !file.preprocessed.complete {
            let missing = file.preprocessed.includes.iter().find(|i| i.resolved.is_none());
            let what = missing.map_or_else(
                || "the program is too large to be read".to_owned(),
                |include| format!("header not found: {}", include.path),
            );
            return Err(format!("{what}; what it does with `{old}` is not known"));
        }
        if matches!(crossing.section.as_str(), ".kconfig" | ".ksyms") {
            return Err(format!("`{old}` is defined by the kernel"));
        }
        let uses = file.uses_of(crossing);
        for used in &uses {
            if used.spelled.file != file.main {
                return Err(format!("a header uses `{old}` ({})", self.at(file, used.spelled)));
            }
            if !file.spells(used.spelled, old) {
                return Err(format!(
                    "a macro produces the name `{old}` at {}",
                    self.at(file, used.shown)
                ));
            }
        }
        let tokens: FxHashSet<TokenPlace> = uses.iter().map(|used| used.token).collect();
        self.all_words_known(file, &tokens)?;
        let edit = |range: FileRange| Edit::replace(range.start..range.end, self.new);
        Ok(file_edits(path, uses.iter().map(|used| edit(used.spelled)).collect()))
    }

    /// Whether it is known of each place where the text has the word what it means there.
    fn all_words_known(&self, file: &FileAnalysis, uses: &FxHashSet<TokenPlace>) -> OrReason<()> {
        let old = self.old;
        let meant = spelled_tokens(file, old);
        for written in words::find(&file.text, old) {
            let range = in_main(file, &written.range);
            if let Some(text) = &written.string {
                // Operands and callees in the text of an asm statement.
                if text.contains(&format!("[{old}]")) || text.contains(&format!("call {old}")) {
                    return Err(format!(
                        "`{old}` appears in an asm string at {}",
                        self.at(file, range)
                    ));
                }
                continue;
            }
            let Some(tokens) = meant.get(&range.start) else {
                if written.member {
                    continue;
                }
                let inactive = file.preprocessed.inactive.iter();
                let left_out = inactive
                    .filter(|r| r.file == file.main)
                    .any(|r| r.start <= range.start && range.end <= r.end);
                let why = match left_out {
                    true => "in code that a conditional leaves out",
                    false => {
                        "where the compiler does not see a name (directive, unused macro or argument)"
                    }
                };
                return Err(format!("`{old}` also appears {why}, at {}", self.at(file, range)));
            };
            let unread = |token: &&TokenPlace| {
                !written.member && !uses.contains(token) && unread::may_be_use(file, **token)
            };
            if tokens.iter().any(|token| unread(&token)) {
                return Err(format!(
                    "cannot tell what `{old}` at {} means (incomplete code, assertion, attribute or asm)",
                    self.at(file, range)
                ));
            }
            let ours = tokens.iter().filter(|token| uses.contains(token)).count();
            if ours != 0 && ours != tokens.len() {
                return Err(format!(
                    "a macro gives `{old}` at {} two meanings",
                    self.at(file, range)
                ));
            }
        }
        Ok(())
    }

    /// Whether the new text means what the old one meant.
    pub(super) fn same_program(&self, old: &FileAnalysis, new: &FileAnalysis) -> OrReason<()> {
        let name = self.new;
        let symbol = Symbol::intern(name);
        if old.unit.ordinary(symbol).is_some() {
            return Err(format!("`{name}` is already declared"));
        }
        if old.preprocessed.macros.lookup(symbol).is_some() {
            return Err(format!("`{name}` is a macro"));
        }
        self.same_tokens(old, new)?;
        let before: Vec<TokenPlace> = places(old, self.crossing.name);
        let after: Vec<TokenPlace> = places(new, symbol);
        if before != after {
            return Err(format!("`{name}` would mean something else where it is used"));
        }
        let (Some(old_source), Some(new_source)) = (old.source(), new.source()) else {
            return Err("the program cannot be read".to_owned());
        };
        if counts(&old_source.object) != counts(&new_source.object) {
            return Err("the object would change".to_owned());
        }
        let clashes = |file: &FileAnalysis| -> Vec<String> {
            let found = file.diagnostics(self.analysis);
            let found = found.iter().filter(|d| d.rule.id.ends_with("-name-clash"));
            found.map(|d| d.message.clone()).collect()
        };
        let known: Vec<String> = clashes(old);
        match clashes(new).into_iter().find(|message| !known.contains(message)) {
            Some(message) => Err(message),
            None => Ok(()),
        }
    }

    /// Whether the expanded tokens differ by the name only, and by names that macros make of it and
    /// that nobody writes.
    fn same_tokens(&self, old: &FileAnalysis, new: &FileAnalysis) -> OrReason<()> {
        let other = || format!("with the name `{}` the program would read differently", self.new);
        let (before, after) = (old.unit.main_items(), new.unit.main_items());
        if before.len() != after.len() {
            return Err(other());
        }
        let mut made: FxHashMap<Symbol, Symbol> = FxHashMap::default();
        for (a, b) in before.iter().zip(after) {
            let (a, b) = (old.unit.tokens(*a), new.unit.tokens(*b));
            if a.len() != b.len() {
                return Err(other());
            }
            for (a, b) in a.iter().zip(b).filter(|(a, b)| a.sym != b.sym || a.kind != b.kind) {
                match (a.kind, b.kind) {
                    (TokenKind::Ident, TokenKind::Ident) => {
                        made.insert(a.sym, b.sym);
                    }
                    (TokenKind::Str, TokenKind::Str) => {
                        return Err(format!(
                            "a macro turns the name into a string: {}",
                            a.sym.as_str()
                        ));
                    }
                    _ => return Err(other()),
                }
            }
        }
        if made.remove(&self.crossing.name) != Some(Symbol::intern(self.new)) {
            return Err(other());
        }
        let left: FxHashSet<Symbol> = main_tokens(new).map(|token| token.sym).collect();
        for (from, to) in made {
            let shown = old.source().and_then(|s| by_name(&s.object, from.as_str()));
            if left.contains(&from) || shown.is_some_and(|target| Crossing::of(target).is_ok()) {
                return Err(format!(
                    "a macro turns the name into `{}`, which is used elsewhere",
                    from.as_str()
                ));
            }
            if old.unit.ordinary(to).is_some() {
                return Err(format!(
                    "a macro would produce `{}`, which already exists",
                    to.as_str()
                ));
            }
        }
        Ok(())
    }

    /// Whether strings may name the thing: libbpf finds maps and programs by name, variables only in
    /// BTF.
    pub(super) fn found_by_text(&self) -> bool {
        self.crossing.kind != Kind::Variable
    }
}

fn in_main(file: &FileAnalysis, range: &std::ops::Range<u32>) -> FileRange {
    FileRange { file: file.main, start: range.start, end: range.end }
}

fn main_tokens(file: &FileAnalysis) -> impl Iterator<Item = &Token> {
    file.unit.main_items().iter().flat_map(|item| file.unit.tokens(*item))
}

/// The expanded identifiers that are a word, by the byte of the main file where they are spelled.
pub(super) fn spelled_tokens(file: &FileAnalysis, word: &str) -> BTreeMap<u32, Vec<TokenPlace>> {
    let mut found: BTreeMap<u32, Vec<TokenPlace>> = BTreeMap::new();
    for item in file.unit.main_items() {
        for (index, token) in (0..).zip(file.unit.tokens(*item)) {
            if token.kind != TokenKind::Ident || token.sym.as_str() != word {
                continue;
            }
            let spelled = file.preprocessed.spelling(token.loc);
            if let Some(range) = spelled.filter(|range| range.file == file.main) {
                let place = TokenPlace { item: *item, token: index };
                found.entry(range.start).or_default().push(place);
            }
        }
    }
    found
}

fn places(file: &FileAnalysis, name: Symbol) -> Vec<TokenPlace> {
    file.uses(name).into_iter().map(|used| used.token).collect()
}

fn counts(object: &Object) -> (usize, usize, usize) {
    let data = object.sections.iter().filter(|s| s.kind != SectionKind::Other);
    (object.maps.len(), object.programs.len(), data.map(|s| s.variables.len()).sum())
}
