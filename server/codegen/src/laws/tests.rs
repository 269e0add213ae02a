//! Each law has a file of its name in `laws/`: a few lines of C, and behind them, as comments, what is left
//! of them and where. `?` and a law stand behind what hangs on it, `-` before what is left out and may be
//! there. `UPDATE_EXPECT=1` rewrites the comments. Clang comes to the same, but for what has a doubt.

use std::{collections::BTreeSet, fmt::Write, fs, path::PathBuf, sync::Arc};

use cfront::{fixture, flags::Flags, pp::preprocess, session::Session, unit::Unit};

use super::LAWS;
use crate::{
    certainty::Certainty,
    emission_order::emission_order,
    facts::recorded,
    placement::{self, Layout},
    survival,
};

const PRELUDE: &str = "#define SEC(n) __attribute__((section(n), used))\n\
    #define noinline __attribute__((noinline))\n\
    #define inlined inline __attribute__((always_inline))\n\
    extern int sink(const void *, ...) SEC(\".ksyms\");\n";

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("laws")
}

fn told(certainty: Certainty) -> String {
    certainty.law().map_or(String::new(), |law| format!("?{}", law.id))
}

/// What is left of a program, and where.
fn left(text: &str) -> String {
    let fixture = fixture::parse(&format!("{PRELUDE}{text}"));
    let (path, main) = fixture.main();
    let session = Session::default();
    let pp = preprocess(&session, &fixture.file_system(), path, main, &Flags::default());
    let unit = Unit::build(Arc::new(pp), None, false);
    let (layout, _) = recorded(&unit, (), |facts, ()| {
        let created = emission_order(facts);
        let liveness = survival::liveness(facts, &created, false);
        placement::lay_out(facts, &created, &liveness)
    });
    let Layout { sections, omitted } = layout;
    let mut out = String::new();
    for section in sections {
        let existence = section.variables.iter().map(|one| one.existence).min();
        let existence = told(existence.unwrap_or(Certainty::Certain));
        let _ = write!(out, "// {}{existence} {}:", section.name, section.size);
        for one in &section.variables {
            let doubt = told(one.certainty);
            let _ = write!(out, " {}@{}+{}{doubt}", one.name, one.offset, one.size);
        }
        out.push('\n');
    }
    for one in omitted {
        let _ = writeln!(out, "// -{} {}@{}?{}", one.section, one.name, one.offset, one.law.id);
    }
    out
}

#[test]
fn each_law_has_a_case_of_its_name() {
    let wanted: BTreeSet<String> = LAWS.iter().map(|law| format!("{}.c", law.id)).collect();
    let files = fs::read_dir(folder()).unwrap();
    let found = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    assert_eq!(found.collect::<BTreeSet<String>>(), wanted);
    assert_eq!(wanted.len(), LAWS.len(), "a name stands twice");
    let mut wrong = Vec::new();
    for law in LAWS {
        let path = folder().join(format!("{}.c", law.id));
        let text = fs::read_to_string(&path).unwrap();
        let code: String =
            text.split_inclusive('\n').filter(|line| !line.starts_with("// ")).collect();
        let expected: String =
            text.split_inclusive('\n').filter(|line| line.starts_with("// ")).collect();
        let found = left(&code);
        assert!(!found.is_empty(), "{}: nothing is left", law.id);
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            fs::write(&path, format!("{code}{found}")).unwrap();
        } else if found != expected {
            wrong.push(format!("{}\nexpected:\n{expected}found:\n{found}", law.id));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A law that no decision names is none of the model's.
#[test]
fn each_law_is_named_by_a_decision() {
    fn read(folder: PathBuf, all: &mut String) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true if !path.ends_with("laws") => read(path, all),
                true => {}
                false => all.push_str(&fs::read_to_string(path).unwrap()),
            }
        }
    }
    let mut all = String::new();
    read(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src"), &mut all);
    let name = |id: &str| format!("laws::{}", id.to_uppercase().replace('-', "_"));
    let unnamed: Vec<&str> =
        LAWS.iter().map(|law| law.id).filter(|id| !all.contains(&name(id))).collect();
    assert_eq!(unnamed, [""; 0]);
}
