//! `printk-arguments`: formats and arguments of `bpf_printk` and of the helpers behind it.

use cfront::{
    ast::{ExprKind, Initializer},
    sema::{Definition, Initial, LocalKind, Resolution},
    symbol::Symbol,
    unit::ItemId,
};

use super::{
    Input, RuleId,
    code::{self, Call, Callee, Code, FnBody, addressed},
};
use crate::diagnostic::Diagnostic;

const RULE: RuleId = RuleId("printk-arguments");

/// The most arguments that the kernel takes (`MAX_BPRINTF_VARARGS`).
const MOST: usize = 12;

pub(super) fn check(input: Input<'_>, code: &Code<'_>, found: &mut Vec<Diagnostic>) {
    for function in input.unit.functions() {
        let Some(place) = function.definition_place() else { continue };
        if !input.unit.in_main_file(ItemId(place.item)) {
            continue;
        }
        let Some(body) = code.body(function.name) else { continue };
        for call in &body.calls {
            check_call(input, &body, call, found);
        }
    }
}

fn check_call(input: Input<'_>, body: &FnBody, call: &Call, found: &mut Vec<Diagnostic>) {
    let Callee::Pointer(helper) = &call.callee else { return };
    let (given, by_count) = match (helper.name.as_str(), call.args.as_slice()) {
        ("bpf_trace_printk", [_, _, rest @ ..]) => (rest.len(), true),
        ("bpf_trace_vprintk", [_, _, _, bytes]) => {
            let Some(bytes) = input.unit.constant(&body.scope, bytes) else { return };
            let Ok(bytes) = usize::try_from(bytes) else { return };
            (bytes / 8, false)
        }
        _ => return,
    };
    let Some(format) = call.args.first().and_then(|arg| text(input, body, arg)) else { return };
    let Some(wanted) = conversions(&format) else { return };
    let Some(range) = body.place(input.unit, call.token) else { return };
    let message = if given > MOST {
        format!("{given} arguments: the kernel prints at most {MOST} and answers -EINVAL")
    } else if wanted > given {
        let happens = if by_count && wanted <= 3 {
            "what is printed for the rest is not defined"
        } else {
            "the helper answers -EINVAL and prints nothing"
        };
        format!(
            "the format has {} for {}: {happens}",
            count(wanted, "conversion"),
            count(given, "argument")
        )
    } else if wanted < given {
        format!(
            "the format has {} for {}: the rest is not printed",
            count(wanted, "conversion"),
            count(given, "argument")
        )
    } else {
        return;
    };
    found.push(Diagnostic::new(RULE, range, message));
}

fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// The text of a format: a literal, or an array that is initialised with one and not changed.
fn text(input: Input<'_>, body: &FnBody, arg: &cfront::ast::Expr) -> Option<Vec<u8>> {
    if let ExprKind::Str { bytes, width: 1 } = &code::strip_casts(arg).kind {
        return Some(bytes.clone());
    }
    let ident = addressed(arg)?;
    match body.scope.resolve(input.unit, ident) {
        Resolution::Local(id) => {
            let local = body.scope.local(id)?;
            if !matches!(local.kind, LocalKind::Static | LocalKind::Auto)
                || !matches!(input.unit.canonical(local.ty), cfront::ctypes::CType::Array { .. })
                || !(input.unit.is_const(local.ty) || only_named_here(body, local.name))
            {
                return None;
            }
            match code::local_init(body.syntax()?, local.token)? {
                Initializer::Expr(e) => match &code::strip(&e).kind {
                    ExprKind::Str { bytes, width: 1 } => Some(bytes.clone()),
                    _ => None,
                },
                Initializer::List(..) => None,
            }
        }
        Resolution::Variable(variable)
            if input.unit.is_const(variable.ty)
                && !input.unit.is_volatile(variable.ty)
                && matches!(variable.definition, Definition::Initialised(_)) =>
        {
            match input.unit.initial(&variable) {
                Initial::Bytes { bytes, relocations } if relocations.is_empty() => Some(bytes),
                _ => None,
            }
        }
        _ => None,
    }
}

/// Whether a local array that may change is only handed to helpers as a format and its size: no
/// element of it is written.
fn only_named_here(body: &FnBody, name: Symbol) -> bool {
    use cfront::ast::{Expr, visit};
    struct Writes(Symbol, bool);
    impl visit::Visitor for Writes {
        fn expr(&mut self, expr: &Expr) {
            if let ExprKind::Assign(_, to, _) = &expr.kind {
                self.1 |= addressed(to).is_some_and(|i| i.name == self.0);
            }
        }
    }
    let Some(syntax) = body.syntax() else { return false };
    let mut writes = Writes(name, false);
    visit::block(&syntax.body, &mut writes);
    !writes.1
}

/// How many arguments a format takes (`bpf_bprintf_prepare`); `None` for what the kernel refuses or
/// this does not know.
fn conversions(format: &[u8]) -> Option<usize> {
    let text = format.split(|b| *b == 0).next().unwrap_or(&[]);
    let mut rest = text.iter().copied().peekable();
    let mut count = 0;
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            continue;
        }
        if rest.peek() == Some(&b'%') {
            rest.next();
            continue;
        }
        while rest.next_if(|b| matches!(b, b'0'..=b'9' | b'-' | b'+' | b' ')).is_some() {}
        if !matches!(rest.next()?, b'd' | b'i' | b'u' | b'x' | b'X' | b'l' | b'p' | b's' | b'c') {
            return None;
        }
        count += 1;
    }
    Some(count)
}

#[cfg(test)]
mod tests {
    use super::conversions;

    #[test]
    fn conversions_are_counted_as_the_kernel_reads_them() {
        for (format, count) in [
            ("plain", Some(0)),
            ("100%%", Some(0)),
            ("%d %u %llx %-8lu", Some(4)),
            ("%pI4 %pks %s%c", Some(4)),
            ("%*d", None),
            ("%.3f", None),
            ("%", None),
            ("%d\0%d", Some(1)),
        ] {
            assert_eq!(conversions(format.as_bytes()), count, "{format}");
        }
    }
}
