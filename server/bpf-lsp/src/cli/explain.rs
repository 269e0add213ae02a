//! `bpf-lsp explain`: what a rule means.

use std::{fmt::Write, process::ExitCode};

use bpf::rules::{Side, registry};

/// Prints a rule's explanation, or all ids.
pub(super) fn run(rule: Option<&str>) -> Result<ExitCode, String> {
    let mut out = String::new();
    let Some(id) = rule else {
        for rule in registry::all() {
            let _ =
                writeln!(out, "{:<26} {:<11} {}", rule.id.0, rule.severity.as_str(), rule.title);
        }
        super::terminal::print(&out)?;
        return Ok(ExitCode::SUCCESS);
    };
    let Some(rule) = registry::find(id) else {
        let near = nearest(id).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
        return Err(format!("no rule `{id}`{near} (`bpf-lsp explain` lists all)"));
    };
    let side = match rule.side {
        Side::Bpf => "BPF program",
        Side::Loader => "loader",
    };
    let _ = writeln!(out, "{} ({}, {side})\n", rule.id, rule.severity.as_str());
    let _ = writeln!(out, "{}\n", sentence(rule.title));
    wrap(rule.explanation, 80, &mut out);
    if !rule.implemented {
        out.push_str("\nThis version does not check the rule yet.\n");
    }
    let _ = writeln!(out, "\nTo silence it on a line: // bpf-lsp: allow({})", rule.id);
    let _ = writeln!(out, "In a project: {} = \"off\" below [rules] in .bpf-lsp.toml", rule.id);
    super::terminal::print(&out)?;
    Ok(ExitCode::SUCCESS)
}

fn nearest(id: &str) -> Option<&'static str> {
    let distance = |rule: &registry::Rule| bpf::facts::sections::edit_distance(id, rule.id.0);
    let rule = registry::all().min_by_key(|rule| distance(rule))?;
    (distance(rule) <= id.len().max(6) / 3).then_some(rule.id.0)
}

fn sentence(title: &str) -> String {
    let mut chars = title.chars();
    let first = chars.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", chars.as_str())
}

fn wrap(text: &str, width: usize, out: &mut String) {
    let mut column = 0;
    for word in text.split_whitespace() {
        let length = word.chars().count();
        if column > 0 && column + 1 + length > width {
            out.push('\n');
            column = 0;
        } else if column > 0 {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += length;
    }
    out.push('\n');
}
