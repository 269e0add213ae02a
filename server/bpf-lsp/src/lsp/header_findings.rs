//! What programs say about headers, kept by header.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use tower_lsp::lsp_types::Diagnostic;

/// What one program says about headers.
pub(super) type ByHeader = BTreeMap<PathBuf, Vec<Diagnostic>>;

/// What open programs say about headers: by header, then by program.
#[derive(Default)]
pub(super) struct HeaderFindings(BTreeMap<PathBuf, BTreeMap<PathBuf, Vec<Diagnostic>>>);

impl HeaderFindings {
    /// Takes what a program says now in place of what it said before. Returns the headers that are to be
    /// shown anew.
    pub(super) fn replace(&mut self, program: &Path, mut new: ByHeader) -> Vec<PathBuf> {
        let mut changed = Vec::new();
        self.0.retain(|header, programs| {
            let new = new.remove(header).filter(|list| !list.is_empty());
            let before = merge(programs);
            match new {
                Some(list) => programs.insert(program.to_owned(), list),
                None => programs.remove(program),
            };
            if merge(programs) != before {
                changed.push(header.clone());
            }
            !programs.is_empty()
        });
        for (header, list) in new.into_iter().filter(|(_, list)| !list.is_empty()) {
            changed.push(header.clone());
            self.0.insert(header, BTreeMap::from([(program.to_owned(), list)]));
        }
        changed
    }

    /// All that is said about a header, each finding once, in order of place.
    pub(super) fn about(&self, header: &Path) -> Vec<Diagnostic> {
        self.0.get(header).map(merge).unwrap_or_default()
    }
}

fn merge(programs: &BTreeMap<PathBuf, Vec<Diagnostic>>) -> Vec<Diagnostic> {
    let mut merged: Vec<Diagnostic> = Vec::new();
    for diagnostic in programs.values().flatten() {
        if !merged.contains(diagnostic) {
            merged.push(diagnostic.clone());
        }
    }
    merged.sort_by_key(|d| (d.range.start, d.range.end));
    merged
}

#[cfg(test)]
mod tests {
    use tower_lsp::lsp_types::{Position, Range};

    use super::*;

    fn finding(line: u32) -> Diagnostic {
        let at = Position::new(line, 0);
        Diagnostic { range: Range::new(at, at), ..Diagnostic::default() }
    }

    fn said(header: &str, lines: &[u32]) -> ByHeader {
        BTreeMap::from([(header.into(), lines.iter().copied().map(finding).collect())])
    }

    #[test]
    fn findings_of_programs_are_merged_and_go_with_them() {
        let mut findings = HeaderFindings::default();
        let h = Path::new("/h");
        let lines = |findings: &HeaderFindings| {
            findings.about(h).iter().map(|d| d.range.start.line).collect::<Vec<_>>()
        };
        assert_eq!(findings.replace(Path::new("/a"), said("/h", &[2, 1])), [h]);
        // The same from another program is nothing new.
        assert!(findings.replace(Path::new("/b"), said("/h", &[1])).is_empty());
        assert_eq!(findings.replace(Path::new("/b"), said("/h", &[1, 3])), [h]);
        assert_eq!(lines(&findings), [1, 2, 3]);
        assert_eq!(findings.replace(Path::new("/a"), ByHeader::default()), [h]);
        assert_eq!(lines(&findings), [1, 3]);
        assert_eq!(
            findings.replace(Path::new("/b"), said("/other", &[1])),
            [h, Path::new("/other")]
        );
        assert!(lines(&findings).is_empty());
    }
}
