//! Sections of programs: `unknown-section`.

use cfront::sema::{Function, Linkage};

use super::super::context::{Check, Context, Family};
use crate::{
    diagnostic::{Diagnostic, Fix, Severity},
    facts::sections,
    places,
    rule::{self, Rule, Scope},
};

static UNKNOWN: Rule = Rule {
    id: "unknown-section",
    severity: Severity::Error,
    title: "libbpf does not know this program section",
    happens: "Loading the object fails (-EINVAL).",
    why: "libbpf takes the program type from the section name. A name that none of its definitions matches \
          leaves the type unspecified, unless the loader registers a handler for it or sets the type itself. \
          Other loaders have names of their own; where libbpf is not known to load the object, this is only \
          information about a likely typo.",
    fix: "Correct the spelling. The known names are in libbpf's list of program types and ELF sections.",
    quick_fix: true,
    scope: Scope::Declaration,
    since: "0.1.0",
};

pub(super) static FAMILY: Family =
    rule::Family { rules: &[&UNKNOWN], check: Check::any_source(check) };

fn check(cx: Context<'_>, found: &mut Vec<Diagnostic>) {
    for function in cx.unit.functions() {
        found.extend(unknown(cx, function));
    }
}

fn unknown(cx: Context<'_>, function: &Function) -> Option<Diagnostic> {
    let (decl, section) = places::with_section(&function.decls)?;
    // A static function in a section of its own is no program (libbpf refuses the object for another
    // reason), and `.text` holds the subprograms.
    if function.definition.is_none()
        || function.linkage == Linkage::Internal
        || section == ".text"
        || section.starts_with(".text.")
        || sections::find(section).is_some()
        || cx.usage.sets_program_types
    {
        return None;
    }
    // A program that is not loaded needs no type.
    let sure = cx.usage.libbpf_loads && !cx.usage.chooses_programs && !section.starts_with('?');
    // A known name with a number behind it (`socket1`) is a name that somebody chose.
    let numbered = sections::find(section.trim_end_matches(|c: char| c.is_ascii_digit())).is_some();
    let near = sections::near(section);
    if !sure && (numbered || near.is_empty()) {
        return None;
    }
    let place = places::section_string(cx.unit, decl)?;
    let mut message = format!(
        "libbpf does not know the program section `{section}`, so it cannot tell the type of `{}`",
        function.name
    );
    if sure {
        message.push_str(": loading the object fails (-EINVAL)");
    }
    if let Some(first) = near.first() {
        message.push_str(&format!("; did you mean `{first}`?"));
    }
    let severity = if sure { Severity::Error } else { Severity::Information };
    let fixes = near
        .iter()
        .filter(|_| place.is_literal)
        .map(|name| Fix::rename(place.range, name, places::c_string(name)));
    let finding = Diagnostic::new(&UNKNOWN, place.range, message);
    Some(finding.with_severity(severity).with_fixes(fixes))
}
