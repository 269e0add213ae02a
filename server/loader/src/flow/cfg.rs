//! The control-flow graph of a function body or of a statement expression.

use cfront::{
    ast::{Block as Compound, Expr, ExprKind, InitDeclarator, Stmt, StmtKind, Storage},
    symbol::Symbol,
};
use rustc_hash::FxHashMap;

/// Index of a block in [`Cfg::blocks`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct BlockId(pub usize);

/// A graph of basic blocks.
#[derive(Debug)]
pub struct Cfg<'a> {
    /// All blocks; the first is the entry.
    pub blocks: Vec<Block<'a>>,
    /// Labels of the compound statement, statement expressions in it left out.
    pub labels: FxHashMap<Symbol, BlockId>,
    /// Whether all jumps were understood. A graph that is not followable tells nothing.
    pub followable: bool,
}

/// Steps without a branch between them.
#[derive(Debug)]
pub struct Block<'a> {
    /// In order of execution.
    pub steps: Vec<Step<'a>>,
    /// How the block ends.
    pub end: End<'a>,
    /// Where a `break` or `continue` of a statement expression in it goes.
    pub context: Context,
}

/// A way out of a statement expression other than its end.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Exit {
    /// `goto` a label that stands outside.
    Goto(Symbol),
    /// `break` of a loop or switch around it.
    Break,
    /// `continue` of a loop around it.
    Continue,
}

/// One step of a block.
#[derive(Debug, Clone, Copy)]
pub enum Step<'a> {
    /// An expression evaluated for its effects.
    Expr(&'a Expr),
    /// A local variable comes to life, perhaps with an initialiser.
    Declare(&'a InitDeclarator, Storage),
}

/// The end of a block.
#[derive(Debug, Clone)]
pub enum End<'a> {
    /// Goes on at another block.
    Jump(BlockId),
    /// Goes on by the value of a condition.
    Branch {
        /// The condition.
        cond: &'a Expr,
        /// Where it is not zero.
        yes: BlockId,
        /// Where it is zero.
        no: BlockId,
    },
    /// Goes on at one of several blocks.
    Switch {
        /// The value that selects.
        value: &'a Expr,
        /// Cases, the default among them, and where no case fits: block, and whether 0 may and
        /// anything else may lead there.
        targets: Vec<Target>,
    },
    /// Leaves the function.
    Return(Option<&'a Expr>),
    /// Leaves a statement expression sideways.
    Exit(Exit),
    /// Falls off the end; a statement expression has the value of its last expression.
    Finish(Option<&'a Expr>),
}

/// A target of a switch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Target {
    /// The block.
    pub block: BlockId,
    /// Whether the value 0 may lead there.
    pub zero: bool,
    /// Whether another value may.
    pub other: bool,
}

impl<'a> Cfg<'a> {
    /// The graph of a compound statement. With `yields` its last expression statement is the value
    /// of a statement expression.
    pub fn build(body: &'a Compound, yields: bool) -> Cfg<'a> {
        let mut builder = Builder {
            blocks: Vec::new(),
            labels: FxHashMap::default(),
            followable: true,
            inner: yields,
        };
        let entry = builder.new_block();
        let (stmts, last) = match body.stmts.split_last() {
            Some((Stmt { kind: StmtKind::Expr(value), .. }, rest)) if yields => (rest, Some(value)),
            _ => (body.stmts.as_slice(), None),
        };
        let mut at = entry;
        let context = Context { brk: None, cont: None };
        for stmt in stmts {
            at = builder.stmt(stmt, at, context, &mut None);
        }
        builder.end(at, End::Finish(last));
        let mut followable = builder.followable;
        let mut labels = FxHashMap::default();
        for (name, label) in builder.labels {
            if label.defined {
                labels.insert(name, label.block);
            } else if yields {
                if let Some(block) = builder.blocks.get_mut(label.block.0) {
                    block.end = Some(End::Exit(Exit::Goto(name)));
                }
            } else {
                followable = false;
            }
        }
        let blocks = builder
            .blocks
            .into_iter()
            .map(|block| Block {
                steps: block.steps,
                end: block.end.unwrap_or(End::Finish(None)),
                context: block.context,
            })
            .collect();
        Cfg { blocks, labels, followable }
    }
}

/// Where `break` and `continue` go.
#[derive(Clone, Copy, Debug, Default)]
pub struct Context {
    /// `break`
    pub brk: Option<BlockId>,
    /// `continue`
    pub cont: Option<BlockId>,
}

struct Open<'a> {
    steps: Vec<Step<'a>>,
    end: Option<End<'a>>,
    context: Context,
}

struct Label {
    block: BlockId,
    defined: bool,
}

struct Builder<'a> {
    blocks: Vec<Open<'a>>,
    labels: FxHashMap<Symbol, Label>,
    followable: bool,
    /// Of a statement expression: jumps may leave it.
    inner: bool,
}

