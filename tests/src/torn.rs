//! Texts as an editor leaves them while someone types: a program cut or with half a line put in, and
//! programs whose headers are not there.

use std::ops::Range;

use cfront::{lexer, token::TokenKind};

/// A torn text, and how its places stand to those of the whole one.
#[derive(Clone, Debug)]
pub struct Tear {
    /// What is torn.
    pub kind: &'static str,
    /// The torn text.
    pub text: String,
    /// What of the whole text is gone.
    pub cut: Range<usize>,
    /// How many bytes stand there now.
    pub inserted: usize,
    /// Where the cursor stands; `None` where nobody types.
    pub cursor: Option<usize>,
    /// Whether what stands before the cursor is the whole text's.
    pub same_prefix: bool,
}

impl Tear {
    /// Where a byte of the whole text stands in the torn one.
    pub fn map(&self, offset: usize) -> Option<usize> {
        if offset < self.cut.start {
            Some(offset)
        } else if offset >= self.cut.end {
            Some(offset - self.cut.len() + self.inserted)
        } else {
            None
        }
    }
}

/// A token of the text, outside of directives.
#[derive(Clone, Debug)]
pub struct Piece {
    /// Bytes.
    pub range: Range<usize>,
    /// What it is.
    pub kind: TokenKind,
    /// Open braces before it.
    depth: usize,
    /// Whether its outermost brace is a function's.
    in_body: bool,
}

/// Half lines that begin a statement. `@` is a name from near the place; the cursor stands at `|`.
const STATEMENTS: &[(&str, &str)] = &[
    ("a name", "@|"),
    ("a name", "@ |"),
    ("a call typed", "@(|"),
    ("a call typed", "@(|)"),
    ("a call typed", "bpf_printk(\"|"),
    ("a call typed", "bpf_printk(\"|\")"),
    ("a call typed", "bpf_map_lookup_elem(&@, |"),
    ("a member typed", "@->|"),
    ("a member typed", "@.|"),
    ("a member typed", "@->|;"),
    ("a member typed", "@.|;"),
    ("an assignment typed", "@ =|"),
    ("an assignment typed", "@ = |;"),
    ("an assignment typed", "@ += @ +|"),
    ("a head typed", "if (|"),
    ("a head typed", "if (|)"),
    ("a head typed", "if (@ |) {\n\t\t\n\t}"),
    ("a head typed", "for (|) {\n\t\t\n\t}"),
    ("a head typed", "for (int i = 0; |"),
    ("a head typed", "while (@|"),
    ("a head typed", "switch (@) {|"),
    ("a head typed", "switch (@) {\n\tcase |\n\t}"),
    ("a head typed", "if (@) {|"),
    ("a head typed", "else |"),
    ("a declaration typed", "int|"),
    ("a declaration typed", "struct |"),
    ("a declaration typed", "struct foo *|"),
    ("a declaration typed", "__u64 x|"),
    ("a declaration typed", "__u64 *x = |"),
    ("a declaration typed", "foo_t *x = @|"),
    ("a declaration typed", "struct foo x = {|}"),
    ("a declaration typed", "struct foo x = { .|}"),
    ("a declaration typed", "const char fmt[] = \"|"),
    ("a return typed", "return|"),
    ("a return typed", "return @|"),
    ("a return typed", "return (|)"),
    ("a return typed", "goto |"),
];

/// Half lines that begin something at file scope.
const ITEMS: &[(&str, &str)] = &[
    ("an item typed", "int|"),
    ("an item typed", "static |"),
    ("an item typed", "static int f(|"),
    ("an item typed", "static int f(|)"),
    ("an item typed", "int f(void *ctx) {|}"),
    ("an item typed", "int f(void *ctx)\n{\n\t|"),
    ("an item typed", "struct x|"),
    ("an item typed", "struct x {|"),
    ("an item typed", "struct x {|}"),
    ("an item typed", "struct {\n\t__uint(type, |\n} m SEC(\".maps\");"),
    ("an item typed", "struct {\n\t__uint(|)\n} m SEC(\".maps\");"),
    ("an item typed", "SEC(|"),
    ("an item typed", "SEC(\"|\")"),
    ("an item typed", "SEC(\"tp/x\")\nint |"),
    ("an item typed", "foo|"),
    ("an item typed", "foo_t x|"),
    ("an item typed", "int x[|"),
    ("an item typed", "int x = |"),
    ("an item typed", "typedef |"),
    ("an item typed", "enum e { A, |"),
    ("an item typed", "enum e { A, |};"),
];

