//! The syntax as a compact S-expression: for tests and for looking at what was read.

use std::fmt::Write;

use crate::ast::*;

/// An item in one line (bodies of functions and records included).
pub fn item(item: &Item) -> String {
    let mut out = Dump { text: String::new() };
    out.item(item);
    out.text
}

struct Dump {
    text: String,
}

impl Dump {
    fn put(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// Separates from what stands before, unless that opens a group.
    fn space(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with(['(', '[', '{', ' ']) {
            self.text.push(' ');
        }
    }

    fn word(&mut self, text: &str) {
        self.space();
        self.text.push_str(text);
    }

    fn open(&mut self, head: &str) {
        self.space();
        self.text.push('(');
        self.text.push_str(head);
    }

    fn close(&mut self) {
        self.text.push(')');
    }

    fn item(&mut self, item: &Item) {
        match item {
            Item::Function(function) => self.function(function),
            Item::Declaration(declaration) => self.declaration(declaration),
            Item::StaticAssert(condition) => {
                self.open("static_assert");
                self.expr(condition);
                self.close();
            }
            Item::Asm => self.word("(asm)"),
            Item::Empty => self.word("(empty)"),
            Item::Error(span) => {
                self.space();
                let _ = write!(self.text, "(error {}..{})", span.start, span.end);
            }
        }
    }

    fn function(&mut self, function: &FunctionDef) {
        self.open("function");
        if function.has_error {
            self.word("!error");
        }
        self.specs(&function.specs);
        self.declarator(&function.declarator);
        for param in &function.kr_params {
            self.declaration(param);
        }
        self.block(&function.body);
        self.close();
    }

    fn declaration(&mut self, declaration: &Declaration) {
        self.open("decl");
        if declaration.has_error {
            self.word("!error");
        }
        self.specs(&declaration.specs);
        for init in &declaration.declarators {
            self.declarator(&init.declarator);
            if let Some(value) = &init.init {
                self.word("=");
                self.initializer(value);
            }
        }
        self.close();
    }

    fn specs(&mut self, specs: &DeclSpecs) {
        let storage = match specs.storage {
            Storage::None => "",
            Storage::Typedef => "typedef",
            Storage::Extern => "extern",
            Storage::Static => "static",
            Storage::Auto => "auto",
            Storage::Constexpr => "constexpr",
            Storage::Register => "register",
        };
        for (set, word) in [
            (!storage.is_empty(), storage),
            (specs.inline, "inline"),
            (specs.thread_local, "thread_local"),
        ] {
            if set {
                self.word(word);
            }
        }
        self.attrs(&specs.attrs);
        self.quals(specs.quals);
        self.type_spec(&specs.ty);
    }

    fn quals(&mut self, quals: Quals) {
        for (set, word) in [
            (quals.is_const, "const"),
            (quals.is_volatile, "volatile"),
            (quals.is_restrict, "restrict"),
            (quals.is_atomic, "_Atomic"),
        ] {
            if set {
                self.word(word);
            }
        }
    }

    fn type_spec(&mut self, ty: &TypeSpec) {
        match ty {
            TypeSpec::Void => self.word("void"),
            TypeSpec::Bool => self.word("bool"),
            TypeSpec::Int(int) => {
                match int.signed {
                    Some(true) => self.word("signed"),
                    Some(false) => self.word("unsigned"),
                    None => {}
                }
                self.word(match int.rank {
                    IntRank::Char => "char",
                    IntRank::Short => "short",
                    IntRank::Int => "int",
                    IntRank::Long => "long",
                    IntRank::LongLong => "long-long",
                    IntRank::Int128 => "int128",
                });
            }
            TypeSpec::Complex(part) => {
                self.word("complex");
                self.type_spec(part);
            }
            TypeSpec::Float(name) => self.word(&name.as_str().replace(' ', "-")),
            TypeSpec::Typedef(name) => self.word(name.name.as_str()),
            TypeSpec::Record(record) => self.record(record),
            TypeSpec::Enum(spec) => self.enumeration(spec),
            TypeSpec::TypeofExpr { expr, unqual } => {
                self.open(if *unqual { "typeof_unqual" } else { "typeof" });
                self.expr(expr);
                self.close();
            }
            TypeSpec::TypeofType { ty, unqual } => {
                self.open(if *unqual { "typeof_unqual:" } else { "typeof:" });
                self.type_name(ty);
                self.close();
            }
            TypeSpec::Atomic(ty) => {
                self.open("_Atomic");
                self.type_name(ty);
                self.close();
            }
            TypeSpec::VaList => self.word("va_list"),
            TypeSpec::AutoType => self.word("auto_type"),
            TypeSpec::Implicit => self.word("implicit"),
            TypeSpec::Unknown => self.word("unknown"),
        }
    }

    fn record(&mut self, record: &RecordSpec) {
        self.open(if record.is_union { "union" } else { "struct" });
        if let Some(tag) = record.tag {
            self.word(tag.name.as_str());
        }
        self.attrs(&record.attrs);
        if let Some(fields) = &record.fields {
            if let Some(pack) = record.pragma_pack {
                self.space();
                let _ = write!(self.text, "pack={pack}");
            }
            self.word("{");
            for field in fields {
                match field {
                    FieldDecl::Fields { specs, declarators, .. } => {
                        self.open("");
                        self.specs(specs);
                        for field in declarators {
                            self.declarator(&field.declarator);
                            if let Some(bits) = &field.bits {
                                self.word(":");
                                self.expr(bits);
                            }
                        }
                        self.close();
                    }
                    FieldDecl::StaticAssert => self.word("(static_assert)"),
                    FieldDecl::Error(_) => self.word("(error)"),
                }
            }
            self.put("}");
        }
        self.close();
    }

    fn enumeration(&mut self, spec: &EnumSpec) {
        self.open("enum");
        if let Some(tag) = spec.tag {
            self.word(tag.name.as_str());
        }
        if let Some(underlying) = &spec.underlying {
            self.word(":");
            self.type_name(underlying);
        }
        self.attrs(&spec.attrs);
        if let Some(values) = &spec.values {
            self.word("{");
            for value in values {
                self.word(value.name.name.as_str());
                if let Some(value) = &value.value {
                    self.word("=");
                    self.expr(value);
                }
            }
            self.put("}");
        }
        self.close();
    }

    fn attrs(&mut self, attrs: &[Attr]) {
        for attr in attrs {
            self.word("@");
            self.put(attr.name.as_str());
            if attr.args.is_empty() {
                continue;
            }
            self.put("(");
            for arg in &attr.args {
                match arg {
                    AttrArg::Str(text) => self.word(&format!("{text:?}")),
                    AttrArg::Ident(name) => self.word(name.name.as_str()),
                    AttrArg::Expr(expr) => self.expr(expr),
                    AttrArg::Type(ty) => {
                        self.word(":");
                        self.type_name(ty);
                    }
                }
            }
            self.put(")");
        }
    }

    fn declarator(&mut self, declarator: &Declarator) {
        match declarator.name {
            Some(name) => self.word(name.name.as_str()),
            None => self.word("_"),
        }
        for derived in &declarator.derived {
            match derived {
                Derived::Pointer { quals, attrs } => {
                    self.word("*");
                    self.attrs(attrs);
                    self.quals(*quals);
                }
                Derived::Array { size, quals } => {
                    self.word("[");
                    self.quals(*quals);
                    match size {
                        ArraySize::Incomplete => {}
                        ArraySize::Expr(size) => self.expr(size),
                        ArraySize::Star => self.word("*"),
                    }
                    self.put("]");
                }
                Derived::Function { params, variadic, prototyped } => {
                    self.open(if *prototyped { "fn" } else { "fn?" });
                    for param in params {
                        self.open("");
                        self.specs(&param.specs);
                        self.declarator(&param.declarator);
                        self.close();
                    }
                    if *variadic {
                        self.word("...");
                    }
                    self.close();
                }
            }
        }
        self.attrs(&declarator.attrs);
        if let Some(label) = declarator.asm_label {
            self.word(&format!("asm({:?})", label.as_str()));
        }
    }

    fn type_name(&mut self, ty: &TypeName) {
        self.specs(&ty.specs);
        if !ty.declarator.derived.is_empty() || ty.declarator.name.is_some() {
            self.declarator(&ty.declarator);
        }
    }

    fn initializer(&mut self, init: &Initializer) {
        match init {
            Initializer::Expr(expr) => self.expr(expr),
            Initializer::List(items, _) => {
                self.word("{");
                for item in items {
                    self.path(&item.designators);
                    if !item.designators.is_empty() {
                        self.word("=");
                    }
                    self.initializer(&item.value);
                }
                self.put("}");
            }
        }
    }

    fn path(&mut self, path: &[Designator]) {
        for designator in path {
            match designator {
                Designator::Field(name) => self.word(&format!(".{}", name.name)),
                Designator::Index(index) => {
                    self.word("[");
                    self.expr(index);
                    self.put("]");
                }
                Designator::Range(from, to) => {
                    self.word("[");
                    self.expr(from);
                    self.word("...");
                    self.expr(to);
                    self.put("]");
                }
            }
        }
    }

    fn block(&mut self, block: &Block) {
        self.word("{");
        for stmt in &block.stmts {
            self.stmt(stmt);
        }
        self.put("}");
    }

    fn body(&mut self, body: Option<&Stmt>) {
        if let Some(body) = body {
            self.stmt(body);
        }
    }

    fn stmt(&mut self, stmt: &Stmt) {
        match &stmt.kind {
            StmtKind::Decl(declaration) => return self.declaration(declaration),
            StmtKind::NestedFunction(function) => return self.function(function),
            StmtKind::Expr(expr) => {
                self.expr(expr);
                return self.put(";");
            }
            StmtKind::Empty => return self.word(";"),
            StmtKind::Block(block) => return self.block(block),
            StmtKind::If { cond, then, otherwise } => {
                self.open("if");
                self.expr(cond);
                self.stmt(then);
                if let Some(otherwise) = otherwise {
                    self.word("else");
                    self.stmt(otherwise);
                }
            }
            StmtKind::While { cond, body } => {
                self.open("while");
                self.expr(cond);
                self.stmt(body);
            }
            StmtKind::DoWhile { body, cond } => {
                self.open("do");
                self.stmt(body);
                self.expr(cond);
            }
            StmtKind::For { init, cond, step, body } => {
                self.open("for");
                match init {
                    Some(init) => self.stmt(init),
                    None => self.word("_"),
                }
                for part in [cond, step] {
                    match part {
                        Some(part) => self.expr(part),
                        None => self.word("_"),
                    }
                }
                self.stmt(body);
            }
            StmtKind::Switch { value, body } => {
                self.open("switch");
                self.expr(value);
                self.stmt(body);
            }
            StmtKind::Case { from, to, body } => {
                self.open("case");
                self.expr(from);
                if let Some(to) = to {
                    self.word("...");
                    self.expr(to);
                }
                self.body(body.as_deref());
            }
            StmtKind::Default { body } => {
                self.open("default");
                self.body(body.as_deref());
            }
            StmtKind::Label { name, body } => {
                self.open("label");
                self.word(name.name.as_str());
                self.body(body.as_deref());
            }
            StmtKind::Goto(name) => {
                self.open("goto");
                self.word(name.name.as_str());
            }
            StmtKind::GotoIndirect(target) => {
                self.open("goto*");
                self.expr(target);
            }
            StmtKind::Break => self.open("break"),
            StmtKind::Continue => self.open("continue"),
            StmtKind::Return(value) => {
                self.open("return");
                if let Some(value) = value {
                    self.expr(value);
                }
            }
            StmtKind::Asm { outputs, inputs, goto_labels } => {
                self.open("asm");
                for (head, operands) in [(":out", outputs), (":in", inputs)] {
                    if !operands.is_empty() {
                        self.word(head);
                    }
                    for operand in operands {
                        self.expr(operand);
                    }
                }
                for label in goto_labels {
                    self.word(&format!("&&{}", label.name));
                }
            }
            StmtKind::StaticAssert => self.open("static_assert"),
            StmtKind::Error => self.open("error"),
        }
        self.close();
    }

    fn exprs(&mut self, head: &str, parts: &[&Expr]) {
        self.open(head);
        for part in parts {
            self.expr(part);
        }
        self.close();
    }

    fn typed(&mut self, head: &str, types: &[&TypeName], parts: &[&Expr]) {
        self.open(head);
        for ty in types {
            self.type_name(ty);
        }
        for part in parts {
            self.expr(part);
        }
        self.close();
    }

    fn expr(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Ident(name) => self.word(name.name.as_str()),
            ExprKind::Int { value, unsigned, longs, .. } => {
                self.word(&value.to_string());
                self.put(if *unsigned { "u" } else { "" });
                self.put(["", "l", "ll"].get(usize::from(*longs)).unwrap_or(&""));
            }
            ExprKind::Float(spelling) => self.word(spelling.as_str()),
            ExprKind::Char(value, _) => self.word(&format!("'{value}'")),
            ExprKind::Str { bytes, width } => {
                self.word(&format!("{:?}", String::from_utf8_lossy(bytes)));
                if *width > 1 {
                    self.put(&format!(":{width}"));
                }
            }
            ExprKind::Paren(inner) => self.exprs("paren", &[inner]),
            ExprKind::Unary(op, inner) => self.exprs(
                match op {
                    UnaryOp::Plus => "+",
                    UnaryOp::Minus => "-",
                    UnaryOp::Not => "!",
                    UnaryOp::BitNot => "~",
                    UnaryOp::Deref => "*",
                    UnaryOp::AddrOf => "&",
                    UnaryOp::PreInc => "++_",
                    UnaryOp::PreDec => "--_",
                    UnaryOp::Extension => "extension",
                },
                &[inner],
            ),
            ExprKind::Postfix(PostfixOp::Inc, inner) => self.exprs("_++", &[inner]),
            ExprKind::Postfix(PostfixOp::Dec, inner) => self.exprs("_--", &[inner]),
            ExprKind::Binary(op, a, b) => self.exprs(spelling(*op), &[a, b]),
            ExprKind::Assign(op, a, b) => {
                self.exprs(&format!("{}=", op.map_or("", spelling)), &[a, b]);
            }
            ExprKind::Conditional { cond, then: Some(then), otherwise } => {
                self.exprs("?", &[cond, then, otherwise]);
            }
            ExprKind::Conditional { cond, then: None, otherwise } => {
                self.exprs("?:", &[cond, otherwise]);
            }
            ExprKind::Comma(a, b) => self.exprs(",", &[a, b]),
            ExprKind::Call { callee, args } => {
                self.open("call");
                self.expr(callee);
                for arg in args {
                    self.expr(arg);
                }
                self.close();
            }
            ExprKind::Member { base, arrow, field } => {
                self.open(if *arrow { "->" } else { "." });
                self.expr(base);
                self.word(field.name.as_str());
                self.close();
            }
            ExprKind::Index { base, index } => self.exprs("index", &[base, index]),
            ExprKind::Cast { ty, expr } => self.typed("cast", &[ty], &[expr]),
            ExprKind::CompoundLiteral { ty, init } => {
                self.open("literal");
                self.type_name(ty);
                self.initializer(init);
                self.close();
            }
            ExprKind::SizeofExpr(inner) => self.exprs("sizeof", &[inner]),
            ExprKind::SizeofType(ty) => self.typed("sizeof:", &[ty], &[]),
            ExprKind::AlignofExpr(inner) => self.exprs("alignof", &[inner]),
            ExprKind::AlignofType(ty) => self.typed("alignof:", &[ty], &[]),
            ExprKind::Offsetof { ty, path } => {
                self.open("offsetof");
                self.type_name(ty);
                self.path(path);
                self.close();
            }
            ExprKind::TypesCompatible(a, b) => {
                self.open("types_compatible");
                self.type_name(a);
                self.word(",");
                self.type_name(b);
                self.close();
            }
            ExprKind::ChooseExpr { cond, then, otherwise } => {
                self.exprs("choose", &[cond, then, otherwise]);
            }
            ExprKind::VaArg { ap, ty } => {
                self.open("va_arg");
                self.expr(ap);
                self.type_name(ty);
                self.close();
            }
            ExprKind::BuiltinWithTypes { name, types, args } => {
                let types: Vec<_> = types.iter().collect();
                let args: Vec<_> = args.iter().collect();
                self.typed(&format!("builtin {name}"), &types, &args);
            }
            ExprKind::Generic { control, arms } => {
                self.open("generic");
                self.expr(control);
                for (ty, value) in arms {
                    self.open("");
                    match ty {
                        Some(ty) => self.type_name(ty),
                        None => self.word("default"),
                    }
                    self.expr(value);
                    self.close();
                }
                self.close();
            }
            ExprKind::StmtExpr(block) => {
                self.open("stmt");
                self.block(block);
                self.close();
            }
            ExprKind::LabelAddress(name) => self.word(&format!("&&{}", name.name)),
            ExprKind::Error => self.word("(error)"),
        }
    }
}

fn spelling(op: BinaryOp) -> &'static str {
    match op {
        BinaryOp::Add => "+",
        BinaryOp::Sub => "-",
        BinaryOp::Mul => "*",
        BinaryOp::Div => "/",
        BinaryOp::Rem => "%",
        BinaryOp::Shl => "<<",
        BinaryOp::Shr => ">>",
        BinaryOp::Lt => "<",
        BinaryOp::Gt => ">",
        BinaryOp::Le => "<=",
        BinaryOp::Ge => ">=",
        BinaryOp::Eq => "==",
        BinaryOp::Ne => "!=",
        BinaryOp::BitAnd => "&",
        BinaryOp::BitOr => "|",
        BinaryOp::BitXor => "^",
        BinaryOp::LogAnd => "&&",
        BinaryOp::LogOr => "||",
    }
}
