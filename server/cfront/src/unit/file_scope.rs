//! File scope: what all units say alike that differ in bodies of functions only.
//!
//! Nothing here depends on a body of a function, nor on a place in the text: who has only a [`FileScope`]
//! to read from makes the same of all units that share it.

use std::sync::{
    Arc, Mutex, MutexGuard, OnceLock, PoisonError,
    atomic::{AtomicU32, Ordering},
};

use rustc_hash::FxHashMap;

use super::{Event, ItemId};
use crate::{
    ast,
    ctypes::{CType, CTypeId, Enum, EnumId, FoundMember, Record, RecordId, Typedef, TypedefId},
    derived::Derivations,
    flags::Standard,
    items::{Items, ParsedItem},
    names::NameSpace,
    pp::Preprocessed,
    sema::{
        Cx, EnumConst, Function, FunctionId, Global, Initial, Inner, ItemScope, LocalId, Name,
        Resolution, Sema, Variable, VariableId,
    },
    source::FileId,
    symbol::Symbol,
};

/// Types, names and initialisers of a unit; shared by units that differ in function bodies only.
#[derive(Debug)]
pub struct FileScope {
    sema: Mutex<Sema>,
    main: FileId,
    standard: Standard,
    /// Units that shared it so far: local types pile up, so at some point it is built anew.
    uses: AtomicU32,
    main_items: OnceLock<Vec<ItemId>>,
    top_level: OnceLock<Vec<Event>>,
    functions: OnceLock<Vec<Arc<Function>>>,
    variables: OnceLock<Vec<Arc<Variable>>>,
    /// What others made of items and this file scope.
    pub(super) derived: Derivations,
}

/// Edits after which file scope is built anew.
const MAX_USES: u32 = 2000;

/// Scopes of bodies that are kept, unless the file has more items.
const MAX_SCOPES: usize = 4096;

impl FileScope {
    /// That of a unit with these items.
    pub(super) fn new(items: Arc<Items>, pp: &Preprocessed, big_endian: bool) -> FileScope {
        FileScope {
            sema: Mutex::new(Sema::new(items, big_endian, pp.machine, pp.abi)),
            main: pp.main,
            standard: pp.standard,
            uses: AtomicU32::new(0),
            main_items: OnceLock::new(),
            top_level: OnceLock::new(),
            functions: OnceLock::new(),
            variables: OnceLock::new(),
            derived: Derivations::default(),
        }
    }

    /// Whether it may be that of a later unit, too, which has the same items up to function bodies.
    pub(super) fn fits(&self, pp: &Preprocessed, big_endian: bool) -> bool {
        let sema = self.sema();
        let same_target =
            sema.big_endian == big_endian && sema.machine == pp.machine && sema.abi == pp.abi;
        same_target
            && self.standard == pp.standard
            && self.main == pp.main
            && self.uses.load(Ordering::Relaxed) < MAX_USES
    }

    /// Makes it that of one more unit, with these items.
    pub(super) fn share(&self, items: &Arc<Items>) {
        self.uses.fetch_add(1, Ordering::Relaxed);
        let mut sema = self.sema();
        sema.items = items.clone();
        // Scopes of bodies that are gone.
        if sema.scopes.len() > MAX_SCOPES.max(2 * items.own()) {
            sema.scopes.clear();
        }
    }

    pub(super) fn sema(&self) -> MutexGuard<'_, Sema> {
        // A panic inside would be a bug; what was computed before it is still right.
        self.sema.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The items of the newest unit that shares it.
    fn items(&self) -> Arc<Items> {
        self.sema().items.clone()
    }

    /// The standard that the unit is read by.
    pub fn standard(&self) -> Standard {
        self.standard
    }

    /// The syntax of a declaration, and what the names in it refer to; `None` for a function with its body.
    pub fn declaration(&self, id: ItemId) -> Option<(Arc<ParsedItem>, Arc<ItemScope>)> {
        let items = self.items();
        if items.has_body(id.0) {
            return None;
        }
        let parsed = items.parsed(id.0)?;
        let scope = self.sema().scope_of(id.0, &parsed)?;
        Some((parsed, scope))
    }

