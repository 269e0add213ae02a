//! Reads the lines of a Makefile in the order in which make does.

use super::{
    Doubt, Holds, Line, LineKind, Makefile, Rule,
    conditions::{self, Conditions},
    lines::{Assignment, Operator, Statement, logical_lines, statement},
    rules::{OwnedAssignment, TargetSpecific},
    values::{Automatic, MAX_LENGTH, Scope, expand},
    variables::{FILES, Variables},
};
use crate::project::{
    budget::{ASK_DISK, Budget},
    paths::UNKNOWN,
};

/// Makefiles that include each other are followed to this depth.
const MAX_INCLUDES: usize = 4;

pub(super) fn read(
    text: &str,
    directory: &str,
    include: &dyn Fn(&str) -> Option<String>,
    budget: &Budget,
) -> Makefile {
    let makefile = Makefile { variables: Variables::of_make(directory), ..Makefile::default() };
    let mut reader = Reader { makefile, include, budget, in_rule: false, template: None };
    reader.file(text, Holds::Surely, 0);
    reader.finish()
}

struct Reader<'a> {
    makefile: Makefile,
    include: &'a dyn Fn(&str) -> Option<String>,
    budget: &'a Budget,
    /// Whether lines with a tab are commands: behind a rule, up to the next assignment or directive.
    in_rule: bool,
    template: Option<Template>,
}

/// A `define` that is being read.
struct Template {
    name: String,
    body: String,
}

