//! The preamble: the state after the includes at the top of the main file.

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::{
    lexer,
    session::{Inputs, lock},
    source::{FileId, FileRange, Text},
    symbol::{Symbol, known as k},
    token::Token,
};

use super::{
    IncludeDirective, MacroUse, PpDiagnostic,
    chunk::Chunk,
    engine::{Cond, Engine, FileFrame, Guard},
    macros::{MacroDef, MacroTable},
    region::keep,
};

/// The state of a run after the last include before the file's own code.
pub(crate) struct Preamble {
    /// The main file up to there, the last line's end included.
    prefix: Text,
    pos: usize,
    flags: u64,
    inputs: Inputs,
    macros: MacroTable,
    pushed: FxHashMap<Symbol, Vec<Option<Arc<MacroDef>>>>,
    once: FxHashSet<FileId>,
    taint: u64,
    counter: u64,
    entered: u64,
    chunks: Vec<Arc<Chunk>>,
    token_count: usize,
    includes: Vec<IncludeDirective>,
    macro_uses: Vec<MacroUse>,
    inactive: Vec<FileRange>,
    diagnostics: Vec<PpDiagnostic>,
    texts: FxHashMap<FileId, Text>,
    complete: bool,
    expanded: u64,
    line_uses: u64,
    bomb: bool,
    line_delta: i64,
    conds: Vec<Cond>,
    guard: Guard,
    name: Arc<str>,
}

impl Preamble {
    /// Whether the state is right for this text, these flags, and the files as they are now.
    pub(crate) fn fits(&self, engine: &Engine<'_>, text: &str, flags: u64) -> bool {
        self.flags == flags && text.starts_with(&*self.prefix) && engine.unchanged(&self.inputs)
    }

    pub(crate) fn restore(&self, engine: &mut Engine<'_>) {
        engine.macros = self.macros.clone();
        engine.pushed = self.pushed.clone();
        engine.once = self.once.clone();
        engine.lookups = self.inputs.lookups.clone();
        engine.loaded = self.inputs.loaded.clone();
        engine.taint = self.taint;
        engine.counter = self.counter;
        engine.entered = self.entered;
        engine.chunks = self.chunks.clone();
        engine.token_count = self.token_count;
        engine.includes = self.includes.clone();
        engine.macro_uses = self.macro_uses.clone();
        engine.inactive = self.inactive.clone();
        engine.diagnostics = self.diagnostics.clone();
        engine.texts = self.texts.clone();
        engine.complete = self.complete;
        engine.expanded = self.expanded;
        engine.regions.line_uses = self.line_uses;
        engine.bomb = self.bomb;
        // What stands behind the preamble may still be includes: then a longer one is taken.
        engine.snapshot_due = false;
    }

    pub(crate) fn restore_frame(&self, frame: &mut FileFrame) {
        frame.pos = self.pos;
        frame.line_delta = self.line_delta;
        frame.conds = self.conds.clone();
        frame.guard = self.guard;
        frame.name = Arc::clone(&self.name);
    }
}

impl Engine<'_> {
    /// Keeps the state, unless the next line is another include.
    pub(crate) fn snapshot(&mut self, flags: u64) {
        let Some(frame) = self.files.last() else { return };
        let raw = lexer::lex(&frame.text, frame.pos);
        if raw.punct == k::HASH && raw.flags & Token::LINE_START != 0 {
            let name = lexer::lex(&frame.text, raw.end);
            if matches!(&*name.text(&frame.text), "include" | "include_next") {
                return;
            }
        }
        self.snapshot_due = false;
        if self.fatal || self.volatile || self.regions.recursive || !self.out.is_empty() {
            return;
        }
        let end = lexer::line_end(&frame.text, frame.pos);
        let newline = match frame.text.as_bytes().get(end..) {
            Some([b'\r', b'\n', ..]) => 2,
            Some([b'\n' | b'\r', ..]) => 1,
            _ => return,
        };
        let Some(prefix) = frame.text.get(..end + newline) else { return };
        let (prefix, line_delta, conds, guard) =
            (Text::from(prefix), frame.line_delta, frame.conds.clone(), frame.guard);
        let name = Arc::clone(&frame.name);
        self.macros.freeze();
        let preamble = Preamble {
            prefix,
            pos: end,
            flags,
            inputs: Inputs {
                lookups: self.lookups.clone(),
                loaded: self.loaded.clone(),
                ..self.inputs()
            },
            macros: self.macros.clone(),
            pushed: self.pushed.clone(),
            once: self.once.clone(),
            taint: self.taint,
            counter: self.counter,
            entered: self.entered,
            chunks: self.chunks.clone(),
            token_count: self.token_count,
            includes: self.includes.clone(),
            macro_uses: self.macro_uses.clone(),
            inactive: self.inactive.clone(),
            diagnostics: self.diagnostics.clone(),
            texts: self.texts.clone(),
            complete: self.complete,
            expanded: self.expanded,
            line_uses: self.regions.line_uses,
            bomb: self.bomb,
            line_delta,
            conds,
            guard,
            name,
        };
        keep(&mut lock(&self.session.preambles), self.main, preamble);
    }
}
