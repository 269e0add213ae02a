//! Where two models of one program differ: the one from source and the one from its built object.
//!
//! A difference means a stale object, or other flags, or a fault of the source model. Statics are not
//! compared one by one (the optimiser decides on them); what they move shows in the offsets.

use crate::object::{
    Certainty, Map, MapDef, MapKind, Object, Place, Program, Section, SectionKind, Variable,
};
use btf::{Detail, Linkage, TypeId, type_name};
use rustc_hash::FxHashMap;
use smol_str::SmolStr;
use std::fmt::Display;

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// What it is about.
    pub subject: Subject,
    /// One sentence without a full stop, e.g. `variable hits of section .bss: offset 8 in the source,
    /// offset 0 in the object`.
    pub message: String,
    /// Where the source declares it, when it does.
    pub place: Option<Place>,
    /// Whether the source side follows from rules that do not depend on the optimiser.
    pub certainty: Certainty,
    /// What kind of difference it is.
    pub kind: Kind,
}

/// Kinds of differences.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The object has nothing of it.
    OnlyInSource,
    /// The source has nothing of it.
    OnlyInObject,
    /// A variable lies elsewhere in its section.
    Offset,
    /// Type, size, section or definition are others.
    Shape,
}

/// What a built object was made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MadeOf {
    /// The source that it is compared with, alone.
    Source,
    /// More sources, linked (`bpftool gen object`): what this one does not have may be the others',
    /// and sections they share are laid out together.
    More,
}

/// What a difference is about.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Subject {
    /// A variable, by section and name.
    Variable(SmolStr, SmolStr),
    /// A section.
    Section(SmolStr),
    /// A map.
    Map(SmolStr),
    /// A program.
    Program(SmolStr),
}

/// The first difference, `None` when the two agree in everything that a skeleton shows.
pub fn first_difference(source: &Object, built: &Object) -> Option<Difference> {
    differences(source, built).into_iter().next()
}

/// The differences that can be relied upon: nothing that is left to the optimiser, and of an object that
/// was linked from several sources only what this one defines. None when the source is not complete.
pub fn sure_differences(source: &Object, built: &Object, made_of: MadeOf) -> Vec<Difference> {
    if !source.complete {
        return Vec::new();
    }
    let mut found = differences(source, built);
    found.retain(|difference| difference.certainty == Certainty::Certain);
    if made_of == MadeOf::More {
        found.retain(|difference| match (difference.kind, &difference.subject) {
            (Kind::OnlyInObject, _) => false,
            (Kind::Offset, Subject::Variable(section, _)) => same_variables(source, built, section),
            _ => true,
        });
    }
    found
}

/// Whether a section has the same variables on both sides, statics included.
fn same_variables(source: &Object, built: &Object, section: &str) -> bool {
    let names = |object: &Object| {
        let variables = object.section(section).map(|s| s.variables.as_slice()).unwrap_or_default();
        let mut names: Vec<SmolStr> = variables.iter().map(|v| v.name.clone()).collect();
        names.sort_unstable();
        names
    };
    names(source) == names(built)
}

/// All differences: programs, then maps, then data sections in the order of the built object.
pub fn differences(source: &Object, built: &Object) -> Vec<Difference> {
    let mut found = Found::default();
    programs(source, built, &mut found);
    maps(source, built, &mut found);
    for section in data_sections(built) {
        match source.section(&section.name) {
            Some(of_source) => variables(source, of_source, built, section, &mut found),
            None => {
                let what = Subject::Section(section.name.clone());
                found.only_in_object(what, format_args!("section {}", section.name));
            }
        }
    }
    for section in data_sections(source).filter(|s| built.section(&s.name).is_none()) {
        let what = Subject::Section(section.name.clone());
        let place = section.variables.iter().find_map(|v| v.place);
        found.only_in_source(what, place, format_args!("section {}", section.name));
        found.likely_if(section.certainty);
    }
    found.list
}

#[derive(Default)]
struct Found {
    list: Vec<Difference>,
}

impl Found {
    fn add(&mut self, kind: Kind, subject: Subject, place: Option<Place>, message: String) {
        self.list.push(Difference { subject, message, place, certainty: Certainty::Certain, kind });
    }

    fn only_in_object(&mut self, subject: Subject, what: impl Display) {
        self.add(Kind::OnlyInObject, subject, None, format!("{what} is only in the object"));
    }

    fn only_in_source(&mut self, subject: Subject, place: Option<Place>, what: impl Display) {
        self.add(Kind::OnlyInSource, subject, place, format!("{what} is only in the source"));
    }

    fn unequal(
        &mut self,
        subject: Subject,
        place: Option<Place>,
        what: impl Display,
        source: impl Display,
        built: impl Display,
    ) {
        let message = format!("{what}: {source} in the source, {built} in the object");
        self.add(Kind::Shape, subject, place, message);
    }

