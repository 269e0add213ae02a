//! The state of a preprocessing run and its main loop.

use std::{
    hash::{Hash, Hasher},
    path::Path,
    sync::{Arc, atomic::Ordering},
};

use rustc_hash::{FxHashMap, FxHashSet, FxHasher};

use crate::{
    flags::{CommandLineMacro, Flags},
    header_index::{self, HeaderIndex},
    lexer::{self, Raw},
    predefined,
    session::{FileSystem, Found, Inputs, LookupKey, Session, Versioned, lock},
    source::{FileId, FileRange, Loc, Text, Trail},
    symbol::{Symbol, known as k},
    token::{Token, TokenKind},
};

use super::{
    IncludeDirective, MacroUse, PpDiagnostic, PpDiagnosticKind, Preprocessed,
    cache::Record,
    chunk::{Chunk, ItemScan, root},
    expand::Stream,
    macros::{Bits, MacroDef, MacroTable},
    preamble::Preamble,
    region::Regions,
};

/// Tokens that expansion may make in a translation unit.
pub(crate) const MAX_EXPANDED: u64 = 4_000_000;
/// Tokens of a translation unit.
pub(crate) const MAX_TOKENS: usize = 16_000_000;
/// Broken input can be wrong in very many places; more are not told.
pub(crate) const MAX_DIAGNOSTICS: usize = 10_000;
/// Headers of this size (bytes) may be indexed in place of lexed; the main file never is.
const MIN_INDEXED: usize = 32 << 10;
/// Where text is not plain, the next so many bytes are lexed.
const NOT_PLAIN: usize = 32 << 10;

/// An open `#if`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Cond {
    /// A group was taken (or the whole is skipped).
    pub(crate) taken: bool,
    pub(crate) seen_else: bool,
    /// Offset of the `#`.
    pub(crate) start: u32,
}

/// Whether a file so far has the shape of one that is guarded as a whole.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Guard {
    Start,
    Inside(Symbol),
    After(Symbol),
    No,
}

/// A file being read.
pub(crate) struct FileFrame {
    pub(crate) file: FileId,
    pub(crate) version: u32,
    pub(crate) text: Text,
    pub(crate) pos: usize,
    /// Index of the search folder it came from.
    pub(crate) dir: u32,
    /// Its folder.
    pub(crate) folder: Symbol,
    /// `__FILE__`
    pub(crate) name: Arc<str>,
    /// `#line`: what to add to a line number.
    pub(crate) line_delta: i64,
    pub(crate) conds: Vec<Cond>,
    pub(crate) guard: Guard,
    pub(crate) record: Option<Box<Record>>,
    /// From here on it may be worth to index the text in place of lexing it.
    pub(crate) index_from: usize,
}

pub(crate) struct Engine<'a> {
    pub(crate) session: &'a Session,
    pub(crate) fs: &'a dyn FileSystem,
    pub(crate) flags: &'a Flags,
    pub(crate) flags_key: u32,
    pub(crate) search: Vec<Symbol>,
    pub(crate) quote_dirs: u32,
    pub(crate) main: FileId,
    /// Its text, with the number that the session gives it.
    pub(crate) main_text: Versioned,

    pub(crate) files: Vec<FileFrame>,
    pub(crate) streams: Vec<Stream>,
    pub(crate) disabled: FxHashMap<Symbol, u32>,
    pub(crate) carry: u8,
    pub(crate) depth: u32,
    pub(crate) call_ends: Vec<(Loc, u32)>,

    pub(crate) macros: MacroTable,
    pub(crate) pushed: FxHashMap<Symbol, Vec<Option<Arc<MacroDef>>>>,
    /// Changes of macros with the value before.
    pub(crate) log: Vec<(Symbol, Option<Arc<MacroDef>>)>,
    /// Macros asked for since the innermost recorded header began.
    pub(crate) consulted: Bits,
    pub(crate) once: FxHashSet<FileId>,
    pub(crate) once_consulted: Vec<(FileId, bool)>,
    pub(crate) once_added: Vec<FileId>,
    pub(crate) lookups: Vec<(LookupKey, Option<Found>)>,
    pub(crate) loaded: Vec<(FileId, u32)>,
    /// Rises when something happens that a kept header could not repeat.
    pub(crate) taint: u64,
    pub(crate) counter: u64,
    pub(crate) entered: u64,
    pub(crate) deepest: usize,

    pub(crate) out: Vec<Token>,
    pub(crate) trails: Vec<Trail>,
    pub(crate) chunk_id: u32,
    pub(crate) scan: ItemScan,
    pub(crate) chunks: Vec<Arc<Chunk>>,
    pub(crate) token_count: usize,
    pub(crate) includes: Vec<IncludeDirective>,
    pub(crate) macro_uses: Vec<MacroUse>,
    pub(crate) inactive: Vec<FileRange>,
    pub(crate) diagnostics: Vec<PpDiagnostic>,
    pub(crate) texts: FxHashMap<FileId, Text>,
    pub(crate) complete: bool,
    pub(crate) expanded: u64,
    pub(crate) bomb: bool,
    pub(crate) fatal: bool,
    pub(crate) snapshot_due: bool,
    pub(crate) own_code: bool,
    pub(crate) lines: FxHashMap<FileId, Arc<Vec<u32>>>,
    pub(crate) regions: Regions,
    /// Whether the chunk being made has something of the main file's text.
    pub(crate) has_main: bool,
    /// Session generation when the run began.
    pub(crate) started: u64,
    /// Files were read that the lists above do not name.
    pub(crate) volatile: bool,
}

