//! Rows of a run, as a file that another run can be compared with.

use std::{collections::BTreeMap, fmt::Write, path::Path};

use super::{answer::Answer, verdict::Verdict};

/// A file, asked about bare or with the truth's flags.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Folder name of the checkout.
    pub project: String,
    /// Path in the checkout.
    pub source: String,
    /// `bare` or `flags`
    pub how: &'static str,
    /// How right the answer is.
    pub verdict: Verdict,
    /// The kind of fault; empty where there is none.
    pub kind: String,
    /// What exactly differs.
    pub detail: String,
    /// The answer, where there is one.
    pub answer: Answer,
}

/// The head of the file.
const HEAD: &str =
    "project\tsource\thow\tverdict\tkind\tdetail\tflags\tskeleton-us\tall-us\tmemory-kib\tfindings";

/// Prints rows, one a line, tab-separated.
pub fn print(rows: &[Row]) -> String {
    let mut out = format!("{HEAD}\n");
    for row in rows {
        let Row { project, source, how, kind, detail, answer, .. } = row;
        let _ = writeln!(
            out,
            "{project}\t{source}\t{how}\t{}\t{kind}\t{detail}\t{}\t{}\t{}\t{}\t{}",
            row.verdict.word(),
            answer.flags,
            answer.skeleton_us,
            answer.all_us,
            answer.memory_kib,
            answer.findings.len(),
        );
    }
    out
}

/// Prints the findings of rows, one a line: what is said of code that compiles and that libbpf opens.
pub fn findings(rows: &[Row], root: impl Fn(&str) -> std::path::PathBuf) -> String {
    let mut out = String::from("project\tsource\thow\tseverity\trule\tplace\tmessage\n");
    for row in rows {
        let root = root(&row.project);
        for finding in &row.answer.findings {
            let file = finding.file.strip_prefix(&root).unwrap_or(&finding.file);
            let _ = writeln!(
                out,
                "{}\t{}\t{}\t{}\t{}\t{}:{}\t{}",
                row.project,
                row.source,
                row.how,
                finding.severity,
                finding.rule,
                file.display(),
                finding.line,
                finding.message,
            );
        }
    }
    out
}

/// Which files of a run have another verdict in a later one, by the change; and the sums of time and
/// memory of the files that both have.
pub fn compare(old: &Path, new: &Path) -> Result<String, String> {
    let read = |path: &Path| {
        let text = std::fs::read_to_string(path);
        text.map(|text| parse(&text)).map_err(|e| format!("{}: {e}", path.display()))
    };
    Ok(changes(&read(old)?, &read(new)?))
}

/// What is compared of a row: the verdict, then three numbers.
type Compared = (String, [u64; 3]);

fn parse(text: &str) -> BTreeMap<String, Compared> {
    let row = |line: &str| {
        let columns: Vec<&str> = line.split('\t').collect();
        let number = |at: usize| columns.get(at)?.parse().ok();
        let key = format!("{} {} {}", columns.get(2)?, columns.first()?, columns.get(1)?);
        let numbers = [number(7)?, number(8)?, number(9)?];
        Some((key, ((*columns.get(3)?).to_owned(), numbers)))
    };
    text.lines().skip(1).filter_map(row).collect()
}

fn changes(old: &BTreeMap<String, Compared>, new: &BTreeMap<String, Compared>) -> String {
    let mut changed: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    let mut sums = [[0; 3]; 2];
    for (key, (was, numbers)) in old {
        let Some((is, now)) = new.get(key) else {
            changed.entry(format!("{was} -> (not there)")).or_default().push(key);
            continue;
        };
        for at in 0..3 {
            sums[0][at] += numbers[at];
            sums[1][at] += now[at];
        }
        if was != is {
            changed.entry(format!("{was} -> {is}")).or_default().push(key);
        }
    }
    for key in new.keys().filter(|key| !old.contains_key(*key)) {
        changed.entry(format!("(not there) -> {}", new[key].0)).or_default().push(key);
    }
    let mut out = String::new();
    for (change, keys) in &changed {
        let _ = writeln!(out, "{change}: {}", keys.len());
        for key in keys {
            let _ = writeln!(out, "    {key}");
        }
    }
    let ratio = |at: usize| sums[1][at] as f64 / sums[0][at].max(1) as f64;
    let _ = writeln!(
        out,
        "processor time to the skeleton x {:.2}, with findings x {:.2}, memory x {:.2}",
        ratio(0),
        ratio(1),
        ratio(2)
    );
    out
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    fn row(source: &str, verdict: Verdict, skeleton_us: u64) -> Row {
        let answer = Answer { skeleton_us, all_us: 100, memory_kib: 10, ..Answer::default() };
        let (kind, detail) = (String::new(), String::new());
        Row {
            project: "p".into(),
            source: source.into(),
            how: "bare",
            verdict,
            kind,
            detail,
            answer,
        }
    }

    #[test]
    fn a_run_is_compared_with_the_one_before() {
        let old = [row("a.c", Verdict::Told, 50), row("b.c", Verdict::Equal, 50)];
        let new = [row("a.c", Verdict::Equal, 150), row("c.c", Verdict::Silent, 50)];
        expect![[r#"
            (not there) -> silent: 1
                bare p c.c
            equal -> (not there): 1
                bare p b.c
            told -> equal: 1
                bare p a.c
            processor time to the skeleton x 3.00, with findings x 1.00, memory x 1.00
        "#]]
        .assert_eq(&changes(&parse(&print(&old)), &parse(&print(&new))));
    }
}
