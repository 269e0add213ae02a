//! The translation unit: what a file means after preprocessing.
//!
//! A [`Unit`] is immutable, cheap to clone and safe to share between threads. Items of headers are
//! known by the names they declare and parsed when such a name is asked for; an edit takes over all
//! that it did not touch from the previous unit (see `memo`).

use std::sync::{
    Arc, Mutex, MutexGuard, OnceLock, PoisonError,
    atomic::{AtomicU32, Ordering},
};

use rustc_hash::FxHashMap;

pub use crate::items::ParsedItem;
use crate::{
    ast,
    ctypes::{CType, CTypeId, Enum, EnumId, FoundMember, Record, RecordId, Typedef, TypedefId},
    derived::Derivations,
    items::Items,
    names::NameSpace,
    pp::{Chunk, Preprocessed},
    sema::{
        Cx, EnumConst, Function, FunctionId, Global, Initial, Inner, ItemScope, LocalId, Name,
        Resolution, Sema, Variable, VariableId,
    },
    source::{FileId, FileRange},
    symbol::Symbol,
    token::Token,
};

/// A top-level item by its place in the unit's order; ids compare as places in the unit do.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct ItemId(pub u32);

/// Something that happens at top level when the compiler reads the unit from start to end.
#[derive(Clone, Debug)]
pub enum Event {
    /// A function definition that clang generates at once ([`Function::is_eager`]).
    Function(Arc<Function>),
    /// A declaration of a function (no body), declaration index in [`Function::decls`].
    FunctionDeclaration(Arc<Function>, usize),
    /// A declaration of a variable, index in [`Variable::decls`].
    Variable(Arc<Variable>, usize),
    /// A static function definition (generated when something refers to it).
    DeferredFunction(Arc<Function>),
}

/// Where a byte of a file went in the unit.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct TokenPlace {
    /// The item.
    pub item: ItemId,
    /// Token index in the item.
    pub token: u32,
}

/// How much work a unit has cost since it was built (shared by units that share results).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Work {
    /// Items parsed.
    pub items_parsed: usize,
    /// Parsed items taken over from the previous unit.
    pub items_reused: usize,
    /// Records laid out.
    pub types_laid_out: usize,
    /// Whether the types and names of the previous unit were taken over as they were.
    pub environment_reused: bool,
    /// Results that others made of items ([`Unit::derive`]) since the environment was built.
    pub derived: usize,
}

/// A translation unit.
#[derive(Clone, Debug)]
pub struct Unit {
    inner: Arc<Inside>,
}

#[derive(Debug)]
struct Inside {
    pp: Arc<Preprocessed>,
    items: Arc<Items>,
    /// Types and names of file scope; shared by units that differ in function bodies only.
    environment: Arc<Environment>,
    environment_reused: bool,
}

#[derive(Debug)]
struct Environment {
    sema: Mutex<Sema>,
    /// Units that shared it so far: local types pile up, so at some point it is built anew.
    uses: AtomicU32,
    main_items: OnceLock<Vec<ItemId>>,
    top_level: OnceLock<Vec<Event>>,
    functions: OnceLock<Vec<Arc<Function>>>,
    variables: OnceLock<Vec<Arc<Variable>>>,
    /// What others made of items and this environment.
    derived: Derivations,
}

/// Edits after which the environment is built anew.
const MAX_USES: u32 = 2000;

