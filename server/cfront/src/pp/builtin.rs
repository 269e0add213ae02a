//! Macros whose value is made where they are used.

use crate::{
    lexer,
    predefined::features,
    source::Loc,
    symbol::{Symbol, known as k},
    token::{Token, TokenKind},
};

use std::sync::Arc;

use super::{
    PpDiagnosticKind,
    engine::Engine,
    macros::{Builtin, MacroDef, MacroTable},
};

/// Puts the builtin macros into a table.
pub(crate) fn define(table: &mut MacroTable) {
    const ALL: &[(&str, Builtin)] = &[
        ("__LINE__", Builtin::Line),
        ("__FILE__", Builtin::File),
        ("__FILE_NAME__", Builtin::FileName),
        ("__BASE_FILE__", Builtin::BaseFile),
        ("__INCLUDE_LEVEL__", Builtin::IncludeLevel),
        ("__COUNTER__", Builtin::Counter),
        ("__has_include", Builtin::HasInclude),
        ("__has_include_next", Builtin::HasIncludeNext),
        ("__has_embed", Builtin::HasEmbed),
        ("__has_attribute", Builtin::HasAttribute),
        ("__has_c_attribute", Builtin::HasCAttribute),
        ("__has_declspec_attribute", Builtin::HasDeclspec),
        ("__has_builtin", Builtin::HasBuiltin),
        ("__has_constexpr_builtin", Builtin::HasConstexprBuiltin),
        ("__has_feature", Builtin::HasFeature),
        ("__has_extension", Builtin::HasExtension),
        ("__has_warning", Builtin::HasWarning),
        ("__is_identifier", Builtin::IsIdentifier),
        ("__building_module", Builtin::BuildingModule),
        ("__is_target_arch", Builtin::IsTarget),
        ("__is_target_vendor", Builtin::IsTarget),
        ("__is_target_os", Builtin::IsTarget),
        ("__is_target_environment", Builtin::IsTarget),
        ("__is_target_variant_os", Builtin::IsTarget),
        ("__is_target_variant_environment", Builtin::IsTarget),
    ];
    for (name, builtin) in ALL {
        table.set(Symbol::intern(name), Some(Arc::new(MacroDef::builtin(name, *builtin))));
    }
}