/// Half lines in the body of a record.
const MEMBERS: &[(&str, &str)] = &[
    ("a record's member typed", "int|"),
    ("a record's member typed", "int x|"),
    ("a record's member typed", "struct foo *|"),
    ("a record's member typed", "foo_t x|"),
    ("a record's member typed", "__uint(|"),
    ("a record's member typed", "__uint(type, |)"),
    ("a record's member typed", "__type(key, |"),
];

/// A program that can be torn.
#[derive(Debug)]
pub struct Torn<'a> {
    text: &'a str,
    /// Its tokens.
    pub pieces: Vec<Piece>,
    seed: usize,
}

impl<'a> Torn<'a> {
    /// Reads the tokens of a text; `seed` chooses where it is torn.
    pub fn new(text: &'a str, seed: usize) -> Torn<'a> {
        Torn { text, pieces: pieces(text), seed }
    }

    /// The torn texts: one of each way that the text gives room for.
    pub fn tears(&mut self) -> Vec<Tear> {
        let mut tears = Vec::new();
        for cut in [Cut::Call, Cut::Member, Cut::Assigned, Cut::Head, Cut::Statement] {
            for close in [false, true] {
                tears.extend(self.cut(cut, close));
            }
        }
        tears.extend(self.cut_argument());
        tears.extend(self.cut_name("a member's name gone", "->"));
        tears.extend(self.cut_name("a member's name gone", "."));
        tears.extend(self.parameters(false));
        tears.extend(self.parameters(true));
        tears.extend(self.missing("a brace missing", "}"));
        tears.extend(self.missing("a brace missing", "{"));
        tears.extend(self.missing("a semicolon missing", ";"));
        tears.extend(self.missing("a parenthesis missing", ")"));
        for (kind, typed) in STATEMENTS {
            tears.extend(self.typed(kind, typed, |p| p.in_body));
        }
        for (kind, typed) in ITEMS {
            tears.extend(self.typed(kind, typed, |p| p.depth == 0));
        }
        for (kind, typed) in MEMBERS {
            tears.extend(self.typed(kind, typed, |p| p.depth == 1 && !p.in_body));
        }
        tears
    }

    /// The text without headers: without all, and without the kernel's types alone.
    pub fn headerless(&self) -> Vec<Tear> {
        type Gone = fn(&str) -> bool;
        let wanted: [(&'static str, Gone); 3] = [
            ("no headers", |_| true),
            ("no vmlinux.h", |line| line.contains("vmlinux.h") || line.contains("linux/")),
            ("no bpf_helpers.h", |line| line.contains("bpf/bpf_")),
        ];
        let mut tears = Vec::new();
        for (kind, gone) in wanted {
            // Lines stay as long as they are, so that places stay what they were.
            let blank = |line: &str| match line.starts_with("#include") && gone(line) {
                true => format!("//{}", &line[2..]),
                false => line.to_owned(),
            };
            let text: String = self.text.split_inclusive('\n').map(blank).collect();
            if text != self.text {
                let (cut, inserted) = (0..0, 0);
                tears.push(Tear { kind, text, cut, inserted, cursor: None, same_prefix: true });
            }
        }
        tears
    }

    fn spelled(&self, i: usize) -> &'a str {
        self.pieces.get(i).map_or("", |piece| self.text.get(piece.range.clone()).unwrap_or(""))
    }

    /// One of the places that a condition holds at.
    fn choose(&mut self, wanted: impl Fn(&Self, usize) -> bool) -> Option<usize> {
        let found: Vec<usize> = (0..self.pieces.len()).filter(|&i| wanted(self, i)).collect();
        self.seed = self.seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695);
        found.get((self.seed >> 33) % found.len().max(1)).copied()
    }

