//! File-scope names: declarations of one name merged to one function, variable, typedef or enumerator.

use std::sync::Arc;

use super::{
    Attributes, Decl, Definition, EnumConst, Function, FunctionId, Linkage, Variable, VariableId,
    scope::Cx,
    state::{Name, Sema},
};
use crate::{
    ast::{
        Attr, DeclSpecs, Declaration, Declarator, Derived, Ident, Initializer, Item, Param,
        Storage, TypeSpec,
    },
    ctypes::{ArrayLen, CType, CTypeId, DeclPlace, IntKind, Typedef, TypedefId},
    items::{ParsedItem, SpecPlace, TagSpec},
    sema::{attrs, lower::is_void_list},
    symbol::Symbol,
};

/// Declarations of one name gathered so far.
#[derive(Default)]
struct Gathered {
    decls: Vec<Decl>,
    is_function: bool,
    asm_label: Option<Symbol>,
    thread_local: bool,
    param_names: Vec<Option<Symbol>>,
    param_tags: Vec<Vec<Symbol>>,
}

impl Sema {
    /// What an ordinary name means at file scope.
    pub(crate) fn name(&mut self, name: Symbol) -> Name {
        if let Some(known) = self.names.get(&name) {
            return known.clone();
        }
        self.at_file_scope(|s| {
            if s.depth >= super::state::MAX_DEPTH {
                s.cut_short();
                return Name::Unknown;
            }
            s.names.insert(name, Name::Busy);
            s.depth += 1;
            let found = s.find_name(name);
            s.depth -= 1;
            s.names.insert(name, found.clone());
            found
        })
    }

    fn find_name(&mut self, name: Symbol) -> Name {
        let items = self.items.clone();
        let mut gathered = Gathered::default();
        let declaring = items.declaring(name);
        for (index, &item) in declaring.iter().enumerate() {
            let Some(parsed) = items.parsed(item) else { continue };
            self.torn |= parsed.too_deep.declared;
            match &parsed.syntax {
                Item::Function(f) if f.declarator.name.is_some_and(|n| n.name == name) => {
                    gathered.is_function = true;
                    let mut cx = Cx::building(item, parsed.serial);
                    let base = self.specs(&mut cx, &f.specs);
                    let ty = self.declarator(&mut cx, base, &f.declarator);
                    let ty = self.kr_type(&mut cx, ty, &f.kr_params);
                    self.add_decl(&mut gathered, &mut cx, (&f.specs, &f.declarator, 0), ty, true);
                    self.take_params(&mut gathered, &mut cx, &f.declarator);
                }
                Item::Declaration(d) => {
                    if let Some(found) = self.in_declaration(name, &mut gathered, item, &parsed, d)
                    {
                        let later = declaring.get(index + 1..).unwrap_or(&[]);
                        if matches!(found, Name::Typedef(_)) && !later.is_empty() {
                            self.redeclared.insert(name, later.into());
                        }
                        return found;
                    }
                }
                Item::Function(_) => {
                    // A function whose specifiers define an enum.
                    if let Some(found) = self.enumerator_in(name, item, &parsed) {
                        return found;
                    }
                }
                _ => {}
            }
        }
        if gathered.decls.is_empty() {
            return match items.defining_enumerator(name) {
                Some((TagSpec::Enum(spec), place)) => self.enumerator_at(name, &spec, place),
                _ => Name::Unknown,
            };
        }
        if gathered.is_function {
            self.new_function(name, gathered)
        } else {
            self.new_variable(name, gathered)
        }
    }

    /// Looks for the name among the declarators, then among the enumerators, of a declaration.
    fn in_declaration(
        &mut self,
        name: Symbol,
        gathered: &mut Gathered,
        item: u32,
        parsed: &Arc<ParsedItem>,
        decl: &Declaration,
    ) -> Option<Name> {
        let named = parsed.declarators(name);
        for &index in named {
            let Some(d) = decl.declarators.get(index) else { continue };
            let Some(ident) = d.declarator.name else { continue };
            let mut cx = Cx::building(item, parsed.serial);
            if decl.specs.storage == Storage::Typedef {
                if !gathered.decls.is_empty() {
                    continue;
                }
                let base = self.specs(&mut cx, &decl.specs);
                let key = (parsed.serial, ident.token);
                let lists = [&decl.specs.attrs[..], &d.declarator.attrs[..]];
                let id = self.new_typedef(&mut cx, key, name, base, &d.declarator, lists);
                return Some(Name::Typedef(id));
            }
            let base = self.specs(&mut cx, &decl.specs);
            let mut ty = self.declarator(&mut cx, base, &d.declarator);
            if let Some(init) = &d.init {
                if matches!(decl.specs.ty, TypeSpec::AutoType) {
                    ty = self.auto_type(&mut cx, init);
                    ty = self.types.qualified(ty, decl.specs.quals, 0);
                }
                ty = self.completed_walking(&mut cx, ty, init);
            }
            gathered.is_function |= matches!(self.canonical(ty), CType::Function(_));
            let spec = (&decl.specs, &d.declarator, index as u32);
            self.add_decl(gathered, &mut cx, spec, ty, d.init.is_some());
            if gathered.is_function && gathered.param_names.is_empty() {
                self.take_params(gathered, &mut cx, &d.declarator);
            }
        }
        if named.is_empty() && gathered.decls.is_empty() {
            return self.enumerator_in(name, item, parsed);
        }
        None
    }

