//! Where a loader names things of its BPF programs: members of skeletons, and names in strings.

use std::sync::Arc;

use bpf::object::Place;
use cfront::{
    ast::{
        Declaration, Designator, Expr, ExprKind, InitDeclarator, Initializer, Item, Span, TypeName,
        UnaryOp, visit,
    },
    ctypes::{CType, CTypeId},
    sema::ItemScope,
    source::FileRange,
    symbol::Symbol,
    unit::{ItemId, Unit},
};
use smol_str::SmolStr;

use crate::{
    flow::observe::At,
    members::{MemberKind, members},
    skeletons::{Skeleton, pointed_skeleton, section_struct, skeleton_struct},
};

/// A use of something of a BPF program in a loader.
#[derive(Clone, PartialEq, Debug)]
pub struct Reference {
    /// The name in the loader: a member's, or the text inside a string literal's quotes. A name that
    /// came out of a macro's body has the range of the macro's name: compare before editing.
    pub range: FileRange,
    /// Index of the skeleton in the list that was given.
    pub skeleton: usize,
    /// The struct that the member stands in: empty for the skeleton itself, `maps`, `percpu` ...
    pub holder: SmolStr,
    /// The name.
    pub name: SmolStr,
    /// What it is; `None` when the BPF source has no such thing.
    pub kind: Option<MemberKind>,
    /// The declaration in BPF C.
    pub place: Option<Place>,
    /// Whether the name stands in a string.
    pub in_string: bool,
    /// Whether the skeleton is certain. The object of a look-up by name that cannot be traced is taken
    /// for the one skeleton that has such a thing.
    pub traced: bool,
    /// Whether a header that exists declares the member.
    pub in_header: bool,
    /// The expression.
    pub at: At,
    /// The token of its item that has the name.
    pub token: u32,
}

/// All references of a loader to the things of its skeletons, by place. Members of skeletons whose
/// BPF source was not found are left out. An argument of a macro that is expanded twice to the same
/// is one reference.
pub fn references(unit: &Unit, skeletons: &[Skeleton]) -> Vec<Reference> {
    let mut found = references_by_token(unit, skeletons);
    found.dedup_by(|a, b| {
        let same = a.range == b.range && a.name == b.name && a.holder == b.holder;
        same && a.skeleton == b.skeleton
    });
    found
}

/// The same, each token of a macro's expansion apart.
pub fn references_by_token(unit: &Unit, skeletons: &[Skeleton]) -> Vec<Reference> {
    let mut found = Vec::new();
    for item in (0..unit.item_count()).map(ItemId) {
        if !unit.in_main_file(item) {
            continue;
        }
        let (Some(parsed), Some(scope)) = (unit.item(item), unit.scope(item)) else { continue };
        let finder = MemberFinder { unit, skeletons, scope, item };
        visit::expressions(&parsed.syntax, &mut |expr| {
            found.extend(finder.reference(expr));
            match &expr.kind {
                ExprKind::Offsetof { ty, path } => found.extend(finder.offset(expr, ty, path)),
                ExprKind::CompoundLiteral { ty, init } => {
                    let ty = unit.type_name(&finder.scope, ty);
                    finder.designators(ty, init, 0, &mut found);
                }
                _ => {}
            }
        });
        finder.initialisers(&parsed.syntax, &mut found);
    }
    found.sort_by_key(|r| (r.range.file, r.range.start, r.range.end, r.skeleton));
    found
}

/// What the member whose name is that token of an item is taken of: the index of the skeleton, and the
/// struct in it (`maps`, `percpu` ...; `None` for the skeleton itself). The name itself may be anything.
pub fn holder_of_member(
    unit: &Unit,
    skeletons: &[Skeleton],
    item: ItemId,
    token: u32,
) -> Option<(usize, Option<Symbol>)> {
    let (parsed, scope) = (unit.item(item)?, unit.scope(item)?);
    let finder = MemberFinder { unit, skeletons, scope, item };
    let mut found = None;
    visit::expressions(&parsed.syntax, &mut |expr| {
        if let ExprKind::Member { base, field, .. } = &expr.kind
            && field.token == token
        {
            found = found.or_else(|| finder.holder(base));
        }
    });
    found
}

/// Finds what members of an item are taken of; the objects behind the skeletons need not be known.
pub(crate) struct MemberFinder<'a> {
    unit: &'a Unit,
    skeletons: &'a [Skeleton],
    scope: Arc<ItemScope>,
    item: ItemId,
}

/// Most steps from an expression to the skeleton; longer chains do not exist.
const MAX_STEPS: usize = 64;

