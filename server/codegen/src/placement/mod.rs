//! Which section a variable goes to ([`laws::SECTIONS`]), and where in it.

pub(crate) mod private_constants;

use private_constants::Private;

use cfront::{
    ctypes::{CType, CTypeId},
    sema::{Attributes, Initial, Variable, Visibility},
    unit::{FileScope, ItemId},
};
use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use crate::{
    certainty::{Certainty, Place},
    emission_order::{EmissionOrder, Entity, symbol_names},
    facts::Facts,
    laws::{self, Law},
    survival::{Fate, Liveness, hypotheses::Weighed, sra::Part},
};
use btf::Linkage;

/// Name of the section in which clang puts variables of address space 1.
pub const ARENA_SECTION: &str = ".addr_space.1";

/// A variable with its place in a section.
#[derive(Clone)]
pub struct Placed {
    /// Name in the module.
    pub name: SmolStr,
    /// What BTF says its type is; `None` for private constants, which BTF does not know.
    pub ty: Option<CTypeId>,
    /// The parts of BTF that the declaration gives.
    pub tags: Vec<SmolStr>,
    /// Offset in the section in bytes.
    pub offset: u64,
    /// Size in bytes.
    pub size: u64,
    /// Alignment in bytes.
    pub align: u64,
    /// Linkage as declared; hidden variables are global here.
    pub linkage: Linkage,
    /// Declared with hidden or internal visibility.
    pub hidden: bool,
    /// Declared weak.
    pub weak: bool,
    /// Whether it is there, and as large.
    pub certainty: Certainty,
    /// Whether something of it is in this section, whatever the optimiser does.
    pub existence: Certainty,
    /// The bytes that it starts with.
    pub initial: Initial,
    /// The declarator's name in the source.
    pub place: Option<Place>,
}

/// Something that the model leaves out of a section, and that may be there.
pub struct Omitted {
    /// The section.
    pub section: SmolStr,
    /// Name in the module.
    pub name: SmolStr,
    /// Where it would be, in bytes.
    pub offset: u64,
    /// The law that it hangs on.
    pub law: &'static Law,
}

/// Sections with their variables, and what may be there beside them.
pub struct Layout {
    /// In the order of their first variable.
    pub sections: Vec<Laid>,
    /// In the order of emission.
    pub omitted: Vec<Omitted>,
}

/// A section with its variables in order.
pub struct Laid {
    /// Its name.
    pub name: SmolStr,
    /// What is in it, by offset.
    pub variables: Vec<Placed>,
    /// Size in bytes.
    pub size: u64,
    /// Alignment in bytes.
    pub align: u64,
}

impl Laid {
    /// Whether it takes no room in the file.
    pub fn nobits(&self) -> bool {
        self.name == ".bss" || self.name.starts_with(".bss.")
    }
}

/// Sections in the order of their first variable.
#[derive(Default)]
struct Sections {
    laid: Vec<Laid>,
    omitted: Vec<Omitted>,
    by_name: FxHashMap<SmolStr, usize>,
}

/// A declared variable, file scope or static in a function.
struct Declared {
    ty: CTypeId,
    attrs: Attributes,
    size: Option<u64>,
    align: Option<u64>,
    /// The alignment that loads and stores ask for.
    accessed: u64,
    /// Whether that is certain.
    aligned: Certainty,
    external: bool,
    initial: Initial,
    place: Option<Place>,
}

/// Lays out everything that survives, sections in the order of their first variable.
pub fn lay_out(facts: &mut Facts<'_>, created: &EmissionOrder, liveness: &Liveness) -> Layout {
    let names = symbol_names::names(facts, created);
    let mut sections = Sections::default();
    let Privates { left: privates, omitted } = privates(facts, created, liveness);
    for entity in &created.order {
        let name = names.get(entity).cloned().unwrap_or_default();
        match entity {
            Entity::Function(_) => {}
            Entity::Variable(_) | Entity::Static(..) => {
                let Some(declared) = declared(facts, entity) else { continue };
                let Some(fate) = liveness.fate(entity) else { continue };
                let aligned = liveness.alignment(entity);
                let accessed = aligned.map_or(1, |align| align.decision);
                let aligned = aligned.map_or(Certainty::Certain, |align| align.certainty);
                let declared = Declared { accessed, aligned, ..declared };
                place_variable(facts.file_scope(), &mut sections, name, declared, fate);
            }
            Entity::Str(..) | Entity::Constant(..) => {
                if let Some((constant, certainty)) = privates.get(entity) {
                    place_private(&mut sections, name, constant, *certainty);
                } else if let Some((section, law)) = omitted.get(entity) {
                    sections.omit(section.clone(), name, law);
                }
            }
        }
    }
    Layout { sections: sections.laid, omitted: sections.omitted }
}