    /// The `;` that ends the statement at a token; `None` where a brace comes first.
    fn semicolon(&self, from: usize) -> Option<usize> {
        let more = from..self.pieces.len().min(from + 60);
        more.take_while(|&i| !matches!(self.spelled(i), "{" | "}"))
            .find(|&i| self.spelled(i) == ";")
    }

    /// The parenthesis that closes the one at a token.
    fn closing(&self, open: usize) -> Option<usize> {
        let mut depth = 0;
        for i in open..self.pieces.len().min(open + 200) {
            match self.spelled(i) {
                "(" => depth += 1,
                ")" => depth -= 1,
                ";" | "{" | "}" => return None,
                _ => {}
            }
            if depth == 0 {
                return Some(i);
            }
        }
        None
    }

    fn is_name(&self, i: usize) -> bool {
        self.pieces.get(i).is_some_and(|piece| piece.kind == TokenKind::Ident)
    }

    fn without(&self, kind: &'static str, cut: Range<usize>, put: &str, after: usize) -> Tear {
        let text = format!("{}{put}{}", &self.text[..cut.start], &self.text[cut.end..]);
        let cursor = Some(cut.start + after);
        Tear { kind, text, inserted: put.len(), cut, cursor, same_prefix: after == 0 }
    }

    /// Cuts to the end of a statement; `close` leaves the `;`, and for a call the `)`.
    fn cut(&mut self, cut: Cut, close: bool) -> Option<Tear> {
        let at = self.choose(|torn, i| {
            torn.pieces[i].in_body
                && match cut {
                    Cut::Call => {
                        torn.spelled(i) == "("
                            && torn.is_name(i - 1)
                            && !is_head(torn.spelled(i - 1))
                    }
                    Cut::Member => matches!(torn.spelled(i), "->" | "."),
                    Cut::Assigned => torn.spelled(i) == "=",
                    Cut::Head => {
                        torn.spelled(i) == "("
                            && is_head(torn.spelled(i - 1))
                            && torn.closing(i).is_some()
                    }
                    Cut::Statement => {
                        i > 0
                            && !matches!(torn.spelled(i), "(" | "->" | "." | "=" | ";" | "{" | "}")
                    }
                }
                && (cut == Cut::Head || torn.semicolon(i).is_some_and(|end| end > i + 1))
        })?;
        let start = self.pieces[at].range.end;
        if cut == Cut::Head {
            let end = self.closing(at)?;
            let middle = self.pieces[at + (end - at) / 2].range.end;
            let end = &self.pieces[end].range;
            let end = if close { end.start } else { end.end };
            return Some(self.without("a condition cut", middle.min(end)..end, "", 0));
        }
        let end = &self.pieces[self.semicolon(at)?].range;
        let end = if close && cut != Cut::Call { end.start } else { end.end };
        let put = if close && cut == Cut::Call { ")" } else { "" };
        let kind = match cut {
            Cut::Call => "a call cut",
            Cut::Member => "a member access cut",
            Cut::Assigned => "a value cut",
            _ => "a statement cut",
        };
        Some(self.without(kind, start..end, put, 0))
    }

    /// Takes out what follows the comma of a call, up to its parenthesis.
    fn cut_argument(&mut self) -> Option<Tear> {
        let at = self.choose(|torn, i| {
            torn.spelled(i) == "("
                && torn.pieces[i].in_body
                && torn.closing(i).is_some_and(|close| (i..close).any(|k| torn.spelled(k) == ","))
        })?;
        let close = self.closing(at)?;
        let comma = (at..close).find(|&i| self.spelled(i) == ",")?;
        let cut = self.pieces[comma].range.end..self.pieces[close].range.start;
        Some(self.without("an argument cut", cut, " ", 1))
    }

