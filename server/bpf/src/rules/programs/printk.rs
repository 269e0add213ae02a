//! `printk-arguments`: formats and arguments of `bpf_printk` and of the helpers behind it.

use cfront::{
    ast::{ExprKind, Initializer},
    sema::{Definition, Initial, LocalKind, Resolution},
    symbol::Symbol,
    unit::{ItemId, Unit},
};

use super::super::{
    code::{Call, Callee, FnBody, addressed, local_init},
    context::{Check, Context, Family},
};
use crate::{
    diagnostic::{Diagnostic, Severity},
    rule::{self, Rule, Scope},
};

static ARGUMENTS: Rule = Rule {
    id: "printk-arguments",
    severity: Severity::Warning,
    title: "format and arguments of `bpf_printk` do not fit",
    happens: "With more conversions than arguments the helper answers -EINVAL and prints nothing, or prints \
              undefined values. With more arguments than conversions the rest is not printed.",
    why: "`bpf_printk` passes its arguments by count, and the kernel prints at most 12.",
    fix: "Give one argument for each conversion of the format.",
    quick_fix: false,
    scope: Scope::Code,
    since: "0.1.0",
};

pub(super) static FAMILY: Family =
    rule::Family { rules: &[&ARGUMENTS], check: Check::object(check) };

/// The most arguments that the kernel takes (`MAX_BPRINTF_VARARGS`).
const MOST: usize = 12;

/// What is wrong with the calls of a body: the token of each, and a message.
struct Wrong(Vec<(u32, String)>);

fn check(cx: Context<'_>, found: &mut Vec<Diagnostic>) {
    let unit = cx.unit;
    for function in unit.functions() {
        let Some(item) = function.definition_place().map(|place| ItemId(place.item)) else {
            continue;
        };
        if !unit.in_main_file(item) {
            continue;
        }
        let Some(body) = cx.code().body(function.name) else { continue };
        let wrong = unit.derive(item, |_| {
            let judged = |call: &Call| Some((call.token, wrong(unit, &body, call)?));
            Wrong(body.calls.iter().filter_map(judged).collect())
        });
        for (token, message) in wrong.iter().flat_map(|wrong| &wrong.0) {
            if let Some(range) = body.place(unit, *token) {
                found.push(Diagnostic::new(&ARGUMENTS, range, message.clone()));
            }
        }
    }
}

fn wrong(unit: &Unit, body: &FnBody, call: &Call) -> Option<String> {
    let Callee::Pointer(helper) = &call.callee else { return None };
    let (given, by_count) = match (helper.name.as_str(), call.args.as_slice()) {
        ("bpf_trace_printk", [_, _, rest @ ..]) => (rest.len(), true),
        ("bpf_trace_vprintk", [_, _, _, bytes]) => {
            let bytes = usize::try_from(unit.constant(&body.scope, bytes)?).ok()?;
            (bytes / 8, false)
        }
        _ => return None,
    };
    let format = call.args.first().and_then(|arg| text(unit, body, arg))?;
    let wanted = conversions(&format)?;
    let message = if given > MOST {
        format!("{given} arguments: the kernel takes at most {MOST} and answers -EINVAL")
    } else if wanted > given {
        let happens = if by_count && wanted <= 3 {
            "the values printed for the rest are undefined"
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
        return None;
    };
    Some(message)
}

fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// The text of a format: a literal, or an array that is initialised with one and not changed.
fn text(unit: &Unit, body: &FnBody, arg: &cfront::ast::Expr) -> Option<Vec<u8>> {
    if let ExprKind::Str { bytes, width: 1 } = &arg.uncast().kind {
        return Some(bytes.clone());
    }
    let ident = addressed(arg)?;
    match body.scope.resolve(unit, ident) {
        Resolution::Local(id) => {
            let local = body.scope.local(id)?;
            if !matches!(local.kind, LocalKind::Static | LocalKind::Auto)
                || !matches!(unit.canonical(local.ty), cfront::ctypes::CType::Array { .. })
                || !(unit.is_const(local.ty) || only_named_here(body, local.name))
            {
                return None;
            }
            match local_init(body.syntax()?, local.token)? {
                Initializer::Expr(e) => match &e.unparen().kind {
                    ExprKind::Str { bytes, width: 1 } => Some(bytes.clone()),
                    _ => None,
                },
                Initializer::List(..) => None,
            }
        }
        Resolution::Variable(variable)
            if unit.is_const(variable.ty)
                && !unit.is_volatile(variable.ty)
                && matches!(variable.definition, Definition::Initialised(_)) =>
        {
            match unit.initial(&variable) {
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
