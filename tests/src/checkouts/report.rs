//! Figures of a run: by project, and the kinds of faults by number of files.

use std::{collections::BTreeMap, fmt::Write};

use super::{rows::Row, verdict::Verdict};

/// So many examples of a kind are named.
const EXAMPLES: usize = 3;

/// The files of a project, or of all, asked about in one way.
#[derive(Debug, Default)]
struct Figures {
    by_verdict: BTreeMap<Verdict, usize>,
    findings: usize,
    times: Vec<u64>,
    memories: Vec<u64>,
}

impl Figures {
    fn of<'r>(rows: impl Iterator<Item = &'r Row>) -> Figures {
        let mut figures = Figures::default();
        for row in rows {
            *figures.by_verdict.entry(row.verdict).or_default() += 1;
            figures.findings += row.answer.findings.len();
            if row.answer.memory_kib > 0 {
                figures.times.push(row.answer.all_us);
                figures.memories.push(row.answer.memory_kib);
            }
        }
        figures.times.sort_unstable();
        figures.memories.sort_unstable();
        figures
    }

    fn count(&self, verdict: Verdict) -> usize {
        self.by_verdict.get(&verdict).copied().unwrap_or(0)
    }

    /// Programs, without the files that are none.
    fn programs(&self) -> usize {
        let taken = self.count(Verdict::Plain) + self.count(Verdict::FragmentAlone);
        self.by_verdict.values().sum::<usize>() - taken
    }

    fn line(&self, out: &mut String, project: &str, how: &str) {
        let programs = self.programs();
        let unseen = self.count(Verdict::Unrecognised);
        let percent = |part: usize| 100.0 * part as f64 / programs.max(1) as f64;
        let middle = |values: &[u64]| values.get(values.len() / 2).copied().unwrap_or(0);
        let _ = writeln!(
            out,
            "| {project} | {how} | {programs} | {} | {} | {:.1} | {} | {} | {} | {} | {} | {} | {} | {} | {:.0} | {:.0} |",
            programs - unseen,
            self.count(Verdict::Equal),
            percent(self.count(Verdict::Equal)),
            self.count(Verdict::OtherName),
            self.count(Verdict::Told),
            self.count(Verdict::Silent),
            self.count(Verdict::RefusedFalsely),
            self.count(Verdict::RefusalMissed),
            self.count(Verdict::NoAnswer),
            self.findings,
            self.count(Verdict::Plain) + self.count(Verdict::FragmentAlone),
            middle(&self.times) as f64 / 1000.0,
            middle(&self.memories) as f64 / 1024.0,
        );
    }
}

/// Figures by project and of all, as a table.
pub fn table(rows: &[Row]) -> String {
    let mut out = String::from(
        "| project | asked | programs | recognised | equal | % | other name | told | silent | falsely refused \
         | refusal missed | no answer | findings | others taken | ms | MiB |\n\
         | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n",
    );
    let mut projects: Vec<&str> = rows.iter().map(|row| row.project.as_str()).collect();
    projects.sort_unstable();
    projects.dedup();
    for project in projects {
        for how in ["bare", "flags"] {
            let own = rows.iter().filter(|row| row.project == project && row.how == how);
            Figures::of(own).line(&mut out, project, how);
        }
    }
    for how in ["bare", "flags"] {
        Figures::of(rows.iter().filter(|row| row.how == how)).line(&mut out, "**all**", how);
    }
    out
}

/// The kinds of faults of one way of asking, the most frequent first, each with a few examples from
/// different projects where there are some.
pub fn kinds(rows: &[Row], how: &str) -> String {
    let mut by_kind: BTreeMap<&str, Vec<&Row>> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.how == how && !row.kind.is_empty()) {
        by_kind.entry(row.kind.as_str()).or_default().push(row);
    }
    let mut kinds: Vec<_> = by_kind.into_iter().collect();
    kinds.sort_by_key(|(kind, rows)| (std::cmp::Reverse(rows.len()), *kind));
    let mut out = String::new();
    for (kind, rows) in kinds {
        let mut projects: Vec<&str> = rows.iter().map(|row| row.project.as_str()).collect();
        projects.dedup();
        let _ = writeln!(out, "- **{kind}**: {} files in {} projects", rows.len(), projects.len());
        let mut examples: Vec<&Row> = Vec::new();
        for fresh in [true, false] {
            for &row in &rows {
                let seen = examples.iter().any(|known| known.project == row.project);
                let known = examples.iter().any(|known| std::ptr::eq(*known, row));
                if examples.len() < EXAMPLES && !known && !(fresh && seen) {
                    examples.push(row);
                }
            }
        }
        for row in examples {
            let detail: String = row.detail.chars().take(200).collect();
            let _ = writeln!(out, "  - {}: {}: {detail}", row.project, row.source);
        }
    }
    out
}

/// Findings on code that compiles and that libbpf opens, by rule: how many, in how many programs.
pub fn rules(rows: &[Row], how: &str) -> String {
    let mut by_rule: BTreeMap<(&str, &str), (usize, Vec<&Row>)> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.how == how) {
        for finding in &row.answer.findings {
            let key = (finding.rule.as_str(), finding.severity.as_str());
            let entry = by_rule.entry(key).or_default();
            entry.0 += 1;
            if !entry.1.iter().any(|known| std::ptr::eq(*known, row)) {
                entry.1.push(row);
            }
        }
    }
    let mut rules: Vec<_> = by_rule.into_iter().collect();
    rules.sort_by_key(|(rule, (count, _))| (std::cmp::Reverse(*count), *rule));
    let mut out = String::new();
    for ((rule, severity), (count, rows)) in rules {
        let _ = writeln!(out, "- {rule} ({severity}): {count} in {} programs", rows.len());
        for row in rows.iter().take(EXAMPLES) {
            let own = |finding: &&super::answer::Finding| finding.rule == rule;
            if let Some(finding) = row.answer.findings.iter().find(own) {
                let Row { project, source, .. } = row;
                let _ =
                    writeln!(out, "  - {project}: {source}:{}: {}", finding.line, finding.message);
            }
        }
    }
    out
}

/// Whether what must never be is not there: silence about a difference, a false refusal, an answer that
/// does not come, a file of another kind taken for a program.
pub fn passes(rows: &[Row]) -> bool {
    let never = [
        Verdict::Silent,
        Verdict::RefusedFalsely,
        Verdict::NoAnswer,
        Verdict::Plain,
        Verdict::FragmentAlone,
    ];
    !rows.iter().any(|row| never.contains(&row.verdict))
}