    fn enumerator_in(&mut self, name: Symbol, item: u32, parsed: &Arc<ParsedItem>) -> Option<Name> {
        let spec = parsed.enum_with(name)?;
        let place = SpecPlace { item, serial: parsed.serial };
        Some(self.enumerator_at(name, spec, place))
    }

    fn enumerator_at(
        &mut self,
        name: Symbol,
        spec: &Arc<crate::ast::EnumSpec>,
        place: SpecPlace,
    ) -> Name {
        let id = match spec.tag {
            Some(tag) => match *{
                let ty = self.file_tag(tag.name, None);
                self.types.get(ty)
            } {
                CType::Enum(id) => id,
                _ => self.enum_at(spec, place),
            },
            None => self.enum_at(spec, place),
        };
        if let Some(entity) = self.enums.get_mut(id.0 as usize)
            && entity.spec.is_none()
        {
            entity.spec = Some((spec.clone(), place));
            entity.done = None;
        }
        let found: Option<EnumConst> = self.enumerator_of(id, name);
        found.map_or(Name::Unknown, Name::Enumerator)
    }

    /// The typedef that a name means where it stands in item `user`. C11 lets a typedef be declared again with
    /// the same type (6.7p3); clang describes each declaration by itself, and a use means the last one before it.
    pub(crate) fn redeclared_typedef(
        &mut self,
        ident: Ident,
        user: u32,
        first: TypedefId,
    ) -> TypedefId {
        let Some(later) = self.redeclared.get(&ident.name).cloned() else { return first };
        let before = later.partition_point(|&item| item <= user);
        for &item in later.get(..before).unwrap_or(&[]).iter().rev() {
            let end = if item == user { ident.token } else { u32::MAX };
            if let Some(id) = self.at_file_scope(|s| s.last_typedef(ident.name, item, end)) {
                return id;
            }
        }
        first
    }

    /// The last typedef of that name that an item declares before its token `end`.
    fn last_typedef(&mut self, name: Symbol, item: u32, end: u32) -> Option<TypedefId> {
        let parsed = self.items.clone().parsed(item)?;
        let Item::Declaration(decl) = &parsed.syntax else { return None };
        if decl.specs.storage != Storage::Typedef {
            return None;
        }
        let declared = parsed.declarators(name).iter().rev();
        let (ident, declarator) = declared
            .filter_map(|&index| decl.declarators.get(index))
            .filter_map(|d| Some((d.declarator.name?, &d.declarator)))
            .find(|(ident, _)| ident.token < end)?;
        let mut cx = Cx::building(item, parsed.serial);
        let base = self.deeper(|s| s.specs(&mut cx, &decl.specs));
        let lists = [&decl.specs.attrs[..], &declarator.attrs[..]];
        let key = (parsed.serial, ident.token);
        Some(self.new_typedef(&mut cx, key, name, base, declarator, lists))
    }

    /// A typedef that the compiler declares before the first line.
    pub(crate) fn predefined_typedef(&mut self, name: Symbol, kind: IntKind) -> CTypeId {
        let to = CTypeId::int(kind);
        let id = TypedefId(self.typedefs.len() as u32);
        let typedef = Typedef { name, to, align: None, decl_tags: Vec::new(), place: None };
        self.typedef_ends.push(to);
        self.typedefs.push(Arc::new(typedef));
        self.names.insert(name, Name::Typedef(id));
        self.types.intern(CType::Typedef(id))
    }

