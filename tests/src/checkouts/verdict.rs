//! How right an answer about a file is.

use super::{
    Tree,
    answer::Answer,
    members::kind_of_difference,
    truth::{Program, Status},
};
use crate::first_difference;

/// How right an answer is, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// The skeleton is bpftool's; or both say that the object is refused.
    Equal,
    /// It is bpftool's but for the name, which the build gives otherwise.
    OtherName,
    /// It differs, and the answer says that it may.
    Told,
    /// libbpf opens the object, of which the answer says that it would not.
    RefusedFalsely,
    /// libbpf does not open the object, and the answer does not say so.
    RefusalMissed,
    /// It differs, and the answer claims to be whole.
    Silent,
    /// The file is not taken for a BPF program.
    Unrecognised,
    /// The server gave no answer: it ended, or took too long.
    NoAnswer,
    /// A file that is no BPF program is taken for one.
    Plain,
    /// A file that only others include is taken for a program of its own.
    FragmentAlone,
}

impl Verdict {
    /// All of them.
    pub const ALL: [Verdict; 10] = [
        Verdict::Equal,
        Verdict::OtherName,
        Verdict::Told,
        Verdict::RefusedFalsely,
        Verdict::RefusalMissed,
        Verdict::Silent,
        Verdict::Unrecognised,
        Verdict::NoAnswer,
        Verdict::Plain,
        Verdict::FragmentAlone,
    ];

    /// The word that rows have.
    pub fn word(self) -> &'static str {
        match self {
            Verdict::Equal => "equal",
            Verdict::OtherName => "other-name",
            Verdict::Told => "told",
            Verdict::RefusedFalsely => "refused-falsely",
            Verdict::RefusalMissed => "refusal-missed",
            Verdict::Silent => "silent",
            Verdict::Unrecognised => "unrecognised",
            Verdict::NoAnswer => "no-answer",
            Verdict::Plain => "plain-taken",
            Verdict::FragmentAlone => "fragment-taken",
        }
    }
}

/// A verdict, the kind of fault for counting, and what exactly differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// How right it is.
    pub verdict: Verdict,
    /// In words that do not depend on the program; empty where nothing is wrong.
    pub kind: String,
    /// Of this program.
    pub detail: String,
}

/// Judges an answer about a program that compiles.
pub fn judge(program: &Program, answer: Option<&Answer>, tree: &Tree) -> Judgement {
    let judgement = |verdict, kind: &str, detail: String| Judgement {
        verdict,
        kind: kind.to_owned(),
        detail: detail.replace(['\t', '\n'], " "),
    };
    let Some(answer) = answer else {
        return judgement(Verdict::NoAnswer, "no answer", String::new());
    };
    if answer.role != "bpf" {
        let kind = format!("not recognised, taken for {}", answer.role);
        return judgement(Verdict::Unrecognised, &kind, answer.missing.join(" "));
    }
    let refusal = answer.refusals.first();
    if program.status == Status::Refused {
        return match refusal {
            Some(_) => judgement(Verdict::Equal, "", String::new()),
            None => judgement(Verdict::RefusalMissed, "refusal not seen", String::new()),
        };
    }
    if program.status == Status::Part {
        return match refusal {
            None => judgement(Verdict::Equal, "", String::new()),
            Some(refusal) => {
                let kind = "a part of a linked object is refused";
                judgement(Verdict::RefusedFalsely, kind, refusal.clone())
            }
        };
    }
    let Some((truth, name)) = program.skeleton() else {
        return judgement(Verdict::NoAnswer, "the truth has no skeleton", String::new());
    };
    if let Some(refusal) = refusal {
        let kind = format!("refused falsely: {}{}", without_names(refusal), because(answer, tree));
        return judgement(Verdict::RefusedFalsely, &kind, refusal.clone());
    }
    let Some(difference) = first_difference(&truth, &answer.named) else {
        // Where nothing tells the name, any is right.
        return match &program.name {
            Some(_) if answer.name != name => {
                let detail = format!("expected {name}, got {}", answer.name);
                judgement(Verdict::OtherName, "name of the skeleton", detail)
            }
            _ => judgement(Verdict::Equal, "", String::new()),
        };
    };
    let what = kind_of_difference(&truth, &answer.named);
    match doubt(answer, tree) {
        Some((cause, header)) => {
            judgement(Verdict::Told, cause, format!("{header}; {what}; {difference}"))
        }
        None => judgement(Verdict::Silent, &format!("in silence: {what}"), difference),
    }
}

/// What an answer tells of its own doubts: the cause, and the header or section.
fn doubt(answer: &Answer, tree: &Tree) -> Option<(&'static str, String)> {
    let is_made = |header: &str| header.contains("vmlinux");
    if let Some(header) = answer.missing.iter().find(|header| tree.has(header)) {
        return Some(("header of the checkout not found", header.clone()));
    }
    if let Some(header) = answer.missing.first() {
        return Some(("header not found, not in the checkout", header.clone()));
    }
    let own = answer.stand_ins.iter().find(|header| tree.has(header));
    if let Some(header) = own {
        let cause = match is_made(header) {
            true => "built-in vmlinux.h, though the checkout has one",
            false => "built-in header, though the checkout has one",
        };
        return Some((cause, header.clone()));
    }
    if let Some(header) = answer.stand_ins.first() {
        let cause = match is_made(header) {
            true => "built-in vmlinux.h, none in the checkout",
            false => "built-in header, none in the checkout",
        };
        return Some((cause, header.clone()));
    }
    if !answer.complete {
        return Some(("marked incomplete, all headers found", String::new()));
    }
    answer.likely.first().map(|section| ("offsets that the optimiser decides", section.clone()))
}

fn because(answer: &Answer, tree: &Tree) -> &'static str {
    match doubt(answer, tree) {
        Some((cause, _)) if cause.contains("header") && cause.contains("not found") => {
            " (a header is missing)"
        }
        Some((cause, _)) if cause.contains("built-in") => " (a built-in header)",
        Some(_) => " (incomplete)",
        None => "",
    }
}

/// A message without the name that follows what it is the name of, and without what stands in backquotes.
fn without_names(message: &str) -> String {
    const BEFORE_NAMES: [&str; 6] =
        ["map", "extern", "function", "struct_ops", "program", "section"];
    let mut out: Vec<&str> = Vec::new();
    for word in message.split(' ') {
        let is_name = word.starts_with('`')
            || word != "function"
                && word != "is"
                && out.last().is_some_and(|last| BEFORE_NAMES.contains(last));
        out.push(if is_name { "…" } else { word });
    }
    out.join(" ")
}

#[cfg(test)]
mod tests;
