//! `skeleton-type-hidden`: the header names the types of section variables and defines none of them.

use std::collections::BTreeSet;

use bpf::{
    diagnostic::{Diagnostic, Edit, Fix, Severity},
    object::Variable,
    rule::{self, Rule, Scope},
};
use btf::{Btf, Linkage, Type, TypeId};
use cfront::{
    ast::{self, TypeSpec},
    ctypes::{CType, DeclPlace, IntKind},
    source::FileRange,
    symbol::Symbol,
    unit::{ItemId, Unit},
};

use super::{
    family::{Check, Family, File},
    input::Input,
};
use crate::skeletons::{HeaderKind, Skeleton};

static HIDDEN: Rule = Rule {
    id: "skeleton-type-hidden",
    severity: Severity::Warning,
    title: "a type that the skeleton names is not visible here",
    happens: "The header of the skeleton does not compile.",
    why: "bpftool prints the types of section variables by name and does not define them, so the file that \
          includes the header has to know them.",
    fix: "Include what declares the type before the skeleton, or use a fixed-width type in BPF.",
    quick_fix: true,
    scope: Scope::Declaration,
    since: "0.1.0",
};

pub(super) static FAMILY: Family = rule::Family { rules: &[&HIDDEN], check: Check::file(check) };

/// Types nest at most this deep.
const MAX_DEPTH: u32 = 32;

/// Longest chain of includes.
const MAX_INCLUDES: usize = 64;

fn check(file: File<'_>, found: &mut Vec<Diagnostic>) {
    let input = file.input;
    // What a header that is not here declares is not known, nor what one of the same name in another
    // folder does.
    let pp = input.unit.preprocessed();
    let all_here = pp.includes.iter().all(|include| {
        include.resolved.is_some() || HeaderKind::of_include(&include.path).is_some()
    });
    if !input.exact_flags || !all_here || pp.uses_stand_in() {
        return;
    }
    for skeleton in input.skeletons {
        // Where the header exists, the compiler says it.
        if !skeleton.generated && skeleton.object.as_ref().is_some_and(|o| o.complete) {
            found.extend(hidden(input, skeleton));
        }
    }
}

fn hidden(input: Input<'_>, skeleton: &Skeleton) -> Option<Diagnostic> {
    let object = skeleton.object.as_deref()?;
    let include = skeleton.include.filter(|r| r.file == input.unit.preprocessed().main)?;
    let mut said: BTreeSet<String> = BTreeSet::new();
    let mut first: Option<(&Variable, Name)> = None;
    let mut edits = Some(Vec::new());
    for map in &object.maps {
        let Some(ident) = object.data_ident(map) else { continue };
        let percpu = ident == "percpu" || ident.starts_with("percpu_");
        if percpu && skeleton.kind == HeaderKind::Subskeleton {
            continue;
        }
        let section = crate::flow::image::section_by_field(object, &ident)?;
        for variable in section.variables.iter().filter(|v| v.linkage != Linkage::Static) {
            let mut names = Names { btf: &object.btf, names: Vec::new() };
            // A subskeleton points at its variables.
            names.of(variable.ty, skeleton.kind == HeaderKind::Subskeleton, 0);
            for name in names.names {
                if is_visible(input.unit, &name, include) {
                    continue;
                }
                edits = edits.and_then(|edits| with_fixed_width(edits, skeleton, variable, &name));
                if said.insert(name.spelled()) {
                    first.get_or_insert((variable, name));
                }
            }
        }
    }
    let (variable, name) = first?;
    let others = match said.len() {
        1 => String::new(),
        2 => " (nor is another)".to_owned(),
        count => format!(" (nor are {} others)", count - 1),
    };
    let text = format!(
        "`{}` has the type `{}`, which is not declared before this header is included{others}: the header does not \
         compile; include what declares the type first, or use a fixed-width type in BPF",
        variable.name,
        name.spelled()
    );
    let fix = edits.map(|edits| Fix::new("Use fixed-width types in BPF", edits));
    let finding = Diagnostic::new(&HIDDEN, include, text).with_fixes(fix);
    Some(finding.with_declaration(variable.place.map(FileRange::from), &variable.name))
}