/// The text that the lexer reads.
fn translated(text: Text, flags: &Flags) -> Text {
    match flags.trigraphs().then(|| lexer::without_trigraphs(&text)).flatten() {
        Some(replaced) => replaced.into(),
        None => text,
    }
}

/// Why reading plain text stopped.
enum Stop {
    End,
    Directive(usize),
    /// An identifier that is a macro, or `_Pragma`.
    Name(Token),
    Unterminated(Raw),
    /// An item may have ended, and the text behind it may be indexed.
    Index,
    /// Behind the body of a function of the main file, where its text may be cut.
    Region,
    /// Behind a `;` of the main file, where a mark may be set.
    Mark,
}

impl<'a> Engine<'a> {
    fn new(
        session: &'a Session,
        fs: &'a dyn FileSystem,
        flags: &'a Flags,
        main: FileId,
        main_text: Versioned,
    ) -> Engine<'a> {
        let (dirs, quote) = flags.search_dirs();
        let search: Vec<Symbol> =
            dirs.iter().map(|d| Symbol::intern(&d.to_string_lossy())).collect();
        let mut h = FxHasher::default();
        (&search, quote, flags.builtin_headers, flags.stand_ins, flags.gnu, flags.standard)
            .hash(&mut h);
        flags.machine.hash(&mut h);
        (flags.trigraphs(), &flags.embed_dirs).hash(&mut h);
        Engine {
            session,
            fs,
            flags,
            flags_key: session.flags_key(h.finish()),
            search,
            quote_dirs: quote as u32,
            main,
            main_text,
            files: Vec::new(),
            streams: Vec::new(),
            disabled: FxHashMap::default(),
            carry: 0,
            depth: 0,
            call_ends: Vec::new(),
            macros: MacroTable::default(),
            pushed: FxHashMap::default(),
            log: Vec::new(),
            consulted: Bits::default(),
            once: FxHashSet::default(),
            once_consulted: Vec::new(),
            once_added: Vec::new(),
            lookups: Vec::new(),
            loaded: Vec::new(),
            taint: 0,
            counter: 0,
            entered: 0,
            deepest: 0,
            out: Vec::new(),
            trails: Vec::new(),
            chunk_id: session.new_chunk_id(),
            scan: ItemScan::default(),
            chunks: Vec::new(),
            token_count: 0,
            includes: Vec::new(),
            macro_uses: Vec::new(),
            inactive: Vec::new(),
            diagnostics: Vec::new(),
            texts: FxHashMap::default(),
            complete: true,
            expanded: 0,
            bomb: false,
            fatal: false,
            snapshot_due: false,
            own_code: false,
            lines: FxHashMap::default(),
            regions: Regions::default(),
            has_main: false,
            started: session.generation(),
            volatile: false,
        }
    }

    /// Whether a run with these flags would read the files of an earlier one, the main file aside, as that
    /// one did.
    pub(crate) fn reads_the_same(
        session: &'a Session,
        fs: &'a dyn FileSystem,
        flags: &'a Flags,
        main: FileId,
        inputs: &Inputs,
    ) -> bool {
        let main_text = Versioned { text: Text::default(), version: 0, guard: None };
        inputs.generation.load(Ordering::Acquire) == session.generation()
            || Engine::new(session, fs, flags, main, main_text).unchanged(inputs)
    }

    pub(crate) fn preprocess(
        session: &'a Session,
        fs: &'a dyn FileSystem,
        main: &Path,
        main_text: Text,
        flags: &'a Flags,
    ) -> Preprocessed {
        let main = session.file_id(main);
        let main_text = translated(main_text, flags);
        let version = session.number(main, &main_text);
        let numbered = Versioned { text: main_text.clone(), version, guard: None };
        let mut engine = Engine::new(session, fs, flags, main, numbered.clone());
        let mut h = FxHasher::default();
        flags.hash(&mut h);
        let all_flags = h.finish();
        if engine.resume_region(&main_text, all_flags) {
            session.counters.preamble_hits.fetch_add(1, Ordering::Relaxed);
            engine.reenter_main(numbered);
            engine.resume_region_frame();
        } else {
            let preamble = lock(&session.preambles).get(&main).cloned();
            match preamble.filter(|p| p.fits(&engine, &main_text, all_flags)) {
                Some(preamble) => engine.resume(&preamble, numbered),
                None => engine.start(numbered, all_flags),
            }
        }
        engine.run(all_flags);
        engine.sort_lists();
        let inputs = Arc::new(Inputs {
            lookups: std::mem::take(&mut engine.lookups),
            loaded: std::mem::take(&mut engine.loaded),
            ..engine.inputs()
        });
        engine.keep_run(all_flags, &inputs);
        engine.finish(inputs)
    }

    fn start(&mut self, main_text: Versioned, all_flags: u64) {
        let predefined = predefined_macros(self.session, self.fs, self.flags, all_flags);
        self.macros = MacroTable::clone(&predefined.1);
        if let Some(text) = self.session.text(predefined.0) {
            self.texts.insert(predefined.0, text);
        }
        let name: Arc<str> = self.session.path(self.main).to_string_lossy().into();
        self.push_file(self.main, main_text, u32::MAX, name);
        // Forced includes are read as if a file in the compiler's folder included them first.
        if !self.flags.forced_includes.is_empty() {
            let lines: String =
                self.flags.forced_includes.iter().map(|f| format!("#include \"{f}\"\n")).collect();
            let file = self
                .session
                .file_id(&self.flags.directory.join(format!("<command line {all_flags:x}>")));
            if let Some(text) = self.session.set_text(file, lines.into()) {
                self.push_file(file, text, u32::MAX, Arc::from("<command line>"));
            }
        }
    }

    /// Goes on with the main file: its number is among the files that were read already.
    fn reenter_main(&mut self, text: Versioned) {
        self.push_file(self.main, text, u32::MAX, Arc::from(""));
        self.loaded.pop();
    }

    pub(crate) fn push_file(&mut self, file: FileId, text: Versioned, dir: u32, name: Arc<str>) {
        self.session.counters.files_lexed.fetch_add(1, Ordering::Relaxed);
        if self.texts.insert(file, text.text.clone()).is_some() {
            self.lines.remove(&file);
        }
        self.regions.recursive |= file == self.main && !self.files.is_empty();
        self.loaded.push((file, text.version));
        let path = self.session.path(file);
        let size = text.text.len();
        let folder = path.parent().map(|p| p.to_string_lossy()).unwrap_or_default();
        self.files.push(FileFrame {
            file,
            version: text.version,
            // A byte order mark is not part of the text.
            pos: if text.text.starts_with('\u{feff}') { 3 } else { 0 },
            text: translated(text.text, self.flags),
            dir,
            folder: Symbol::intern(&folder),
            name,
            line_delta: 0,
            conds: Vec::new(),
            guard: Guard::Start,
            record: None,
            index_from: if file == self.main || size < MIN_INDEXED { usize::MAX } else { 0 },
        });
        self.deepest = self.deepest.max(self.files.len());
    }

    /// Reads until every file is at its end.
    fn run(&mut self, all_flags: u64) {
        while !self.files.is_empty() {
            if self.snapshot_due && self.files.len() == 1 && !self.own_code {
                self.snapshot(all_flags);
            }
            if self.fatal
                && let Some(frame) = self.files.last_mut()
            {
                frame.pos = frame.text.len();
                frame.conds.clear();
            }
            match self.plain_text() {
                Stop::End => self.end_of_file(),
                Stop::Directive(hash) => self.directive(hash, false),
                Stop::Name(token) => self.expand_in_text(token),
                Stop::Unterminated(raw) => self.unterminated(&raw),
                Stop::Index => self.index_text(),
                Stop::Region => self.end_of_region(),
                Stop::Mark => self.mark(),
            }
            if self.token_count + self.out.len() > MAX_TOKENS && !self.fatal {
                self.fatal = true;
                self.complete = false;
                self.report_here(
                    PpDiagnosticKind::ExpansionLimit,
                    "the translation unit has too many tokens",
                );
            }
        }
        self.flush();
    }

    /// Reads tokens that are neither macros nor directives: the hot loop.
    fn plain_text(&mut self) -> Stop {
        let in_main = self.files.len() == 1;
        let Some(frame) = self.files.last_mut() else { return Stop::End };
        let text = frame.text.clone();
        let file = frame.file;
        let is_main = file == self.main;
        let mut pos = frame.pos;
        let mut interner = Symbol::batch();
        let mut tokens = false;
        let index_from = frame.index_from;
        if pos >= index_from {
            return Stop::Index;
        }
        let stop = loop {
            let raw = lexer::lex(&text, pos);
            let Some(kind) = raw.kind else {
                pos = raw.end;
                break if raw.unterminated { Stop::Unterminated(raw) } else { Stop::End };
            };
            if raw.punct == k::HASH && raw.flags & Token::LINE_START != 0 {
                pos = raw.end;
                break Stop::Directive(raw.start);
            }
            let sym = raw.symbol(&text, &mut interner);
            let token =
                Token { kind, flags: raw.flags, sym, loc: Loc::in_file(file, raw.start as u32) };
            pos = raw.end;
            if kind == TokenKind::Ident {
                self.consulted.insert(sym);
                if self.macros.find(sym).is_some() || sym == k::PRAGMA_OPERATOR {
                    break Stop::Name(token);
                }
            }
            self.out.push(token);
            if sym == k::R_BRACE && in_main && self.scan.cuts_behind(&self.out) {
                break Stop::Region;
            }
            if sym == k::SEMI && in_main && self.out.len() >= self.regions.marks.due {
                break Stop::Mark;
            }
            if raw.unterminated {
                break Stop::Unterminated(raw);
            }
            tokens = true;
            if raw.punct == k::SEMI && pos >= index_from {
                break Stop::Index;
            }
        };
        drop(interner);
        frame.pos = pos;
        tokens |= !matches!(stop, Stop::Directive(_) | Stop::End);
        self.has_main |= is_main && tokens;
        // Tokens belong between the lines of the guard.
        if tokens && !matches!(frame.guard, Guard::Inside(_)) {
            frame.guard = Guard::No;
        }
        if in_main && frame_is_code(&stop, &self.out) {
            self.own_code = true;
        }
        stop
    }

    /// Indexes the header text behind an item, when it goes on without directives and macros.
    fn index_text(&mut self) {
        let boundary = self.at_boundary();
        let Some(frame) = self.files.last_mut() else { return };
        let pos = frame.pos;
        let rest = frame.text.as_bytes().get(pos..).unwrap_or(&[]);
        if !boundary || self.fatal {
            frame.index_from = pos + 1;
            return;
        }
        let directive = memchr::memmem::find(rest, b"\n#").unwrap_or(rest.len());
        if directive < header_index::MIN_BYTES {
            frame.index_from = pos + directive + 1;
            return;
        }
        let Some(index) = HeaderIndex::new(frame.file, &frame.text, pos, &self.macros) else {
            frame.index_from = pos + NOT_PLAIN;
            return;
        };
        frame.pos = index.range.end;
        // The item behind it is not plain.
        frame.index_from = frame.pos + 1;
        if !matches!(frame.guard, Guard::Inside(_)) {
            frame.guard = Guard::No;
        }
        self.flush();
        let chunk = Chunk::of_text(self.chunk_id, index);
        self.token_count += chunk.size();
        self.chunks.push(Arc::new(chunk));
        self.chunk_id = self.session.new_chunk_id();
        self.scan = ItemScan::default();
    }

    /// The next token of the file being read, directives done; `None` at its end.
    pub(crate) fn next_from_file(&mut self) -> Option<Token> {
        loop {
            let frame = self.files.last_mut()?;
            let raw = lexer::lex(&frame.text, frame.pos);
            raw.kind?;
            frame.pos = raw.end;
            if raw.punct == k::HASH && raw.flags & Token::LINE_START != 0 {
                self.directive(raw.start, true);
                continue;
            }
            return raw.token(&frame.text, frame.file, &mut Symbol::batch());
        }
    }

    fn end_of_file(&mut self) {
        let Some(frame) = self.files.pop() else { return };
        for cond in &frame.conds {
            let range = FileRange { file: frame.file, start: cond.start, end: cond.start + 1 };
            self.report(
                PpDiagnosticKind::UnterminatedConditional,
                range,
                "unterminated conditional directive".into(),
            );
        }
        if let (Guard::After(guard), true) = (frame.guard, frame.conds.is_empty()) {
            self.session.set_guard(frame.file, frame.version, guard);
        }
        if let Some(record) = frame.record {
            self.end_record(*record, frame.file, frame.version, frame.dir);
        }
        self.snapshot_due |= self.files.len() == 1;
    }

    fn unterminated(&mut self, raw: &Raw) {
        let Some(frame) = self.files.last() else { return };
        let range = FileRange { file: frame.file, start: raw.start as u32, end: raw.end as u32 };
        let what = if raw.kind.is_some() { "literal" } else { "comment" };
        self.report(PpDiagnosticKind::Unterminated, range, format!("unterminated {what}"));
    }

    /// Closes the chunk being made.
    pub(crate) fn flush(&mut self) {
        if self.out.is_empty() {
            self.trails.clear();
            return;
        }
        let tokens = std::mem::take(&mut self.out);
        let trails = std::mem::take(&mut self.trails);
        self.token_count += tokens.len();
        let first = tokens.first().and_then(|t| root(t.loc, &trails)).unwrap_or(self.main);
        let is_main = std::mem::take(&mut self.has_main);
        self.chunks.push(Arc::new(Chunk::new(self.chunk_id, first, is_main, tokens, trails)));
        self.chunk_id = self.session.new_chunk_id();
        self.scan = ItemScan::default();
    }

    pub(crate) fn at_boundary(&mut self) -> bool {
        self.streams.is_empty() && self.scan.at_boundary(&self.out)
    }

    pub(crate) fn report(&mut self, kind: PpDiagnosticKind, range: FileRange, message: String) {
        if self.diagnostics.len() < MAX_DIAGNOSTICS {
            self.diagnostics.push(PpDiagnostic { kind, range, message });
        }
    }

    /// Reports at the place where the file is being read.
    pub(crate) fn report_here(&mut self, kind: PpDiagnosticKind, message: &str) {
        let Some(frame) = self.files.last() else { return };
        let at = frame.pos.min(frame.text.len()) as u32;
        self.report(kind, FileRange { file: frame.file, start: at, end: at }, message.to_owned());
    }

    /// Reports at what the user wrote for a token.
    pub(crate) fn report_at(&mut self, kind: PpDiagnosticKind, loc: Loc, message: String) {
        let Some((file, offset)) = self.written(loc) else {
            return self.report_here(kind, &message);
        };
        let range = super::trail::token_range(&self.texts, file, offset);
        self.report(kind, range.unwrap_or(FileRange { file, start: offset, end: offset }), message);
    }

    /// What the user wrote for a token of the chunk being made.
    pub(crate) fn written(&self, mut loc: Loc) -> Option<(FileId, u32)> {
        loop {
            if let Some(place) = loc.as_file() {
                return Some(place);
            }
            // Trails only point to earlier trails, so this ends.
            let trail = self.trails.get(loc.offset as usize)?;
            loc = if trail.from_argument { trail.spelling } else { trail.expansion };
        }
    }

    pub(crate) fn add_trail(&mut self, trail: Trail) -> Loc {
        let offset = self.trails.len() as u32;
        self.trails.push(trail);
        Loc { file: Loc::TRAIL | self.chunk_id, offset }
    }

    /// The macro of that name; that it was asked for is remembered for the header cache.
    pub(crate) fn lookup(&mut self, name: Symbol) -> Option<Arc<MacroDef>> {
        self.consulted.insert(name);
        self.macros.find(name).cloned()
    }

    pub(crate) fn set_macro(&mut self, name: Symbol, def: Option<Arc<MacroDef>>) {
        let old = self.macros.set(name, def);
        self.log.push((name, old));
    }

    /// Notes a use of a macro when the name stands in the main file.
    pub(crate) fn note_use(&mut self, loc: Loc, def: &Arc<MacroDef>) {
        let mut loc = loc;
        while loc.file & Loc::TRAIL != 0 {
            match self.trails.get(loc.offset as usize) {
                Some(trail) if trail.from_argument => loc = trail.spelling,
                _ => return,
            }
        }
        if loc.file == self.main.0 {
            let end = loc.offset + def.name.as_str().len() as u32;
            let range = FileRange { file: self.main, start: loc.offset, end };
            self.macro_uses.push(MacroUse { range, definition: Arc::clone(def) });
        }
    }

    /// Starts of the lines of a file that is being read.
    pub(crate) fn line_of(&mut self, file: FileId, offset: u32) -> u32 {
        let lines = match self.lines.get(&file) {
            Some(lines) => Arc::clone(lines),
            None => {
                let text = self.texts.get(&file).cloned().unwrap_or_default();
                let lines = Arc::new(
                    memchr::memchr_iter(b'\n', text.as_bytes())
                        .map(|i| i as u32)
                        .collect::<Vec<_>>(),
                );
                self.lines.insert(file, Arc::clone(&lines));
                lines
            }
        };
        lines.partition_point(|&newline| newline < offset) as u32 + 1
    }

    fn sort_lists(&mut self) {
        self.macro_uses.sort_by_key(|u| u.range.start);
        self.macro_uses.dedup_by_key(|u| u.range.start);
        self.inactive.sort_by_key(|r| r.start);
    }

    fn finish(self, inputs: Arc<Inputs>) -> Preprocessed {
        self.session.counters.tokens_expanded.fetch_add(self.expanded, Ordering::Relaxed);
        let chunk_index = self.chunks.iter().enumerate().map(|(i, c)| (c.id, i as u32)).collect();
        Preprocessed {
            main: self.main,
            chunks: self.chunks,
            includes: self.includes,
            macros: self.macros,
            macro_uses: self.macro_uses,
            inactive: self.inactive,
            diagnostics: self.diagnostics,
            complete: self.complete,
            standard: self.flags.standard,
            machine: self.flags.machine,
            abi: self.flags.abi,
            chunk_index,
            texts: self.texts,
            inputs,
        }
    }

    fn resume(&mut self, preamble: &Preamble, main_text: Versioned) {
        let name: Arc<str> = self.session.path(self.main).to_string_lossy().into();
        self.session.counters.preamble_hits.fetch_add(1, Ordering::Relaxed);
        preamble.restore(self);
        self.push_file(self.main, main_text, u32::MAX, name);
        // The preamble has it already.
        self.loaded.pop();
        if let Some(frame) = self.files.last_mut() {
            preamble.restore_frame(frame);
        }
    }
}