impl Unit {
    /// Builds the unit of a preprocessed file. From `previous`, the unit before the last edit, all
    /// that did not change is taken over: items with equal tokens keep their syntax, and when only
    /// function bodies changed, all types, names and layouts stay. The result is the same without.
    pub fn build(pp: Arc<Preprocessed>, previous: Option<&Unit>, big_endian: bool) -> Unit {
        let mut items = Items::new(&pp.chunks, previous.map(|p| &*p.inner.items));
        if let Some(previous) = previous {
            let environment = &previous.inner.environment;
            let sema = previous.sema();
            let same_target =
                sema.big_endian == big_endian && sema.machine == pp.machine && sema.abi == pp.abi;
            drop(sema);
            if same_target
                && environment.uses.fetch_add(1, Ordering::Relaxed) < MAX_USES
                && items.same_interface(&previous.inner.items)
            {
                items.share_parses(&previous.inner.items);
                let items = Arc::new(items);
                let environment = previous.inner.environment.clone();
                let mut sema = environment.sema.lock().unwrap_or_else(PoisonError::into_inner);
                sema.items = items.clone();
                // Scopes of bodies that are gone.
                if sema.scopes.len() > 4096 {
                    sema.scopes.clear();
                }
                drop(sema);
                return Unit {
                    inner: Arc::new(Inside { pp, items, environment, environment_reused: true }),
                };
            }
        }
        let items = Arc::new(items);
        let sema = Mutex::new(Sema::new(items.clone(), big_endian, pp.machine, pp.abi));
        let environment = Arc::new(Environment {
            sema,
            uses: AtomicU32::new(0),
            main_items: OnceLock::new(),
            top_level: OnceLock::new(),
            functions: OnceLock::new(),
            variables: OnceLock::new(),
            derived: Derivations::default(),
        });
        Unit { inner: Arc::new(Inside { pp, items, environment, environment_reused: false }) }
    }

    /// The items that may not be what they were in an earlier unit, all with function bodies; `None` when
    /// file scope may be another: types, names, or what items there are.
    pub fn changed_since(&self, earlier: &Unit) -> Option<Vec<ItemId>> {
        let same = Arc::ptr_eq(&self.inner.environment, &earlier.inner.environment);
        same.then(|| self.inner.items.changed_since(&earlier.inner.items).map(ItemId).collect())
    }

    fn sema(&self) -> MutexGuard<'_, Sema> {
        // A panic inside would be a bug; what was computed before it is still right.
        self.inner.environment.sema.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The preprocessed tokens the unit was built from.
    pub fn preprocessed(&self) -> &Arc<Preprocessed> {
        &self.inner.pp
    }

    /// Whether the target is `bpfeb`.
    pub fn big_endian(&self) -> bool {
        self.sema().big_endian
    }

    // ---- items and places ----

    /// Number of top-level items; [`ItemId`]s are below it.
    pub fn item_count(&self) -> u32 {
        self.inner.items.len()
    }

    /// The item, parsed when it was not yet.
    pub fn item(&self, id: ItemId) -> Option<Arc<ParsedItem>> {
        self.inner.items.parsed(id.0)
    }

    /// The expanded tokens of an item.
    pub fn tokens(&self, id: ItemId) -> &[Token] {
        self.inner.items.tokens(id.0).unwrap_or(&[])
    }

    /// One of them: where only places are looked at, the others need not be moved along with edits.
    pub fn token(&self, id: ItemId, token: u32) -> Option<Token> {
        self.inner.items.token(id.0, token)
    }

    /// Whether the item's first token stands in the main file (or a macro used there).
    pub fn in_main_file(&self, id: ItemId) -> bool {
        self.inner.items.file(id.0) == Some(self.inner.pp.main)
    }

    /// The items of [`Unit::in_main_file`], in order; found once.
    pub fn main_items(&self) -> &[ItemId] {
        self.inner
            .environment
            .main_items
            .get_or_init(|| self.inner.items.items_of(self.inner.pp.main).map(ItemId).collect())
    }

    /// What the user wrote for a token of an item.
    pub fn token_place(&self, id: ItemId, token: u32) -> Option<FileRange> {
        let token = self.inner.items.token(id.0, token)?;
        self.inner.pp.written(token.loc)
    }

