//! Helpers and kernel functions.

use std::fmt::Write as _;

use bpf::facts::{
    helpers::{GplOnly, Helper},
    kfuncs,
};

/// Markdown about a helper; `refused` is the program type that may not call it, where the cursor is.
pub(crate) fn helper(helper: &Helper, refused: Option<&str>) -> String {
    let mut doc = String::new();
    if let Some(ty) = refused {
        let _ = write!(doc, "**Not for programs of type `{ty}`.**\n\n");
    }
    let _ = write!(
        doc,
        "```c\n{} {}({});\n```\n\nHelper {}",
        helper.returns, helper.name, helper.arguments, helper.id
    );
    if !helper.since.is_empty() {
        let _ = write!(doc, ", since Linux {}", helper.since);
    }
    doc.push('.');
    if let GplOnly::Yes { except } = &helper.gpl {
        doc.push_str("\n\nNeeds a GPL compatible licence");
        if !except.is_empty() {
            let _ = write!(doc, ", but for {}", except.join(", "));
        }
        doc.push('.');
    }
    if !helper.program_types.is_empty() {
        let _ = write!(doc, "\n\nProgram types: {}", names(&helper.program_types));
    }
    if !helper.map_types.is_empty() {
        let _ = write!(doc, "\n\nMap types: {}", helper.map_types.join(", "));
    }
    doc
}

fn names(types: &[(&str, Option<&str>)]) -> String {
    let one = |(name, since): &(&str, Option<&str>)| match since {
        Some(since) => format!("{name} ({since})"),
        None => (*name).to_owned(),
    };
    types.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// Markdown about a kernel function, by name.
pub(crate) fn kfunc(name: &str) -> String {
    let rows = kfuncs::find(name);
    let sorted = |mut all: Vec<&'static str>| {
        all.sort_unstable();
        all.dedup();
        all.join(", ")
    };
    let mut doc = "Kernel function (kfunc), to be declared `extern ... __ksym`.".to_owned();
    if let Some(since) = rows.iter().map(|row| row.since).find(|since| !since.is_empty()) {
        let _ = write!(doc, "\n\nSince Linux {since}.");
    }
    doc.push_str("\n\nNeeds a GPL compatible licence.");
    let types = sorted(rows.iter().flat_map(|row| row.program_types.iter().copied()).collect());
    if !types.is_empty() {
        let _ = write!(doc, "\n\nProgram types: {types}");
    }
    let flags = sorted(rows.iter().flat_map(|row| row.flags.iter().copied()).collect());
    if !flags.is_empty() {
        let _ = write!(doc, "\n\nFlags: {flags}");
    }
    doc
}

/// Markdown of the comment that ends a text, as libbpf's generated header has them: the name, then
/// tab-indented text in the kernel's dialect of reST. `None` when no comment ends it.
pub(crate) fn comment_before(text: &str, name: &str) -> Option<String> {
    let text = text.trim_end().strip_suffix("*/")?;
    let body = text.get(text.rfind("/*")? + 2..)?;
    let lines: Vec<&str> = body
        .lines()
        .map(|line| {
            let line = line.trim_start_matches(' ');
            let line = line.strip_prefix('*').unwrap_or(line);
            line.strip_prefix(' ').unwrap_or(line).trim_end()
        })
        .collect();
    let depth = |line: &str| line.chars().take_while(|c| *c == '\t').count();
    let mut out = String::new();
    for (index, line) in lines.iter().enumerate() {
        let trimmed = line.trim();
        if trimmed == name {
            continue;
        }
        // What follows deeper explains the line: a list in Markdown.
        let next = lines.get(index + 1).map_or(0, |next| depth(next));
        let level = depth(line);
        let heads = level > 0 && next > level && !trimmed.is_empty();
        let indent = "  ".repeat(level.saturating_sub(1));
        let heading = level == 0 && !trimmed.is_empty();
        match (heading, heads) {
            (true, _) => {
                let _ = writeln!(out, "\n**{trimmed}**\n");
            }
            (false, true) => {
                let _ = writeln!(out, "{indent}- {trimmed}");
            }
            (false, false) => {
                let _ = writeln!(out, "{}", format!("{indent}{trimmed}").trim_end());
            }
        }
    }
    let out = out.trim();
    (!out.is_empty()).then(|| out.to_owned())
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn a_comment_of_the_generated_header() {
        let text = "struct x;\n/*\n * bpf_f\n *\n * \tDoes it to *map*. *flags*:\n * \n * \t**BPF_ANY**\n \
                    * \t\tAlways.\n *\n * Returns\n * \t0 on success.\n */\n";
        let shown = comment_before(text, "bpf_f").unwrap_or_default();
        expect![[r#"
            Does it to *map*. *flags*:

            - **BPF_ANY**
              Always.


            **Returns**

            0 on success."#]]
        .assert_eq(&shown);
        assert_eq!(comment_before("/* a */ int x;", "x"), None);
        assert_eq!(comment_before("*/", "x"), None);
    }
}
