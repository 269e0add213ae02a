//! How a file of cases is read and written.

/// What a case is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    /// The rule speaks.
    True,
    /// The rule speaks, and sees it through control flow, an alias or a helper function.
    Flow,
    /// A near miss: the rule is silent.
    Silent,
}

/// A case.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Case {
    /// Text before the `===` line (comments), as it is.
    before: String,
    pub(crate) kind: Kind,
    pub(crate) name: String,
    /// Files, in the fixture's form.
    pub(crate) input: String,
    /// What is reported.
    pub(crate) expected: String,
}

/// Reads a file of cases; an error says which line is wrong.
pub(crate) fn parse(text: &str) -> Result<Vec<Case>, String> {
    let mut cases: Vec<Case> = Vec::new();
    let mut before = String::new();
    let mut in_expected = true;
    for line in text.split_inclusive('\n') {
        if let Some(head) = line.strip_prefix("=== ") {
            let (kind, name) = head.split_once(':').ok_or(format!("no name in {head:?}"))?;
            let kind = match kind.trim() {
                "true" => Kind::True,
                "flow" => Kind::Flow,
                "silent" => Kind::Silent,
                other => return Err(format!("no kind {other:?}")),
            };
            cases.push(Case {
                before: std::mem::take(&mut before),
                kind,
                name: name.trim().to_owned(),
                input: String::new(),
                expected: String::new(),
            });
            in_expected = false;
        } else if in_expected && line.starts_with("# ") {
            before.push_str(line);
        } else if line.trim_end() == "---" {
            in_expected = true;
        } else if let Some(case) = cases.last_mut() {
            let part = if in_expected { &mut case.expected } else { &mut case.input };
            part.push_str(line);
        } else if !line.trim().is_empty() {
            return Err(format!("outside of a case: {line:?}"));
        }
    }
    for case in &mut cases {
        // The empty line between cases is nobody's.
        let end = case.expected.trim_end().len();
        case.expected.truncate(end);
        if !case.expected.is_empty() {
            case.expected.push('\n');
        }
    }
    Ok(cases)
}

/// The text of a file of cases.
pub(crate) fn print(cases: &[Case]) -> String {
    let mut out = String::new();
    for case in cases {
        let kind = match case.kind {
            Kind::True => "true",
            Kind::Flow => "flow",
            Kind::Silent => "silent",
        };
        let Case { before, name, input, expected, .. } = case;
        if !out.is_empty() {
            out.push('\n');
        }
        out.push_str(&format!("{before}=== {kind}: {name}\n{input}---\n{expected}"));
    }
    out
}

#[test]
fn what_is_read_is_written() {
    let text = "# why\n=== true: one\nint x;\n---\n/a.c:1 found\n\n=== silent: two\nint y;\n---\n";
    let cases = parse(text).unwrap();
    assert_eq!(cases.len(), 2);
    assert_eq!(cases[0].expected, "/a.c:1 found\n");
    assert_eq!(print(&cases), text);
    assert!(parse("=== maybe: x\n").is_err() && parse("int x;\n").is_err());
}
