//! `bpf-lsp explain`: what a rule means.

use std::{fmt::Write, process::ExitCode};

use ide::rules;

use super::terminal;

/// Prints the page about a rule, or the list of all rules.
pub(super) fn run(rule: Option<&str>) -> Result<ExitCode, String> {
    let text = match rule {
        Some(id) => page(id)?,
        None => list(),
    };
    terminal::print(&text)?;
    Ok(ExitCode::SUCCESS)
}

fn page(id: &str) -> Result<String, String> {
    let Some((side, rule)) = rules::find(id) else {
        let near = rules::nearest(id).map(|near| format!("; did you mean `{near}`?"));
        let near = near.unwrap_or_default();
        return Err(format!("no rule `{id}`{near} (`bpf-lsp explain` lists all)"));
    };
    Ok(rules::page(side, rule, None))
}

fn list() -> String {
    let mut out = String::new();
    for (_, rule) in rules::all() {
        let _ = writeln!(out, "{rule:<26} {:<11} {}", rule.severity.as_str(), rule.title);
    }
    out
}
