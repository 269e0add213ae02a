//! The index says what the lexer, the splitter and the scan of names say.

use proptest::prelude::*;

use std::sync::Arc;

use super::*;
use crate::{names::for_each_declared, split::split};

/// Compares the index of a text with its tokens; gives the number of items that were indexed.
fn check(source: &str) -> usize {
    let text: Text = source.into();
    let macros = MacroTable::default();
    let found = scan::scan(&text, 0, &Specials::new(&macros));
    let end = found.ends.last().map_or(0, |&end| end as usize);
    let index = HeaderIndex {
        file: FileId(0),
        text: text.clone(),
        range: 0..end,
        names: NameTable::new(found.names),
        ends: found.ends,
        words: OnceLock::new(),
        found: Mutex::default(),
    };
    let whole = lex(&text, FileId(0), 0..text.len());
    let mut counts = vec![0; index.len()];
    index.names.entries.iter().for_each(|entry| counts[entry.item as usize] += 1);
    let mut at = 0;
    for (item, range) in split(&whole).into_iter().take(index.len()).enumerate() {
        assert_eq!(range.start, at, "no pragma stands before item {item}");
        at = range.end;
        let tokens = &whole[range.range()];
        assert_eq!(index.tokens(item), tokens, "item {item}");
        assert_eq!(index.item_at(tokens[0].loc.offset as usize), Some(item));
        let mut count = 0;
        let lazy = for_each_declared(tokens, |declared| {
            count += 1;
            let space = (item as u32, declared.space, declared.defines);
            let mut known = index.declaring(declared.name).skip_while(|name| name.0 < space.0);
            let known = known.any(|name| name == space);
            assert!(known, "{declared:?} of item {item}");
        });
        assert!(lazy, "item {item} can wait");
        assert_eq!(counts[item], count, "names of item {item}");
        for token in tokens.iter().filter(|_| item < 1000) {
            let is_word = token.kind == crate::token::TokenKind::Ident;
            assert!(!is_word || index.contains(token.sym), "{:?}", token.sym);
        }
    }
    index.len()
}

const PLAIN: &[&str] = &[
    "struct a { int x; struct b { char y : 3; } z; enum { A, B = (1 << 3), C } e; };\n",
    "typedef unsigned long int u64;\n",
    "typedef struct { u64 v; } v_t;\n",
    "typedef struct s *sp;\n",
    "typedef int (*fn)(struct a *, u64), arr[3];\n",
    "enum e { X = 0, Y = sizeof(struct a), Z };\n",
    "union u { int a; struct { int b; }; } __attribute__((packed));\n",
    "extern int f(struct a *p);\n",
    "extern int g(void) __attribute__((weak));\n",
    "int proto(int a, ...);\n",
    "struct fwd;\n",
    "/* text { */ enum n : int { N };\n",
    ";\n",
    "struct o { int (*cb)(struct in { int q; } *); int :5; } ;  struct p { } ;\n",
    "struct { int lone; };\n",
    "extern struct a many[], *more;\n",
    "typedef int fa(void);\n",
    "typedef int fb(u64), fc(T t);\n",
    "typedef struct a *(*fd)(struct b *, u64 c);\n",
    "typedef int (*(*fe)(void))[3];\n",
    "typedef int (*const ff)(int), fg[3];\n",
    "typedef int (fh)(int);\n",
    "typedef int fi[sizeof(struct in { int q; })];\n",
    "typedef int (*fj)(struct param { int q; } *);\n",
    "typedef int ((*fk))(void);\n",
    "typedef int fl(int) __attribute__((x));\n",
    "typedef int (*)(int);\n",
    "typedef int (*fm[2])(int);\n",
    "static long (* const ga)(void *map, const void *key) = (void *) 1;\n",
    "static struct s *(*const gb)(u64, int (*cb)(const int)) = (void *)sizeof(struct a);\n",
    "static const u64 gc = 3, gd = 4;\n",
    "static const int ge[2] = (T)x[1];\n",
    "const static int (gf) = 5;\n",
    "static int (*const (*gg)(int))(int) = 5;\n",
];

const ODD: &[&str] = &[
    "int v;\n",
    "int w = 3;\n",
    "static inline int h(void) { return 1; }\n",
    "int old(a) int a; { }\n",
    "struct open { int x;\n",
    "}\n",
    "extern int s __attribute__((section(\"x\")));\n",
    "struct missing { int x; }\n",
    "typedef int half\n",
    "const char c = 'x';\n",
    "struct { int in; } named;\n",
    "static int v;\n",
    "static int v = (const int) 3;\n",
    "static int (*v)(const int) = 0;\n",
    "static const int w;\n",
    "static const int w[1] = { 1 };\n",
    "typedef static const int w = 1;\n",
];

#[test]
fn every_plain_item_is_indexed() {
    for item in PLAIN {
        assert_eq!(check(item), split(&lex(item, FileId(0), 0..item.len())).len(), "{item}");
    }
    assert!(check(&PLAIN.concat()) > PLAIN.len());
}

#[test]
fn what_is_not_plain_ends_the_index() {
    for odd in ODD {
        assert_eq!(check(&format!("struct a {{ int x; }};\n{odd}struct b;\n")), 1, "{odd}");
    }
}

#[test]
fn halves_of_a_long_text() {
    let mut text = String::new();
    for i in 0.. {
        text.push_str(&format!(
            "struct s{i} {{\n\tint a[{}];\n}};\n\ntypedef int t{i};\n\n",
            "1".repeat(500)
        ));
        if text.len() > 1 << 20 {
            break;
        }
    }
    let items = check(&text);
    assert_eq!(items, text.matches(";\n\n").count());
    // No item begins where the second half does.
    let inside = format!("struct big {{\n{}}};\n{text}", "int a;\n\n".repeat(200_000));
    assert_eq!(check(&inside), items + 1);
    let odd = format!("{text}int v;\n\n{text}");
    assert_eq!(check(&odd), items);
}

#[test]
fn a_macro_ends_the_index_and_words_are_known() {
    let text: Text = format!("{}struct last {{ int once; }};\n", PLAIN.concat().repeat(40)).into();
    let index = HeaderIndex::new(FileId(0), &text, 0, &MacroTable::default()).unwrap();
    assert_eq!(index.range.end, text.len() - 1);
    assert!(index.contains(Symbol::intern("once")));
    assert!(!index.contains(Symbol::intern("onc")));
    assert!(!index.contains(Symbol::intern("never_written")));
    let mut macros = MacroTable::default();
    let once = Symbol::intern("once");
    let def = crate::pp::MacroDef::builtin("once", crate::pp::macros::Builtin::Line);
    macros.set(once, Some(Arc::new(def)));
    let shorter = HeaderIndex::new(FileId(0), &text, 0, &macros).unwrap();
    assert_eq!(shorter.len() + 1, index.len());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_mix_of_items(picks in proptest::collection::vec(0..PLAIN.len() + ODD.len(), 0..12), cut in 0..200usize) {
        let items: Vec<&str> = PLAIN.iter().chain(ODD).copied().collect();
        let mut source: String = picks.iter().map(|&i| items[i]).collect();
        if cut < source.len() {
            source.truncate(source.len() - cut);
        }
        check(&source);
    }

    #[test]
    fn any_torn_text(source in r"[a-c;:,=*(){}\[\] \n/<%#]{0,60}|(struct|enum|union|typedef|extern|[;{}(),*=]|a|b| |\n){0,40}|(typedef|static) (int|const|a|b|struct| |[*()\[\]=]){0,16};") {
        check(&source);
    }
}