fn frame_is_code(stop: &Stop, out: &[Token]) -> bool {
    !out.is_empty() || matches!(stop, Stop::Name(_))
}

/// The macros before the first line: the compiler's and the command line's, made once for equal
/// flags.
fn predefined_macros(
    session: &Session,
    fs: &dyn FileSystem,
    flags: &Flags,
    key: u64,
) -> Arc<(FileId, MacroTable)> {
    if let Some(kept) = lock(&session.predefined).get(&key) {
        return Arc::clone(kept);
    }
    let mut text = predefined::text(flags);
    for m in &flags.macros {
        match m {
            CommandLineMacro::Define(text_) => {
                let (name, body) = text_.split_once('=').unwrap_or((text_, "1"));
                let body = body.split('\n').next().unwrap_or("");
                text.push_str(&format!("#define {name} {body}\n"));
            }
            CommandLineMacro::Undefine(name) => text.push_str(&format!("#undef {name}\n")),
        }
    }
    let path = format!("{}/predefined-{key:016x}.h", predefined::headers::FOLDER);
    let file = session.file_id(Path::new(&path));
    let text: Text = text.into();
    session.set_text(file, text.clone());
    let text = Versioned { text, version: 0, guard: None };
    let mut engine = Engine::new(session, fs, flags, file, text.clone());
    super::builtin::define(&mut engine.macros);
    engine.push_file(file, text, u32::MAX, Arc::from("<built-in>"));
    engine.own_code = true;
    engine.run(key);
    let mut table = engine.macros;
    table.freeze();
    let kept = Arc::new((file, table));
    lock(&session.predefined).insert(key, Arc::clone(&kept));
    kept
}
