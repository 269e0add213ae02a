//! `percpu-toolchain`: a tool or kernel that is too old for `.percpu` sections.

use cfront::source::FileRange;

use super::super::context::{Check, Context, Family};
use crate::{
    diagnostic::{Diagnostic, Severity},
    object::SectionKind,
    rule::{self, Rule, Scope},
    toolchain::{Toolchain, Version},
};

static TOOLCHAIN: Rule = Rule {
    id: "percpu-toolchain",
    severity: Severity::Warning,
    title: "a tool of this build does not support `.percpu`",
    happens: "An older clang may abort while it writes the section. An older libbpf or bpftool cannot open the \
              object, and an older kernel refuses the programs.",
    why: "Per-CPU globals need clang 18, libbpf 1.8, bpftool 7.8 and Linux 7.3. The versions come from \
          `[toolchain]` in `.bpf-lsp.toml`, and that of libbpf also from the headers that the program \
          includes; nothing is run to find them.",
    fix: "Update the tool, or use an explicit map of type `BPF_MAP_TYPE_PERCPU_ARRAY`.",
    quick_fix: false,
    scope: Scope::Declaration,
    since: "0.1.0",
};

pub(super) static FAMILY: Family =
    rule::Family { rules: &[&TOOLCHAIN], check: Check::object(check) };

/// First versions with `.percpu`.
const CLANG: Version = Version(18, 0);
const LIBBPF: Version = Version(1, 8);
const BPFTOOL: Version = Version(7, 8);
const KERNEL: Version = Version(7, 3);

fn check(cx: Context<'_>, found: &mut Vec<Diagnostic>) {
    let Some((at, section, odd)) = first_percpu(cx) else { return };
    let Toolchain { clang, libbpf, bpftool, kernel, libbpf_headers } = &cx.usage.toolchain;
    let mut report = |message: String| found.push(Diagnostic::new(&TOOLCHAIN, at, message));
    // Variables whose sizes leave no gaps shorter than 8 bytes do not hit it.
    if let Some(version) = clang.filter(|v| *v < CLANG && odd) {
        report(format!(
            "clang {version} may abort on `{section}` (\"unable to write nop sequence\"): use clang {} or \
             later, or variables whose sizes are multiples of 8",
            CLANG.0
        ));
    }
    if let Some(version) = libbpf.filter(|v| *v < LIBBPF) {
        let source = match libbpf_headers {
            Some(path) => format!(" (its headers: {path})"),
            None => String::new(),
        };
        report(format!(
            "libbpf {version}{source} does not support `{section}`: opening the object fails (bad map \
             relocation); use libbpf {LIBBPF} or later"
        ));
    }
    if let Some(version) = bpftool.filter(|v| *v < BPFTOOL) {
        report(format!(
            "bpftool {version} does not support `{section}` and cannot open the object; use bpftool \
             {BPFTOOL} or later"
        ));
    }
    // Who chooses what is loaded may choose by what the kernel can.
    if let Some(version) = kernel.filter(|v| *v < KERNEL && !cx.usage.chooses_programs) {
        report(format!(
            "Linux {version} has no per-CPU data for `{section}`: loading the programs that use it fails; \
             Linux {KERNEL} has it, or use an explicit per-CPU array"
        ));
    }
}

/// The first variable of a per-CPU section, the section, and whether some size is no multiple of 8.
fn first_percpu<'a>(cx: Context<'a>) -> Option<(FileRange, &'a str, bool)> {
    let mut sections = cx.object.sections.iter().filter(|s| s.kind == SectionKind::Percpu);
    let section = sections.next()?;
    let at = section.variables.iter().find_map(|variable| variable.place)?;
    let odd = std::iter::once(section)
        .chain(sections)
        .flat_map(|section| &section.variables)
        .any(|variable| variable.size % 8 != 0);
    Some((at.into(), &section.name, odd))
}