    fn last_is(&mut self, kind: Kind) {
        if let Some(last) = self.list.last_mut() {
            last.kind = kind;
        }
    }

    fn likely_if(&mut self, certainty: Certainty) {
        if let Some(last) = self.list.last_mut() {
            last.certainty = last.certainty.max(certainty);
        }
    }
}

/// Sections whose variables a skeleton shows. Sections of nothing but constants of the compiler
/// count only where one side gives them variables.
fn data_sections(object: &Object) -> impl Iterator<Item = &Section> {
    object.sections.iter().filter(|s| {
        let shown = s.kind.is_internal_map() || s.kind == SectionKind::Arena;
        shown && s.variables.iter().any(|v| v.linkage != Linkage::Static)
    })
}

fn programs(source: &Object, built: &Object, found: &mut Found) {
    let by_name = |object| -> FxHashMap<&str, &Program> {
        let programs: &[Program] = object;
        programs.iter().rev().map(|program| (program.name.as_str(), program)).collect()
    };
    let (in_source, in_built) = (by_name(&source.programs), by_name(&built.programs));
    for program in &built.programs {
        let subject = || Subject::Program(program.name.clone());
        match in_source.get(program.name.as_str()) {
            None => found.only_in_object(subject(), format_args!("program {}", program.name)),
            Some(ours) if ours.section != program.section => found.unequal(
                subject(),
                ours.place,
                format_args!("section of program {}", program.name),
                &ours.section,
                &program.section,
            ),
            Some(_) => {}
        }
    }
    for ours in &source.programs {
        if !in_built.contains_key(ours.name.as_str()) {
            let subject = Subject::Program(ours.name.clone());
            found.only_in_source(subject, ours.place, format_args!("program {}", ours.name));
        }
    }
}

fn maps(source: &Object, built: &Object, found: &mut Found) {
    let user = |m: &&Map| !matches!(m.kind, MapKind::Internal(_));
    let by_name = |object| -> FxHashMap<(&str, MapKind), &Map> {
        let maps: &[Map] = object;
        maps.iter().rev().map(|map| ((map.name.as_str(), map.kind), map)).collect()
    };
    let (in_source, in_built) = (by_name(&source.maps), by_name(&built.maps));
    for map in built.maps.iter().filter(user) {
        let subject = || Subject::Map(map.name.clone());
        let Some(ours) = in_source.get(&(map.name.as_str(), map.kind)) else {
            found.only_in_object(subject(), format_args!("map {}", map.name));
            continue;
        };
        for (what, a, b) in numbers(&ours.def, &map.def) {
            // What the source does not know is no difference.
            if let (Some(a), Some(b)) = (a, b)
                && a != b
            {
                let what = format_args!("{what} of map {}", map.name);
                found.unequal(subject(), ours.place, what, a, b);
            }
        }
    }
    for ours in source.maps.iter().filter(user) {
        if !in_built.contains_key(&(ours.name.as_str(), ours.kind)) {
            let subject = Subject::Map(ours.name.clone());
            found.only_in_source(subject, ours.place, format_args!("map {}", ours.name));
        }
    }
}