    /// Whether the target is `bpfeb`.
    pub fn big_endian(&self) -> bool {
        self.sema().big_endian
    }

    /// Whether the item's first token stands in the main file (or a macro used there).
    pub fn in_main_file(&self, id: ItemId) -> bool {
        self.main_items().binary_search(&id).is_ok()
    }

    /// The items of [`Unit::in_main_file`], in order; found once.
    pub fn main_items(&self) -> &[ItemId] {
        self.main_items.get_or_init(|| self.items().items_of(self.main).map(ItemId).collect())
    }

    /// Names declared at file scope, with their name spaces; a name may come more than once.
    pub fn declared_names(&self) -> Vec<(Symbol, NameSpace)> {
        self.items().names().collect()
    }

    // ---- names ----

    /// What an ordinary identifier means at file scope; header items are parsed on demand.
    pub fn ordinary(&self, name: Symbol) -> Option<Global> {
        let mut sema = self.sema();
        match sema.name(name) {
            Name::Typedef(id) => Some(Global::Typedef(id)),
            Name::Function(id) => sema.functions.get(id.0 as usize).cloned().map(Global::Function),
            Name::Variable(id) => sema.variables.get(id.0 as usize).cloned().map(Global::Variable),
            Name::Enumerator(c) => Some(Global::Enumerator(c)),
            Name::Unknown | Name::Busy => None,
        }
    }

    /// The function of that name.
    pub fn function(&self, name: Symbol) -> Option<Arc<Function>> {
        match self.ordinary(name)? {
            Global::Function(function) => Some(function),
            _ => None,
        }
    }

    /// The variable of that name.
    pub fn variable(&self, name: Symbol) -> Option<Arc<Variable>> {
        match self.ordinary(name)? {
            Global::Variable(variable) => Some(variable),
            _ => None,
        }
    }

    /// By id.
    pub fn function_by_id(&self, id: FunctionId) -> Option<Arc<Function>> {
        self.sema().functions.get(id.0 as usize).cloned()
    }

    /// By id.
    pub fn variable_by_id(&self, id: VariableId) -> Option<Arc<Variable>> {
        self.sema().variables.get(id.0 as usize).cloned()
    }

    /// The enumerator of that name.
    pub fn enumerator(&self, name: Symbol) -> Option<EnumConst> {
        match self.ordinary(name)? {
            Global::Enumerator(constant) => Some(constant),
            _ => None,
        }
    }

    /// The typedef of that name.
    pub fn typedef_named(&self, name: Symbol) -> Option<TypedefId> {
        match self.ordinary(name)? {
            Global::Typedef(id) => Some(id),
            _ => None,
        }
    }

    /// The type of `struct tag`, `union tag` or `enum tag` at file scope, defined or not.
    pub fn tag(&self, name: Symbol) -> Option<CTypeId> {
        let mut sema = self.sema();
        match sema.tags.get(&name) {
            Some(&ty) => Some(ty),
            None if sema.items.has_tag(name) => Some(sema.file_tag(name, Some(false))),
            None => None,
        }
    }

    /// What happens at top level, in order: all declarations and definitions of functions and
    /// variables of the main file, and those of headers that define something external (or `used`).
    /// Static functions, plain prototypes and `extern` declarations of headers are left out: look
    /// them up by name when a body refers to them, their `decls` have places that compare with
    /// [`ItemId`]s.
    pub fn top_level(&self) -> &[Event] {
        self.top_level.get_or_init(|| self.find_top_level())
    }