/// Private constants that are left, and those that may be, with their sections.
struct Privates {
    left: FxHashMap<Entity, (Private, Certainty)>,
    omitted: FxHashMap<Entity, (SmolStr, &'static Law)>,
}

/// The private constants. Equal ones are merged into the last ([`laws::CONSTANT_MERGE`]).
fn privates(facts: &mut Facts<'_>, created: &EmissionOrder, liveness: &Liveness) -> Privates {
    let mut out: FxHashMap<Entity, (Private, Certainty)> = FxHashMap::default();
    let mut omitted = FxHashMap::default();
    let mut last: FxHashMap<(Vec<u8>, SmolStr, u64), Entity> = FxHashMap::default();
    for entity in &created.order {
        let (constant, certainty) = match entity {
            Entity::Str(bytes, width) => match liveness.refers_to(entity) {
                Some(certainty) => (private_constants::string(bytes, *width), certainty),
                None => continue,
            },
            Entity::Constant(function, index) => {
                let Some(reached) = liveness.reaches(*function) else { continue };
                match private_constants::of_initializer(facts, *function, *index) {
                    Some((constant, left)) if left.decision => {
                        (constant, left.certainty.max(reached))
                    }
                    Some((constant, left)) => {
                        let law = left.certainty.law();
                        omitted.extend(law.map(|law| (entity.clone(), (constant.section, law))));
                        continue;
                    }
                    None => continue,
                }
            }
            _ => continue,
        };
        let key = (constant.bytes.clone(), constant.section.clone(), constant.align);
        let old = last.insert(key, entity.clone()).and_then(|old| out.remove(&old));
        // Merged, it is there if one of them is.
        let certainty = old.map_or(certainty, |(_, known)| known.min(certainty));
        out.insert(entity.clone(), (constant, certainty));
    }
    Privates { left: out, omitted }
}

/// What is declared of a variable.
fn declared(facts: &mut Facts<'_>, entity: &Entity) -> Option<Declared> {
    match entity {
        Entity::Variable(name) => {
            let variable = facts.file_scope().variable(*name)?;
            let decl = variable.defining_decl()?;
            Some(Declared {
                ty: variable.ty,
                attrs: variable.attrs.clone(),
                size: variable.size,
                align: variable.align,
                accessed: 1,
                aligned: Certainty::Certain,
                external: variable.linkage == cfront::sema::Linkage::External,
                initial: initial(facts.file_scope(), &variable),
                place: Some(facts.place(ItemId(decl.place.item), decl.place.token)),
            })
        }
        Entity::Static(function, id) => {
            let body = facts.function(*function)?;
            let local = body.local(*id)?;
            Some(Declared {
                ty: local.ty,
                attrs: local.attrs.clone(),
                size: local.size,
                align: local.align,
                accessed: 1,
                aligned: Certainty::Certain,
                external: false,
                initial: local.initial.clone(),
                place: Some(facts.local_place(&body, *id)),
            })
        }
        _ => None,
    }
}

fn initial(unit: &FileScope, variable: &Variable) -> Initial {
    match variable.definition {
        cfront::sema::Definition::Initialised(_) => unit.initial(variable),
        _ => Initial::Zero,
    }
}

fn place_variable(
    unit: &FileScope,
    sections: &mut Sections,
    name: SmolStr,
    declared: Declared,
    fate: &Weighed<Fate>,
) {
    let explicit = declared.attrs.section.map(|s| SmolStr::new(s.as_str()));
    let linkage = if declared.external { Linkage::Global } else { Linkage::Static };
    let size = declared.size.or_else(|| unit.size_of(declared.ty));
    let natural = declared.align.or_else(|| unit.align_of(declared.ty)).unwrap_or(1);
    // Outside of explicit sections a variable is aligned at least as its LLVM type is, and as it is
    // accessed (`GlobalValue::canIncreaseAlignment`).
    let align = match &explicit {
        Some(_) => natural,
        None => natural.max(llvm_alignment(unit, declared.ty, 0)).max(declared.accessed),
    };
    let known = match size {
        Some(_) => fate.certainty.max(declared.aligned),
        None => Certainty::Likely(&laws::INCOMPLETE_TYPES),
    };
    let one = Placed {
        name,
        ty: Some(declared.ty),
        tags: declared.attrs.decl_tags.iter().map(|t| SmolStr::new(t.as_str())).collect(),
        offset: 0,
        size: size.unwrap_or(0),
        align,
        linkage,
        hidden: matches!(declared.attrs.visibility, Visibility::Hidden | Visibility::Internal),
        weak: declared.attrs.weak,
        certainty: known,
        existence: Certainty::Certain,
        initial: declared.initial,
        place: declared.place,
    };
    let space = address_space(unit, declared.ty);
    let is_const = unit.is_const(declared.ty);
    let section = |one: &Placed, constant: bool| match &explicit {
        Some(name) => name.clone(),
        None if space == 1 => SmolStr::new_static(ARENA_SECTION),
        None if constant => SmolStr::new_static(".rodata"),
        None if one.initial == Initial::Zero => SmolStr::new_static(".bss"),
        None => SmolStr::new_static(".data"),
    };
    let placed = |fate: &Fate, one: &Placed| match fate {
        Fate::Gone => Vec::new(),
        Fate::Kept => vec![(section(one, is_const), one.clone())],
        Fate::Constant => {
            let to = match explicit.is_none() && space == 0 {
                true => {
                    private_constants::constant_section(unit, declared.ty, &one.initial, one.size)
                }
                false => section(one, true),
            };
            vec![(to, one.clone())]
        }
        Fate::Bool => {
            // A new variable that starts as false, with the alignment of the old one.
            let one = Placed { size: 1, initial: Initial::Zero, ..one.clone() };
            vec![(section(&one, false), one)]
        }
        Fate::Split(parts) => {
            let parts = parts.iter().map(|part| part_of(one, part));
            parts.map(|one| (section(&one, false), one)).collect()
        }
    };
    let likely = placed(&fate.decision, &one);
    let other = fate.otherwise.as_ref().map(|other| placed(other, &one)).unwrap_or_default();
    let in_section =
        |all: &[(SmolStr, Placed)], name: &SmolStr| all.iter().any(|(to, _)| to == name);
    if let Some(law) = fate.certainty.law() {
        for (to, one) in other.iter().filter(|(to, _)| !in_section(&likely, to)) {
            sections.omit(to.clone(), one.name.clone(), law);
        }
    }
    for (to, one) in likely {
        let existence = match in_section(&other, &to) {
            true => Certainty::Certain,
            false => fate.certainty,
        };
        sections.push(to, Placed { existence, ..one });
    }
}

fn part_of(whole: &Placed, part: &Part) -> Placed {
    let size = if part.shrinks { 1 } else { part.size };
    // The part keeps what its place says of its alignment.
    let known = match part.offset {
        0 => whole.align,
        offset => 1 << offset.trailing_zeros().min(12),
    };
    // Its type is a number of that size, which it is accessed as.
    let align = known.min(whole.align).max(size);
    Placed {
        name: smol_str::format_smolstr!("{}.{}", whole.name, part.number),
        ty: whole.ty,
        tags: Vec::new(),
        offset: 0,
        size,
        align,
        linkage: Linkage::Static,
        hidden: false,
        weak: false,
        certainty: whole.certainty,
        existence: Certainty::Certain,
        initial: match &whole.initial {
            _ if part.shrinks => Initial::Zero,
            Initial::Bytes { bytes, relocations } if relocations.is_empty() => {
                match bytes.get(part.offset as usize..(part.offset + part.size) as usize) {
                    Some(bytes) if bytes.iter().all(|b| *b == 0) => Initial::Zero,
                    Some(bytes) => {
                        Initial::Bytes { bytes: bytes.to_vec(), relocations: Vec::new() }
                    }
                    None => Initial::Zero,
                }
            }
            other => other.clone(),
        },
        place: whole.place,
    }
}

fn place_private(sections: &mut Sections, name: SmolStr, constant: &Private, certainty: Certainty) {
    let one = Placed {
        name,
        ty: None,
        tags: Vec::new(),
        offset: 0,
        size: constant.size,
        align: constant.align,
        linkage: Linkage::Static,
        hidden: false,
        weak: false,
        certainty,
        existence: certainty,
        initial: Initial::Unknown,
        place: None,
    };
    sections.push(constant.section.clone(), one);
}

/// The address space of a variable's type, that of the elements for an array.
fn address_space(unit: &FileScope, ty: CTypeId) -> u32 {
    let mut ty = ty;
    for _ in 0..32 {
        let space = unit.address_space(ty);
        match unit.canonical(ty) {
            CType::Array { elem, .. } if space == 0 => ty = elem,
            _ => return space,
        }
    }
    0
}

impl Sections {
    /// Notes what may be at the end of a section, and what the model leaves out.
    fn omit(&mut self, section: SmolStr, name: SmolStr, law: &'static Law) {
        let laid = self.by_name.get(&section).and_then(|&index| self.laid.get(index));
        let offset = laid.map_or(0, |laid| laid.size);
        self.omitted.push(Omitted { section, name, offset, law });
    }

