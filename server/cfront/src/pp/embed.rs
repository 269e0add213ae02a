//! `#embed` and `__has_embed` (C23 6.10.4; in clang 19 an extension before).

use std::path::{Path, PathBuf};

use crate::{
    flags::{Standard, normalize},
    source::{FileRange, Loc},
    symbol::{Symbol, known as k},
    token::{Token, TokenKind},
};

use super::{
    PpDiagnosticKind, builtin::header_name, builtin::raw_header_name, engine::Engine, expr,
};

/// Most bytes that one directive puts in.
const MAX_BYTES: usize = 1 << 20;

/// What stands behind the name of the resource.
#[derive(Default)]
struct Parameters {
    limit: Option<u64>,
    offset: u64,
    prefix: Vec<Token>,
    suffix: Vec<Token>,
    if_empty: Vec<Token>,
}

impl Engine<'_> {
    /// Obeys `#embed`, whose `#` is at that offset: the bytes as numbers with commas between them.
    pub(super) fn embed_directive(&mut self, hash: usize, in_arguments: bool) {
        let Some(frame) = self.files.last_mut() else { return };
        let (file, start) = (frame.file, hash as u32);
        // No cache repeats what depends on a file that it does not know of.
        self.record.taint += 1;
        self.volatile = true;
        let written = raw_header_name(&frame.text, frame.pos);
        let named = written.and_then(|(range, angled)| {
            frame.pos = range.end;
            Some((frame.text.get(range.start + 1..range.end - 1)?.to_owned(), angled))
        });
        let tokens = self.line_tokens();
        let end = self.files.last().map_or(start, |f| f.pos as u32);
        self.skip_line();
        let range = FileRange { file, start, end };
        let (named, tokens) = match named {
            Some(named) => (Some(named), self.expand_line(tokens)),
            None => {
                let tokens = self.expand_line(tokens);
                (header_name(&tokens), behind_name(&tokens).to_vec())
            }
        };
        let parameters = named.as_ref().and_then(|_| self.parameters_of(&tokens));
        let (Some((name, angled)), Some(parameters)) = (named, parameters) else {
            self.made.complete = false;
            let message = "#embed needs the name of a resource, and parameters that it knows";
            return self.report(PpDiagnosticKind::BadDirective, range, message.into());
        };
        let bytes = self.resource(&name, angled);
        let Some(bytes) = bytes.filter(|_| !in_arguments && self.streams.is_empty()) else {
            self.made.complete = false;
            let message = format!("'{name}' file not found");
            return self.report(PpDiagnosticKind::MissingInclude, range, message);
        };
        let bytes = parameters.part(&bytes);
        if bytes.len() > MAX_BYTES {
            self.made.complete = false;
            let message = format!("'{name}' is too large to embed");
            return self.report(PpDiagnosticKind::ExpansionLimit, range, message);
        }
        self.put_bytes(bytes, &parameters, Loc::in_file(file, start));
    }

    fn put_bytes(&mut self, bytes: &[u8], parameters: &Parameters, loc: Loc) {
        if bytes.is_empty() {
            self.open.out.extend(&parameters.if_empty);
            return;
        }
        self.open.out.extend(&parameters.prefix);
        let comma = Token { kind: TokenKind::Punct, flags: 0, sym: k::COMMA, loc };
        let mut interner = Symbol::batch();
        for (i, byte) in bytes.iter().enumerate() {
            if i > 0 {
                self.open.out.push(comma);
            }
            let sym = interner.intern(&byte.to_string());
            let flags = Token::SPACE_BEFORE;
            self.open.out.push(Token { kind: TokenKind::Number, flags, sym, loc });
        }
        drop(interner);
        self.open.out.extend(&parameters.suffix);
        self.open.has_main |= self.files.len() == 1;
    }

    /// `__has_embed`: 0 when there is no such resource or a parameter is unknown, 2 when it is empty.
    pub(super) fn has_embed(&mut self, args: &[Token]) -> u64 {
        self.record.taint += 1;
        self.volatile = true;
        let args = match args.first() {
            Some(first) if first.kind == TokenKind::Ident => self.pre_expand(args),
            _ => args.to_vec(),
        };
        let Some((name, angled)) = header_name(&args) else { return 0 };
        let Some(parameters) = self.parameters_of(behind_name(&args)) else { return 0 };
        match self.resource(&name, angled) {
            None => 0,
            Some(bytes) if parameters.part(&bytes).is_empty() => 2,
            Some(_) => 1,
        }
    }

    /// Quoted names are looked for beside the file first, all in the folders of `--embed-dir`.
    fn resource(&self, name: &str, angled: bool) -> Option<Vec<u8>> {
        let own = self.files.last().map(|frame| PathBuf::from(frame.folder.as_str()));
        let folders = own.filter(|_| !angled).into_iter().chain(self.flags.embed_dirs.clone());
        let mut paths: Vec<PathBuf> = folders.map(|folder| folder.join(name)).collect();
        if name.starts_with('/') {
            paths = vec![Path::new(name).to_owned()];
        }
        let path = paths.iter().map(|p| normalize(p)).find(|p| self.fs.is_file(p))?;
        self.fs.read_bytes(&path)
    }

    fn parameters_of(&mut self, mut tokens: &[Token]) -> Option<Parameters> {
        let mut parameters = Parameters::default();
        while let Some((first, rest)) = tokens.split_first() {
            let (vendor, name, rest) = match rest {
                [colons, name, rest @ ..] if colons.is_sym(k::COLON_COLON) => {
                    (plain(first.sym.as_str()), name, rest)
                }
                _ => ("", first, rest),
            };
            let (content, after) = in_parentheses(rest)?;
            match (vendor, plain(name.sym.as_str())) {
                ("", "limit") => parameters.limit = Some(self.number(content)?),
                ("clang" | "gnu", "offset") => parameters.offset = self.number(content)?,
                ("", "prefix") => parameters.prefix = content.to_vec(),
                ("", "suffix") => parameters.suffix = content.to_vec(),
                ("", "if_empty") => parameters.if_empty = content.to_vec(),
                _ => return None,
            }
            tokens = after;
        }
        Some(parameters)
    }

    fn number(&self, tokens: &[Token]) -> Option<u64> {
        expr::value(tokens, self.flags.standard >= Standard::C23).ok()
    }
}