impl Engine<'_> {
    /// The token that a builtin macro stands for; its name when it is not called rightly.
    pub(crate) fn expand_builtin(&mut self, name: Token, builtin: Builtin) -> Option<Token> {
        self.made.work.expanded += 1;
        let (kind, text) = match builtin {
            Builtin::Line => (TokenKind::Number, self.current_line(name.loc).to_string()),
            Builtin::File | Builtin::BaseFile => {
                let frame =
                    if builtin == Builtin::File { self.files.last() } else { self.files.first() };
                let path =
                    frame.map(|f| Arc::clone(&f.place.name)).unwrap_or_else(|| Arc::from(""));
                self.record.taint += u64::from(builtin == Builtin::BaseFile);
                (TokenKind::Str, quoted(&path))
            }
            Builtin::FileName => {
                let path = self
                    .files
                    .last()
                    .map(|f| Arc::clone(&f.place.name))
                    .unwrap_or_else(|| Arc::from(""));
                (TokenKind::Str, quoted(path.rsplit('/').next().unwrap_or("")))
            }
            Builtin::IncludeLevel => {
                self.record.taint += 1;
                (TokenKind::Number, self.files.len().saturating_sub(1).to_string())
            }
            Builtin::Counter => {
                self.record.taint += 1;
                self.seen.counter += 1;
                (TokenKind::Number, (self.seen.counter - 1).to_string())
            }
            _ => {
                let Some(args) = self.builtin_arguments(name) else {
                    return Some(Token { flags: name.flags | Token::NO_EXPAND, ..name });
                };
                let value = self.ask(builtin, name.sym, &args);
                (TokenKind::Number, value.to_string())
            }
        };
        let loc = self.add_trail(crate::source::Trail {
            spelling: name.loc,
            expansion: name.loc,
            macro_name: name.sym,
            from_argument: false,
        });
        Some(Token { kind, flags: name.flags, sym: Symbol::intern(&text), loc })
    }

    /// Tokens between the parentheses of a builtin, unexpanded unless it names a header by macro.
    fn builtin_arguments(&mut self, name: Token) -> Option<Vec<Token>> {
        self.next_unexpanded();
        let mut depth = 0u32;
        let mut tokens = Vec::new();
        loop {
            let Some(token) = self.next_unexpanded() else {
                let message = format!("unterminated call of '{}'", name.sym);
                self.report_at(PpDiagnosticKind::UnterminatedCall, name.loc, message);
                return None;
            };
            if token.is_sym(k::L_PAREN) {
                depth += 1;
            } else if token.is_sym(k::R_PAREN) {
                if depth == 0 {
                    return Some(tokens);
                }
                depth -= 1;
            }
            tokens.push(token);
        }
    }

    fn ask(&mut self, builtin: Builtin, name: Symbol, args: &[Token]) -> u64 {
        // As in clang, names of attributes may come from macros; other names are taken as written.
        let attribute = matches!(
            builtin,
            Builtin::HasAttribute | Builtin::HasCAttribute | Builtin::HasDeclspec
        );
        let word = if attribute { spelled(&self.pre_expand(args)) } else { spelled(args) };
        match builtin {
            Builtin::HasInclude | Builtin::HasIncludeNext => {
                let mut args = args.to_vec();
                if args.first().is_some_and(|t| t.kind == TokenKind::Ident) {
                    args = self.pre_expand(&args);
                }
                let Some((path, angled)) = header_name(&args) else { return 0 };
                u64::from(
                    self.find_header(&path, angled, builtin == Builtin::HasIncludeNext).is_some(),
                )
            }
            Builtin::HasAttribute => features::attribute(plain(&word)),
            Builtin::HasCAttribute => features::c_attribute(&word),
            Builtin::HasDeclspec => features::declspec(plain(&word)),
            Builtin::HasBuiltin => features::builtin(&word),
            Builtin::HasEmbed => self.has_embed(args),
            Builtin::HasConstexprBuiltin | Builtin::BuildingModule => 0,
            Builtin::HasFeature => features::feature(plain(&word)),
            Builtin::HasExtension => features::extension(plain(&word)),
            Builtin::HasWarning => u64::from(features::warning(word.trim_matches('"'))),
            Builtin::IsIdentifier => u64::from(
                matches!(args, [one] if one.kind == TokenKind::Ident)
                    && !features::is_keyword(&word, self.flags),
            ),
            Builtin::IsTarget => {
                let arch =
                    if self.flags.endian == crate::flags::Endian::Big { "bpfeb" } else { "bpfel" };
                u64::from(match name.as_str() {
                    "__is_target_arch" => word == arch,
                    "__is_target_vendor" | "__is_target_os" => word == "unknown",
                    _ => false,
                })
            }
            _ => 0,
        }
    }

    /// The line that `__LINE__` gives: of the end of the outermost macro call it comes from.
    fn current_line(&mut self, loc: Loc) -> i64 {
        self.made.work.line_uses += 1;
        let mut outer = loc;
        let mut inside = false;
        while outer.file & Loc::TRAIL != 0 {
            inside = true;
            match self.open.trails.get(outer.offset as usize) {
                Some(trail) => outer = trail.expansion,
                None => break,
            }
        }
        let Some((file, mut offset)) = outer.as_file() else { return 0 };
        if inside
            && let Some((_, end)) = self.call_ends.iter().rev().find(|(name, _)| *name == outer)
        {
            offset = *end;
        }
        let line = i64::from(self.line_of(file, offset));
        let delta = self.files.last().filter(|f| f.file == file).map_or(0, |f| f.place.line_delta);
        (line + delta).max(0)
    }
}

fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        if matches!(c, '"' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out.push('"');
    out
}

/// Tokens as written, without white space at the ends.
pub(crate) fn spelled(tokens: &[Token]) -> String {
    let mut out = String::new();
    for (i, token) in tokens.iter().enumerate() {
        if i > 0 && token.flags & Token::SPACE_BEFORE != 0 {
            out.push(' ');
        }
        out.push_str(token.sym.as_str());
    }
    out
}

/// `packed` for `__packed__`.
fn plain(word: &str) -> &str {
    word.strip_prefix("__")
        .and_then(|w| w.strip_suffix("__"))
        .filter(|w| !w.is_empty())
        .unwrap_or(word)
}

/// The name in `"x"` or `<x>`, and whether it has angle brackets.
pub(crate) fn header_name(tokens: &[Token]) -> Option<(String, bool)> {
    match tokens {
        [first, ..] if first.kind == TokenKind::Str => {
            let text = first.sym.as_str();
            let inner = text.strip_prefix('"')?.strip_suffix('"')?;
            Some((inner.to_owned(), false))
        }
        [first, rest @ ..] if first.is_sym(k::LT) => {
            let end = rest.iter().position(|t| t.is_sym(k::GT))?;
            Some((spelled(rest.get(..end)?), true))
        }
        _ => None,
    }
    .filter(|(name, _)| !name.is_empty())
}

/// The header name at the start of a text: its range (quotes included), and whether angled.
pub(crate) fn raw_header_name(text: &str, pos: usize) -> Option<(std::ops::Range<usize>, bool)> {
    let start = lexer::lex(text, pos).start;
    let rest = text.get(start..)?;
    let (close, angled) = match rest.as_bytes().first()? {
        b'<' => (b'>', true),
        b'"' => (b'"', false),
        _ => return None,
    };
    let body = rest.as_bytes().get(1..)?;
    let end = body.iter().position(|&b| b == close || b == b'\n' || b == b'\r')?;
    (body.get(end) == Some(&close)).then_some((start..start + end + 2, angled))
}
