//! Rules about the types that the kernel wants of a map's key and value: `map-needs-btf`, and of
//! `map-key-size` what is about types.

use cfront::{
    ast::{self, Expr, ExprKind, InitDeclarator, Initializer, UnaryOp, visit},
    ctypes::CType,
    sema::{LocalId, Resolution},
    symbol::Symbol,
};

use super::{
    Input, RuleId,
    code::{self, Callee, Code, FnBody, ReachedCall},
    map_definitions::{Definition, field_place},
    places,
    programs::Entry,
};
use crate::{diagnostic::Diagnostic, facts::map_types};

const KEY: RuleId = RuleId("map-key-size");
const NEEDS_BTF: RuleId = RuleId("map-needs-btf");

/// Local storage of sockets, inodes, tasks and cgroups exists with types only.
pub(super) fn needs_btf(
    input: Input<'_>,
    map: &Definition<'_>,
    kind: u64,
    found: &mut Vec<Diagnostic>,
) {
    let row = u32::try_from(kind).ok().and_then(map_types::by_number);
    let Some(row) = row.filter(|row| row.needs_btf_types && row.read_from_code) else { return };
    let before = found.len();
    for field in &map.record.fields {
        let member = field.name.map_or("", Symbol::as_str);
        if matches!(member, "key_size" | "value_size") {
            let what = member.trim_end_matches("_size");
            let has_type =
                map.record.fields.iter().any(|f| f.name.is_some_and(|n| n.as_str() == what));
            if has_type {
                continue;
            }
            let message = format!(
                "{} needs the type of the {what}, `{}` gives its size only: creating it fails with \
                 -EINVAL; use `__type({what}, ...)`",
                row.name.trim_start_matches("BPF_MAP_TYPE_"),
                map.name
            );
            let at = field_place(input.unit, map.record, field).unwrap_or(map.at);
            found.push(Diagnostic::new(NEEDS_BTF, at, message));
        }
    }
    if found.len() > before && input.usage.sets_map(map.name) {
        found.truncate(before);
    }
}

/// The keys of these are file descriptors: a 32-bit integer type and nothing else of that size.
pub(super) fn integer_key(
    input: Input<'_>,
    map: &Definition<'_>,
    kind: u64,
    found: &mut Vec<Diagnostic>,
) {
    let row = u32::try_from(kind).ok().and_then(map_types::by_number);
    let Some(row) = row.filter(|row| row.needs_btf_types && row.key_btf == "int") else { return };
    let key = map.record.fields.iter().find(|f| f.name.is_some_and(|n| n.as_str() == "key"));
    let Some(key) = key else { return };
    let CType::Pointer(to) = input.unit.canonical(key.ty) else { return };
    let what = match input.unit.canonical(to) {
        CType::Record(_) => "a struct or union",
        CType::Enum(_) => "an enum",
        CType::Array { .. } => "an array",
        CType::Pointer(_) => "a pointer",
        CType::Float(_) => "a float",
        _ => return,
    };
    if input.usage.sets_map(map.name) {
        return;
    }
    // Another size is said by the rule about sizes.
    if input.unit.size_of(to) != Some(4) {
        return;
    }
    let message = format!(
        "{} takes a 32-bit integer as key, `{}` has {what}: creating it fails with -EINVAL",
        row.name.trim_start_matches("BPF_MAP_TYPE_"),
        map.name
    );
    let at = field_place(input.unit, map.record, key).unwrap_or(map.at);
    found.push(Diagnostic::new(KEY, at, message));
}

/// Programs that use a lock, timer, workqueue or kptr in values of a map that has not both types: the
/// kernel then knows of no such field.
pub(super) fn special_fields(
    input: Input<'_>,
    code: &Code<'_>,
    entries: &[Entry],
    found: &mut Vec<Diagnostic>,
) {
    for entry in entries {
        for reached in code.reach(entry.function.name).iter().filter(|reached| reached.walked) {
            found.extend(special_field(input, reached));
        }
    }
}

