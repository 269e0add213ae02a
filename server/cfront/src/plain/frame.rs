//! The bracket stack of the plain text writer: what the tokens at hand are part of.

/// What a bracket (or the item itself) contains.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// The item: declarations and function definitions.
    File,
    /// Statements.
    Block,
    /// Members of a struct or union.
    Record,
    /// Enumerators.
    Enum,
    /// `{ initialisers }`
    Init,
    /// Parameters of a function declarator.
    Params,
    /// Parentheses that group a declarator: `(*f)`.
    Group,
    /// Parentheses in an expression: grouping, call arguments, cast, sizeof ...
    Paren,
    /// `for ( ... )`
    For,
    /// `[ ... ]`
    Bracket,
    /// Operands of an `asm` statement.
    Asm,
}

/// Where in a declaration or expression the next token stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Mode {
    /// At the start: a declaration, type name, statement or expression may begin.
    Start,
    /// In declaration specifiers.
    Specs,
    /// In a declarator.
    Declarator,
    /// In an expression.
    Expr,
}

/// Which parentheses.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Paren {
    /// Grouping, or a cast when a type name stands in it.
    Plain,
    /// After `if`, `while`, `switch`: a statement follows.
    Control,
    /// Arguments of a call.
    Call,
    /// `sizeof(T)`, `typeof(..)`: what follows is not operand of a cast.
    Operator,
}

/// One open bracket.
#[derive(Clone, Debug)]
pub(super) struct Frame {
    pub(super) kind: Kind,
    pub(super) mode: Mode,
    pub(super) paren: Paren,
    /// Text for the closing token.
    pub(super) close: &'static str,
    /// A storage class, qualifier or type word was seen in the current specifiers.
    pub(super) any_spec: bool,
    /// The current specifiers have their type.
    pub(super) type_seen: bool,
    /// The current specifiers contain `typedef`.
    pub(super) typedef: bool,
    /// The current declarator has its name (or its first suffix, when abstract).
    pub(super) named: bool,
    /// The current expression is the initialiser of a declarator.
    pub(super) in_decl: bool,
    /// A record or enum specifier waits for its body: `Some(true)` for an enum.
    pub(super) tag: Option<bool>,
    /// Open `?`.
    pub(super) ternaries: u32,
    /// A `case` waits for its colon; the text that closes it.
    pub(super) case: Option<&'static str>,
    /// A type name or member path argument was wrapped: `)` is due at the next `,` or at the end.
    pub(super) wrapped: bool,
    /// A cast or compound literal may follow: a type name stood in the parentheses.
    pub(super) type_name: bool,
    /// Local typedefs and shadowing names in force when the bracket opened.
    pub(super) scope_mark: usize,
    /// For [`Kind::Asm`]: operands so far.
    pub(super) operands: u32,
    /// Index of the next argument of a call.
    pub(super) argument: u32,
    /// A member path (second argument of offsetof) may follow.
    pub(super) offsetof: bool,
    /// `_Generic`.
    pub(super) generic: bool,
}

impl Frame {
    pub(super) fn new(kind: Kind, close: &'static str, scope_mark: usize) -> Frame {
        Frame {
            kind,
            mode: Mode::Start,
            paren: Paren::Plain,
            close,
            any_spec: false,
            type_seen: false,
            typedef: false,
            named: false,
            in_decl: false,
            tag: None,
            ternaries: 0,
            case: None,
            wrapped: false,
            type_name: false,
            scope_mark,
            operands: 0,
            argument: 0,
            offsetof: false,
            generic: false,
        }
    }

    /// Ends a declaration, statement, parameter or argument.
    pub(super) fn restart(&mut self) {
        self.mode = Mode::Start;
        self.any_spec = false;
        self.type_seen = false;
        self.typedef = false;
        self.named = false;
        self.in_decl = false;
        self.tag = None;
        self.ternaries = 0;
        self.case = None;
    }
}
