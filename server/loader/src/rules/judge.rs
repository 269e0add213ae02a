//! What the rules ask about the point of the program that an event stands at.

use bpf::{diagnostic::Diagnostic, object::Map, rule::Rule};
use cfront::{source::FileRange, symbol::Symbol};

use super::{input::Input, verdicts::Verdicts};
use crate::{
    flow::{
        image::section_by_field,
        observe::At,
        state::{Object, Phase, Site, State},
    },
    references::references,
    skeletons::{HeaderKind, Skeleton},
};

/// A point of the program, on one way to it.
#[derive(Clone, Copy)]
pub(super) struct Judge<'a> {
    pub(super) input: Input<'a>,
    pub(super) state: &'a State,
    pub(super) calls: &'a [At],
    pub(super) facts: &'a Facts,
}

/// What the rules ask of the file as a whole.
pub(super) struct Facts {
    /// Whether each skeleton is a signed one.
    pub(super) signed: Vec<bool>,
    /// Whether the loader chooses at run time which programs are loaded or attached.
    pub(super) changes_what_is_loaded: bool,
    /// Whether it changes the value size of some map.
    pub(super) resizes: bool,
}

impl Facts {
    pub(super) fn of(input: Input<'_>) -> Facts {
        let mentions = |names: &[&str]| {
            let items = input.unit.main_items().iter();
            items
                .flat_map(|item| input.unit.tokens(*item))
                .any(|token| names.contains(&token.sym.as_str()))
        };
        let mut signed: Vec<bool> = input.skeletons.iter().map(|s| s.signed).collect();
        // Only signed light skeletons have this member: bpftool's `do_skeleton` writes it under
        // `sign_progs` (gen.c; the header's load passes it on as `opts.keyring_id`).
        if mentions(&["keyring_id"]) {
            for reference in references(input.unit, input.skeletons) {
                let light = input
                    .skeletons
                    .get(reference.skeleton)
                    .is_some_and(|s| s.kind == HeaderKind::Light);
                if light && reference.holder.is_empty() && reference.name == "keyring_id" {
                    signed.iter_mut().skip(reference.skeleton).take(1).for_each(|s| *s = true);
                }
            }
        }
        Facts {
            signed,
            changes_what_is_loaded: mentions(&[
                "bpf_program__set_autoload",
                "bpf_program__set_autoattach",
            ]),
            resizes: mentions(&["bpf_map__set_value_size"]),
        }
    }
}

impl<'a> Judge<'a> {
    pub(super) fn object(&self, site: Site) -> Option<&'a Object> {
        self.state.objects.get(&site)
    }

    pub(super) fn skeleton(&self, site: Site) -> Option<&'a Skeleton> {
        self.input.skeletons.get(self.object(site)?.skeleton)
    }

    pub(super) fn kind(&self, site: Site) -> Option<HeaderKind> {
        Some(self.skeleton(site)?.kind)
    }

    pub(super) fn phase(&self, site: Site) -> Phase {
        self.state.phase(site)
    }

    /// No branch was taken since the object came to its phase that could not be decided.
    pub(super) fn sure(&self, site: Site) -> bool {
        self.object(site).is_some_and(|object| object.sure)
    }

    /// The object model behind an object.
    pub(super) fn model(&self, site: Site) -> Option<&'a bpf::object::Object> {
        self.skeleton(site)?.object.as_deref()
    }

    /// The map of a member of `maps`.
    pub(super) fn map(&self, site: Site, name: Symbol) -> Option<&'a Map> {
        let maps = &self.model(site)?.maps;
        maps.iter().find(|map| map.ident().is_some_and(|ident| ident == name.as_str()))
    }

    pub(super) fn range(&self, at: At) -> Option<FileRange> {
        at.range(self.input.unit)
    }

    /// A call by its number.
    pub(super) fn call(&self, number: u32) -> Option<At> {
        self.calls.get(number as usize).copied()
    }

    /// A finding at an expression.
    pub(super) fn at(&self, rule: &'static Rule, at: At, text: String) -> Option<Diagnostic> {
        Some(Diagnostic::new(rule, self.range(at)?, text))
    }

    /// A finding at an expression, with the call that brought the object to its phase.
    pub(super) fn since(
        &self,
        rule: &'static Rule,
        at: At,
        site: Site,
        text: String,
        what: &str,
    ) -> Option<Diagnostic> {
        let finding = self.at(rule, at, text)?;
        let call = self.object(site).and_then(|object| object.since);
        Some(self.with_call(finding, call, what))
    }

    /// The finding with a call as a related place.
    pub(super) fn with_call(
        &self,
        finding: Diagnostic,
        call: Option<u32>,
        what: &str,
    ) -> Diagnostic {
        match call.and_then(|call| self.call(call)).and_then(|at| self.range(at)) {
            Some(range) => finding.with_related(range, what),
            None => finding,
        }
    }

    /// The finding with the declaration of a section's variable in BPF C as a related place.
    pub(super) fn with_variable(
        &self,
        finding: Diagnostic,
        site: Site,
        section: Symbol,
        member: Symbol,
    ) -> Diagnostic {
        let variable = self
            .model(site)
            .and_then(|object| section_by_field(object, section.as_str()))
            .and_then(|section| section.variables.iter().find(|v| v.name == member.as_str()));
        let place = variable.and_then(|v| v.place).map(FileRange::from);
        finding.with_declaration(place, member.as_str())
    }

    /// The finding with the declaration of a map in BPF C as a related place.
    pub(super) fn with_map(&self, finding: Diagnostic, site: Site, map: Symbol) -> Diagnostic {
        let place = self.map(site, map).and_then(|map| map.place);
        finding.with_declaration(place.map(FileRange::from), map.as_str())
    }

    /// The finding with the definition of a program in BPF C as a related place.
    pub(super) fn with_program(&self, finding: Diagnostic, site: Site, name: Symbol) -> Diagnostic {
        let programs = self.model(site).map(|object| &object.programs);
        let program = programs.and_then(|all| all.iter().find(|p| p.name == name.as_str()));
        let place = program.and_then(|p| p.place).map(FileRange::from);
        finding.with_declaration(place, name.as_str())
    }

    /// The call that brought the object to its phase.
    pub(super) fn since_call(&self, site: Site) -> Option<At> {
        self.object(site).and_then(|object| object.since).and_then(|call| self.call(call))
    }

    /// Judges a call that comes too late.
    pub(super) fn after_load(
        &self,
        rule: &'static Rule,
        late: bool,
        site: Site,
        at: At,
        verdicts: &mut Verdicts,
        finding: impl FnOnce() -> Option<Diagnostic>,
    ) {
        if late {
            verdicts.guilty(rule, at, self.sure(site), finding);
        } else if self.phase(site) == Phase::Failed {
            verdicts.failed(rule, at);
        } else {
            verdicts.innocent(rule, at);
        }
    }
}

/// A variable of a section, or the whole section, as messages name it.
pub(super) fn spelled(section: Symbol, member: Symbol) -> String {
    if member == Symbol::EMPTY { section.to_string() } else { format!("{section}->{member}") }
}

/// Whether a member of the skeleton's struct is a per-CPU section: `.percpu`, `.percpu.NAME`.
pub(super) fn is_percpu(field: &str) -> bool {
    field == "percpu" || field.starts_with("percpu_")
}

/// Whether a member of the skeleton's struct is read-only data: `.rodata`, `.rodata.NAME`.
pub(super) fn is_rodata(field: &str) -> bool {
    field == "rodata" || field.starts_with("rodata_")
}
