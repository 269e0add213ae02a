//! Findings: the rules' diagnostics, less what the user silenced.

use std::path::Path;

use bpf::diagnostic::{Diagnostic, Edit, Fix};

use crate::{
    answer::{Finding, Place},
    host::{Analysis, Cancellable},
    pipeline::FileAnalysis,
    suppress::Suppressions,
};

/// Fewer user-space files are looked into at once: an answer in parts delays
/// the whole.
const MANY_LOADERS: usize = 64;

impl Analysis {
    /// The findings in a file, by place; none when diagnostics are switched off.
    ///
    /// # Errors
    ///
    /// When nobody wants the answer any more.
    pub fn findings(&self, path: &Path) -> Cancellable<Vec<Finding>> {
        let found = self.findings_with_headers(path)?.into_iter();
        Ok(found.filter(|(p, _)| p.path.as_ref() == path).map(|(_, finding)| finding).collect())
    }

    /// The findings about a file, with the files they are in: its own and its headers.
    ///
    /// # Errors
    ///
    /// When nobody wants the answer any more.
    pub fn findings_with_headers(&self, path: &Path) -> Cancellable<Vec<(Place, Finding)>> {
        let Some(file) = self.file(path)? else { return Ok(Vec::new()) };
        let own = file.diagnostics(self);
        Ok(self.reported(path, &file, &own))
    }

    /// Those of the findings about a program that do not rest on what user-space files do with its
    /// object, where others do and many such files stand near it: they are found sooner. `None` where
    /// all are found as soon.
    ///
    /// # Errors
    ///
    /// When nobody wants the answer any more.
    pub fn first_findings(&self, path: &Path) -> Cancellable<Option<Vec<(Place, Finding)>>> {
        let Some(file) = self.file(path)? else { return Ok(None) };
        if self.environment.loaders(path).len() < MANY_LOADERS {
            return Ok(None);
        }
        Ok(file.diagnostics_alone().map(|own| self.reported(path, &file, &own)))
    }

    /// What is reported of the rules' diagnostics and of the built object.
    fn reported(
        &self,
        path: &Path,
        file: &FileAnalysis,
        own: &[Diagnostic],
    ) -> Vec<(Place, Finding)> {
        let objects = self.object_findings(path, file);
        let diagnostics = own.iter().map(|diagnostic| (diagnostic, None));
        let all = diagnostics.chain(objects.iter().map(|(d, place)| (d, place.as_ref())));
        let mut found = self.with_suppressions(file, all);
        let project = self.environment.project_file(path);
        found.retain_mut(|(_, finding)| match project.rules.get(finding.rule.id) {
            Some(Some(severity)) => {
                finding.severity = *severity;
                true
            }
            Some(None) => false,
            None => true,
        });
        found
    }

    /// Findings that nobody silenced. Those about a built object come with its place.
    fn with_suppressions<'a>(
        &self,
        file: &FileAnalysis,
        diagnostics: impl Iterator<Item = (&'a Diagnostic, Option<&'a Place>)>,
    ) -> Vec<(Place, Finding)> {
        let mut known: Vec<(cfront::source::FileId, Suppressions)> = Vec::new();
        let mut found = Vec::new();
        for (diagnostic, object) in diagnostics {
            let id = diagnostic.rule.id;
            if !self.options.diagnostics || self.options.disabled_rules.iter().any(|d| d == id) {
                continue;
            }
            let place = self.place(diagnostic.range);
            if !known.iter().any(|(file, _)| *file == diagnostic.range.file) {
                // The text that was judged; that of now may be another one.
                let text = match diagnostic.range.file == file.main {
                    true => Some(&file.text),
                    false => file.preprocessed.text(diagnostic.range.file),
                };
                let read = || Some(self.document(&place.path)?.text.clone());
                let text = text.cloned().or_else(read).unwrap_or_default();
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
            edits: (fix.edits.iter())
                .map(|edit| Edit::replace(self.place(edit.at), edit.text.as_str()))
                .collect(),
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

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::MANY_LOADERS;
    use crate::{answer::Finding, test_world::world};

    /// The rules of the first findings, where some wait, and those of all findings.
    fn check(text: &str, expect: Expect) {
        let world = world(text);
        let rules = |found: Vec<Finding>| {
            found.iter().map(|finding| finding.rule.id).collect::<Vec<_>>().join(" ")
        };
        let first = || world.analysis.first_findings(&world.path).expect("nobody cancels");
        let early = first().map(|found| rules(found.into_iter().map(|(_, f)| f).collect()));
        let all = rules(world.analysis.findings(&world.path).expect("nobody cancels"));
        assert!(first().is_none(), "all are known now");
        expect.assert_eq(&format!("{early:?}, then {all}"));
    }

    const MAPS: &str = "//- /a.bpf.c
$0#define MAP __attribute__((section(\".maps\")))
struct { int (*type)[2]; int *key; int *value; } a_name_too_long_1 MAP, a_name_too_long_2 MAP;
//- /load.c
#include \"a.skel.h\"
int f(void) { return !a__open_and_load(); }
";

    fn many_files() -> String {
        (0..MANY_LOADERS).map(|i| format!("//- /more{i}.c\nint x;\n")).collect()
    }

    #[test]
    fn what_loaders_have_no_say_in_is_found_first() {
        check(
            &format!("{MAPS}{}", many_files()),
            expect![[
                r#"Some("kernel-name-clash"), then map-max-entries kernel-name-clash map-max-entries"#
            ]],
        );
    }

    #[test]
    fn all_is_found_at_once_where_few_loaders_are_or_no_rule_asks() {
        check(MAPS, expect!["None, then map-max-entries kernel-name-clash map-max-entries"]);
        check(&format!("//- /a.bpf.c\n$0int x;\n{}", many_files()), expect!["None, then "]);
    }
}
