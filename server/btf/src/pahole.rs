//! Where the bytes of a record are: members with offset and size, holes, padding and cache lines,
//! in a text like that of `pahole`.

use std::fmt::Write;

use crate::dump_c::{CDumper, type_name};
use crate::graph::{Btf, Composite, Member, Type, TypeId};
use crate::size::MAX_CHAIN;

/// Bytes of a cache line.
const CACHE_LINE: u64 = 64;
/// Column where the comments with offset and size begin, counted with tabs of 8.
const COMMENT_COLUMN: usize = 56;
/// How deep anonymous records may lie in each other to be written out.
const MAX_DEPTH: usize = 64;
/// Where a text stops that anonymous records multiply, in bytes.
const MAX_LEN: usize = 1 << 20;

/// Bits of a struct that no member uses.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Hole {
    /// Offset in bits from the start of the struct.
    pub offset_bits: u64,
    /// Length in bits.
    pub bits: u64,
    /// Index of the member that follows; `None` for the padding at the end.
    pub before: Option<usize>,
}

/// The holes between the members of a struct and its padding at the end, in order. Holes inside
/// members are theirs. Empty for everything that is no struct (typedefs are followed).
pub fn holes(btf: &Btf, id: TypeId) -> Vec<Hole> {
    match btf.resolve(id).map(|id| btf.get(id)) {
        Some(Type::Struct(composite)) => holes_of(btf, composite),
        _ => Vec::new(),
    }
}

fn holes_of(btf: &Btf, composite: &Composite) -> Vec<Hole> {
    let mut holes = Vec::new();
    let mut end = 0;
    for (index, member) in composite.members.iter().enumerate() {
        let offset = u64::from(member.offset_bits);
        if offset > end {
            holes.push(Hole { offset_bits: end, bits: offset - end, before: Some(index) });
        }
        end = end.max(offset + bits_of(btf, member));
    }
    let size = u64::from(composite.size) * 8;
    if size > end {
        holes.push(Hole { offset_bits: end, bits: size - end, before: None });
    }
    holes
}

/// The bits a member takes.
fn bits_of(btf: &Btf, member: &Member) -> u64 {
    match member.bitfield_bits {
        0 => btf.size_of(member.ty).unwrap_or(0) * 8,
        bits => u64::from(bits),
    }
}

/// The layout of a type as text, ended by a newline.
///
/// A struct or union with its members' offsets and sizes in bytes (`offset: bit size` for
/// bit-fields), its holes, cache line boundaries and sums; anonymous records are written out with
/// offsets from the start of the whole. A typedef or variable shows the record it stands for.
/// Other types are shown by their definition and size. `None` for `void` and types without size.
pub fn describe(btf: &Btf, id: TypeId) -> Option<String> {
    let size = btf.size_of(id)?;
    let resolved = btf.resolve(id)?;
    let mut table = Table { btf, out: String::new(), boundary: CACHE_LINE };
    match btf.get(resolved) {
        Type::Struct(composite) => {
            table.open_definition(id, resolved);
            table.members(composite, true, 0, 1);
            table.summary(composite);
            table.close(id);
        }
        Type::Union(composite) => {
            table.open_definition(id, resolved);
            table.members(composite, false, 0, 1);
            let _ = write!(table.out, "\n\t/* size: {size}, ");
            let _ = writeln!(table.out, "members: {} */", composite.members.len());
            table.close(id);
        }
        _ => {
            let mut dumper = CDumper::with_plain_names(btf);
            let text = match dumper.dump_definition(id) {
                Some(definition) => definition,
                None => type_name(btf, id),
            };
            let _ = writeln!(table.out, "{text} /* size: {size} */");
        }
    }
    Some(table.out)
}

struct Table<'a> {
    btf: &'a Btf,
    out: String,
    /// The next cache line boundary to tell, in bytes.
    boundary: u64,
}