    fn find_top_level(&self) -> Vec<Event> {
        let items = self.items();
        let mut events = Vec::new();
        let wanted: Vec<u32> = items
            .ordinary_items(|item| self.main_items().binary_search(&ItemId(item)).is_ok())
            .collect();
        for item in wanted {
            let Some(parsed) = items.parsed(item) else { continue };
            self.sema().torn |= parsed.too_deep.declared;
            match &parsed.syntax {
                ast::Item::Function(f) => {
                    let Some(name) = f.declarator.name else { continue };
                    let Some(function) = self.function(name.name) else { continue };
                    let defines = function.definition_place().is_some_and(|p| p.item == item);
                    if defines && function.is_eager() {
                        events.push(Event::Function(function));
                    } else if defines {
                        events.push(Event::DeferredFunction(function));
                    }
                }
                ast::Item::Declaration(d) if d.specs.storage != ast::Storage::Typedef => {
                    for declarator in &d.declarators {
                        let Some(name) = declarator.declarator.name else { continue };
                        // Declarations stand in order of place.
                        let at = |decls: &[crate::sema::Decl]| {
                            let place = |d: &crate::sema::Decl| (d.place.item, d.place.token);
                            decls.binary_search_by_key(&(item, name.token), place).ok()
                        };
                        match self.ordinary(name.name) {
                            Some(Global::Function(f)) => {
                                if let Some(index) = at(&f.decls) {
                                    events.push(Event::FunctionDeclaration(f, index));
                                }
                            }
                            Some(Global::Variable(v)) => {
                                if let Some(index) = at(&v.decls) {
                                    events.push(Event::Variable(v, index));
                                }
                            }
                            _ => {}
                        }
                    }
                }
                _ => {}
            }
        }
        events
    }

    /// All functions of [`Unit::top_level`], each once, in order of first declaration.
    pub fn functions(&self) -> &[Arc<Function>] {
        self.functions.get_or_init(|| {
            let mut seen = FxHashMap::default();
            let functions = self.top_level().iter().filter_map(|event| match event {
                Event::Function(f)
                | Event::FunctionDeclaration(f, _)
                | Event::DeferredFunction(f) => Some(f),
                Event::Variable(..) => None,
            });
            functions.filter(|f| seen.insert(f.id, ()).is_none()).cloned().collect()
        })
    }

    /// All variables of [`Unit::top_level`], each once, in order of first declaration.
    pub fn variables(&self) -> &[Arc<Variable>] {
        self.variables.get_or_init(|| {
            let mut seen = FxHashMap::default();
            let variables = self.top_level().iter().filter_map(|event| match event {
                Event::Variable(v, _) => Some(v),
                _ => None,
            });
            variables.filter(|v| seen.insert(v.id, ()).is_none()).cloned().collect()
        })
    }

    /// What an identifier token of a walked item refers to.
    pub(crate) fn resolve(&self, scope: &ItemScope, ident: ast::Ident) -> Resolution {
        match scope.uses.get(&ident.token) {
            Some(&Inner::Local(id)) => return Resolution::Local(id),
            Some(&Inner::Enumerator(c)) => return Resolution::Enumerator(c),
            Some(&Inner::Typedef(id)) => return Resolution::Typedef(id),
            None => {}
        }
        match self.ordinary(ident.name) {
            Some(Global::Function(f)) => Resolution::Function(f),
            Some(Global::Variable(v)) => Resolution::Variable(v),
            Some(Global::Enumerator(c)) => Resolution::Enumerator(c),
            Some(Global::Typedef(id)) => Resolution::Typedef(id),
            None => Resolution::Unknown,
        }
    }

    /// The type of an expression of an item (before array decay); `None`: not known.
    pub fn expr_type(&self, scope: &Arc<ItemScope>, expr: &ast::Expr) -> Option<CTypeId> {
        let mut cx = Cx::finished(scope.clone());
        let ty = self.sema().inside(scope, |sema| sema.expr_type(&mut cx, expr));
        Some(ty).filter(|&ty| ty != CTypeId::UNKNOWN)
    }

    /// The value of an integer constant expression as the front end folds it. Reads of `const`
    /// integers with a constant initialiser are folded, too.
    pub fn constant(&self, scope: &Arc<ItemScope>, expr: &ast::Expr) -> Option<i128> {
        let mut cx = Cx::finished(scope.clone());
        self.sema().inside(scope, |sema| sema.int_value(&mut cx, expr))
    }

