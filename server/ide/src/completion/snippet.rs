//! Pieces of code with places to fill in (`${1:text}`).

/// A name as part of a snippet: GNU C's names may have `$` in them.
pub(super) fn literal(name: &str) -> String {
    name.replace('\\', "\\\\").replace('$', "\\$").replace('}', "\\}")
}

/// The text with the places filled as they stand: for clients that know no snippets.
pub(super) fn plain(template: &str) -> String {
    let mut out = String::new();
    let mut known: Vec<(&str, &str)> = Vec::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('$') {
        out.push_str(before);
        if let Some((inside, behind)) = after.strip_prefix('{').and_then(|a| a.split_once('}')) {
            let (number, text) = inside.split_once(':').unwrap_or((inside, ""));
            known.push((number, text));
            out.push_str(text);
            rest = behind;
        } else {
            // A place that repeats another one.
            let end = after.find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len());
            let (number, behind) = after.split_at(end);
            let text = known.iter().find(|(n, _)| *n == number).map_or("", |(_, text)| text);
            out.push_str(text);
            rest = behind;
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::{literal, plain};

    #[test]
    fn names_have_no_places() {
        assert_eq!(literal("bpf_${1:x}_$0"), "bpf_\\${1:x\\}_\\$0");
    }

    #[test]
    fn places_and_repeats() {
        assert_eq!(plain("a ${1:b c} { $1; $0 }"), "a b c { b c;  }");
        assert_eq!(plain("no places"), "no places");
        assert_eq!(plain("torn ${1:x"), "torn {1:x");
    }
}

#[cfg(test)]
mod in_programs {
    use expect_test::expect;

    use crate::{
        answer::{Completion, SymbolKind},
        test_world::{completions, world},
    };

    const HEAD: &str = "#include <vmlinux.h>\n#include <bpf/bpf_helpers.h>\n#include <bpf/bpf_tracing.h>\n\
                        struct inner { int x; };\n";
    const TAIL: &str = "\nchar LICENSE[] SEC(\"license\") = \"GPL\";\n";

    fn snippets(prefix: &str) -> Vec<Completion> {
        let world = world(&format!("//- /a.bpf.c\n{HEAD}{prefix}$0{TAIL}"));
        let all = world.analysis.completions(&world.path, world.offset).expect("nobody cancels");
        all.into_iter().filter(|item| item.label.starts_with(prefix)).collect()
    }

    /// The findings in a program with that text, and the outline.
    fn told(text: &str) -> (Vec<String>, Vec<SymbolKind>) {
        let world = world(&format!("//- /a.bpf.c\n{HEAD}{text}{TAIL}$0"));
        let found = world.analysis.findings(&world.path).expect("nobody cancels");
        let found = found.iter().map(|f| format!("{}: {}", f.rule, f.message)).collect();
        let symbols = world.analysis.document_symbols(&world.path).expect("nobody cancels");
        (found, symbols.iter().map(|symbol| symbol.kind).collect())
    }

    #[test]
    fn every_map_is_one_that_the_kernel_takes() {
        let all = snippets("map_");
        assert!(all.len() > 25);
        for item in all {
            // What newer kernels have is not in the stand-in header.
            let name = item.detail.rsplit(' ').next().unwrap_or_default();
            let text = format!(
                "enum {{ EXTRA = {} }};\n{}",
                bpf::facts::map_types::by_name(&format!("BPF_MAP_TYPE_{name}")).unwrap().number,
                item.insert.replace(&format!("BPF_MAP_TYPE_{name}"), "EXTRA")
            );
            let (found, symbols) = told(&text);
            assert_eq!(found, Vec::<String>::new(), "{text}");
            assert!(symbols.contains(&SymbolKind::Map), "{text}");
        }
    }

    #[test]
    fn every_program_is_one_that_libbpf_knows() {
        let all = snippets("prog_");
        assert!(all.len() > 50);
        for item in all {
            let (found, symbols) = told(&item.insert);
            assert_eq!(found, Vec::<String>::new(), "{}", item.insert);
            assert!(
                item.label == "prog_usdt" || symbols.contains(&SymbolKind::Program),
                "{}",
                item.insert
            );
        }
    }

    #[test]
    fn some_of_them() {
        let shown = |label: &str| {
            let all = snippets(label);
            let item = all.iter().find(|item| item.label == label).expect("a snippet");
            item.snippet.clone().unwrap_or_default() + "\n"
        };
        expect![[r#"
            struct {
            	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
            	__uint(max_entries, ${1:1024});
            	__type(key, struct { __u32 prefixlen; __u8 data[4]; });
            	__type(value, ${2:__u64});
            	__uint(map_flags, BPF_F_NO_PREALLOC);
            } ${3:name} SEC(".maps");$0
        "#]]
        .assert_eq(&shown("map_lpm_trie"));
        expect![[r#"
            struct {
            	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
            	__uint(max_entries, ${1:8});
            	__type(key, __u32);
            	__array(values, struct {
            		__uint(type, BPF_MAP_TYPE_ARRAY);
            		__uint(max_entries, 1);
            		__type(key, __u32);
            		__type(value, __u64);
            	});
            } ${2:name} SEC(".maps");$0
        "#]]
        .assert_eq(&shown("map_array_of_maps"));
        expect![[r#"
            struct {
            	__uint(type, BPF_MAP_TYPE_RINGBUF);
            	__uint(max_entries, ${1:256 * 1024});
            } ${2:name} SEC(".maps");$0
        "#]]
        .assert_eq(&shown("map_ringbuf"));
        expect![[r#"
            SEC("fentry/${1:do_unlinkat}")
            int BPF_PROG(${2:name}, ${3:int dfd, struct filename *name})
            {
            	$0
            	return 0;
            }
        "#]]
        .assert_eq(&shown("prog_fentry"));
        expect![[r#"
            SEC("iter/${1:task}")
            int ${2:name}(struct bpf_iter__$1 *ctx)
            {
            	$0
            	return 0;
            }
        "#]]
        .assert_eq(&shown("prog_iter"));
        expect![[r#"
            SEC("xdp")
            int ${2:name}(struct xdp_md *ctx)
            {
            	$0
            	return XDP_PASS;
            }
        "#]]
        .assert_eq(&shown("prog_xdp"));
    }

    #[test]
    fn only_where_a_definition_may_begin() {
        let at = |text: &str| completions(&format!("//- /a.bpf.c\n{HEAD}{text}{TAIL}"));
        expect![[r#"
            map_ringbuf | map definition, RINGBUF
        "#]]
        .assert_eq(&at("map_ri$0"));
        expect![[r#"
            map_ringbuf | map definition, RINGBUF
        "#]]
        .assert_eq(&at("#ifdef X\nmap_ri$0\n#endif"));
        expect![""].assert_eq(&at("int map_ri$0"));
        expect![""].assert_eq(&at("int f(void)\n{\n\tmap_ri$0\n}"));
        expect![""].assert_eq(&at("struct s { map_ri$0 };"));
        expect![""].assert_eq(&at("#define A map_ri$0"));
        expect![""].assert_eq(&at("enum e { map_ri$0 };"));
        let plain = completions("//- /plain.c\nint x;\nmap_ri$0\n");
        expect![""].assert_eq(&plain);
    }
}