fn special_field(input: Input<'_>, reached: &ReachedCall) -> Option<Diagnostic> {
    let call = reached.call()?;
    let name = match &call.callee {
        Callee::Pointer(variable) => variable.name,
        Callee::Function(function) => function.name,
    };
    let what = match name.as_str() {
        "bpf_spin_lock" => "lock",
        "bpf_timer_init" => "timer",
        "bpf_wq_init" => "workqueue",
        "bpf_kptr_xchg" => "kptr",
        _ => return None,
    };
    let body = &reached.body;
    let local = field_of_local(body, call.args.first()?)?;
    let map = looked_up(input, body, local)?;
    let variable = input.unit.variable(map)?;
    let CType::Record(id) = input.unit.canonical(variable.ty) else { return None };
    let record = input.unit.record(id)?;
    let member = |wanted: &str| {
        record.fields.iter().find(|f| f.name.is_some_and(|name| name.as_str() == wanted))
    };
    let object_map = input.object.maps.iter().find(|m| m.name == map.as_str())?;
    let row = map_types::by_number(object_map.def.map_type?)?;
    let untyped = ["key", "value"].into_iter().find(|name| member(name).is_none())?;
    // The kernel says the same of local storage whatever the program does.
    if row.needs_btf_types || !row.read_from_code || input.usage.sets_map(map.as_str()) {
        return None;
    }
    let size = member(&format!("{untyped}_size"))?;
    let range = body.place(input.unit, call.token)?;
    let finding = Diagnostic::new(
        NEEDS_BTF,
        range,
        format!(
            "`{map}` gives the size of its {untyped} and not the type, so the kernel gets no types of \
             the map and knows of no {what} in its values: the verifier rejects the call of `{name}`; \
             use `__type({untyped}, ...)`"
        ),
    );
    let place = field_place(input.unit, &record, size)
        .or_else(|| places::variable(input.unit, &variable))?;
    Some(finding.with_related(place, format!("`{map}` has no type of the {untyped}")))
}

/// `v` of `&v->member.lock`
fn field_of_local(body: &FnBody, argument: &Expr) -> Option<LocalId> {
    let ExprKind::Unary(UnaryOp::AddrOf, field) = &code::strip_casts(argument).kind else {
        return None;
    };
    let mut place = code::strip(field);
    loop {
        match &place.kind {
            ExprKind::Member { base, arrow: false, .. } => place = code::strip(base),
            ExprKind::Member { base, arrow: true, .. } => {
                let ExprKind::Ident(ident) = &code::strip(base).kind else { return None };
                return body.scope.local_use(*ident).map(|local| local.id);
            }
            _ => return None,
        }
    }
}

/// The map that every value of a local was looked up in.
fn looked_up(input: Input<'_>, body: &FnBody, local: LocalId) -> Option<Symbol> {
    struct Stores<'a> {
        body: &'a FnBody,
        local: LocalId,
        values: Vec<Option<Expr>>,
    }
    impl Stores<'_> {
        fn is_it(&self, expr: &Expr) -> bool {
            match &code::strip(expr).kind {
                ExprKind::Ident(i) => {
                    self.body.scope.local_use(*i).is_some_and(|l| l.id == self.local)
                }
                _ => false,
            }
        }
    }
    impl visit::Visitor for Stores<'_> {
        fn local(&mut self, _: &ast::Declaration, one: &InitDeclarator) {
            let Some(name) = one.declarator.name else { return };
            if self.body.scope.declared(name.token).is_some_and(|l| l.id == self.local)
                && let Some(init) = &one.init
            {
                self.values.push(match init {
                    Initializer::Expr(value) => Some(value.clone()),
                    Initializer::List(..) => None,
                });
            }
        }

        fn expr(&mut self, expr: &Expr) {
            match &expr.kind {
                ExprKind::Assign(op, to, value) if self.is_it(to) => {
                    self.values.push(op.is_none().then(|| (**value).clone()));
                }
                ExprKind::Unary(UnaryOp::AddrOf | UnaryOp::PreInc | UnaryOp::PreDec, place)
                | ExprKind::Postfix(_, place)
                    if self.is_it(place) =>
                {
                    self.values.push(None);
                }
                _ => {}
            }
        }
    }
    let mut stores = Stores { body, local, values: Vec::new() };
    visit::block(&body.syntax()?.body, &mut stores);
    let mut maps = stores.values.iter().map(|value| {
        let ExprKind::Call { callee, args } = &code::strip_casts(value.as_ref()?).kind else {
            return None;
        };
        let ExprKind::Ident(callee) = &code::strip(callee).kind else { return None };
        if callee.name.as_str() != "bpf_map_lookup_elem" {
            return None;
        }
        let ident = code::addressed(args.first()?)?;
        match body.scope.resolve(input.unit, ident) {
            Resolution::Variable(variable) => Some(variable.name),
            _ => None,
        }
    });
    let first = maps.next()??;
    maps.all(|map| map == Some(first)).then_some(first)
}