impl<'a> MemberFinder<'a> {
    /// A finder for one item; `None` when it has no syntax.
    pub(crate) fn new(unit: &'a Unit, skeletons: &'a [Skeleton], item: ItemId) -> Option<Self> {
        Some(MemberFinder { unit, skeletons, scope: unit.scope(item)?, item })
    }

    /// What the user wrote for a token of the item.
    pub(crate) fn place(&self, token: u32) -> Option<FileRange> {
        self.unit.token_place(self.item, token)
    }
}

impl MemberFinder<'_> {
    fn reference(&self, expr: &Expr) -> Option<Reference> {
        match &expr.kind {
            ExprKind::Member { base, field, .. } => {
                let (skeleton, holder) = self.holder(base)?;
                let name = field.name.as_str();
                let mut made = self.make(skeleton, holder, name, expr.span, field.token, false)?;
                made.in_header =
                    made.kind.is_none() && self.unit.expr_type(&self.scope, expr).is_some();
                Some(made)
            }
            ExprKind::Call { callee, args } => self.lookup(callee, args),
            _ => None,
        }
    }

    /// `x` of `offsetof(struct NAME__SECTION, x)`.
    fn offset(&self, expr: &Expr, ty: &TypeName, path: &[Designator]) -> Option<Reference> {
        let (skeleton, section) =
            section_struct(self.unit, self.skeletons, self.unit.type_name(&self.scope, ty))?;
        let [Designator::Field(name), ..] = path else { return None };
        self.make(skeleton, Some(section), name.name.as_str(), expr.span, name.token, false)
    }

    /// Members of sections' structs in the initialisers of variables: `struct NAME__SECTION s = { .x = 1 }`.
    fn initialisers(&self, item: &Item, found: &mut Vec<Reference>) {
        match item {
            Item::Function(function) => {
                let mut locals = Locals { finder: self, found };
                visit::block(&function.body, &mut locals);
            }
            Item::Declaration(declaration) => {
                for one in &declaration.declarators {
                    if let (Some(name), Some(init)) = (one.declarator.name, &one.init)
                        && let Some(variable) = self.unit.variable(name.name)
                    {
                        self.designators(variable.ty, init, 0, found);
                    }
                }
            }
            _ => {}
        }
    }

    fn designators(
        &self,
        ty: CTypeId,
        init: &Initializer,
        depth: usize,
        found: &mut Vec<Reference>,
    ) {
        let Initializer::List(items, span) = init else { return };
        if depth > MAX_STEPS {
            return;
        }
        if let CType::Array { elem, .. } = self.unit.canonical(ty) {
            items.iter().for_each(|i| self.designators(elem, &i.value, depth + 1, found));
        } else if let Some((skeleton, section)) = section_struct(self.unit, self.skeletons, ty) {
            for item in items {
                if let Some(Designator::Field(name)) = item.designators.first() {
                    let (token, name) = (name.token, name.name.as_str());
                    found.extend(self.make(skeleton, Some(section), name, *span, token, false));
                }
            }
        }
    }

    fn make(
        &self,
        skeleton: usize,
        holder: Option<Symbol>,
        name: &str,
        span: Span,
        token: u32,
        in_string: bool,
    ) -> Option<Reference> {
        let holder = holder.map_or("", Symbol::as_str);
        let path = if holder.is_empty() { Vec::new() } else { vec![holder] };
        let skel = self.skeletons.get(skeleton)?;
        skel.object.as_ref()?;
        let member =
            members(skel, &path).and_then(|all| all.into_iter().find(|member| member.name == name));
        let member_missing = member.is_none();
        let mut range = self.unit.token_place(self.item, token)?;
        if in_string {
            // Inside the quotes, where the literal is written plainly.
            if range.end.saturating_sub(range.start) as usize != name.len() + 2 {
                return None;
            }
            range = FileRange { start: range.start + 1, end: range.end - 1, ..range };
        }
        Some(Reference {
            range,
            skeleton,
            holder: holder.into(),
            name: name.into(),
            kind: member.as_ref().map(|m| m.kind),
            place: member.and_then(|m| m.place),
            in_string,
            traced: true,
            // Said of expressions only.
            in_header: member_missing && !in_string,
            at: At::new(self.item, span),
            token,
        })
    }

    /// The skeleton struct (`None`) or struct in it that an expression is or points to.
    pub(crate) fn holder(&self, expr: &Expr) -> Option<(usize, Option<Symbol>)> {
        let mut expr = expr;
        for _ in 0..MAX_STEPS {
            match &expr.kind {
                ExprKind::Paren(inner)
                | ExprKind::Unary(UnaryOp::Deref | UnaryOp::AddrOf | UnaryOp::Extension, inner) => {
                    expr = inner;
                }
                _ => break,
            }
        }
        if let Some(found) = self.by_type(expr) {
            return Some(found);
        }
        let ExprKind::Member { base, field, .. } = &expr.kind else { return None };
        let (skeleton, None) = self.holder_of_base(base)? else { return None };
        let known = !matches!(field.name.as_str(), "obj" | "skeleton" | "subskel" | "ctx");
        known.then_some((skeleton, Some(field.name)))
    }

    /// As [`MemberFinder::holder`], for the skeleton's own struct only: the chain from there is short.
    fn holder_of_base(&self, expr: &Expr) -> Option<(usize, Option<Symbol>)> {
        let mut expr = expr;
        for _ in 0..MAX_STEPS {
            match &expr.kind {
                ExprKind::Paren(inner)
                | ExprKind::Unary(UnaryOp::Deref | UnaryOp::AddrOf | UnaryOp::Extension, inner) => {
                    expr = inner;
                }
                _ => break,
            }
        }
        self.by_type(expr)
    }

    fn by_type(&self, expr: &Expr) -> Option<(usize, Option<Symbol>)> {
        let ty = self.unit.expr_type(&self.scope, expr)?;
        let skeleton = pointed_skeleton(self.unit, self.skeletons, ty)
            .or_else(|| skeleton_struct(self.unit, self.skeletons, ty));
        if let Some(skeleton) = skeleton {
            return Some((skeleton, None));
        }
        let (skeleton, section) = section_struct(self.unit, self.skeletons, ty)?;
        Some((skeleton, Some(section)))
    }

    /// The skeleton whose `obj` an expression is.
    fn skeleton_of_object(&self, object: &Expr) -> Option<usize> {
        let ExprKind::Member { base, field, .. } = &object.kind else { return None };
        match self.holder_of_base(base)? {
            (skeleton, None) if field.name.as_str() == "obj" => Some(skeleton),
            _ => None,
        }
    }

    /// The skeleton that has a map or program of a name, when all are known and no other one has it.
    fn only_skeleton_with(&self, name: &str, maps: bool) -> Option<usize> {
        let mut found = None;
        for (index, skeleton) in self.skeletons.iter().enumerate() {
            let object = skeleton.object.as_ref()?;
            let has = match maps {
                true => object.maps.iter().any(|map| map.name == name),
                false => object.programs.iter().any(|program| program.name == name),
            };
            if has && found.replace(index).is_some() {
                return None;
            }
        }
        found
    }

    /// `bpf_object__find_map_by_name(skel->obj, "x")` and the like.
    fn lookup(&self, callee: &Expr, args: &[Expr]) -> Option<Reference> {
        let ExprKind::Ident(callee) = &callee.kind else { return None };
        let maps = match callee.name.as_str() {
            "bpf_object__find_map_by_name" | "bpf_object__find_map_fd_by_name" => true,
            "bpf_object__find_program_by_name" => false,
            _ => return None,
        };
        let [object, name, ..] = args else { return None };
        let ExprKind::Str { bytes, width: 1 } = &name.kind else { return None };
        let text = std::str::from_utf8(bytes).ok()?;
        let traced = self.skeleton_of_object(object);
        let skeleton = traced.or_else(|| self.only_skeleton_with(text, maps))?;
        let object = self.skeletons.get(skeleton)?.object.as_ref()?;
        let holder = Symbol::intern(if maps { "maps" } else { "progs" });
        // libbpf knows maps by their own name, which is not always the member's.
        let ident = match maps {
            true => object
                .maps
                .iter()
                .find(|m| m.name == text || text.starts_with('.') && m.section == text)
                .and_then(|m| m.ident()),
            false => None,
        };
        let mut reference =
            self.make(skeleton, Some(holder), text, name.span, name.span.start, true)?;
        reference.traced = traced.is_some();
        if let Some(ident) = ident
            && let Some(skeleton) = self.skeletons.get(skeleton)
            && let Some(member) = members(skeleton, &[holder.as_str()])
                .and_then(|all| all.into_iter().find(|m| m.name == ident))
        {
            reference.kind = Some(member.kind);
            reference.place = member.place;
        }
        Some(reference)
    }
}

