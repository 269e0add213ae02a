//! Helpers and kernel functions.

use bpf::facts::{
    helpers::{GplOnly, Helper},
    kfuncs,
};

use crate::markdown::{Block, Code, Comment, Markdown, Plain};

/// Markdown about a helper; `refused` is the program type that may not call it, where the cursor is.
pub(crate) fn helper(helper: &Helper, refused: Option<&str>) -> Markdown {
    let mut doc = Markdown::default();
    if let Some(ty) = refused {
        doc.add("**Not for programs of type {}.**\n\n", &[&Code(ty)]);
    }
    let prototype = format!("{} {}({});", helper.returns, helper.name, helper.arguments);
    doc.add("{}\n\nHelper {}", &[&Block(prototype), &helper.id]);
    if !helper.since.is_empty() {
        doc.add(", since Linux {}", &[&Plain(helper.since)]);
    }
    doc.add(".", &[]);
    if let GplOnly::Yes { except } = &helper.gpl {
        doc.add("\n\nNeeds a GPL compatible licence", &[]);
        if !except.is_empty() {
            doc.add(", but for {}", &[&Plain(except.join(", "))]);
        }
        doc.add(".", &[]);
    }
    if !helper.program_types.is_empty() {
        doc.add("\n\nProgram types: {}", &[&Plain(names(&helper.program_types))]);
    }
    if !helper.map_types.is_empty() {
        doc.add("\n\nMap types: {}", &[&Plain(helper.map_types.join(", "))]);
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
pub(crate) fn kfunc(name: &str) -> Markdown {
    let rows = kfuncs::find(name);
    let sorted = |mut all: Vec<&'static str>| {
        all.sort_unstable();
        all.dedup();
        all.join(", ")
    };
    let mut doc = Markdown::of("Kernel function (kfunc), to be declared `extern ... __ksym`.", &[]);
    if let Some(since) = rows.iter().map(|row| row.since).find(|since| !since.is_empty()) {
        doc.add("\n\nSince Linux {}.", &[&Plain(since)]);
    }
    doc.add("\n\nNeeds a GPL compatible licence.", &[]);
    let types = sorted(rows.iter().flat_map(|row| row.program_types.iter().copied()).collect());
    if !types.is_empty() {
        doc.add("\n\nProgram types: {}", &[&Plain(types)]);
    }
    let flags = sorted(rows.iter().flat_map(|row| row.flags.iter().copied()).collect());
    if !flags.is_empty() {
        doc.add("\n\nFlags: {}", &[&Plain(flags)]);
    }
    doc
}

/// Markdown of the comment that ends a text, as libbpf's generated header has them: the name, then
/// tab-indented text in the kernel's dialect of reST. `None` when no comment ends it.
pub(crate) fn comment_before(text: &str, name: &str) -> Option<Markdown> {
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
    let mut out = Markdown::default();
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
                out.add("\n**{}**\n\n", &[&Comment(trimmed)]);
            }
            (false, true) => {
                out.add("{}- {}\n", &[&Comment(&indent), &Comment(trimmed)]);
            }
            (false, false) => {
                out.add("{}\n", &[&Comment(format!("{indent}{trimmed}").trim_end())]);
            }
        }
    }
    let out = out.trimmed();
    (!out.is_empty()).then_some(out)
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn a_comment_of_the_generated_header() {
        let text = "struct x;\n/*\n * bpf_f\n *\n * \tDoes it to *map*. *flags*:\n * \n * \t**BPF_ANY**\n \
                    * \t\tAlways.\n *\n * Returns\n * \t0 on success.\n */\n";
        let shown = comment_before(text, "bpf_f").unwrap_or_default().into_string();
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