    /// Makes a typedef, or finds the one made for that declarator before.
    pub(crate) fn new_typedef(
        &mut self,
        cx: &mut Cx,
        key: (u64, u32),
        name: Symbol,
        base: CTypeId,
        declarator: &Declarator,
        lists: [&[Attr]; 2],
    ) -> TypedefId {
        if let Some(&id) = self.typedefs_by_place.get(&key) {
            return id;
        }
        let to = self.declarator(cx, base, declarator);
        let mut align = None;
        let mut decl_tags = Vec::new();
        for list in lists {
            align = align.max(self.aligned(cx, list));
            decl_tags.extend(attrs::strings(list, "btf_decl_tag"));
        }
        let place = Some(DeclPlace { item: cx.scope.item, token: key.1 });
        let id = TypedefId(self.typedefs.len() as u32);
        self.typedef_ends.push(self.strip(to));
        self.typedefs.push(Arc::new(Typedef { name, to, align, decl_tags, place }));
        self.typedefs_by_place.insert(key, id);
        id
    }

    fn add_decl(
        &mut self,
        gathered: &mut Gathered,
        cx: &mut Cx,
        (specs, declarator, index): (&DeclSpecs, &Declarator, u32),
        ty: CTypeId,
        defines: bool,
    ) {
        let attrs = self.attributes(cx, [&specs.attrs, &declarator.attrs]);
        gathered.thread_local |= specs.thread_local;
        gathered.asm_label = gathered.asm_label.or(declarator.asm_label);
        gathered.decls.push(Decl {
            place: DeclPlace {
                item: cx.scope.item,
                token: declarator.name.map_or(declarator.span.start, |n| n.token),
            },
            declarator: index,
            storage: specs.storage,
            inline: specs.inline,
            defines,
            ty,
            attrs,
        });
    }

    fn take_params(&mut self, gathered: &mut Gathered, _cx: &mut Cx, declarator: &Declarator) {
        let Some(params) = function_params(declarator) else { return };
        gathered.param_names = params.iter().map(|p| p.declarator.name.map(|n| n.name)).collect();
        gathered.param_tags = params
            .iter()
            .map(|p| {
                let mut tags = attrs::strings(&p.specs.attrs, "btf_decl_tag");
                tags.extend(attrs::strings(&p.declarator.attrs, "btf_decl_tag"));
                tags
            })
            .collect();
    }

    fn new_function(&mut self, name: Symbol, gathered: Gathered) -> Name {
        let decls: Vec<Decl> = gathered.decls;
        let definition = decls.iter().position(|d| d.defines);
        let mut ty = CTypeId::UNKNOWN;
        for decl in &decls {
            ty = self.composite(decl.ty, ty);
        }
        if let Some(decl) = definition.and_then(|i| decls.get(i)) {
            ty = self.composite(decl.ty, ty);
        }
        let mut merged = Attributes::default();
        for decl in &decls {
            merged.merge(&decl.attrs);
        }
        // Function types carry no qualifiers of their own.
        let id = FunctionId(self.functions.len() as u32);
        self.functions.push(Arc::new(Function {
            id,
            name,
            asm_label: gathered.asm_label,
            ty,
            linkage: linkage(&decls),
            inline: decls.iter().any(|d| d.inline),
            definition,
            attrs: merged,
            param_names: gathered.param_names,
            param_tags: gathered.param_tags,
            decls,
        }));
        Name::Function(id)
    }

    fn new_variable(&mut self, name: Symbol, gathered: Gathered) -> Name {
        let decls = gathered.decls;
        let initialised = decls.iter().position(|d| d.defines);
        let tentative = decls.iter().position(|d| d.storage != Storage::Extern);
        let definition = match (initialised, tentative) {
            (Some(i), _) => Definition::Initialised(i),
            (None, Some(i)) => Definition::Tentative(i),
            (None, None) => Definition::None,
        };
        let mut ty = CTypeId::UNKNOWN;
        let mut merged = Attributes::default();
        for decl in &decls {
            ty = self.composite(decl.ty, ty);
            merged.merge(&decl.attrs);
        }
        if let Definition::Initialised(i) = definition
            && let Some(decl) = decls.get(i)
        {
            ty = self.composite(decl.ty, ty);
        }
        if let Definition::Tentative(_) = definition
            && let CType::Array { elem, len: ArrayLen::Incomplete } = *self.canonical(ty)
        {
            ty = self.types.array(elem, ArrayLen::Fixed(1));
        }
        let align = match merged.aligned {
            Some(align) => Some(align),
            None => self.align_of(ty),
        };
        let id = VariableId(self.variables.len() as u32);
        let mut variable = Variable {
            id,
            name,
            asm_label: gathered.asm_label,
            ty,
            linkage: linkage(&decls),
            decls,
            definition,
            attrs: merged,
            thread_local: gathered.thread_local,
            size: self.size_of(ty),
            align,
        };
        self.variables.push(Arc::new(variable.clone()));
        // The variable's own name may stand in its initialiser, so it exists before this.
        self.names.insert(name, Name::Variable(id));
        if let Some(more) = self.flexible_extra(&variable) {
            variable.size = variable.size.and_then(|s| s.checked_add(more));
            if let Some(slot) = self.variables.get_mut(id.0 as usize) {
                *slot = Arc::new(variable);
            }
        }
        Name::Variable(id)
    }

