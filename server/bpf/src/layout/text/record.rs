//! Lines of a struct, union or section, with holes and cache lines between them.

use crate::layout::TypeRequest;
use btf::size::Aligner;
use btf::{Btf, CDumper, Composite, Type, TypeId};
use std::fmt::Write;

/// Column of the comment behind a declaration.
const COMMENT_COLUMN: usize = 56;
/// How deep anonymous members are shown with their own offsets.
const MAX_NESTING: usize = 32;
/// How many lines are printed: a damaged file may say one type in many places.
const MAX_LINES: usize = 200_000;

/// How many bytes of text are made, for the same reason.
const MAX_BYTES: usize = 16 << 20;

/// Place of a member or variable, in bits.
pub(super) struct Entry {
    pub(super) offset_bits: u64,
    pub(super) size_bits: u64,
    pub(super) bitfield: bool,
    /// What else is to be said of it.
    pub(super) note: String,
}

/// The body of a struct or section as it grows.
pub(super) struct Lines {
    text: String,
    count: usize,
    indent: usize,
    cache_line: u64,
    /// First cache line boundary not yet told, in bytes.
    boundary: u64,
    /// End of what was placed, in bits.
    position: u64,
    sum_bits: u64,
    entries: usize,
    holes: u64,
    hole_bytes: u64,
}

impl Lines {
    pub(super) fn new(indent: usize, cache_line: u64) -> Self {
        Lines {
            text: String::new(),
            count: 0,
            indent,
            cache_line,
            boundary: cache_line,
            position: 0,
            sum_bits: 0,
            entries: 0,
            holes: 0,
            hole_bytes: 0,
        }
    }

    /// Whether the text is longer than any real one.
    pub(super) fn is_full(&self) -> bool {
        self.count > MAX_LINES || self.text.len() > MAX_BYTES
    }

    fn line(&mut self, text: &str, comment: &str) {
        self.count += 1;
        if self.is_full() {
            return;
        }
        let tabs = "\t".repeat(self.indent);
        let first = if text.contains('\n') { 0 } else { 8 * self.indent };
        let column = first + last_line_width(text);
        let pad = COMMENT_COLUMN.saturating_sub(column).max(1);
        let _ = match comment {
            "" => writeln!(self.text, "{tabs}{text}"),
            _ => writeln!(self.text, "{tabs}{text}{:pad$}/* {comment} */", ""),
        };
    }

    fn comment_line(&mut self, comment: &str) {
        self.line(&format!("/* {comment} */"), "");
    }

    /// Tells a hole before the bit `to`, and the cache lines that begin before it.
    pub(super) fn gap(&mut self, to: u64, what: &str) {
        if to > self.position {
            let (bits, bytes) = ((to - self.position) % 8, (to - self.position) / 8);
            self.text.push('\n');
            if bytes > 0 {
                self.holes += 1;
                self.hole_bytes += bytes;
                self.comment_line(&format!("XXX {bytes} byte{} {what}", plural(bytes)));
            }
            if bits > 0 {
                self.comment_line(&format!("XXX {bits} bit{} {what}", plural(bits)));
            }
            self.text.push('\n');
        }
        self.cache_lines(to / 8);
    }

    fn cache_lines(&mut self, at: u64) {
        if at < self.boundary {
            return;
        }
        let number = at / self.cache_line;
        let boundary = number * self.cache_line;
        let ago = match at - boundary {
            0 => String::new(),
            bytes => format!(" was {bytes} byte{} ago", plural(bytes)),
        };
        self.comment_line(&format!("--- cacheline {number} boundary ({boundary} bytes){ago} ---"));
        self.boundary = boundary + self.cache_line;
    }

    /// A declaration with its offset and size.
    pub(super) fn entry(&mut self, declaration: &str, entry: Entry) {
        let comment = place(&entry);
        self.line(&format!("{declaration};"), &comment);
        self.entries += 1;
        self.sum_bits = self.sum_bits.saturating_add(entry.size_bits);
        self.position = self.position.max(entry.offset_bits.saturating_add(entry.size_bits));
    }

    /// Lines of an inner struct, which stand for one member; `end` closes it.
    fn nested(&mut self, head: &str, inner: Lines, end: &str, entry: Entry) {
        self.line(head, "");
        self.text.push_str(&inner.text);
        self.count += inner.count;
        self.boundary = self.boundary.max(inner.boundary);
        self.entry(end, entry);
    }

    /// The body, and the summary of a whole of `size` bytes whose entries are called `what`.
    pub(super) fn finish(mut self, size: u64, align: u64, what: &str) -> String {
        let end = self.position.div_ceil(8);
        if self.entries > 0 {
            self.text.push('\n');
        }
        let lines = size.div_ceil(self.cache_line);
        let entries = self.entries;
        self.comment_line(&format!(
            "size: {size}, align: {align}, cachelines: {lines}, {what}: {entries}"
        ));
        if self.holes > 0 {
            let (sum, holes, bytes) = (self.sum_bits / 8, self.holes, self.hole_bytes);
            self.comment_line(&format!("sum {what}: {sum}, holes: {holes}, sum holes: {bytes}"));
        }
        if size > end && entries > 0 {
            self.comment_line(&format!("padding: {}", size - end));
        }
        let last = size % self.cache_line;
        if last > 0 && size > 0 {
            self.comment_line(&format!("last cacheline: {last} byte{}", plural(last)));
        }
        if self.is_full() {
            self.text.push_str("\t/* and so on */\n");
        }
        self.text
    }
}