impl Table<'_> {
    fn open_definition(&mut self, id: TypeId, record: TypeId) {
        let ty = self.btf.get(record);
        if matches!(self.btf.get(id), Type::Typedef { .. }) && ty.name().is_empty() {
            self.out.push_str("typedef ");
        }
        self.open(0, ty);
    }

    /// `struct tag {`
    fn open(&mut self, tabs: usize, ty: &Type) {
        let keyword = if matches!(ty, Type::Union(_)) { "union" } else { "struct" };
        let space = if ty.name().is_empty() { "" } else { " " };
        self.indent(tabs);
        let _ = writeln!(self.out, "{keyword}{space}{} {{", ty.name());
    }

    /// `};`, with the name that an anonymous record got.
    fn close(&mut self, id: TypeId) {
        let anonymous = self.btf.resolve(id).is_some_and(|id| self.btf.get(id).name().is_empty());
        let name = self.btf.get(id).name();
        let name = if anonymous && !name.is_empty() { format!(" {name}") } else { String::new() };
        let _ = writeln!(self.out, "}}{name};");
    }

    /// The members of a record that starts at `base` bits.
    fn members(&mut self, composite: &Composite, is_struct: bool, base: u64, tabs: usize) {
        let holes = if is_struct { holes_of(self.btf, composite) } else { Vec::new() };
        let mut holes = holes.iter().peekable();
        for (index, member) in composite.members.iter().enumerate() {
            if self.out.len() > MAX_LEN {
                return;
            }
            if let Some(hole) = holes.next_if(|hole| hole.before == Some(index)) {
                self.blank();
                self.comment(tabs, &format!("{} hole", amount(hole)));
                self.blank();
            }
            self.member(member, base, tabs);
        }
        if tabs > 1
            && let Some(tail) = holes.next()
        {
            self.blank();
            self.comment(tabs, &format!("{} padding", amount(tail)));
        }
    }

    fn member(&mut self, member: &Member, base: u64, tabs: usize) {
        let at = base.saturating_add(u64::from(member.offset_bits));
        self.boundaries(at / 8, tabs);
        let size = self.btf.size_of(member.ty).unwrap_or(0);
        let declaration = self.declaration(member);
        let line = self.out.len();
        match self.inlined(member.ty) {
            Some(inner) if tabs < MAX_DEPTH && declaration.contains("{...}") => {
                let (Type::Struct(composite) | Type::Union(composite)) = self.btf.get(inner) else {
                    return;
                };
                let is_struct = matches!(self.btf.get(inner), Type::Struct(_));
                self.open(tabs, self.btf.get(inner));
                self.members(composite, is_struct, at, tabs + 1);
                let line = self.out.len();
                self.indent(tabs);
                let rest = declaration.split_once("{...}").map_or("", |parts| parts.1);
                let _ = write!(self.out, "}}{rest};");
                self.place(line, at, size, member.bitfield_bits);
            }
            _ => {
                self.indent(tabs);
                let _ = write!(self.out, "{declaration};");
                self.place(line, at, size, member.bitfield_bits);
            }
        }
    }

    /// `type name` or `type name:width` on one line.
    fn declaration(&self, member: &Member) -> String {
        let mut text = crate::dump_c::declaration(self.btf, member.ty, &member.name);
        if member.bitfield_bits != 0 {
            let _ = write!(text, ":{}", member.bitfield_bits);
        }
        text
    }

    /// The anonymous record that a member (an array of which it may be) brings with it.
    fn inlined(&self, id: TypeId) -> Option<TypeId> {
        let mut id = id;
        for _ in 0..MAX_CHAIN {
            id = self.btf.skip_modifiers(id)?;
            match self.btf.get(id) {
                Type::Array { elem, .. } => id = *elem,
                Type::Struct(c) | Type::Union(c) if c.name.is_empty() => return Some(id),
                _ => return None,
            }
        }
        None
    }

    /// Ends the line that began at `line` with offset and size.
    fn place(&mut self, line: usize, at: u64, size: u64, width: u8) {
        let text = self.out.get(line..).unwrap_or_default();
        let column: usize = text.chars().map(|c| if c == '\t' { 8 } else { 1 }).sum();
        let gap = COMMENT_COLUMN.saturating_sub(column).max(1);
        let _ = write!(self.out, "{:gap$}", "");
        let unit = size.saturating_mul(8);
        if width == 0 {
            let _ = writeln!(self.out, "/* {:5} {size:5} */", at / 8);
        } else {
            // Counted from the storage unit, or from the byte where the bits straddle units.
            let in_unit = if unit == 0 { at % 8 } else { at % unit };
            let bit = if in_unit + u64::from(width) > unit { at % 8 } else { in_unit };
            let _ = writeln!(self.out, "/* {:5}:{bit:2} {size:2} */", (at - bit) / 8);
        }
    }

    /// Tells the cache line boundaries up to `at` bytes.
    fn boundaries(&mut self, at: u64, tabs: usize) {
        if at < self.boundary {
            return;
        }
        let last = at / CACHE_LINE * CACHE_LINE;
        let line = last / CACHE_LINE;
        let ago = match at - last {
            0 => String::new(),
            bytes => format!(" was {bytes} bytes ago"),
        };
        let text = format!("--- cache line {line} boundary ({last} bytes){ago} ---");
        self.comment(tabs, &text);
        self.boundary = last.saturating_add(CACHE_LINE);
    }

    fn summary(&mut self, composite: &Composite) {
        let size = u64::from(composite.size);
        let holes = holes_of(self.btf, composite);
        self.blank();
        let lines = size.div_ceil(CACHE_LINE);
        let members = composite.members.len();
        self.comment(1, &format!("size: {size}, cache lines: {lines}, members: {members}"));
        let (inner, tail): (Vec<&Hole>, Vec<&Hole>) =
            holes.iter().partition(|hole| hole.before.is_some());
        let bits: u64 = inner.iter().map(|hole| hole.bits).sum();
        if let [only] = *inner.as_slice() {
            self.comment(1, &format!("holes: 1, {}", amount(only)));
        } else if bits > 0 {
            let sum = Hole { offset_bits: 0, bits, before: None };
            self.comment(1, &format!("holes: {}, sum: {}", inner.len(), amount(&sum)));
        }
        if let Some(tail) = tail.first() {
            self.comment(1, &format!("padding: {}", amount(tail)));
        }
        if !size.is_multiple_of(CACHE_LINE) {
            self.comment(1, &format!("last cache line: {} bytes", size % CACHE_LINE));
        }
    }

    fn comment(&mut self, tabs: usize, text: &str) {
        self.indent(tabs);
        let _ = writeln!(self.out, "/* {text} */");
    }

    /// An empty line, unless there is one or the record has just been opened.
    fn blank(&mut self) {
        if !self.out.ends_with("\n\n") && !self.out.ends_with("{\n") {
            self.out.push('\n');
        }
    }

    fn indent(&mut self, tabs: usize) {
        for _ in 0..tabs {
            self.out.push('\t');
        }
    }
}

/// A hole's length: whole bytes where it is made of such.
fn amount(hole: &Hole) -> String {
    let whole = hole.offset_bits.is_multiple_of(8) && hole.bits.is_multiple_of(8);
    let (number, unit) = if whole { (hole.bits / 8, "byte") } else { (hole.bits, "bit") };
    format!("{number} {unit}{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests;
