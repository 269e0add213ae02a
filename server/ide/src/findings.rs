//! Findings: the rules' diagnostics, less what the user silenced.

use std::path::Path;

use bpf::diagnostic::Diagnostic;

use crate::{
    answer::{Finding, Fix, Place},
    host::{Analysis, Cancellable},
    suppress::Suppressions,
};

impl Analysis {
    /// The findings in a file, by place; none when diagnostics are switched off.
    pub fn findings(&self, path: &Path) -> Cancellable<Vec<Finding>> {
        let found = self.findings_with_headers(path)?.into_iter();
        Ok(found.filter(|(p, _)| p.path.as_ref() == path).map(|(_, finding)| finding).collect())
    }

    /// The findings about a file, with the files they are in: its own and its headers.
    pub fn findings_with_headers(&self, path: &Path) -> Cancellable<Vec<(Place, Finding)>> {
        let Some(file) = self.file(path)? else { return Ok(Vec::new()) };
        let objects = self.object_findings(path, &file);
        let own = file.diagnostics(self);
        let diagnostics = own.iter().map(|diagnostic| (diagnostic, None));
        let all = diagnostics.chain(objects.iter().map(|(d, place)| (d, place.as_ref())));
        let mut found = self.with_suppressions(all);
        let project = self.environment.project_file(path);
        found.retain_mut(|(_, finding)| match project.rules.get(finding.rule.0) {
            Some(Some(severity)) => {
                finding.severity = *severity;
                true
            }
            Some(None) => false,
            None => true,
        });
        Ok(found)
    }

    /// Findings that nobody silenced. Those about a built object come with its place.
    fn with_suppressions<'a>(
        &self,
        diagnostics: impl Iterator<Item = (&'a Diagnostic, Option<&'a Place>)>,
    ) -> Vec<(Place, Finding)> {
        let mut known: Vec<(cfront::source::FileId, Suppressions)> = Vec::new();
        let mut found = Vec::new();
        for (diagnostic, object) in diagnostics {
            let id = diagnostic.rule.0;
            if !self.options.diagnostics || self.options.disabled_rules.iter().any(|d| d == id) {
                continue;
            }
            let place = self.place(diagnostic.range);
            if !known.iter().any(|(file, _)| *file == diagnostic.range.file) {
                let text = self.document(&place.path).map(|d| d.text.clone()).unwrap_or_default();
                known.push((diagnostic.range.file, Suppressions::read(&text)));
            }
            let silenced = known.iter().any(|(file, suppressions)| {
                *file == diagnostic.range.file && suppressions.allow(id, diagnostic.range.start)
            });
            if !silenced {
                let mut finding = self.finding(diagnostic);
                let object = object.map(|object| (object.clone(), "the built object".to_owned()));
                finding.related.extend(object);
                found.push((place, finding));
            }
        }
        found
    }

    fn finding(&self, diagnostic: &Diagnostic) -> Finding {
        let fixes = diagnostic.fixes.iter().map(|fix| Fix {
            title: fix.title.clone(),
            edits: fix.edits.iter().map(|(r, text)| (self.place(*r), text.clone())).collect(),
        });
        Finding {
            rule: diagnostic.rule,
            severity: diagnostic.severity,
            range: diagnostic.range.start..diagnostic.range.end,
            message: diagnostic.message.clone(),
            related: diagnostic
                .related
                .iter()
                .map(|(range, text)| (self.place(*range), text.clone()))
                .collect(),
            fixes: fixes.collect(),
        }
    }
}