/// Adds the edit that gives a variable the kernel's own name of its integer type, when it is declared with
/// the hidden typedef itself.
fn with_fixed_width(
    mut edits: Vec<Edit>,
    skeleton: &Skeleton,
    variable: &Variable,
    name: &Name,
) -> Option<Vec<Edit>> {
    let (unit, declared) = skeleton
        .sources
        .iter()
        .find_map(|unit| Some((unit, unit.variable(Symbol::intern(&variable.name))?)))?;
    // Declarations must agree.
    let [decl] = declared.decls.as_slice() else { return None };
    let item = ItemId(decl.place.item);
    let parsed = unit.item(item)?;
    let ast::Item::Declaration(declaration) = &parsed.syntax else { return None };
    let TypeSpec::Typedef(written) = &declaration.specs.ty else { return None };
    if !name.keyword.is_empty() || written.name != name.name {
        return None;
    }
    let CType::Int(kind) = unit.canonical(unit.typedef(unit.typedef_named(name.name)?)?.to) else {
        return None;
    };
    // Text stays text.
    if kind == IntKind::Char {
        return None;
    }
    let sign = if kind.is_signed() { 's' } else { 'u' };
    let fixed = format!("__{sign}{}", kind.size().checked_mul(8)?);
    unit.typedef_named(Symbol::intern(&fixed))?;
    let range = unit.token_place(item, written.token)?;
    let text = unit.preprocessed().text(range.file)?;
    if text.get(range.start as usize..range.end as usize) != Some(name.name.as_str()) {
        return None;
    }
    // `u32 a, b;` is changed once.
    if !edits.iter().any(|known| known.at == range) {
        edits.push(Edit::replace(range, fixed));
    }
    Some(edits)
}

/// A type that C must know by name.
struct Name {
    keyword: &'static str,
    name: Symbol,
}

impl Name {
    fn spelled(&self) -> String {
        format!("{}{}", self.keyword, self.name)
    }
}

struct Names<'a> {
    btf: &'a Btf,
    names: Vec<Name>,
}

impl Names<'_> {
    /// Collects the names in the declaration of something of that type.
    fn of(&mut self, ty: TypeId, behind_pointer: bool, depth: u32) {
        if depth > MAX_DEPTH || self.names.len() > 64 {
            return;
        }
        let deeper = depth + 1;
        match self.btf.get(ty) {
            Type::Typedef { name, .. } => self.push("", name),
            Type::Ptr(to) => self.of(*to, true, deeper),
            Type::Const(to) | Type::Volatile(to) | Type::Restrict(to) => {
                self.of(*to, behind_pointer, deeper);
            }
            Type::TypeTag { to, .. } => self.of(*to, behind_pointer, deeper),
            Type::Array { elem, .. } => self.of(*elem, behind_pointer, deeper),
            Type::Struct(composite) | Type::Union(composite) if composite.name.is_empty() => {
                for member in &composite.members {
                    self.of(member.ty, false, deeper);
                }
            }
            // A pointer may lead to a struct that is never defined.
            Type::Struct(composite) if !behind_pointer => self.push("struct ", &composite.name),
            Type::Union(composite) if !behind_pointer => self.push("union ", &composite.name),
            Type::Enum(one) | Type::Enum64(one) if !behind_pointer && !one.name.is_empty() => {
                self.push("enum ", &one.name);
            }
            Type::FuncProto { ret, params } => {
                for param in params {
                    self.of(param.ty, true, deeper);
                }
                self.of(*ret, true, deeper);
            }
            _ => {}
        }
    }

    fn push(&mut self, keyword: &'static str, name: &str) {
        self.names.push(Name { keyword, name: Symbol::intern(name) });
    }
}

/// Whether a type is declared before the header, or by what the header includes itself (libbpf and with
/// it the kernel's and libc's basic types), which may be seen nowhere else.
fn is_visible(unit: &Unit, name: &Name, include: FileRange) -> bool {
    let text = name.name.as_str();
    let of_libbpf = ["__", "bpf_", "btf_", "libbpf_"].iter().any(|p| text.starts_with(p));
    let of_libc = text.ends_with("_t")
        || text.contains("___")
        || matches!(text, "bool" | "FILE" | "uint" | "ushort" | "ulong")
        || matches!(text, "u_char" | "u_short" | "u_int" | "u_long");
    if of_libbpf || of_libc {
        return true;
    }
    let place = if name.keyword.is_empty() {
        unit.typedef_named(name.name).and_then(|id| unit.typedef(id)).map(|typedef| typedef.place)
    } else {
        unit.tag(name.name).and_then(|ty| match unit.canonical(ty) {
            CType::Record(id) => {
                unit.record(id).filter(|record| record.defined).map(|record| record.place)
            }
            CType::Enum(id) => unit.enumeration(id).filter(|e| e.defined).map(|e| e.place),
            _ => None,
        })
    };
    match place {
        None => false,
        // Declared somewhere: hidden only when that is known to come later.
        Some(place) => place
            .and_then(|place| line_in_main(unit, place))
            .is_none_or(|start| start < include.start),
    }
}

/// Where in the main file a declaration comes: its own place, or that of the include that leads to it.
fn line_in_main(unit: &Unit, place: DeclPlace) -> Option<u32> {
    let pp = unit.preprocessed();
    let mut range = unit.token_place(ItemId(place.item), place.token)?;
    for _ in 0..MAX_INCLUDES {
        if range.file == pp.main {
            return Some(range.start);
        }
        range = pp.includes.iter().find(|include| include.resolved == Some(range.file))?.range;
    }
    None
}