fn plural(number: u64) -> &'static str {
    if number == 1 { "" } else { "s" }
}

fn last_line_width(text: &str) -> usize {
    let last = text.rsplit('\n').next().unwrap_or_default();
    last.chars().map(|c| if c == '\t' { 8 } else { 1 }).sum()
}

fn place(entry: &Entry) -> String {
    let byte = entry.offset_bits / 8;
    if entry.bitfield {
        format!("{byte:>5}:{:>2} {:>4} bits{}", entry.offset_bits % 8, entry.size_bits, entry.note)
    } else {
        format!("{byte:>5} {:>6}{}", entry.size_bits / 8, entry.note)
    }
}

/// The comment with size and alignment behind a type that is no struct.
pub(super) fn close(size: Option<u64>, align: Option<u64>) -> String {
    let size = size.map_or("not known".into(), |s| s.to_string());
    match align {
        Some(align) => format!(" /* size: {size}, align: {align} */"),
        None => format!(" /* size: {size} */"),
    }
}

/// A struct or union with offsets, holes and padding.
pub(super) fn print(request: &TypeRequest<'_>, id: TypeId, cache_line: u64) -> String {
    let btf = request.btf;
    let (keyword, composite) = match btf.get(id) {
        Type::Struct(c) => ("struct", c),
        Type::Union(c) => ("union", c),
        _ => return String::new(),
    };
    let mut printer =
        Printer { btf, dumper: CDumper::with_plain_names(btf), cache_line, left: MAX_LINES };
    let lines = printer.lines(composite, keyword == "union", 1, 0, 0);
    let guess = Aligner::default().align_of(btf, id).map(u64::from);
    let align = request.align.or(guess).unwrap_or(1);
    let tag = match composite.name.as_str() {
        "" => String::new(),
        tag => format!(" {tag}"),
    };
    let mut out = String::new();
    if let Type::Typedef { name, .. } = btf.get(request.ty) {
        let _ = writeln!(out, "/* typedef {name} */");
    }
    let body = lines.finish(u64::from(composite.size), align, "members");
    let packed = if is_packed(btf, composite, guess) { " __attribute__((packed))" } else { "" };
    let _ = writeln!(out, "{keyword}{tag} {{\n{body}}}{packed};");
    out
}

/// Whether members lie where only a packed struct has them.
fn is_packed(btf: &Btf, composite: &Composite, align: Option<u64>) -> bool {
    let mut aligner = Aligner::default();
    align == Some(1)
        && composite.members.iter().any(|m| aligner.align_of(btf, m.ty).is_some_and(|a| a > 1))
}

struct Printer<'a> {
    btf: &'a Btf,
    dumper: CDumper<'a>,
    cache_line: u64,
    left: usize,
}

impl Printer<'_> {
    /// `base` is where the composite lies in the outermost one, in bits.
    fn lines(
        &mut self,
        composite: &Composite,
        is_union: bool,
        indent: usize,
        base: u64,
        depth: usize,
    ) -> Lines {
        let btf = self.btf;
        let mut lines = Lines::new(indent, self.cache_line);
        lines.position = base;
        lines.boundary = (base / 8 / self.cache_line + 1) * self.cache_line;
        for member in &composite.members {
            let Some(left) = self.left.checked_sub(1).filter(|_| !lines.is_full()) else { break };
            self.left = left;
            let offset = base + u64::from(member.offset_bits);
            if is_union {
                lines.position = base;
            } else {
                lines.gap(offset, "hole");
            }
            let bits = u64::from(member.bitfield_bits);
            let size = if bits > 0 { bits } else { btf.size_of(member.ty).unwrap_or(0) * 8 };
            let entry = Entry {
                offset_bits: offset,
                size_bits: size,
                bitfield: bits > 0,
                note: String::new(),
            };
            let inner = match btf.get(member.ty) {
                Type::Struct(c) if c.name.is_empty() => Some(("struct", c)),
                Type::Union(c) if c.name.is_empty() => Some(("union", c)),
                _ => None,
            };
            match inner.filter(|_| depth < MAX_NESTING) {
                Some((keyword, inner)) => {
                    let nested =
                        self.lines(inner, keyword == "union", indent + 1, offset, depth + 1);
                    let end = match member.name.as_str() {
                        "" => "}".to_string(),
                        name => format!("}} {name}"),
                    };
                    lines.nested(&format!("{keyword} {{"), nested, &end, entry);
                }
                None => {
                    let mut declaration =
                        self.dumper.type_decl(member.ty, &member.name, indent, false);
                    if bits > 0 {
                        let _ = write!(declaration, ":{bits}");
                    }
                    lines.entry(&declaration, entry);
                }
            }
        }
        lines
    }
}
