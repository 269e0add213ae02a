//! The variables of a Makefile.

use rustc_hash::FxHashMap;

use super::{
    Holds,
    lines::{Assignment, Operator},
    values::{Automatic, Doubt, Scope, expand},
};
use crate::project::{budget::Budget, paths::UNKNOWN};

/// The files read so far, a variable of make.
pub(super) const FILES: &str = "MAKEFILE_LIST";

/// Variables by name.
#[derive(Debug, Default)]
pub(super) struct Variables {
    known: FxHashMap<String, Variable>,
    /// Whether some variable has another value when doubtful lines are taken.
    in_doubt: bool,
    /// Whether all included files were read: what is unset in these is set nowhere.
    pub(super) all_read: bool,
}

/// A text to be expanded, or one that is expanded already (`:=`).
#[derive(Clone, Debug, Default)]
pub(super) struct Value {
    pub(super) text: String,
    pub(super) is_expanded: bool,
}

#[derive(Clone, Debug, Default)]
struct Variable {
    /// Unknown where it hangs on a line that may hold.
    sure: Value,
    /// With every branch taken, where that differs.
    taken: Option<Value>,
    /// Whether anything sets it.
    is_set: Holds,
}

impl Value {
    fn unknown() -> Value {
        Value { text: UNKNOWN.to_string(), is_expanded: true }
    }

    fn append(&mut self, text: &str) {
        if !self.text.is_empty() {
            self.text.push(' ');
        }
        self.text.push_str(text);
    }
}

impl Variables {
    /// What make sets by itself.
    pub(super) fn of_make(directory: &str) -> Variables {
        let mut variables = Variables { all_read: true, ..Variables::default() };
        for name in ["CURDIR", "PWD"] {
            variables.append(name, directory);
        }
        variables.append(FILES, "Makefile");
        variables
    }

    /// The value of a variable; `None` where nothing sets it.
    pub(super) fn get(&self, name: &str, doubt: Doubt) -> Option<&Value> {
        let variable = self.known.get(name)?;
        Some(match (doubt, &variable.taken) {
            (Doubt::Taken, Some(taken)) => taken,
            _ => &variable.sure,
        })
    }

    /// Whether a variable has a value for `ifdef`, where that is known.
    pub(super) fn is_defined(&self, name: &str) -> Option<bool> {
        let variable = self.known.get(name).filter(|variable| variable.is_set != Holds::Not);
        let Some(variable) = variable else { return self.all_read.then_some(false) };
        let Value { text, is_expanded } = &variable.sure;
        let has_text = text.contains(|c: char| c != UNKNOWN && !c.is_whitespace());
        match variable.is_set {
            Holds::Surely if has_text || !text.contains(UNKNOWN) => Some(has_text),
            Holds::Surely if !is_expanded && variable.taken.is_none() => Some(true),
            _ => None,
        }
    }

    /// The names of all variables, sorted.
    pub(super) fn names(&self) -> Vec<&str> {
        let names = self.known.keys().map(String::as_str);
        let mut names: Vec<&str> = names.filter(|name| *name != FILES).collect();
        names.sort_unstable();
        names
    }

    /// Appends a word to a variable, as it is.
    pub(super) fn append(&mut self, name: &str, word: &str) {
        let variable = self.known.entry(name.to_owned()).or_default();
        variable.sure.is_expanded = true;
        variable.sure.append(word);
    }

    /// Forgets a variable.
    pub(super) fn unset(&mut self, name: &str) {
        self.known.remove(name);
    }

    /// Takes a variable over from others, unless it is here.
    pub(super) fn inherit(&mut self, name: &str, others: &Variables) {
        if let Some(variable) = others.known.get(name)
            && !self.known.contains_key(name)
        {
            self.known.insert(name.to_owned(), variable.clone());
            self.in_doubt |= others.in_doubt;
        }
    }

    /// Assigns to a variable on a line that holds so. With `is_late`, nothing is expanded at once: a template's text
    /// is read long before it is used.
    pub(super) fn assign(
        &mut self,
        name: &str,
        assignment: &Assignment<'_>,
        holds: Holds,
        is_late: bool,
        budget: &Budget,
    ) {
        let Assignment { operator, value, .. } = *assignment;
        let before = self.known.get(name);
        // What does not hold counts where there is nothing else.
        let before = before.filter(|before| before.is_set != Holds::Not || holds == Holds::Not);
        if holds == Holds::Not && self.known.get(name).is_some_and(|v| v.is_set != Holds::Not) {
            return;
        }
        let now = |variables: &Variables, doubt| {
            let automatic = Automatic::default();
            expand(value, &Scope::new(variables, &automatic, doubt), budget)
        };
        let raw = Value { text: value.to_owned(), is_expanded: false };
        let variable = match operator {
            Operator::SetIfUnset if before.is_some() => return,
            Operator::SetShell => Variable::of(Value::unknown()),
            Operator::SetNow if !is_late => {
                let of = |text: String| Value { text, is_expanded: true };
                let sure = now(self, Doubt::Unknown);
                let taken = self.in_doubt.then(|| now(self, Doubt::Taken));
                // What is not known yet may be set later, as the text of a template is.
                let best = taken.as_deref().unwrap_or(&sure);
                let taken = if best.contains(UNKNOWN) && !mentions(value, name) {
                    Some(raw)
                } else {
                    taken.filter(|taken| *taken != sure).map(of)
                };
                Variable { sure: of(sure), taken, is_set: Holds::Surely }
            }
            Operator::Add => {
                let mut variable = before.cloned().unwrap_or_default();
                let expand_for = |into: &Value, doubt| match into.is_expanded {
                    true => now(self, doubt),
                    false => value.to_owned(),
                };
                let taken = variable.taken.clone();
                if holds == Holds::Surely {
                    let text = expand_for(&variable.sure, Doubt::Unknown);
                    let with = |mut into: Value| {
                        let text = expand_for(&into, Doubt::Taken);
                        into.append(&text);
                        into
                    };
                    let differs = variable.sure.is_expanded && self.in_doubt;
                    let taken = taken.or_else(|| differs.then(|| variable.sure.clone()));
                    variable.taken = taken.map(with);
                    variable.sure.append(&text);
                } else {
                    let mut taken = taken.unwrap_or_else(|| variable.sure.clone());
                    let text = expand_for(&taken, Doubt::Taken);
                    taken.append(&text);
                    variable.sure.append(&UNKNOWN.to_string());
                    variable.taken = Some(taken);
                }
                variable
            }
            _ => Variable::of(raw),
        };
        let variable = variable.assigned(operator, before, holds);
        self.in_doubt |= variable.taken.is_some();
        self.known.insert(name.to_owned(), variable);
    }
}

impl Variable {
    fn of(sure: Value) -> Variable {
        Variable { sure, taken: None, is_set: Holds::Surely }
    }

    /// The variable after an assignment that holds so.
    fn assigned(self, operator: Operator, before: Option<&Variable>, holds: Holds) -> Variable {
        let is_set = before.map_or(holds, |before| before.is_set.min(holds));
        if holds == Holds::Surely || operator == Operator::Add {
            return Variable { is_set, ..self };
        }
        let taken = self.taken.unwrap_or(self.sure);
        Variable { sure: Value::unknown(), taken: Some(taken), is_set }
    }
}

/// Whether a text has a reference to a variable.
fn mentions(text: &str, name: &str) -> bool {
    [format!("$({name})"), format!("${{{name}}}"), format!("$({name}:")]
        .iter()
        .any(|reference| text.contains(reference.as_str()))
}
