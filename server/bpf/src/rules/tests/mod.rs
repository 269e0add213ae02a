//! The rules on the example, and on half-typed files. The cases of each rule are in `ide`'s
//! `tests/rules`, where loaders and quick fixes take part.

use std::{fmt::Write as _, sync::Arc};

use super::{Input, Usage};
use cfront::{
    fixture, flags::Flags, pp::preprocess, session::Session, source::FileRange, unit::Unit,
};

/// What the rules say about a fixture: `severity rule at "text": message`, with related places and
/// fixes.
fn findings(text: &str, usage: &Usage) -> String {
    let fixture = fixture::parse(text);
    let (path, main) = fixture.main();
    let session = Session::default();
    let pp = preprocess(&session, &fixture.file_system(), path, main, &Flags::default());
    let unit = Unit::build(Arc::new(pp), None, false);
    let object = crate::source::object(&unit, "test");
    let found = super::check(Input { unit: &unit, object: &object, usage: &usage.clone().into() });
    let marked = |range: FileRange| {
        let text = unit.preprocessed().text(range.file).map_or("", |t| t.as_ref());
        text.get(range.start as usize..range.end as usize).unwrap_or("?").to_owned()
    };
    let mut out = String::new();
    for d in found {
        let _ = writeln!(
            out,
            "{} {} at `{}`: {}",
            d.severity.as_str(),
            d.rule,
            marked(d.range),
            d.message
        );
        for (range, text) in d.related {
            let _ = writeln!(out, "    at `{}`: {text}", marked(range));
        }
        for fix in d.fixes {
            let edits: Vec<String> =
                fix.edits.iter().map(|e| format!("`{}` -> `{}`", marked(e.at), e.text)).collect();
            let _ = writeln!(out, "    fix {}: {}", fix.title, edits.join(", "));
        }
    }
    out
}

/// An object made from this file alone that libbpf loads.
fn usual() -> Usage {
    Usage { libbpf_loads: true, stands_alone: true, ..Usage::default() }
}

/// The example file says in comments which rules it breaks where.
#[test]
fn the_example_breaks_the_rules_that_it_says() {
    let text = include_str!("../../../../../tests/examples/percpu/oops.bpf.c");
    let expected: Vec<&str> =
        text.lines().filter_map(|l| Some(l.split_once("// expect: ")?.1)).collect();
    let found = findings(text, &Usage::default());
    let rules: Vec<&str> =
        found.lines().filter(|l| !l.starts_with(' ')).filter_map(|l| l.split(' ').nth(1)).collect();
    assert_eq!(rules, expected, "{found}");
}

/// Half-typed files give answers, whatever they are.
#[test]
fn every_prefix_of_the_example_is_read() {
    let text = include_str!("../../../../../tests/examples/percpu/oops.bpf.c");
    let more = "struct { __uint(type, BPF_MAP_TYPE_HASH); __type(key, int); } m SEC(\".maps\");\n\
                SEC(\"kprobe/x\") int BPF_KPROBE(f, struct s *p) { bpf_printk(\"%d\", p->a); return 0; }\n";
    let text = format!("{text}\n#include <bpf/bpf_tracing.h>\n{more}");
    for end in (0..text.len()).step_by(13).filter(|&end| text.is_char_boundary(end)) {
        findings(&text[..end], &usual());
    }
}