    /// Runs a step with the initialiser of a variable and the scope it stands in.
    pub(crate) fn with_initializer<T>(
        &mut self,
        variable: &Variable,
        f: impl FnOnce(&mut Sema, &mut Cx, &Initializer) -> Option<T>,
    ) -> Option<T> {
        let decl = match variable.definition {
            Definition::Initialised(i) => variable.decls.get(i)?,
            _ => return None,
        };
        let items = self.items.clone();
        let parsed = items.parsed(decl.place.item)?;
        let Item::Declaration(declaration) = &parsed.syntax else { return None };
        let init = declaration.declarators.get(decl.declarator as usize)?.init.as_ref()?;
        let scope = self.item_scope(decl.place.item)?;
        let mut cx = Cx::finished(scope);
        f(self, &mut cx, init)
    }

    /// C 6.2.7: compatible types. With `quals`, top-level qualifiers matter.
    pub(crate) fn compatible(&mut self, a: CTypeId, b: CTypeId, quals: bool) -> bool {
        self.deeper(|s| {
            if a == b {
                return true;
            }
            if quals {
                let ((qa, sa), (qb, sb)) = (s.quals(a), s.quals(b));
                if qa.is_const != qb.is_const || qa.is_volatile != qb.is_volatile || sa != sb {
                    return false;
                }
            }
            let (x, y) = (s.strip(a), s.strip(b));
            if x == y {
                return true;
            }
            match (s.types.get(x).clone(), s.types.get(y).clone()) {
                (CType::Pointer(p), CType::Pointer(q)) => s.compatible(p, q, true),
                (CType::Array { elem: p, len: m }, CType::Array { elem: q, len: n }) => {
                    let lengths = match (m, n) {
                        (ArrayLen::Fixed(m), ArrayLen::Fixed(n)) => m == n,
                        _ => true,
                    };
                    lengths && s.compatible(p, q, quals)
                }
                (CType::Function(f), CType::Function(g)) => {
                    if !s.compatible(f.ret, g.ret, false) {
                        return false;
                    }
                    if !f.prototyped || !g.prototyped {
                        return true;
                    }
                    f.variadic == g.variadic
                        && f.params.len() == g.params.len()
                        && f.params.iter().zip(&g.params).all(|(p, q)| s.compatible(*p, *q, false))
                }
                (CType::Enum(e), CType::Int(kind)) | (CType::Int(kind), CType::Enum(e)) => {
                    s.enumeration(e).is_some_and(|e| e.underlying == kind)
                }
                _ => false,
            }
        })
    }

    /// The composite of a newer declaration's type with the older one's (C 6.2.7p3): the newer
    /// spelling, with what only the older one knew.
    pub(crate) fn composite(&mut self, new: CTypeId, old: CTypeId) -> CTypeId {
        if new == CTypeId::UNKNOWN {
            return old;
        }
        if old == CTypeId::UNKNOWN || new == old {
            return new;
        }
        match (self.canonical(new).clone(), self.canonical(old).clone()) {
            (
                CType::Array { len: ArrayLen::Incomplete, .. },
                CType::Array { len: ArrayLen::Fixed(_), .. },
            ) => old,
            (CType::Function(f), CType::Function(g)) if !f.prototyped && g.prototyped => old,
            _ => new,
        }
    }
}

/// Parameters of the function a declarator declares.
pub(crate) fn function_params(declarator: &Declarator) -> Option<&[Param]> {
    match declarator.derived.first()? {
        Derived::Function { params, .. } if is_void_list(params) => Some(&[]),
        Derived::Function { params, .. } => Some(params),
        _ => None,
    }
}

/// C 6.2.2: `static` on the first declaration holds for all.
fn linkage(decls: &[Decl]) -> Linkage {
    if decls.iter().any(|d| matches!(d.storage, Storage::Static | Storage::Constexpr)) {
        Linkage::Internal
    } else {
        Linkage::External
    }
}
