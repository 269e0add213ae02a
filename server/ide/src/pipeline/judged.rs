//! The findings of a file's rules, and when they are found anew.

use std::sync::Arc;

use bpf::{diagnostic::Diagnostic, object::SectionKind, rules};
use cfront::source::FileId;

use super::{FileAnalysis, Role, lock};
use crate::{environment::FlagsFrom, host::Analysis, project_file::libbpf_version};

/// Findings, and the usage of the object that they were made with, if they rest on it.
pub(super) struct Judged {
    usage: Option<Arc<rules::Usage>>,
    found: Arc<[Diagnostic]>,
}

impl FileAnalysis {
    /// All findings of the rules that belong to the file's role, those in its headers too. They are
    /// found anew when what other files do with the object has changed.
    pub(crate) fn diagnostics(&self, analysis: &Analysis) -> Arc<[Diagnostic]> {
        let find = || self.usage(analysis);
        let mut known = lock(&self.judged);
        let holds = |before: &&Judged| before.usage.as_ref().is_none_or(|usage| *usage == find());
        if let Some(before) = known.as_ref().filter(holds) {
            return before.found.clone();
        }
        let usage = rules::UsageWhenAsked::new(find);
        let found: Arc<[Diagnostic]> = match (self.source(), self.role) {
            (Some(source), Role::Bpf) => rules::check(rules::Input {
                unit: &self.unit,
                object: &source.object,
                usage: &usage,
            }),
            (_, Role::Loader) => loader::check(loader::Input {
                unit: &self.unit,
                skeletons: &self.skeletons,
                text: &self.text,
                exact_flags: !matches!(self.flags.from, FlagsFrom::Guessed(_)),
            }),
            _ => Vec::new(),
        }
        .into();
        let usage = usage.asked().cloned();
        *known = Some(Judged { usage, found: found.clone() });
        found
    }

    /// The findings that do not rest on what other files do with the object, where others do; `None`
    /// when [`FileAnalysis::diagnostics`] need not look at other files.
    pub(crate) fn diagnostics_alone(&self) -> Option<Vec<Diagnostic>> {
        let mut known = lock(&self.judged);
        if known.is_some() || self.role != Role::Bpf {
            return None;
        }
        let alone = rules::check_alone(&self.unit, &self.source()?.object);
        if !alone.whole {
            return Some(alone.found);
        }
        *known = Some(Judged { usage: None, found: alone.found.into() });
        None
    }

    /// Whether the findings were made with what user space did before, when `other` was one of its files or
    /// of their headers.
    pub(super) fn judged_by_old_usage(&self, analysis: &Analysis, other: FileId) -> bool {
        let before = lock(&self.judged).as_ref().and_then(|judged| judged.usage.clone());
        before.is_some_and(|before| {
            analysis.usage_rests_on(&self.path, other) && self.usage(analysis) != before
        })
    }

    /// What other files do with the object now.
    fn usage(&self, analysis: &Analysis) -> Arc<rules::Usage> {
        self.with_libbpf(analysis, analysis.usage(&self.path, &self.object_name))
    }

    /// The usage with libbpf's version from the headers that the program is compiled with, where the
    /// build says so, and rules ask for it.
    fn with_libbpf(&self, analysis: &Analysis, usage: Arc<rules::Usage>) -> Arc<rules::Usage> {
        let asked = self.source().is_some_and(|source| {
            source.object.sections.iter().any(|section| section.kind == SectionKind::Percpu)
        });
        if !asked
            || usage.toolchain.libbpf.is_some()
            || matches!(self.flags.from, FlagsFrom::Guessed(_))
        {
            return usage;
        }
        let helpers = self.preprocessed.includes.iter().find(|include| {
            !include.stand_in && include.path.rsplit('/').next() == Some("bpf_helpers.h")
        });
        let version = helpers.and_then(|include| {
            let helpers = analysis.pipelines.session.path(include.resolved?);
            let header = helpers.with_file_name("libbpf_version.h");
            let text = analysis.environment.read(&header)?;
            Some((libbpf_version(&text)?, header))
        });
        let Some((version, header)) = version else { return usage };
        let mut usage = rules::Usage::clone(&usage);
        usage.toolchain.libbpf = Some(version);
        usage.toolchain.libbpf_headers = Some(header.display().to_string());
        Arc::new(usage)
    }
}