impl Reader<'_> {
    fn file(&mut self, text: &str, outside: Holds, depth: usize) {
        if !self.budget.take(text.len()) {
            return;
        }
        let mut conditions = Conditions::inside(outside);
        for line in logical_lines(text) {
            let is_recipe = line.starts_with('\t') && self.in_rule;
            if is_recipe || !self.directive(&line, &mut conditions, depth) {
                self.line(&line, conditions.hold());
            }
        }
        self.template = None;
    }

    /// Obeys a directive; false when the line is none.
    fn directive(&mut self, line: &str, conditions: &mut Conditions, depth: usize) -> bool {
        if let Some(directive) = conditions::directive(line) {
            let Makefile { variables, .. } = &self.makefile;
            // What a template is called with decides its conditions.
            let is_known = self.template.is_none();
            let value = |line: &str| conditions::is_true(line, variables, self.budget);
            conditions.step(&directive, |line| if is_known { value(line) } else { None });
            self.note(line);
            return true;
        }
        let line = line.trim();
        let (word, rest) = line.split_once([' ', '\t']).unwrap_or((line, ""));
        if rest.trim_start().starts_with(['=', ':', '+', '?']) {
            return false;
        }
        match word {
            "define" => {
                let name = rest.trim().trim_end_matches(['=', ':', '+', '?', ' ', '\t']);
                self.template = Some(Template { name: name.to_owned(), body: String::new() });
            }
            "endef" => self.end_template(conditions.hold()),
            "include" | "-include" | "sinclude" => {
                self.include(rest, word == "include", conditions.hold(), depth);
            }
            "undefine" if conditions.hold() == Holds::Surely => {
                self.makefile.variables.unset(rest.trim());
            }
            "undefine" | "vpath" | "unexport" => {}
            _ => return false,
        }
        self.in_rule = false;
        true
    }

    /// Adds a line to the text of the template that is being read.
    fn note(&mut self, line: &str) {
        if let Some(template) = &mut self.template
            && template.body.len() + line.len() <= MAX_LENGTH
        {
            template.body.push_str(line);
            template.body.push('\n');
        }
    }

    fn end_template(&mut self, holds: Holds) {
        let Some(Template { name, body }) = self.template.take() else { return };
        let assignment = Assignment { name: &name, operator: Operator::Set, value: &body };
        self.makefile.variables.assign(&name, &assignment, holds, true, self.budget);
    }

    fn include(&mut self, names: &str, is_needed: bool, holds: Holds, depth: usize) {
        if holds == Holds::Not {
            return;
        }
        let names = self.expand(names, Doubt::Taken);
        for name in names.split_whitespace() {
            let is_known = !name.contains(UNKNOWN) && depth < MAX_INCLUDES;
            if is_known && !self.budget.take(ASK_DISK) {
                return;
            }
            match (self.include)(name).filter(|_| is_known) {
                Some(text) => {
                    let template = self.template.take();
                    self.makefile.variables.append(FILES, name);
                    self.file(&text, holds, depth + 1);
                    self.template = template;
                }
                None => self.makefile.variables.all_read &= !is_needed,
            }
        }
    }

    fn line(&mut self, line: &str, holds: Holds) {
        let (holds, is_template) = (holds, self.template.is_some());
        self.note(line);
        let unescaped = is_template.then(|| line.replace("$$", "$"));
        let line = unescaped.as_deref().unwrap_or(line);
        let text = line.trim();
        if line.starts_with('\t') && (self.in_rule || is_template) {
            if let Some(rule) = self.makefile.rules.last_mut().filter(|_| self.in_rule) {
                rule.recipe.push((text.to_owned(), holds));
            }
            self.keep(text, LineKind::Recipe, holds);
            return;
        }
        let mut kind = LineKind::Plain;
        match statement(line) {
            Statement::Assignment(assignment) => {
                self.in_rule = false;
                let name = self.name(assignment.name);
                let variables = &mut self.makefile.variables;
                if let Some(name) = name {
                    variables.assign(&name, &assignment, holds, is_template, self.budget);
                }
            }
            Statement::TargetSpecific(targets, assignment) => {
                self.in_rule = false;
                kind = LineKind::TargetSpecific;
                if let Some(name) = self.name(assignment.name) {
                    let targets = self.now_or_later(targets);
                    let assignment = OwnedAssignment::of(&assignment, name);
                    self.makefile.specific.push(TargetSpecific { targets, assignment, holds });
                }
            }
            Statement::Rule { targets, pattern, inputs, command } => {
                self.in_rule = true;
                let rule = Rule {
                    targets: self.now_or_later(targets.trim()),
                    pattern: pattern.map(|pattern| self.now_or_later(pattern)),
                    inputs: self.now_or_later(inputs),
                    recipe: command
                        .map(|command| (command.to_owned(), holds))
                        .into_iter()
                        .collect(),
                    holds,
                };
                self.makefile.rules.push(rule);
            }
            Statement::Other => {}
        }
        self.keep(text, kind, holds);
    }

    fn keep(&mut self, text: &str, kind: LineKind, holds: Holds) {
        if holds != Holds::Not {
            self.makefile.lines.push(Line { text: text.to_owned(), kind, holds });
        }
    }

    fn expand(&self, text: &str, doubt: Doubt) -> String {
        let automatic = Automatic::default();
        expand(text, &Scope::new(&self.makefile.variables, &automatic, doubt), self.budget)
    }

    fn name(&self, name: &str) -> Option<String> {
        let name = self.expand(name, Doubt::Taken);
        Some(name.trim().to_owned()).filter(|name| !name.is_empty() && !name.contains(UNKNOWN))
    }

    /// The text of a rule's first line, expanded if all of it is known: what is not may be set later, by what a
    /// template is called with.
    fn now_or_later(&self, text: &str) -> String {
        if self.template.is_some() || !text.contains('$') {
            return text.to_owned();
        }
        let now = self.expand(text, Doubt::Taken);
        if now.contains(UNKNOWN) { text.to_owned() } else { now }
    }

    /// Expands the targets of all rules: each file is looked for among them.
    fn finish(self) -> Makefile {
        let Reader { mut makefile, budget, .. } = self;
        let Makefile { variables, rules, specific, .. } = &mut makefile;
        let automatic = Automatic::default();
        let scope = Scope::new(variables, &automatic, Doubt::Taken);
        for rule in rules {
            rule.targets = expand(&rule.targets, &scope, budget);
            rule.pattern = rule.pattern.take().map(|pattern| expand(&pattern, &scope, budget));
        }
        for TargetSpecific { targets, .. } in specific {
            *targets = expand(targets, &scope, budget);
        }
        makefile
    }
}
