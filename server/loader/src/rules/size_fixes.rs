//! Quick fixes of `percpu-lookup-overflow` and `percpu-value-size`.

use bpf::diagnostic::{Edit, Fix};
use cfront::{
    ast::{Expr, ExprKind},
    symbol::Symbol,
};

use super::{
    find::{call_at, names_in},
    input::Input,
    lines::Lines,
};
use crate::flow::{calls::callee_name, observe::At};

/// What makes a size right.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Remedy {
    /// Ask for the value of one CPU.
    OneCpu,
    /// Pass `bpf_map__value_size(map)` as this argument.
    ValueSize(usize),
    /// Count possible CPUs where online ones are counted.
    CountPossible,
    /// Nothing that is a small edit.
    None,
}

/// Makes the size of a lookup or update right.
pub(super) fn sizes(input: Input<'_>, call: At, remedy: Remedy) -> Option<Fix> {
    match remedy {
        Remedy::OneCpu => one_cpu(input, call),
        Remedy::ValueSize(argument) => value_size(input, call, argument),
        Remedy::CountPossible => count_possible(input),
        Remedy::None => None,
    }
}

/// `bpf_map_lookup_elem(fd, key, buf)` for CPU 0 only.
fn one_cpu(input: Input<'_>, call: At) -> Option<Fix> {
    call_at(input.unit, call, |callee, args| {
        let name = At::new(call.item, callee.span).range(input.unit)?;
        let last = At::new(call.item, args.last()?.span).range(input.unit)?;
        let edits =
            [Edit::replace(name, "bpf_map_lookup_elem_flags"), Edit::after(last, ", BPF_F_CPU")];
        Some(Fix::new("Look up the value of CPU 0 only", edits))
    })
}

fn value_size(input: Input<'_>, call: At, argument: usize) -> Option<Fix> {
    let lines = Lines { input, item: call.item };
    call_at(input.unit, call, |_, args| {
        let map = lines.spelled(args.first()?)?;
        let size = At::new(call.item, args.get(argument)?.span).range(input.unit)?;
        let edit = Edit::replace(size, format!("bpf_map__value_size({map})"));
        Some(Fix::new("Use the size of the map's value", [edit]))
    })
}

/// The only count of online CPUs in the file counts possible ones.
fn count_possible(input: Input<'_>) -> Option<Fix> {
    let mut counts = Vec::new();
    input.expressions(|item, expr| {
        if let ExprKind::Call { callee, args } = &expr.kind
            && counts_online(callee, args)
        {
            counts.push(At::new(item, expr.span));
        }
    });
    let [count] = counts.as_slice() else { return None };
    let edit = Edit::replace(count.range(input.unit)?, "libbpf_num_possible_cpus()");
    Some(Fix::new("Count possible CPUs", [edit]))
}

fn counts_online(callee: &Expr, args: &[Expr]) -> bool {
    match callee_name(callee).map(Symbol::as_str) {
        Some("get_nprocs") => true,
        Some("sysconf") => args.first().is_some_and(|arg| {
            names_in(arg).iter().any(|name| name.as_str() == "_SC_NPROCESSORS_ONLN")
        }),
        _ => false,
    }
}
