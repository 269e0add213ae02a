//! State of a walk: reachability and the references found.

use rustc_hash::{FxHashMap, FxHashSet};

use cfront::{ast::Ident, symbol::Symbol};

use crate::certainty::Certainty;

use super::{
    Access, Body, Extent, Flow, Length, Reference, Step, Target,
    loop_unrolling::Unrolled,
    memory_transfers::{self, OtherEnd},
    resolver::{Named, Resolver},
    value_propagation::Values,
};

/// Deeper syntax than this is left out, so that no input overflows the stack.
const MAX_DEPTH: u32 = 600;

/// What the `break`s of a loop or switch did.
#[derive(Clone, Copy, Default)]
pub(super) struct Exit {
    /// A `break` was generated.
    pub(super) used: bool,
    /// A `break` that can run was generated.
    pub(super) live: bool,
}

pub(super) struct Walk<'u> {
    pub(super) resolver: Resolver<'u>,
    pub(super) body: Body,
    /// Code is being generated (clang: there is an insertion point).
    pub(super) generating: bool,
    /// The code can run.
    pub(super) live: bool,
    /// How certain that is.
    pub(super) reached: Certainty,
    /// What is known of the values of locals.
    pub(super) values: Values,
    pub(super) exits: Vec<Exit>,
    /// Whether the switches around can run.
    pub(super) switches: Vec<bool>,
    /// The loops around that are unrolled, or may be.
    pub(super) counters: Vec<Unrolled>,
    /// The `for` loops looked at, by the first token of their bodies.
    pub(super) loops: FxHashMap<u32, Option<Unrolled>>,
    /// References that copy from or to a local, by index, and the local.
    pub(super) copies_of_locals: Vec<(usize, u32)>,
    depth: u32,
    /// Name of the function, for `__func__`.
    pub(super) function_name: Option<Symbol>,
}

impl<'u> Walk<'u> {
    pub(super) fn new(resolver: Resolver<'u>) -> Self {
        Walk {
            resolver,
            body: Body::default(),
            generating: true,
            live: true,
            reached: Certainty::Certain,
            values: Values::default(),
            exits: Vec::new(),
            switches: Vec::new(),
            counters: Vec::new(),
            loops: FxHashMap::default(),
            copies_of_locals: Vec::new(),
            depth: 0,
            function_name: None,
        }
    }

    /// Settles which copies are whole, and drops what is known of locals that no address flows into and that
    /// no constant is copied to.
    pub(super) fn finish(self) -> Body {
        let Walk { mut body, resolver, copies_of_locals, .. } = self;
        let has_body = |function| resolver.has_body(function);
        memory_transfers::settle(&mut body.references, &copies_of_locals, has_body);
        let mut wanted: FxHashSet<u32> = body.constants.iter().map(|t| t.local).collect();
        for reference in &body.references {
            if let Flow::Local(local) = reference.flow {
                wanted.insert(local);
            }
        }
        body.references.retain(|reference| match reference.target {
            Target::Local(local) => wanted.contains(&local) || resolver.parameter(local).is_some(),
            _ => true,
        });
        body
    }

    /// Runs `f` one level deeper, unless that is too deep.
    pub(super) fn deeper(&mut self, f: impl FnOnce(&mut Self)) {
        if self.depth >= MAX_DEPTH {
            self.body.incomplete = true;
            return;
        }
        self.depth += 1;
        f(self);
        self.depth -= 1;
    }

    pub(super) fn emit(&mut self, target: Target, usage: &Use, token: u32) {
        if let OtherEnd::Local(local) = usage.other_end {
            self.copies_of_locals.push((self.body.references.len(), local));
        }
        let mut path = usage.steps.clone();
        path.reverse();
        self.body.references.push(Reference {
            target,
            access: usage.access,
            path,
            extent: Extent { length: usage.length, at_once: usage.other_end == OtherEnd::Memory },
            flow: usage.flow,
            stored: usage.stored,
            volatile: usage.volatile,
            dead: !self.live,
            reached: self.reached,
            token,
        });
    }

    /// An identifier, used as `usage` says.
    pub(super) fn ident(&mut self, ident: Ident, usage: &Use) {
        let named = self.resolver.resolve(ident);
        let target = match named {
            Named::Local(local) => Target::Local(local),
            Named::Static(local) => Target::Static(local),
            Named::Variable(name) => Target::Variable(name),
            Named::Function(name) => Target::Function(name),
            Named::Other => {
                if matches!(
                    ident.name.as_str(),
                    "__func__" | "__FUNCTION__" | "__PRETTY_FUNCTION__"
                ) && let Some(function) = self.function_name
                {
                    Target::FunctionName(ident.name, function)
                } else {
                    return;
                }
            }
        };
        let plain_read = usage.access == Access::Read && usage.is_plain() && !usage.volatile;
        if plain_read
            && matches!(named, Named::Variable(_) | Named::Static(_))
            && self.resolver.folds(named)
        {
            return;
        }
        self.emit(target, usage, ident.token);
    }
}

/// How the object that an lvalue designates is used.
#[derive(Clone, Debug)]
pub(super) struct Use {
    pub(super) access: Access,
    /// Steps, the last one first.
    pub(super) steps: Vec<Step>,
    pub(super) length: Length,
    pub(super) other_end: OtherEnd,
    pub(super) flow: Flow,
    pub(super) stored: Option<i128>,
    pub(super) volatile: bool,
}

impl Use {
    pub(super) fn new(access: Access) -> Use {
        Use {
            access,
            steps: Vec::new(),
            length: Length::Part,
            other_end: OtherEnd::Value,
            flow: Flow::Escapes,
            stored: None,
            volatile: false,
        }
    }

    pub(super) fn address(flow: Flow) -> Use {
        Use { flow, ..Use::new(Access::Address) }
    }

    /// Whether the object is used as a whole, and in the way of its type.
    pub(super) fn is_plain(&self) -> bool {
        let typed = self.length == Length::Part && self.other_end == OtherEnd::Value;
        self.steps.is_empty() && typed
    }

    /// So many bytes of it; `None` when not constant.
    pub(super) fn bytes(self, count: Option<u64>) -> Use {
        Use { length: count.map_or(Length::Unknown, Length::Bytes), ..self }
    }

    pub(super) fn step(mut self, step: Step) -> Use {
        self.steps.push(step);
        self
    }
}