    /// [`Unit::token_place`] of a token that was at `before` in an earlier unit with the same file scope: text
    /// that no edit has touched is not read again for the token's end.
    pub fn token_place_since(
        &self,
        earlier: &Unit,
        id: ItemId,
        token: u32,
        before: FileRange,
    ) -> Option<FileRange> {
        if !self.inner.items.same_text(&earlier.inner.items, id.0) {
            return self.token_place(id, token);
        }
        let token = self.inner.items.token(id.0, token)?;
        let (file, start) = self.inner.pp.written_start(token.loc)?;
        Some(FileRange { file, start, end: start + (before.end - before.start) })
    }

    /// The tokens whose text stands at that byte of a file (an argument used twice gives two, a
    /// macro's name all tokens that came out of it).
    pub fn tokens_at(&self, file: FileId, offset: u32) -> Vec<TokenPlace> {
        let mut found = Vec::new();
        let mut chunks = self.inner.items.chunks().peekable();
        while let Some((chunk, items)) = chunks.next() {
            if let Some(index) = chunk.index() {
                if index.file == file
                    && let Some(item) = index.item_at(offset as usize)
                {
                    let item = ItemId(items.start + item as u32);
                    self.item_tokens_at(item, file, offset, &mut found);
                }
                continue;
            }
            // A chunk begins or ends in the file, or it has nothing of it.
            let first = self.chunk_place(chunk, file, 0);
            let last = self.chunk_place(chunk, file, chunk.len().saturating_sub(1));
            let next = chunks.peek().and_then(|(next, _)| match next.index() {
                Some(_) => None,
                None => self.chunk_place(next, file, 0),
            });
            let before = first.is_some_and(|first| offset < first);
            let behind =
                next.is_some_and(|next| last.is_some_and(|last| last < next) && next <= offset);
            if first.is_none() && last.is_none() || before || behind {
                continue;
            }
            for item in items.filter(|&item| self.item_touches(item, file, offset)) {
                self.item_tokens_at(ItemId(item), file, offset, &mut found);
            }
        }
        found
    }

    /// Where a token of a chunk lies in a file: itself, or the name of the macro that made it.
    fn chunk_place(&self, chunk: &Chunk, file: FileId, token: usize) -> Option<u32> {
        let place = self.inner.pp.expansion_start(chunk.token(token)?.loc);
        place.filter(|(f, _)| *f == file).map(|(_, start)| start)
    }

    /// Whether an item's text may hold that byte: it lies between the places of its first and last
    /// token where these are in the file.
    fn item_touches(&self, item: u32, file: FileId, offset: u32) -> bool {
        let items = &self.inner.items;
        let Some(count) = items.token_count(item) else { return false };
        let place = |item: u32, token: u32| {
            let place = self.inner.pp.expansion_start(items.token(item, token)?.loc);
            place.filter(|(f, _)| *f == file).map(|(_, start)| start)
        };
        let last = count.saturating_sub(1);
        match (place(item, 0), place(item, last)) {
            (Some(first), Some(start)) => {
                let end = place(item + 1, 0).unwrap_or(u32::MAX);
                // The last token may be a macro's name with arguments behind it, and the macro may
                // make the next item, too.
                let end_of_last = || self.inner.pp.expansion(items.token(item, last)?.loc);
                let ends_later = || end_of_last().is_some_and(|last| offset < last.end);
                first <= offset && (offset < end || end <= start && ends_later())
            }
            (None, None) => false,
            _ => true,
        }
    }

    /// The tokens of an item whose text stands at that byte.
    fn item_tokens_at(&self, item: ItemId, file: FileId, offset: u32, found: &mut Vec<TokenPlace>) {
        let tokens = self.tokens(item);
        let written = |token: &Token| {
            let place = self.inner.pp.written_start(token.loc);
            place.filter(|(f, start)| *f == file && *start <= offset).map(|(_, start)| start)
        };
        // Tokens of a text do not overlap: only the last one that begins before the byte can hold it.
        let Some(start) = tokens.iter().filter_map(written).max() else { return };
        let mut here = tokens.iter().zip(0..).filter(|(token, _)| written(token) == Some(start));
        let range = here.clone().next().and_then(|(token, _)| self.inner.pp.written(token.loc));
        if range.is_some_and(|range| offset < range.end) {
            found.extend(here.by_ref().map(|(_, token)| TokenPlace { item, token }));
        }
    }