/// Looks at the initialisers of a body's variables.
struct Locals<'f, 'a> {
    finder: &'f MemberFinder<'a>,
    found: &'f mut Vec<Reference>,
}

impl visit::Visitor for Locals<'_, '_> {
    fn local(&mut self, _: &Declaration, one: &InitDeclarator) {
        if let (Some(name), Some(init)) = (one.declarator.name, &one.init)
            && let Some(local) = self.finder.scope.declared(name.token)
        {
            self.finder.designators(local.ty, init, 0, self.found);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use expect_test::expect;

    use super::*;
    use crate::test_fixture;

    #[test]
    fn of_all_kinds() {
        let loaded = test_fixture::load(
            r#"//- /a.bpf.c
#include <vmlinux.h>
#include <bpf/bpf_helpers.h>
int total;
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 1); __type(key, int); __type(value, int); } table SEC(".maps");
SEC("tp_btf/x") int prog(void *ctx) { return total; }
//- /a.c
#include "a.skel.h"
#define FIELD(s, f) (s)->bss->f
struct env { struct a *skel, **other; } env;
int main(struct bpf_object *obj)
{
	struct a__bss *bss = env.skel->bss;
	env.skel->links.prog = attach((*env.other)->progs.prog);
	FIELD(env.skel, total) = sizeof(bss->total);
	bpf_object__find_map_by_name(env.skel->obj, "table");
	bpf_object__find_program_by_name(env.skel->obj, "prog");
	bpf_object__find_program_by_name(obj, "prog") + bpf_object__find_map_by_name(obj, "other");
	struct a__bss made = { .total = 1 }, two[] = { { .total = 2 }, (struct a__bss){ .total = 3 } };
	obj += __builtin_offsetof(struct a__bss, total);
	return fd(env.skel->maps.table) + env.skel->maps.missing + env.skel->bss->total;
}
"#,
        );
        let mut out = String::new();
        for r in references(&loaded.unit, &loaded.skeletons) {
            let to = r.place.map(|p| {
                loaded.show(FileRange {
                    file: cfront::source::FileId(p.file),
                    start: p.start,
                    end: p.end,
                })
            });
            let _ = writeln!(
                out,
                "{}: {}.{} {:?} {to:?}{}",
                loaded.show(r.range),
                r.holder,
                r.name,
                r.kind,
                if r.traced { "" } else { " untraced" }
            );
        }
        expect![[r#"
            6 `bss`: .bss Some(Section) None
            7 `links`: .links Some(Group) None
            7 `prog`: links.prog Some(Link) Some("/a.bpf.c:5 `prog`")
            8 `FIELD`: .bss Some(Section) None
            8 `total`: bss.total Some(Variable) Some("/a.bpf.c:3 `total`")
            8 `total`: bss.total Some(Variable) Some("/a.bpf.c:3 `total`")
            9 `obj`: .obj Some(Group) None
            9 `table`: maps.table Some(Map) Some("/a.bpf.c:4 `table`")
            10 `obj`: .obj Some(Group) None
            10 `prog`: progs.prog Some(Program) Some("/a.bpf.c:5 `prog`")
            11 `prog`: progs.prog Some(Program) Some("/a.bpf.c:5 `prog`") untraced
            12 `total`: bss.total Some(Variable) Some("/a.bpf.c:3 `total`")
            12 `total`: bss.total Some(Variable) Some("/a.bpf.c:3 `total`")
            12 `total`: bss.total Some(Variable) Some("/a.bpf.c:3 `total`")
            13 `total`: bss.total Some(Variable) Some("/a.bpf.c:3 `total`")
            14 `maps`: .maps Some(Group) None
            14 `table`: maps.table Some(Map) Some("/a.bpf.c:4 `table`")
            14 `maps`: .maps Some(Group) None
            14 `missing`: maps.missing None None
            14 `bss`: .bss Some(Section) None
            14 `total`: bss.total Some(Variable) Some("/a.bpf.c:3 `total`")
        "#]]
        .assert_eq(&out);
    }

    #[test]
    fn both_kinds_of_one_program() {
        let loaded = test_fixture::load(
            "//- /a.bpf.c\n#include <bpf/bpf_helpers.h>\nint total;\n\
             //- /a.c\n#include \"a.skel.h\"\n#include \"a.lskel.h\"\n\
             int f(struct a *skel) { return skel->bss->total; }\n\
             int g(void) { struct a_lskel *skel = a_lskel__open_and_load(); return skel->bss->total; }\n",
        );
        let found = references(&loaded.unit, &loaded.skeletons);
        let of_total: Vec<_> =
            found.iter().filter(|r| r.name == "total").map(|r| r.skeleton).collect();
        assert_eq!(of_total, [0, 1]);
    }
}