    fn cut_name(&mut self, kind: &'static str, operator: &str) -> Option<Tear> {
        let at = self.choose(|torn, i| {
            torn.spelled(i) == operator && torn.pieces[i].in_body && torn.is_name(i + 1)
        })?;
        let cut = self.pieces[at + 1].range.clone();
        Some(self.without(kind, cut, "", 0))
    }

    /// Cuts the parameters of a function.
    fn parameters(&mut self, close: bool) -> Option<Tear> {
        let at = self.choose(|torn, i| {
            torn.spelled(i) == "("
                && torn.pieces[i].depth == 0
                && torn.closing(i).is_some_and(|end| end > i + 2 && torn.spelled(end + 1) == "{")
        })?;
        let end = self.closing(at)?;
        let middle = self.pieces[at + (end - at) / 2].range.end;
        let end = &self.pieces[end].range;
        let end = if close { end.start } else { end.end };
        Some(self.without("parameters cut", middle..end.max(middle), "", 0))
    }

    fn missing(&mut self, kind: &'static str, spelled: &str) -> Option<Tear> {
        let at = self.choose(|torn, i| torn.spelled(i) == spelled && torn.pieces[i].depth > 0)?;
        Some(self.without(kind, self.pieces[at].range.clone(), "", 0))
    }

    /// Puts half a line behind a `;` or brace.
    fn typed(
        &mut self,
        kind: &'static str,
        typed: &str,
        wanted: impl Fn(&Piece) -> bool,
    ) -> Option<Tear> {
        let at = self.choose(|torn, i| {
            let Some(next) = torn.pieces.get(i + 1) else { return false };
            let line = torn.text[torn.pieces[i].range.end..next.range.start].contains('\n');
            line && matches!(torn.spelled(i), ";" | "{" | "}")
                && wanted(next)
                && (torn.spelled(i) != "}" || torn.spelled(i + 1) != "else")
        })?;
        let near = (0..at).rev().find(|&i| {
            self.is_name(i)
                && self.spelled(i).len() > 1
                && matches!(self.spelled(i + 1), ";" | ")" | "," | "=" | "->" | ".")
        });
        let name = near.map_or("x", |i| self.spelled(i));
        let indent = if self.pieces.get(at + 1)?.depth > 0 { "\t" } else { "" };
        let line = format!("\n{indent}{}", typed.replace('@', name));
        let cursor = line.find('|')?;
        let place = self.pieces[at].range.end;
        let mut tear = self.without(kind, place..place, &line.replace('|', ""), cursor);
        tear.same_prefix = false;
        Some(tear)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Cut {
    Call,
    Member,
    Assigned,
    Head,
    Statement,
}

fn is_head(word: &str) -> bool {
    matches!(word, "if" | "while" | "for" | "switch")
}

fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    let (mut pos, mut depth, mut in_body) = (0, 0usize, false);
    loop {
        let raw = lexer::lex(text, pos);
        let Some(kind) = raw.kind else { return pieces };
        let spelled = &text[raw.start..raw.end];
        if spelled == "#" && raw.flags & cfront::token::Token::LINE_START != 0 {
            pos = directive_end(text, raw.start);
            continue;
        }
        pos = raw.end.max(pos + 1);
        match spelled {
            "{" => {
                let before = pieces.last().map(|piece| &text[piece.range.clone()]);
                if depth == 0 {
                    in_body = before == Some(")");
                }
            }
            "}" => depth = depth.saturating_sub(1),
            _ => {}
        }
        let in_body = in_body && depth > 0;
        pieces.push(Piece { range: raw.start..raw.end, kind, depth, in_body });
        depth += usize::from(spelled == "{");
    }
}

fn directive_end(text: &str, mut pos: usize) -> usize {
    loop {
        let end = text[pos..].find('\n').map_or(text.len(), |at| pos + at);
        if !text[..end].ends_with('\\') || end == text.len() {
            return end;
        }
        pos = end + 1;
    }
}