    /// Names declared at file scope, with their name spaces; a name may come more than once.
    pub fn declared_names(&self) -> Vec<(Symbol, NameSpace)> {
        self.inner.items.names().collect()
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
            None if self.inner.items.has_tag(name) => Some(sema.file_tag(name, Some(false))),
            None => None,
        }
    }

    /// What happens at top level, in order: all declarations and definitions of functions and
    /// variables of the main file, and those of headers that define something external (or `used`).
    /// Static functions, plain prototypes and `extern` declarations of headers are left out: look
    /// them up by name when a body refers to them, their `decls` have places that compare with
    /// [`ItemId`]s.
    pub fn top_level(&self) -> &[Event] {
        self.inner.environment.top_level.get_or_init(|| self.find_top_level())
    }

    fn find_top_level(&self) -> Vec<Event> {
        let mut events = Vec::new();
        let wanted: Vec<u32> = self
            .inner
            .items
            .ordinary_items(|item| self.main_items().binary_search(&ItemId(item)).is_ok())
            .collect();
        for item in wanted {
            let Some(parsed) = self.inner.items.parsed(item) else { continue };
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
        self.inner.environment.functions.get_or_init(|| {
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
        self.inner.environment.variables.get_or_init(|| {
            let mut seen = FxHashMap::default();
            let variables = self.top_level().iter().filter_map(|event| match event {
                Event::Variable(v, _) => Some(v),
                _ => None,
            });
            variables.filter(|v| seen.insert(v.id, ()).is_none()).cloned().collect()
        })
    }

    // ---- inside items ----

    /// What `make` makes of an item, kept for all units that have this item and the same file scope.
    /// `make` may read the item's syntax and tokens, and what file scope says (types, names,
    /// initialisers); not the bodies of other functions, nor any place in a file.
    pub fn derive<T: Send + Sync + 'static>(
        &self,
        id: ItemId,
        make: impl FnOnce(&Arc<ParsedItem>) -> T,
    ) -> Option<Arc<T>> {
        let parsed = self.inner.items.parsed(id.0)?;
        Some(self.inner.environment.derived.get((parsed.serial, id.0), || make(&parsed)))
    }

    /// The scopes inside an item: what its identifiers refer to, locals, types of its expressions.
    /// For functions this is the body's scope; for declarations, that of initialisers.
    pub fn scope(&self, id: ItemId) -> Option<Arc<ItemScope>> {
        let parsed = self.inner.items.parsed(id.0)?;
        self.sema().scope_of(id.0, &parsed)
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

    /// Whether a limit (of nesting, of steps) cut short what was asked about file scope so far: something
    /// may be missing.
    pub fn is_torn(&self) -> bool {
        self.sema().torn
    }

    /// How much work has been done for this unit (types: also for those it shares them with).
    pub fn work(&self) -> Work {
        let items = &self.inner.items.work;
        Work {
            items_parsed: items.parsed.load(Ordering::Relaxed),
            items_reused: items.reused.load(Ordering::Relaxed),
            types_laid_out: self.sema().laid_out,
            environment_reused: self.inner.environment_reused,
            derived: self.inner.environment.derived.made(),
        }
    }
}

impl ItemScope {
    /// What the identifier token refers to: a variable, function, parameter, enumerator or typedef
    /// used in an expression or as a type name. File-scope names are looked up when asked.
    pub fn resolve(&self, unit: &Unit, ident: ast::Ident) -> Resolution {
        unit.resolve(self, ident)
    }
}