    /// The type that a type name in an item (cast, sizeof) means.
    pub fn type_name(&self, scope: &Arc<ItemScope>, ty: &ast::TypeName) -> CTypeId {
        let mut cx = Cx::finished(scope.clone());
        self.sema().inside(scope, |sema| sema.type_name(&mut cx, ty))
    }

    /// Whether two types are compatible (C 6.2.7), qualifiers at the top left aside.
    pub fn compatible(&self, a: CTypeId, b: CTypeId) -> bool {
        self.sema().compatible(a, b, false)
    }

    /// The bytes a file-scope variable starts with.
    pub fn initial(&self, variable: &Variable) -> Initial {
        self.sema().initial(variable)
    }

    /// The bytes a static local starts with.
    pub fn initial_of_local(&self, scope: &Arc<ItemScope>, local: LocalId) -> Initial {
        self.sema().inside(scope, |sema| sema.initial_of_local(scope, local))
    }

    /// The bytes of a constant initialiser of an automatic variable (also one of a compound type that
    /// the code generator copies from a constant of its own); `Unknown` when it is not constant.
    /// [`Initial::Zero`] only when all bytes are given: a union that is initialised by a smaller member
    /// has others, which are undefined.
    pub fn initial_of_automatic(
        &self,
        scope: &Arc<ItemScope>,
        local: LocalId,
        init: &ast::Initializer,
    ) -> Initial {
        self.sema().inside(scope, |sema| sema.initial_of_automatic(scope, local, init))
    }

    // ---- types ----

    /// The structure of a type.
    pub fn ctype(&self, id: CTypeId) -> CType {
        self.sema().ctype(id).clone()
    }

    /// The type with typedefs, qualifiers and tags at the top taken off.
    pub fn canonical(&self, id: CTypeId) -> CType {
        self.sema().canonical(id).clone()
    }

    /// A struct or union with its layout.
    pub fn record(&self, id: RecordId) -> Option<Arc<Record>> {
        self.sema().record(id)
    }

    /// A member of a record by its name, also through nameless members.
    pub fn member(&self, id: RecordId, name: Symbol) -> Option<FoundMember> {
        self.sema().member(id, name)
    }

    /// The tag of a record, whether it is a union, and whether it is defined; nothing is laid out.
    pub fn record_head(&self, id: RecordId) -> Option<(Option<Symbol>, bool, bool)> {
        self.sema().record_head(id)
    }

    /// An enum.
    pub fn enumeration(&self, id: EnumId) -> Option<Arc<Enum>> {
        self.sema().enumeration(id)
    }

    /// A typedef.
    pub fn typedef(&self, id: TypedefId) -> Option<Arc<Typedef>> {
        self.sema().typedefs.get(id.0 as usize).cloned()
    }

    /// Size in bytes; `None` for incomplete and unknown types.
    pub fn size_of(&self, id: CTypeId) -> Option<u64> {
        self.sema().size_of(id)
    }

    /// Alignment in bytes.
    pub fn align_of(&self, id: CTypeId) -> Option<u64> {
        self.sema().align_of(id)
    }

    /// Whether the type is const (arrays: their elements), looking through typedefs.
    pub fn is_const(&self, id: CTypeId) -> bool {
        self.sema().quals(id).0.is_const
    }

    /// Whether the type is volatile.
    pub fn is_volatile(&self, id: CTypeId) -> bool {
        self.sema().quals(id).0.is_volatile
    }

    /// The address space of the type, 0 when none is given.
    pub fn address_space(&self, id: CTypeId) -> u32 {
        self.sema().quals(id).1
    }

    /// The type as C text, declaring `name` when one is given. Anonymous records and enums are
    /// written `struct {...}`.
    pub fn spell(&self, id: CTypeId, name: Option<&str>) -> String {
        crate::sema::spell::spell(&self.sema(), id, name)
    }
}

impl ItemScope {
    /// What the identifier token refers to: a variable, function, parameter, enumerator or typedef
    /// used in an expression or as a type name. File-scope names are looked up when asked.
    pub fn resolve(&self, file_scope: &FileScope, ident: ast::Ident) -> Resolution {
        file_scope.resolve(self, ident)
    }
}
