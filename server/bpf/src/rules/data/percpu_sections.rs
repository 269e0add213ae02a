//! Names of data sections that look per-CPU: `percpu-shared-section`, `percpu-section-typo`.

use strsim::osa_distance;

use super::super::context::{Check, Context, Family};
use crate::{
    diagnostic::{Diagnostic, Fix, Severity},
    places,
    rule::{self, Rule, Scope},
};

static SHARED: Rule = Rule {
    id: "percpu-shared-section",
    severity: Severity::Warning,
    title: "a section name that looks per-CPU gives one shared copy",
    happens: "All CPUs share one copy of the variable. Nothing warns about it, and counters lose updates.",
    why: "libbpf looks at the prefix of a section name. `.data.percpu`, `.data..percpu`, `.rodata.percpu` and \
          `.bss.percpu` begin like ordinary sections, so the variables end up in a plain array map. Only \
          `.percpu` and names that begin with `.percpu.` are per-CPU.",
    fix: "Rename the section to `.percpu`, or to `.percpu.NAME`.",
    quick_fix: true,
    scope: Scope::Declaration,
    since: "0.1.0",
};

static TYPO: Rule = Rule {
    id: "percpu-section-typo",
    severity: Severity::Error,
    title: "libbpf does not accept this spelling of `.percpu`",
    happens: "Opening the object fails as soon as a program uses the variable (bad map relocation).",
    why: "Names such as `.percpu1`, `.percpu_x` or `percpu` are not data sections for libbpf, so it skips them \
          and has no map for the variable.",
    fix: "Use `.percpu`, or `.percpu.NAME` with the dot.",
    quick_fix: true,
    scope: Scope::Declaration,
    since: "0.1.0",
};

pub(super) static FAMILY: Family =
    rule::Family { rules: &[&SHARED, &TYPO], check: Check::any_source(check) };

fn check(cx: Context<'_>, found: &mut Vec<Diagnostic>) {
    for variable in cx.unit.variables() {
        let Some((decl, section)) = places::with_section(&variable.decls) else { continue };
        let (shared, meant) = (looks_percpu_but_shared(section), meant_percpu(section));
        let (rule, meant, message) = if shared {
            let message = format!(
                "all CPUs share `{}`: libbpf takes `{section}` for an ordinary data section because of its \
                 prefix",
                variable.name
            );
            (&SHARED, ".percpu".to_owned(), message)
        } else if let Some(meant) = meant {
            let message = format!(
                "libbpf skips the section `{section}`: opening the object fails where a program first uses \
                 `{}` (bad map relocation)",
                variable.name
            );
            (&TYPO, meant, message)
        } else {
            continue;
        };
        let Some(place) = places::section_string(cx.unit, decl) else { continue };
        let fix = || Fix::rename(place.range, &meant, places::c_string(&meant));
        let fix = place.is_literal.then(fix);
        found.push(Diagnostic::new(rule, place.range, message).with_fixes(fix));
    }
}

/// Names that say per-CPU and begin with the prefix of an ordinary section
/// (`bpf_object__elf_collect` tests `.data`, `.rodata` and `.bss` first).
fn looks_percpu_but_shared(section: &str) -> bool {
    matches!(section, ".data.percpu" | ".data..percpu" | ".rodata.percpu" | ".bss.percpu")
}

/// For a name near `.percpu` that libbpf does not accept: what was meant.
fn meant_percpu(section: &str) -> Option<String> {
    if section == ".percpu" || section.starts_with(".percpu.") {
        return None;
    }
    let bare = section.trim_start_matches('.');
    if let Some(rest) = bare.strip_prefix("percpu").or_else(|| bare.strip_prefix("per_cpu")) {
        let rest = rest.trim_start_matches(['.', '_', '-']);
        return Some(if rest.is_empty() { ".percpu".into() } else { format!(".percpu.{rest}") });
    }
    let (head, tail) = bare.split_once('.').unwrap_or((bare, ""));
    if section.starts_with('.')
        && (5..=7).contains(&head.chars().count())
        && osa_distance(head, "percpu") == 1
    {
        return Some(if tail.is_empty() { ".percpu".into() } else { format!(".percpu.{tail}") });
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_misses_of_percpu() {
        for (section, meant) in [
            (".percpu1", Some(".percpu.1")),
            (".percpudata", Some(".percpu.data")),
            (".percpu_x", Some(".percpu.x")),
            (".per_cpu", Some(".percpu")),
            ("percpu", Some(".percpu")),
            (".precpu", Some(".percpu")),
            (".pecpu.stats", Some(".percpu.stats")),
            (".percpu", None),
            (".percpu.x", None),
            (".data.percpu", None),
            (".mysec", None),
            ("license", None),
        ] {
            assert_eq!(meant_percpu(section).as_deref(), meant, "{section}");
        }
    }
}