impl Parameters {
    /// What of a resource is meant.
    fn part<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        let from = usize::try_from(self.offset).unwrap_or(usize::MAX).min(bytes.len());
        let bytes = bytes.get(from..).unwrap_or(&[]);
        let limit = self.limit.map_or(usize::MAX, |n| usize::try_from(n).unwrap_or(usize::MAX));
        bytes.get(..limit).unwrap_or(bytes)
    }
}

/// `limit` for `__limit__`.
fn plain(word: &str) -> &str {
    word.strip_prefix("__").and_then(|w| w.strip_suffix("__")).unwrap_or(word)
}

/// What stands behind `"x"` or `<x>`.
fn behind_name(tokens: &[Token]) -> &[Token] {
    let end = match tokens.first() {
        Some(first) if first.is_sym(k::LT) => tokens.iter().position(|t| t.is_sym(k::GT)),
        _ => Some(0),
    };
    end.and_then(|end| tokens.get(end + 1..)).unwrap_or(&[])
}

/// The content of parentheses, and what stands behind them.
fn in_parentheses(tokens: &[Token]) -> Option<(&[Token], &[Token])> {
    let mut depth = 0usize;
    for (i, token) in tokens.iter().enumerate() {
        match token.sym {
            k::L_PAREN => depth += 1,
            k::R_PAREN => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some((tokens.get(1..i)?, tokens.get(i + 1..)?));
                }
            }
            _ if depth == 0 => return None,
            _ => {}
        }
    }
    None
}