fn numbers(a: &MapDef, b: &MapDef) -> [(&'static str, Option<u64>, Option<u64>); 7] {
    let both = |what, get: fn(&MapDef) -> Option<u32>| {
        (what, get(a).map(u64::from), get(b).map(u64::from))
    };
    [
        both("type", |d| d.map_type),
        both("key size", |d| d.key_size),
        both("value size", |d| d.value_size),
        both("max_entries", |d| d.max_entries),
        both("flags", |d| d.map_flags),
        both("pinning", |d| d.pinning),
        ("map_extra", a.map_extra, b.map_extra),
    ]
}

fn variables(source: &Object, ours: &Section, built: &Object, theirs: &Section, found: &mut Found) {
    let shown = |v: &&Variable| v.linkage != Linkage::Static;
    let mut by_name: FxHashMap<&str, &Variable> =
        ours.variables.iter().filter(shown).map(|v| (v.name.as_str(), v)).collect();
    let certainty = ours.offset_certainties();
    for variable in theirs.variables.iter().filter(shown) {
        let name = &variable.name;
        let subject = || Subject::Variable(theirs.name.clone(), name.clone());
        let what = format!("variable {name} of section {}", theirs.name);
        let Some(own) = by_name.remove(name.as_str()) else {
            found.only_in_object(subject(), &what);
            continue;
        };
        let (a, b) = (type_name(&source.btf, own.ty), type_name(&built.btf, variable.ty));
        if a != b {
            found.unequal(
                subject(),
                own.place,
                &what,
                format_args!("type {a}"),
                format_args!("type {b}"),
            );
        } else if own.size != variable.size {
            let (a, b) = (own.size, variable.size);
            found.unequal(
                subject(),
                own.place,
                &what,
                format_args!("{a} bytes"),
                format_args!("{b} bytes"),
            );
        } else if own.offset != variable.offset {
            let (a, b) = (own.offset, variable.offset);
            found.unequal(
                subject(),
                own.place,
                &what,
                format_args!("offset {a}"),
                format_args!("offset {b}"),
            );
            found.last_is(Kind::Offset);
            found.likely_if(certainty(own));
        } else if let Some(inside) = inside((source, own.ty), (built, variable.ty)) {
            found.add(Kind::Shape, subject(), own.place, format!("{what}: {inside}"));
        }
    }
    for own in ours.variables.iter().filter(|v| by_name.contains_key(v.name.as_str())) {
        let subject = Subject::Variable(ours.name.clone(), own.name.clone());
        let what = format_args!("variable {} of section {}", own.name, ours.name);
        found.only_in_source(subject, own.place, what);
        found.likely_if(own.certainty);
    }
}

/// The first difference in the layout of the structs that two types are.
fn inside(source: (&Object, TypeId), built: (&Object, TypeId)) -> Option<String> {
    let left = (&*source.0.btf, source.0.btf.resolve(source.1)?);
    let right = (&*built.0.btf, built.0.btf.resolve(built.1)?);
    btf::first_difference(left, right, Detail::Layout)
        .map(|difference| difference.describe("the source", "the object"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_objects::percpu_example;
    use expect_test::{Expect, expect};

    fn check(change: impl FnOnce(&mut Object), expected: Expect) {
        let source = percpu_example();
        let mut built = percpu_example();
        change(&mut built);
        let messages: Vec<_> =
            differences(&source, &built).into_iter().map(|d| d.message).collect();
        expected.assert_eq(&messages.join("\n"));
    }

    #[test]
    fn equal_models_do_not_differ() {
        assert_eq!(first_difference(&percpu_example(), &percpu_example()), None);
    }

    #[test]
    fn moved_renamed_and_resized_variables() {
        check(
            |o| o.sections[0].variables[1].offset = 5,
            expect![
                "variable run of section .percpu: offset 4 in the source, offset 5 in the object"
            ],
        );
        check(
            |o| o.sections[0].variables[1].name = "ran".into(),
            expect![[r#"
            variable ran of section .percpu is only in the object
            variable run of section .percpu is only in the source"#]],
        );
        check(
            |o| o.sections[0].variables[3].size = 32,
            expect![
                "variable nums of section .percpu: 28 bytes in the source, 32 bytes in the object"
            ],
        );
        check(
            |o| o.sections[0].variables[1].ty = o.sections[0].variables[0].ty,
            expect![
                "variable run of section .percpu: type char in the source, type int in the object"
            ],
        );
    }

    #[test]
    fn a_variable_made_static_and_a_lost_section() {
        check(
            |o| o.sections[0].variables[0].linkage = Linkage::Static,
            expect!["variable data of section .percpu is only in the source"],
        );
        check(|o| o.sections.clear(), expect!["section .percpu is only in the source"]);
    }

    #[test]
    fn only_what_is_sure_counts() {
        let sure = |source: &Object, made_of| {
            let mut built = percpu_example();
            built.sections[0].variables[3].offset += 1;
            built.programs[0].name = "other".into();
            let found = sure_differences(source, &built, made_of);
            found.iter().map(|d| d.kind).collect::<Vec<_>>()
        };
        let mut source = percpu_example();
        let all = [Kind::OnlyInObject, Kind::OnlyInSource, Kind::Offset];
        assert_eq!(sure(&source, MadeOf::Source), all);
        assert_eq!(sure(&source, MadeOf::More), all[1..]);
        // Another variable before it moves the rest, whoever defined it.
        source.sections[0].variables.remove(0);
        assert_eq!(sure(&source, MadeOf::More), all[1..2]);
        source = percpu_example();
        source.sections[0].variables[2].certainty = Certainty::Likely(&codegen::laws::SRA);
        assert_eq!(sure(&source, MadeOf::Source), all[..2]);
        source.sections[0].variables[2].certainty = Certainty::Certain;
        source.complete = false;
        assert_eq!(sure(&source, MadeOf::Source), []);
    }

    #[test]
    fn a_struct_of_another_shape() {
        let change = |o: &mut Object| {
            let ty = o.sections[0].variables[2].ty;
            if let btf::Type::Struct(c) =
                &mut std::sync::Arc::make_mut(&mut o.btf).types[ty.0 as usize]
            {
                c.members[0].offset_bits = 8;
            }
        };
        check(
            change,
            expect![
                "variable struct_data of section .percpu: offset of struct {...}.set: 0 bytes in the source, 1 bytes in the object"
            ],
        );
    }

    #[test]
    fn programs_and_their_sections() {
        check(
            |o| o.programs[0].section = "raw_tp/other".into(),
            expect![
                "section of program update: raw_tp/task_rename in the source, raw_tp/other in the object"
            ],
        );
        check(|o| o.programs.clear(), expect!["program update is only in the source"]);
    }
}
