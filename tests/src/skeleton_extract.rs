//! Cuts a header that bpftool wrote down to its declaration part, as `bpf::skeleton` defines it, so
//! that the two can be compared as texts.

use std::collections::HashSet;

/// The declaration part of a skeleton, light skeleton or subskeleton that bpftool printed: everything
/// up to the end of `struct NAME`, the prototypes of the functions after it, the size assertions
/// with their function, and the `#endif`. An empty header gives an empty text.
pub fn declaration_part(bpftool_header: &str) -> String {
    let mut out = String::new();
    let mut lines = bpftool_header.lines();
    for line in lines.by_ref() {
        push_line(&mut out, line);
        if line == "};" {
            break;
        }
    }
    let mut declared = HashSet::new();
    let mut head: Vec<&str> = Vec::new();
    while let Some(line) = lines.next() {
        if line == "#ifdef __cplusplus" {
            // Definitions of C++ member functions.
            lines.by_ref().find(|l| l.starts_with("#endif"));
        } else if line.starts_with("#endif") {
            push_line(&mut out, "");
            push_line(&mut out, line);
        } else if line == "{" {
            let body = lines.by_ref().take_while(|l| *l != "}");
            if head.iter().any(|l| l.contains("__assert(")) {
                push_line(&mut out, "");
                head.iter().for_each(|l| push_line(&mut out, l));
                push_line(&mut out, "{");
                body.for_each(|l| push_line(&mut out, l));
                push_line(&mut out, "}");
            } else {
                body.for_each(drop);
                prototype(&mut out, &head, &mut declared);
            }
            head.clear();
        } else if line.ends_with(';') {
            head.push(line.trim_end_matches(';'));
            prototype(&mut out, &head, &mut declared);
            head.clear();
        } else if !line.is_empty() {
            head.push(line);
        }
    }
    out
}

fn prototype<'h>(out: &mut String, head: &[&'h str], declared: &mut HashSet<Vec<&'h str>>) {
    if !declared.insert(head.to_vec()) {
        return;
    }
    push_line(out, "");
    for (index, line) in head.iter().enumerate() {
        out.push_str(line);
        out.push_str(if index + 1 == head.len() { ";\n" } else { "\n" });
    }
}

fn push_line(out: &mut String, line: &str) {
    out.push_str(line);
    out.push('\n');
}