/// The cases met in the body of a switch.
struct Cases {
    targets: Vec<(BlockId, Case)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Case {
    Zero,
    Other,
    /// A range, or a value that is not a literal.
    Any,
    Default,
}

impl<'a> Builder<'a> {
    fn new_block(&mut self) -> BlockId {
        self.blocks.push(Open { steps: Vec::new(), end: None, context: Context::default() });
        BlockId(self.blocks.len() - 1)
    }

    fn step(&mut self, at: BlockId, step: Step<'a>) {
        if let Some(block) = self.blocks.get_mut(at.0) {
            block.steps.push(step);
        }
    }

    fn end(&mut self, at: BlockId, end: End<'a>) {
        if let Some(block) = self.blocks.get_mut(at.0) {
            block.end.get_or_insert(end);
        }
    }

    fn label(&mut self, name: Symbol) -> BlockId {
        if let Some(label) = self.labels.get(&name) {
            return label.block;
        }
        let block = self.new_block();
        self.labels.insert(name, Label { block, defined: false });
        block
    }

    /// Ends `at` with a jump and gives the block for the (dead) code that follows.
    fn leave(&mut self, at: BlockId, end: End<'a>) -> BlockId {
        self.end(at, end);
        self.new_block()
    }

    /// Appends a statement at the end of block `at`; returns the block where control goes on.
    fn stmt(
        &mut self,
        stmt: &'a Stmt,
        at: BlockId,
        context: Context,
        cases: &mut Option<Cases>,
    ) -> BlockId {
        if let Some(block) = self.blocks.get_mut(at.0) {
            block.context = context;
        }
        match &stmt.kind {
            StmtKind::Expr(expr) => {
                self.step(at, Step::Expr(expr));
                at
            }
            StmtKind::Decl(decl) => {
                for declarator in &decl.declarators {
                    self.step(at, Step::Declare(declarator, decl.specs.storage));
                }
                at
            }
            StmtKind::Asm { outputs, inputs, goto_labels } => {
                for expr in inputs.iter().chain(outputs) {
                    self.step(at, Step::Expr(expr));
                }
                self.followable &= goto_labels.is_empty();
                at
            }
            StmtKind::Empty | StmtKind::StaticAssert | StmtKind::NestedFunction(_) => at,
            StmtKind::Block(block) => {
                block.stmts.iter().fold(at, |at, stmt| self.stmt(stmt, at, context, cases))
            }
            StmtKind::If { cond, then, otherwise } => {
                let (yes, no, after) = (self.new_block(), self.new_block(), self.new_block());
                self.end(at, End::Branch { cond, yes, no });
                let end = self.stmt(then, yes, context, cases);
                self.end(end, End::Jump(after));
                let end = match otherwise {
                    Some(stmt) => self.stmt(stmt, no, context, cases),
                    None => no,
                };
                self.end(end, End::Jump(after));
                after
            }
            StmtKind::While { cond, body } => {
                let (head, inner, after) = (self.new_block(), self.new_block(), self.new_block());
                self.end(at, End::Jump(head));
                self.end(head, End::Branch { cond, yes: inner, no: after });
                let context = Context { brk: Some(after), cont: Some(head) };
                let end = self.stmt(body, inner, context, cases);
                self.end(end, End::Jump(head));
                after
            }
            StmtKind::DoWhile { body, cond } => {
                let (inner, test, after) = (self.new_block(), self.new_block(), self.new_block());
                self.end(at, End::Jump(inner));
                let context = Context { brk: Some(after), cont: Some(test) };
                let end = self.stmt(body, inner, context, cases);
                self.end(end, End::Jump(test));
                self.end(test, End::Branch { cond, yes: inner, no: after });
                after
            }
            StmtKind::For { init, cond, step, body } => {
                let at = match init {
                    Some(init) => self.stmt(init, at, context, cases),
                    None => at,
                };
                let (head, inner) = (self.new_block(), self.new_block());
                let (next, after) = (self.new_block(), self.new_block());
                self.end(at, End::Jump(head));
                self.end(
                    head,
                    match cond {
                        Some(cond) => End::Branch { cond, yes: inner, no: after },
                        None => End::Jump(inner),
                    },
                );
                let context = Context { brk: Some(after), cont: Some(next) };
                let end = self.stmt(body, inner, context, cases);
                self.end(end, End::Jump(next));
                if let Some(step) = step {
                    self.step(next, Step::Expr(step));
                }
                self.end(next, End::Jump(head));
                after
            }
            StmtKind::Switch { value, body } => {
                let after = self.new_block();
                // Statements before the first case are dead.
                let inner = self.new_block();
                let mut own = Some(Cases { targets: Vec::new() });
                let end = self.stmt(body, inner, Context { brk: Some(after), ..context }, &mut own);
                self.end(end, End::Jump(after));
                let found = own.map(|cases| cases.targets).unwrap_or_default();
                self.end(at, End::Switch { value, targets: targets(&found, after) });
                after
            }
            StmtKind::Case { body, .. } | StmtKind::Default { body } => {
                let target = self.new_block();
                self.end(at, End::Jump(target));
                let case = match &stmt.kind {
                    StmtKind::Case {
                        from: Expr { kind: ExprKind::Int { value, .. }, .. },
                        to: None,
                        ..
                    } => {
                        if *value == 0 {
                            Case::Zero
                        } else {
                            Case::Other
                        }
                    }
                    StmtKind::Default { .. } => Case::Default,
                    _ => Case::Any,
                };
                match cases {
                    Some(cases) => cases.targets.push((target, case)),
                    None => self.followable = false,
                }
                match body {
                    Some(stmt) => self.stmt(stmt, target, context, cases),
                    None => target,
                }
            }
            StmtKind::Label { name, body } => {
                let target = self.label(name.name);
                if let Some(label) = self.labels.get_mut(&name.name) {
                    label.defined = true;
                }
                self.end(at, End::Jump(target));
                match body {
                    Some(stmt) => self.stmt(stmt, target, context, cases),
                    None => target,
                }
            }
            StmtKind::Goto(label) => {
                let target = self.label(label.name);
                self.leave(at, End::Jump(target))
            }
            StmtKind::Break | StmtKind::Continue => {
                let to =
                    if matches!(stmt.kind, StmtKind::Break) { context.brk } else { context.cont };
                let exit =
                    if matches!(stmt.kind, StmtKind::Break) { Exit::Break } else { Exit::Continue };
                match to {
                    Some(target) => self.leave(at, End::Jump(target)),
                    None if self.inner => self.leave(at, End::Exit(exit)),
                    None => {
                        self.followable = false;
                        at
                    }
                }
            }
            StmtKind::Return(value) => self.leave(at, End::Return(value.as_ref())),
            StmtKind::GotoIndirect(_) | StmtKind::Error => {
                self.followable = false;
                at
            }
        }
    }
}

/// The targets of a switch; without a default one of them is the end of the switch.
fn targets(cases: &[(BlockId, Case)], after: BlockId) -> Vec<Target> {
    let zero_named = cases.iter().any(|(_, case)| *case == Case::Zero);
    let mut targets: Vec<Target> = cases
        .iter()
        .map(|&(block, case)| Target {
            block,
            zero: match case {
                Case::Zero => true,
                Case::Any | Case::Default => !zero_named,
                Case::Other => false,
            },
            other: case != Case::Zero,
        })
        .collect();
    if !cases.iter().any(|(_, case)| *case == Case::Default) {
        targets.push(Target { block: after, zero: !zero_named, other: true });
    }
    targets
}
