//! The state of a preprocessing run and its main loop.

use std::{
    hash::{Hash, Hasher},
    path::Path,
    sync::{Arc, atomic::Ordering},
};

use rustc_hash::{FxHashMap, FxHasher};

use crate::{
    flags::{CommandLineMacro, Flags},
    header_index::{self, HeaderIndex},
    lexer::{self, Raw},
    predefined,
    session::{FileSystem, Inputs, Session, Versioned, lock},
    source::{FileId, FileRange, Loc, Text, Trail},
    symbol::{Symbol, known as k},
    token::{Token, TokenKind},
};

use super::{
    MacroUse, PpDiagnostic, PpDiagnosticKind, Preprocessed,
    cache::Record,
    chunk::{Chunk, root},
    expand::Stream,
    macros::{MacroDef, MacroTable},
    region::Regions,
    state::{Change, Made, Open, Place, Read, Recording, Seen},
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
    pub(crate) place: Place,
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

    // What is being read; between two chunks of the main file's own, the file alone.
    pub(crate) files: Vec<FileFrame>,
    pub(crate) streams: Vec<Stream>,
    pub(crate) disabled: FxHashMap<Symbol, u32>,
    pub(crate) carry: u8,
    pub(crate) depth: u32,
    pub(crate) call_ends: Vec<(Loc, u32)>,
    pub(crate) open: Open,
    pub(crate) record: Recording,
    /// Starts of the lines of files that were asked for.
    lines: FxHashMap<FileId, Arc<Vec<u32>>>,

    // What is kept at a checkpoint.
    pub(crate) seen: Seen,
    /// What [`Made::changes`] make of the macros that they begin with.
    pub(crate) macros: MacroTable,
    pub(crate) made: Made,
    pub(crate) read: Read,
    pub(crate) own_code: bool,
    pub(crate) regions: Regions,
    pub(crate) snapshot_due: bool,

    // What ends a run early, or keeps it from being used again.
    pub(crate) fatal: bool,
    /// Files were read that `read` does not name.
    pub(crate) volatile: bool,
    /// Session generation when the run began.
    pub(crate) started: u64,
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
            open: Open::new(session.new_chunk_id()),
            record: Recording::default(),
            lines: FxHashMap::default(),
            seen: Seen::default(),
            macros: MacroTable::default(),
            made: Made { complete: true, ..Made::default() },
            read: Read::default(),
            own_code: false,
            regions: Regions::default(),
            snapshot_due: false,
            fatal: false,
            volatile: false,
            started: session.generation(),
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
        if !engine.resume(&numbered, all_flags) {
            engine.start(numbered, all_flags);
        }
        engine.run();
        engine.sort_lists();
        let read = std::mem::take(&mut engine.read);
        let inputs = Arc::new(Inputs { read, ..engine.inputs() });
        engine.keep_run(all_flags, &inputs);
        engine.finish(inputs)
    }

    fn start(&mut self, main_text: Versioned, all_flags: u64) {
        let predefined = predefined_macros(self.session, self.fs, self.flags, all_flags);
        self.macros = MacroTable::clone(&predefined.1);
        self.regions.base = self.macros.clone();
        if let Some(text) = self.session.text(predefined.0) {
            self.made.texts.insert(predefined.0, text);
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

    pub(crate) fn push_file(&mut self, file: FileId, text: Versioned, dir: u32, name: Arc<str>) {
        self.session.counters.files_lexed.fetch_add(1, Ordering::Relaxed);
        if self.made.texts.insert(file, text.text.clone()).is_some() {
            self.lines.remove(&file);
        }
        self.regions.recursive |= file == self.main && !self.files.is_empty();
        self.read.loaded.push((file, text.version));
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
            place: Place::start(name),
            record: None,
            index_from: if file == self.main || size < MIN_INDEXED { usize::MAX } else { 0 },
        });
        self.record.deepest = self.record.deepest.max(self.files.len());
    }

    /// Reads until every file is at its end.
    fn run(&mut self) {
        while !self.files.is_empty() {
            if self.snapshot_due && self.files.len() == 1 && !self.own_code {
                self.end_of_includes();
            }
            if self.fatal
                && let Some(frame) = self.files.last_mut()
            {
                frame.pos = frame.text.len();
                frame.place.conds.clear();
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
            if self.made.token_count + self.open.out.len() > MAX_TOKENS && !self.fatal {
                self.fatal = true;
                self.made.complete = false;
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
                self.record.consulted.insert(sym);
                if self.macros.find(sym).is_some() || sym == k::PRAGMA_OPERATOR {
                    break Stop::Name(token);
                }
            }
            self.open.out.push(token);
            if sym == k::R_BRACE && in_main && self.open.scan.cuts_behind(&self.open.out) {
                break Stop::Region;
            }
            if sym == k::SEMI && in_main && self.open.out.len() >= self.regions.marks.due {
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
        self.open.has_main |= is_main && tokens;
        // Tokens belong between the lines of the guard.
        if tokens && !matches!(frame.place.guard, Guard::Inside(_)) {
            frame.place.guard = Guard::No;
        }
        if in_main && frame_is_code(&stop, &self.open.out) {
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
        if !matches!(frame.place.guard, Guard::Inside(_)) {
            frame.place.guard = Guard::No;
        }
        self.flush();
        let chunk = Chunk::of_text(self.open.id, index);
        self.made.token_count += chunk.size();
        self.made.chunks.push(Arc::new(chunk));
        self.open = Open::new(self.session.new_chunk_id());
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
        for cond in &frame.place.conds {
            let range = FileRange { file: frame.file, start: cond.start, end: cond.start + 1 };
            self.report(
                PpDiagnosticKind::UnterminatedConditional,
                range,
                "unterminated conditional directive".into(),
            );
        }
        if let (Guard::After(guard), true) = (frame.place.guard, frame.place.conds.is_empty()) {
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
        if self.open.out.is_empty() {
            self.open.trails.clear();
            return;
        }
        let open = std::mem::replace(&mut self.open, Open::new(self.session.new_chunk_id()));
        let Open { id, out, trails, scan: _, has_main } = open;
        self.made.token_count += out.len();
        let first = out.first().and_then(|t| root(t.loc, &trails)).unwrap_or(self.main);
        self.made.chunks.push(Arc::new(Chunk::new(id, first, has_main, out, trails)));
    }

    pub(crate) fn at_boundary(&mut self) -> bool {
        self.streams.is_empty() && self.open.scan.at_boundary(&self.open.out)
    }

    pub(crate) fn report(&mut self, kind: PpDiagnosticKind, range: FileRange, message: String) {
        if self.made.diagnostics.len() < MAX_DIAGNOSTICS {
            self.made.diagnostics.push(PpDiagnostic { kind, range, message });
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
        let range = super::trail::token_range(&self.made.texts, file, offset);
        self.report(kind, range.unwrap_or(FileRange { file, start: offset, end: offset }), message);
    }

    /// What the user wrote for a token of the chunk being made.
    pub(crate) fn written(&self, mut loc: Loc) -> Option<(FileId, u32)> {
        loop {
            if let Some(place) = loc.as_file() {
                return Some(place);
            }
            // Trails only point to earlier trails, so this ends.
            let trail = self.open.trails.get(loc.offset as usize)?;
            loc = if trail.from_argument { trail.spelling } else { trail.expansion };
        }
    }

    pub(crate) fn add_trail(&mut self, trail: Trail) -> Loc {
        let offset = self.open.trails.len() as u32;
        self.open.trails.push(trail);
        Loc { file: Loc::TRAIL | self.open.id, offset }
    }

    /// The macro of that name; that it was asked for is remembered for the header cache.
    pub(crate) fn lookup(&mut self, name: Symbol) -> Option<Arc<MacroDef>> {
        self.record.consulted.insert(name);
        self.macros.find(name).cloned()
    }

    pub(crate) fn set_macro(&mut self, name: Symbol, def: Option<Arc<MacroDef>>) {
        let old = self.macros.set(name, def.clone());
        self.made.changes.push(Change { name, old, new: def });
    }

    /// Notes a use of a macro when the name stands in the main file.
    pub(crate) fn note_use(&mut self, loc: Loc, def: &Arc<MacroDef>) {
        let mut loc = loc;
        while loc.file & Loc::TRAIL != 0 {
            match self.open.trails.get(loc.offset as usize) {
                Some(trail) if trail.from_argument => loc = trail.spelling,
                _ => return,
            }
        }
        if loc.file == self.main.0 {
            let end = loc.offset + def.name.as_str().len() as u32;
            let range = FileRange { file: self.main, start: loc.offset, end };
            self.made.macro_uses.push(MacroUse { range, definition: Arc::clone(def) });
        }
    }

    /// Starts of the lines of a file that is being read.
    pub(crate) fn line_of(&mut self, file: FileId, offset: u32) -> u32 {
        let lines = match self.lines.get(&file) {
            Some(lines) => Arc::clone(lines),
            None => {
                let text = self.made.texts.get(&file).cloned().unwrap_or_default();
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
        self.made.macro_uses.sort_by_key(|u| u.range.start);
        self.made.macro_uses.dedup_by_key(|u| u.range.start);
        self.made.inactive.sort_by_key(|r| r.start);
    }

    fn finish(self, inputs: Arc<Inputs>) -> Preprocessed {
        self.session.counters.tokens_expanded.fetch_add(self.made.work.expanded, Ordering::Relaxed);
        let Made {
            chunks,
            includes,
            diagnostics,
            changes: _,
            macro_uses,
            inactive,
            texts,
            token_count: _,
            complete,
            work: _,
        } = self.made;
        let chunk_index = chunks.iter().enumerate().map(|(i, c)| (c.id, i as u32)).collect();
        Preprocessed {
            main: self.main,
            chunks,
            includes,
            macros: self.macros,
            macro_uses,
            inactive,
            diagnostics,
            complete,
            standard: self.flags.standard,
            machine: self.flags.machine,
            abi: self.flags.abi,
            chunk_index,
            texts,
            inputs,
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
    engine.run();
    let mut table = engine.macros;
    table.freeze();
    let kept = Arc::new((file, table));
    lock(&session.predefined).insert(key, Arc::clone(&kept));
    kept
}
