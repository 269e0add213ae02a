//! The lines of a Makefile, and what each of them states.

/// How an assignment changes a variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    /// `=`
    Set,
    /// `:=`, `::=` and `:::=`: expanded at once.
    SetNow,
    /// `+=`
    Add,
    /// `?=`
    SetIfUnset,
    /// `!=`: the output of a shell.
    SetShell,
}

/// An assignment, unexpanded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Assignment<'a> {
    pub(super) name: &'a str,
    pub(super) operator: Operator,
    pub(super) value: &'a str,
}

/// What a line outside of recipes states, unexpanded.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Statement<'a> {
    Assignment(Assignment<'a>),
    /// `targets: NAME = value`
    TargetSpecific(&'a str, Assignment<'a>),
    Rule {
        targets: &'a str,
        /// `%.o` of `a.o b.o: %.o: %.c`
        pattern: Option<&'a str>,
        /// Without those behind a bar, which only have to be there.
        inputs: &'a str,
        /// The command behind a semicolon.
        command: Option<&'a str>,
    },
    /// A call of a function, or nothing that make knows.
    Other,
}

/// What a line states that is no directive.
pub(super) fn statement(line: &str) -> Statement<'_> {
    if let Some(assignment) = assignment(line) {
        return Statement::Assignment(assignment);
    }
    let Some((targets, rest)) = split_top(line, ':') else { return Statement::Other };
    let targets = targets.trim().trim_end_matches('&');
    // Of a rule with two colons.
    let rest = rest.strip_prefix(':').unwrap_or(rest);
    let (before_command, command) = match split_top(rest, ';') {
        Some((rest, command)) => (rest, Some(command.trim())),
        None => (rest, None),
    };
    // A value may have semicolons.
    if let Some(assignment) = assignment(rest)
        && split_top(before_command, '=').is_some()
    {
        return Statement::TargetSpecific(targets, assignment);
    }
    let (pattern, inputs) = match split_top(before_command, ':') {
        Some((pattern, inputs)) => (Some(pattern.trim()), inputs),
        None => (None, before_command),
    };
    let inputs = split_top(inputs, '|').map_or(inputs, |(inputs, _)| inputs);
    Statement::Rule { targets, pattern, inputs: inputs.trim(), command }
}

/// The assignment that a line is.
pub(super) fn assignment(line: &str) -> Option<Assignment<'_>> {
    let (left, value) = split_top(line, '=')?;
    let (name, operator) = match left.strip_suffix([':', '+', '?', '!']) {
        Some(name) if left.ends_with('+') => (name, Operator::Add),
        Some(name) if left.ends_with('?') => (name, Operator::SetIfUnset),
        Some(name) if left.ends_with('!') => (name, Operator::SetShell),
        Some(name) => (name.trim_end_matches(':'), Operator::SetNow),
        None => (left, Operator::Set),
    };
    let mut name = name.trim();
    for modifier in ["export", "override", "private"] {
        let rest = name.strip_prefix(modifier).filter(|rest| rest.starts_with([' ', '\t']));
        name = rest.map_or(name, str::trim_start);
    }
    let is_one_name =
        !name.is_empty() && split_top(name, ':').is_none() && words(name).nth(1).is_none();
    is_one_name.then_some(Assignment { name, operator, value: value.trim() })
}

/// Lines with continuations joined and comments removed; those with nothing on them are left out. Those of recipes
/// begin with a tab.
pub(super) fn logical_lines(text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut current = String::new();
    let mut finish = |line: &mut String| {
        without_comment(line);
        if !line.trim().is_empty() {
            lines.push(std::mem::take(line));
        }
        line.clear();
    };
    for line in text.lines() {
        let more = line.len() - line.trim_end_matches('\\').len();
        if more % 2 == 1 {
            current.push_str(line.get(..line.len() - 1).unwrap_or_default());
            current.push(' ');
        } else {
            current.push_str(line);
            finish(&mut current);
        }
    }
    finish(&mut current);
    lines
}

/// Cuts a comment off: at any `#` for make, at one that begins a word for the shell of a recipe.
fn without_comment(line: &mut String) {
    let in_recipe = line.starts_with('\t');
    let mut before = None;
    let is_comment = |(index, c): (usize, char)| {
        let starts = match before.replace(c) {
            None => true,
            Some(before) if in_recipe => before.is_whitespace() || matches!(before, '@' | '-'),
            Some(before) => before != '\\',
        };
        (c == '#' && starts).then_some(index)
    };
    if let Some(at) = line.char_indices().find_map(is_comment) {
        line.truncate(at);
    }
    if !in_recipe && line.contains("\\#") {
        *line = line.replace("\\#", "#");
    }
}

/// Splits at the first separator outside of brackets.
pub(super) fn split_top(text: &str, separator: char) -> Option<(&str, &str)> {
    let mut depth = 0_usize;
    for (index, c) in text.char_indices() {
        match c {
            '(' | '{' => depth += 1,
            ')' | '}' => depth = depth.saturating_sub(1),
            c if c == separator && depth == 0 => {
                return Some((text.get(..index)?, text.get(index + c.len_utf8()..)?));
            }
            _ => {}
        }
    }
    None
}

/// The words of an unexpanded text: a reference with blanks in its brackets is part of one word.
pub(in super::super) fn words(text: &str) -> impl Iterator<Item = &str> {
    let mut depth = 0_usize;
    let outside = move |c: char| {
        match c {
            '(' | '{' => depth += 1,
            ')' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0 && c.is_whitespace()
    };
    text.split(outside).filter(|word| !word.is_empty())
}
