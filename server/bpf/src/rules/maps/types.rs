//! Types that the kernel wants of a map's key and value: `map-needs-btf`.

use cfront::{
    ast::{self, Expr, ExprKind, InitDeclarator, Initializer, UnaryOp, visit},
    sema::{LocalId, Resolution},
    symbol::Symbol,
};

use super::{
    super::{
        code::{self, FnBody, ReachedCall},
        context::{Check, Context, Family},
    },
    definition::{Definition, short_name},
};
use crate::{
    diagnostic::{Diagnostic, Severity},
    rule::{self, Rule, Scope},
};

static NEEDS_BTF: Rule = Rule {
    id: "map-needs-btf",
    severity: Severity::Error,
    title: "the map needs the type of its key or value, not just the size",
    happens: "The kernel refuses to create a local storage map (-EINVAL). For other maps the verifier rejects \
              the program that uses a lock, timer, workqueue or kptr in a value.",
    why: "The kernel finds these fields in the BTF of the value, and local storage exists only with BTF. \
          `key_size` and `value_size` give none, and a map where one of the two types is missing has none at \
          all.",
    fix: "Use `__type(key, ...)` and `__type(value, ...)`.",
    quick_fix: false,
    scope: Scope::Code,
    since: "0.1.0",
};

pub(super) static FAMILY: Family =
    rule::Family { rules: &[&NEEDS_BTF], check: Check::object(check) };

fn check(cx: Context<'_>, found: &mut Vec<Diagnostic>) {
    for map in cx.maps() {
        local_storage(cx, map, found);
    }
    for entry in cx.entries() {
        for reached in cx.code().reach(entry.function.name).iter().filter(|r| r.walked) {
            found.extend(special_field(cx, reached));
        }
    }
}

/// Local storage of sockets, inodes, tasks and cgroups exists with types only.
fn local_storage(cx: Context<'_>, map: &Definition, found: &mut Vec<Diagnostic>) {
    let row = map.wanted(cx.unit).filter(|row| row.needs_btf_types && row.read_from_code);
    let Some(row) = row else { return };
    for (what, size) in [("key", "key_size"), ("value", "value_size")] {
        let Some(member) = map.member(size).filter(|_| map.member(what).is_none()) else {
            continue;
        };
        if cx.usage.sets_map(map.variable.as_str()) {
            return;
        }
        let message = format!(
            "{} maps need the type of the {what}, but `{}` gives only its size: creating it fails with \
             -EINVAL; use `__type({what}, ...)`",
            short_name(row),
            map.name
        );
        found.push(Diagnostic::new(&NEEDS_BTF, member.at, message));
    }
}

/// A program that uses a lock, timer, workqueue or kptr in a value of a map that has not both types: the
/// kernel then knows of no such field.
fn special_field(cx: Context<'_>, reached: &ReachedCall) -> Option<Diagnostic> {
    let call = reached.call()?;
    let name = call.name();
    let what = match name.as_str() {
        "bpf_spin_lock" => "lock",
        "bpf_timer_init" => "timer",
        "bpf_wq_init" => "workqueue",
        "bpf_kptr_xchg" => "kptr",
        _ => return None,
    };
    let body = &reached.body;
    let local = field_of_local(body, call.args.first()?)?;
    let variable = looked_up(cx, body, local)?;
    let map = cx.maps().iter().find(|map| map.variable == variable && !map.inner)?;
    let row = map.wanted(cx.unit).filter(|_| map.def.is_some())?;
    let untyped = ["key", "value"].into_iter().find(|name| map.member(name).is_none())?;
    // The kernel says the same of local storage whatever the program does.
    if row.needs_btf_types || !row.read_from_code || cx.usage.sets_map(variable.as_str()) {
        return None;
    }
    let size = map.member(&format!("{untyped}_size"))?;
    let range = body.place(cx.unit, call.token)?;
    let message = format!(
        "`{variable}` gives the size of its {untyped} but not the type, so the kernel gets no BTF of the map \
         and finds no {what} in its values: the verifier rejects the call of `{name}`; use \
         `__type({untyped}, ...)`"
    );
    let finding = Diagnostic::new(&NEEDS_BTF, range, message);
    Some(finding.with_related(size.at, format!("`{variable}` gives no type of the {untyped} here")))
}

/// `v` of `&v->member.lock`
fn field_of_local(body: &FnBody, argument: &Expr) -> Option<LocalId> {
    let ExprKind::Unary(UnaryOp::AddrOf, field) = &argument.uncast().kind else {
        return None;
    };
    let mut place = field.unparen();
    loop {
        match &place.kind {
            ExprKind::Member { base, arrow: false, .. } => place = base.unparen(),
            ExprKind::Member { base, arrow: true, .. } => {
                let ExprKind::Ident(ident) = &base.unparen().kind else { return None };
                return body.scope.local_use(*ident).map(|local| local.id);
            }
            _ => return None,
        }
    }
}

/// The map that every value of a local was looked up in.
fn looked_up(cx: Context<'_>, body: &FnBody, local: LocalId) -> Option<Symbol> {
    struct Stores<'a> {
        body: &'a FnBody,
        local: LocalId,
        values: Vec<Option<Expr>>,
    }
    impl Stores<'_> {
        fn is_it(&self, expr: &Expr) -> bool {
            match &expr.unparen().kind {
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
        let ExprKind::Call { callee, args } = &value.as_ref()?.uncast().kind else {
            return None;
        };
        let ExprKind::Ident(callee) = &callee.unparen().kind else { return None };
        if callee.name.as_str() != "bpf_map_lookup_elem" {
            return None;
        }
        let ident = code::addressed(args.first()?)?;
        match body.scope.resolve(cx.unit, ident) {
            Resolution::Variable(variable) => Some(variable.name),
            _ => None,
        }
    });
    let first = maps.next()??;
    maps.all(|map| map == Some(first)).then_some(first)
}
