//! Texts that are only compared: whether one is left hangs on what it is compared with.

use super::source;
use crate::object::Certainty;

/// Whether the section of texts is there, and that it is not told as a fact.
#[track_caller]
fn doubted(text: &str) {
    let source = source(text);
    let section = source.object.section(".rodata.str1.1").expect(text);
    assert_ne!(section.existence, Certainty::Certain, "{text}");
}

#[test]
fn a_text_that_is_compared_with_a_parameter() {
    for compare in [
        "__builtin_strcmp(f, \"name.h\")",
        "__builtin_strncmp(f, \"name.h\", 7)",
        "__builtin_memcmp(f, \"name.h\", 7)",
    ] {
        doubted(&format!(
            "static inlined int id(const char *f) {{ return !{compare}; }}
             SEC(\"x\") int p(void *c) {{ return id(\"name.h\"); }}"
        ));
    }
}

#[test]
fn a_text_that_is_kept_as_itself_is_sure() {
    let source = source("SEC(\"x\") int p(void *c) { return sink(\"kept\"); }");
    let section = source.object.section(".rodata.str1.1").expect("the text");
    assert_eq!(section.existence, Certainty::Certain);
}
