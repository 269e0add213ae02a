//! Fields of tree-sitter-c's nodes by number.
//!
//! Looking a child up by the field's name compares strings each time; numbers are found once.

use std::sync::OnceLock;

use tree_sitter::{Language, Node};

macro_rules! fields {
    ($($field:ident = $name:literal),* $(,)?) => {
        /// A field of the grammar that is asked for.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        #[allow(clippy::enum_variant_names, reason = "the grammar has a field called field")]
        pub(super) enum Field { $($field),* }

        const NAMES: &[&str] = &[$($name),*];
    };
}

fields! {
    Alternative = "alternative", Argument = "argument", Arguments = "arguments", Body = "body",
    Condition = "condition", Consequence = "consequence", Declarator = "declarator",
    Member = "field", Function = "function", Index = "index", Initializer = "initializer",
    Label = "label", Left = "left", Operator = "operator", Parameters = "parameters",
    Right = "right", Size = "size", Type = "type", Update = "update", Value = "value",
}

/// Children by field.
pub(super) trait Child<'t> {
    /// The first child in that field.
    fn field(&self, field: Field) -> Option<Node<'t>>;
}

impl<'t> Child<'t> for Node<'t> {
    fn field(&self, field: Field) -> Option<Node<'t>> {
        static IDS: OnceLock<Vec<u16>> = OnceLock::new();
        let ids = IDS.get_or_init(|| {
            let language = Language::from(tree_sitter_c::LANGUAGE);
            NAMES.iter().map(|name| language.field_id_for_name(name).map_or(0, u16::from)).collect()
        });
        // No field has the number 0.
        self.child_by_field_id(ids.get(field as usize).copied().filter(|&id| id != 0)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grammar_has_every_field() {
        let language = Language::from(tree_sitter_c::LANGUAGE);
        let unknown = NAMES.iter().filter(|name| language.field_id_for_name(name).is_none());
        assert_eq!(unknown.collect::<Vec<_>>(), Vec::<&&str>::new());
    }
}
