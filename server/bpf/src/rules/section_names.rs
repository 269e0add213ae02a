//! Rules about section names: of data (`percpu-shared-section`, `percpu-section-typo`) and of
//! programs (`unknown-section`, `legacy-maps-section`).

use cfront::sema::{Decl, Function, Variable};

use super::{Input, RuleId, legacy_maps, places};
use crate::{
    diagnostic::{Diagnostic, Severity},
    facts::sections,
};

const SHARED: RuleId = RuleId("percpu-shared-section");
const TYPO: RuleId = RuleId("percpu-section-typo");
const UNKNOWN: RuleId = RuleId("unknown-section");
const LEGACY_MAPS: RuleId = RuleId("legacy-maps-section");

pub(super) fn check(input: Input<'_>, found: &mut Vec<Diagnostic>) {
    for variable in input.unit.variables() {
        check_variable(input, variable, found);
    }
    for function in input.unit.functions() {
        check_function(input, function, found);
    }
}

/// The declaration that carries the section string: the first one with the attribute.
fn with_section(decls: &[Decl]) -> Option<(&Decl, &'static str)> {
    decls.iter().find_map(|decl| Some((decl, decl.attrs.section?.as_str())))
}

fn check_variable(input: Input<'_>, variable: &Variable, found: &mut Vec<Diagnostic>) {
    let Some((decl, section)) = with_section(&variable.decls) else { return };
    let (shared, meant) = (looks_percpu_but_shared(section), meant_percpu(section));
    if !shared && meant.is_none() && section != "maps" {
        return;
    }
    let Some(place) = places::section_string(input.unit, decl) else { return };
    let name = variable.name;
    if shared {
        let mut finding = Diagnostic::new(
            SHARED,
            place.range,
            format!(
                "`{name}` is shared by all CPUs: libbpf takes `{section}` for an ordinary data \
                 section by its prefix, without a message"
            ),
        );
        if place.is_literal {
            finding = finding.with_fix("Use `.percpu`", vec![(place.range, "\".percpu\"".into())]);
        }
        found.push(finding);
    } else if let Some(meant) = meant {
        let mut finding = Diagnostic::new(
            TYPO,
            place.range,
            format!(
                "libbpf knows no section `{section}`: it is skipped, and opening the object fails at \
                 the first use of `{name}` in a program (bad map relocation)"
            ),
        );
        if place.is_literal {
            finding = finding
                .with_fix(format!("Use `{meant}`"), vec![(place.range, places::c_string(&meant))]);
        }
        found.push(finding);
    } else if section == "maps" {
        let message = "`SEC(\"maps\")` is the map definition of old: libbpf 1.0 and later refuse the \
                       object (-ENOTSUP, legacy map definitions)";
        let severity =
            if input.usage.libbpf_loads { Severity::Error } else { Severity::Information };
        let mut finding =
            Diagnostic::new(LEGACY_MAPS, place.range, message).with_severity(severity);
        if let Some(edit) = legacy_maps::rewrite(input.unit, variable, decl) {
            finding = finding.with_fix("Define the map in `.maps`", vec![edit]);
        }
        found.push(finding);
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
        && sections::edit_distance(head, "percpu") == 1
    {
        return Some(if tail.is_empty() { ".percpu".into() } else { format!(".percpu.{tail}") });
    }
    None
}

fn check_function(input: Input<'_>, function: &Function, found: &mut Vec<Diagnostic>) {
    let Some((decl, section)) = with_section(&function.decls) else { return };
    // A static function in a section of its own is no program (libbpf refuses the object for another
    // reason), and `.text` holds the subprograms.
    if function.definition.is_none()
        || function.linkage == cfront::sema::Linkage::Internal
        || section == ".text"
        || section.starts_with(".text.")
        || sections::find(section).is_some()
    {
        return;
    }
    if input.usage.sets_program_types {
        return;
    }
    // A program that is not loaded needs no type.
    let sure =
        input.usage.libbpf_loads && !input.usage.chooses_programs && !section.starts_with('?');
    // A known name with a number behind it (`socket1`) is a name that somebody chose.
    let numbered = sections::find(section.trim_end_matches(|c: char| c.is_ascii_digit())).is_some();
    if numbered && !sure {
        return;
    }
    let near = sections::near(section);
    if near.is_empty() && !sure {
        return;
    }
    let Some(place) = places::section_string(input.unit, decl) else { return };
    let mut message = format!(
        "libbpf knows no program section `{section}`: it cannot tell the program type of `{}`",
        function.name
    );
    if sure {
        message.push_str(", and loading the object fails (-EINVAL)");
    }
    if let Some(first) = near.first() {
        message.push_str(&format!("; did you mean `{first}`?"));
    }
    let mut finding = Diagnostic::new(UNKNOWN, place.range, message).with_severity(if sure {
        Severity::Error
    } else {
        Severity::Information
    });
    if place.is_literal {
        for name in near {
            finding = finding
                .with_fix(format!("Use `{name}`"), vec![(place.range, places::c_string(&name))]);
        }
    }
    found.push(finding);
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
