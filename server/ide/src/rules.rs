//! The rules of all sides in one list, and the pages about them.

use std::fmt::Write;

use bpf::{
    diagnostic::Severity,
    rule::{Rule, Scope},
};
use strsim::osa_distance;

use crate::built;

/// Where the pages about rules are, each under the id of its rule: the links of findings lead there. The
/// repository has no public address yet; once it has, this line is the only one to change.
pub const PAGES: &str = "https://bpf-lsp.example/docs/rules/";

/// Where a rule looks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Side {
    /// BPF C.
    Program,
    /// The user-space loader.
    Loader,
    /// A built object beside its source.
    Object,
}

impl Side {
    /// What the rules of the side are about, in the plural.
    pub fn as_str(self) -> &'static str {
        match self {
            Side::Program => "BPF programs",
            Side::Loader => "loaders",
            Side::Object => "built objects",
        }
    }
}

/// All rules: those of programs, of loaders, and of built objects, each in the order of the documentation.
pub fn all() -> impl Iterator<Item = (Side, &'static Rule)> {
    let programs = bpf::rules::all().map(|rule| (Side::Program, rule));
    let loaders = loader::rules::all().map(|rule| (Side::Loader, rule));
    let objects = built::RULES.iter().map(|rule| (Side::Object, *rule));
    programs.chain(loaders).chain(objects)
}

/// The rule with that id.
pub fn find(id: &str) -> Option<(Side, &'static Rule)> {
    all().find(|(_, rule)| rule.id == id)
}

/// The rule whose id is nearly that one.
pub fn nearest(id: &str) -> Option<&'static Rule> {
    let distance = |rule: &Rule| osa_distance(id, rule.id);
    let (_, rule) = all().min_by_key(|(_, rule)| distance(rule))?;
    (distance(rule) <= id.len().max(6) / 3).then_some(rule)
}

/// The address of a rule's page.
pub fn page_url(rule: &Rule) -> String {
    format!("{PAGES}{}.md", rule.id)
}

/// A program that breaks a rule, for its page.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Example {
    /// Its files: names and texts.
    pub files: Vec<(String, String)>,
    /// What is reported: `file:line` and the message.
    pub reported: Vec<(String, String)>,
}

/// The page about a rule, as Markdown with lines of at most 80 columns.
pub fn page(side: Side, rule: &Rule, example: Option<&Example>) -> String {
    let mut out = format!("# {}\n\n", rule.id);
    paragraph(&mut out, &sentence(rule.title));
    let severity = match rule.severity {
        Severity::Error => "An error",
        Severity::Warning => "A warning",
        Severity::Information => "Information",
        Severity::Hint => "A hint",
    };
    let scope = match rule.scope {
        Scope::Declaration => "",
        Scope::Code => " The check follows the code: control flow, aliases, calls.",
    };
    let about = format!("{severity} in {}, since version {}.{scope}", side.as_str(), rule.since);
    paragraph(&mut out, &about);
    section(&mut out, "What happens", rule.happens);
    section(&mut out, "Why", rule.why);
    if let Some(example) = example {
        write_example(&mut out, example);
    }
    let quick =
        if rule.quick_fix { " The editor offers this as a quick fix where it can." } else { "" };
    section(&mut out, "Fix", &format!("{}{quick}", rule.fix));
    let id = rule.id;
    out.push_str("## Silence\n\n");
    let _ = writeln!(out, "- On a line, or on the one above: `// bpf-lsp: allow({id})`");
    let _ = writeln!(out, "- In a project: `{id} = \"off\"` below `[rules]` in `.bpf-lsp.toml`");
    out
}

/// The list of all pages, as Markdown.
pub fn index() -> String {
    let mut out = String::from("# Rules\n\n");
    let about = "What bpf-lsp reports, with a page for each rule: what happens, why, an example, the fix, and \
                 how to silence it. `bpf-lsp explain RULE` prints a page without the example. These pages are generated from \
                 the rules and their first cases: `UPDATE_EXPECT=1 cargo test -p ide --test rule_cases`.";
    paragraph(&mut out, about);
    let mut last = None;
    for (side, rule) in all() {
        if last.replace(side) != Some(side) {
            let title = match side {
                Side::Program => "## In BPF programs",
                Side::Loader => "\n## In loaders",
                Side::Object => "\n## In built objects",
            };
            let _ = writeln!(out, "{title}\n");
            out.push_str("| rule | severity | what is wrong |\n| --- | --- | --- |\n");
        }
        let severity = rule.severity.as_str();
        let _ = writeln!(out, "| [{0}]({0}.md) | {severity} | {1} |", rule.id, rule.title);
    }
    out
}

fn write_example(out: &mut String, example: &Example) {
    out.push_str("## Example\n\n");
    for (name, text) in &example.files {
        let _ = writeln!(out, "`{name}`:\n\n```c\n{}\n```\n", text.trim_end());
    }
    for (place, message) in &example.reported {
        paragraph(out, &format!("Reported at {place}: {message}."));
    }
}

fn section(out: &mut String, title: &str, text: &str) {
    let _ = writeln!(out, "## {title}\n");
    paragraph(out, text);
}

/// The title of a rule as a sentence. Code and names of programs keep their case.
fn sentence(title: &str) -> String {
    if title.starts_with("libbpf") {
        return format!("{title}.");
    }
    let mut chars = title.chars();
    let first = chars.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", chars.as_str())
}

/// Writes a paragraph of lines of at most 80 columns, and an empty line.
fn paragraph(out: &mut String, text: &str) {
    let mut column = 0;
    for word in text.split_whitespace() {
        let length = word.chars().count();
        if column > 0 && column + 1 + length > 80 {
            out.push('\n');
            column = 0;
        } else if column > 0 {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += length;
    }
    out.push_str("\n\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_unique_and_kebab_case() {
        let mut ids: Vec<_> = all().map(|(_, rule)| rule.id).collect();
        let count = ids.len();
        assert!(ids.iter().all(|id| id.chars().all(|c| c.is_ascii_lowercase() || c == '-')));
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), count);
    }

    #[test]
    fn texts_are_sentences_and_titles_are_not() {
        for (_, rule) in all() {
            let id = rule.id;
            assert!(!rule.title.ends_with('.') && rule.title.len() < 80, "{id}");
            assert!(!rule.title.starts_with(char::is_uppercase), "{id}");
            for text in [rule.happens, rule.why, rule.fix] {
                assert!(text.ends_with('.') && !text.contains("  "), "{id}: {text}");
                assert!(
                    text.starts_with(|c: char| c.is_uppercase() || "`bl".contains(c)),
                    "{id}: {text}"
                );
            }
        }
    }

    #[test]
    fn near_ids() {
        assert_eq!(nearest("percpu-stale-reads").map(|rule| rule.id), Some("percpu-stale-read"));
        assert_eq!(nearest("nothing-like-it-at-all"), None);
    }
}
