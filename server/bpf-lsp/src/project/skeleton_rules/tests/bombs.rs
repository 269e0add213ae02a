//! Build files that ask for work without end: it is counted, and ends with the budget.

use super::super::*;
use crate::project::make::Makefile;

/// A small budget: what ends with it ends with any.
const SMALL: u64 = 1 << 20;

/// Reads a makefile that includes itself as often as it likes, and asks it for a header.
fn read(text: &str) -> (Budget, Vec<Recipe>) {
    let reading = Budget::new(SMALL);
    let read = |name: &str| (name == "Makefile").then(|| text.to_owned());
    let makefile = Makefile::read(text, "/w", &read, &reading);
    let asking = Budget::new(SMALL);
    let found = make::header(&makefile, "x.skel.h", &asking);
    make::source(&makefile, "x.bpf.o", &Budget::new(SMALL));
    let used = if reading.is_used_up() { reading } else { asking };
    (used, found)
}

/// More work is asked for than there is, and nothing false is said.
fn check_make(name: &str, text: &str) {
    let (budget, found) = read(text);
    assert!(budget.is_used_up(), "{name}: {} units", budget.spent());
    assert_eq!(found, [], "{name}");
}

/// A variable for each level, of `uses` uses of the one below.
fn levels(first: &str, use_of: impl Fn(usize) -> String, uses: usize) -> String {
    let mut text = format!("V0 = {first}\n");
    for level in 1..=10 {
        let value = vec![use_of(level - 1); uses].join(" ");
        text += &format!("V{level} = {value}\n");
    }
    text
}

#[test]
fn makefiles() {
    let rule = "x.skel.h: $(V10) x.bpf.o\n\tbpftool gen skeleton $< > $@\n";
    let nothing = levels("", |below| format!("$(V{below})"), 12);
    check_make("variables that are empty", &format!("{nothing}{rule}"));
    let loops =
        levels("a b c d", |below| format!("$(foreach i,1 2 3 4 5 6 7 8,$(if $(V{below})))"), 4);
    check_make("loops in loops", &format!("{loops}{rule}"));
    check_make("a file that includes itself", &format!("{}{rule}", "include Makefile ".repeat(50)));
    check_make("includes in a line", &format!("{}{rule}", "include Makefile\n".repeat(50)));
    let words = "ab ".repeat(2_000);
    let filter = format!("P = {}\nV10 = $(filter-out $(P),$(W))\n", "cd ".repeat(2_000));
    check_make("words and patterns", &format!("W = {words}\n{filter}{rule}"));
    let rules = format!("{words}: a\n").repeat(10);
    let many = format!("{rules}{}", "%.skel.h: %.o\n\tbpftool gen skeleton $< > $@\n".repeat(20));
    let (budget, _) = read(&many);
    assert!(!budget.is_used_up(), "a large file is not one: {}", budget.spent());
}

#[test]
fn values_that_grow_are_not_known() {
    let long = "a".repeat(60_000);
    let words = "a ".repeat(30_000);
    for (name, value) in [
        ("subst", format!("$(subst a,{long},{long})")),
        ("addprefix", format!("$(addprefix {long},{words})")),
        ("patsubst", format!("$(patsubst %,%{long},{words})")),
        ("change of ends", format!("$(W:a={long})")),
    ] {
        let text = format!("W = {words}\nV = {value}\nx.skel.h: $(V)\n");
        let (budget, found) = read(&text);
        assert!(!budget.is_used_up(), "{name}: {}", budget.spent());
        assert_eq!(found, [], "{name}");
    }
    let stems = format!("%.skel.h: {}\n", "%".repeat(500_000));
    assert_eq!(read(&stems).1, []);
}

#[test]
fn objects_that_are_linked_of_each_other() {
    let mut recipe = String::from("x.skel.h: x.o\n\tbpftool gen skeleton o0 > x.skel.h\n");
    for i in 0..8 {
        recipe += &format!("\tbpftool gen object o{i} {}\n", format!("o{} ", i + 1).repeat(30));
    }
    let (_, found) = read(&recipe);
    assert_eq!(found, [], "no program is made of 30^8 objects");
}

#[test]
fn cmake() {
    let end = "bpf_object(x x.bpf.c)\n";
    let doubled = "set(A ${A} ${A})\n".repeat(40);
    let text = "set(T \"${T}${T}\")\n".repeat(60);
    let loops = "foreach(i 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16)\n";
    let loops = [&loops.repeat(5), "file(X)\n", "set(B ${i})\n", &"endforeach()\n".repeat(5)];
    let empty = "foreach(i ${L})\n".repeat(4);
    let long = "set(L ".to_owned() + &"x ".repeat(1_000) + ")\n";
    for (name, text, used_up) in [
        ("lists", format!("set(A a)\n{doubled}{end}"), true),
        ("texts", format!("set(T aaaaaaaa)\n{text}{end}"), false),
        ("loops", format!("{}{end}", loops.concat()), true),
        ("empty loops", format!("{long}{empty}file()\n{}{end}", "endforeach()\n".repeat(4)), true),
        ("appended", format!("set(A a)\n{}{end}", "list(APPEND A ${A})\n".repeat(40)), true),
        ("unclosed loops", format!("{}{end}", "foreach(i a)\n".repeat(5_000)), false),
    ] {
        let budget = Budget::new(SMALL);
        let commands = cmake::read(&text, &budget);
        assert_eq!(budget.is_used_up(), used_up, "{name}: {} units", budget.spent());
        let found = cmake::header(&commands, "x.skel.h", &Budget::new(SMALL));
        assert!(used_up || name == "unclosed loops" || !found.is_empty(), "{name}");
    }
}

#[test]
fn meson() {
    let calls = "x = custom_target(input : ".repeat(3_000);
    let budget = Budget::new(SMALL);
    meson::read(&calls, &budget);
    assert!(budget.is_used_up());
    let mut chain = String::new();
    for i in 0..8 {
        let inputs = format!("t{}, ", i + 1).repeat(30);
        chain += &format!("t{i} = custom_target(input : [{inputs}], output : 'x.skel.h')\n");
    }
    let targets = meson::read(&chain, &Budget::new(SMALL));
    assert_eq!(meson::header(&targets, "x.skel.h", &Budget::new(SMALL)), []);
}

#[test]
fn a_loader_of_any_number_of_headers() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join(".git")).unwrap();
    std::fs::write(folder.path().join("Makefile"), "%.skel.h: %.bpf.o\n").unwrap();
    std::fs::write(folder.path().join("x.bpf.c"), "").unwrap();
    let loader = folder.path().join("a.c");
    let build = BuildFiles::default();
    assert_eq!(build.origins(&loader, "x.skel.h").len(), 1);
    let spent = build.spent.load(Ordering::Relaxed);
    assert!(spent > 0 && spent < ASKING / 64, "{spent}");
    // As after very many of them: less is known, and no more is spent.
    build.spent.store(ASKING_ALL, Ordering::Relaxed);
    assert_eq!(build.origins(&loader, "x.skel.h"), []);
    assert_eq!(build.spent.load(Ordering::Relaxed), ASKING_ALL);
    assert_eq!(build.origins(&loader, &format!("{}.skel.h", "x".repeat(1 << 20))), []);
}