    /// Puts a variable at the end of its section.
    fn push(&mut self, name: SmolStr, mut one: Placed) {
        let index = match self.by_name.get(&name) {
            Some(&index) => index,
            None => {
                self.by_name.insert(name.clone(), self.laid.len());
                self.laid.push(Laid { name, variables: Vec::new(), size: 0, align: 1 });
                self.laid.len() - 1
            }
        };
        let Some(section) = self.laid.get_mut(index) else { return };
        one.align = one.align.max(1);
        one.offset = section.size.checked_next_multiple_of(one.align).unwrap_or(section.size);
        section.size = one.offset.saturating_add(one.size);
        section.align = section.align.max(one.align);
        section.variables.push(one);
    }
}

/// The ABI alignment of the type that clang gives LLVM ([`laws::TYPE_ALIGNMENT`]): a packed struct whose members lie where they
/// would anyway is no packed struct there.
fn llvm_alignment(unit: &FileScope, ty: CTypeId, depth: u32) -> u64 {
    if depth > 32 {
        return 1;
    }
    match unit.canonical(ty) {
        CType::Bool => 1,
        CType::Int(kind) => kind.size(),
        CType::Float(kind) => kind.size().min(8),
        CType::Enum(id) => unit.enumeration(id).map_or(1, |e| e.underlying.size()),
        CType::Pointer(_) => 8,
        CType::Array { elem, .. } => llvm_alignment(unit, elem, depth + 1),
        CType::Vector { .. } => unit.size_of(ty).unwrap_or(1),
        CType::Complex(part) => llvm_alignment(unit, part, depth + 1),
        CType::Record(id) => {
            let Some(record) = unit.record(id) else { return 1 };
            if record.is_union {
                return union_alignment(unit, &record, depth);
            }
            if record.fields.iter().any(|f| f.bits.is_some()) {
                return record.align.unwrap_or(1);
            }
            let mut align = 1;
            for field in &record.fields {
                let natural = llvm_alignment(unit, field.ty, depth + 1);
                match field.offset_bits {
                    Some(bits) if (bits / 8).is_multiple_of(natural) => align = align.max(natural),
                    _ => return 1,
                }
            }
            match record.size {
                Some(size) if size.is_multiple_of(align) => align,
                _ => 1,
            }
        }
        _ => 1,
    }
}

/// That of a union is its most aligned member's, where it is whole multiples of it long.
fn union_alignment(unit: &FileScope, record: &cfront::ctypes::Record, depth: u32) -> u64 {
    let members = record.fields.iter().filter(|f| f.bits.is_none());
    let align = members.map(|f| llvm_alignment(unit, f.ty, depth + 1)).max().unwrap_or(1);
    match record.size {
        Some(size) if size.is_multiple_of(align) => align,
        _ => 1,
    }
}
