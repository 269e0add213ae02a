//! Test inputs: a loader and the BPF sources of its skeletons in one text.

use std::{fmt::Write, sync::Arc};

use bpf::diagnostic::{Diagnostic, Edit};
use cfront::{
    fixture,
    flags::Flags,
    pp::preprocess,
    session::{FileSystem, Session},
    source::{FileId, FileRange, Text},
    unit::Unit,
};
use expect_test::Expect;

use crate::{
    Input,
    skeletons::{Skeleton, included},
};

/// A fixture that has been read: files `NAME.bpf.c` are the sources of skeletons `NAME`, the last
/// other `.c` file is the loader.
pub(crate) struct Loaded {
    pub session: Session,
    pub unit: Unit,
    pub skeletons: Vec<Skeleton>,
    pub text: Text,
    pub file: FileId,
}

pub(crate) fn load(text: &str) -> Loaded {
    let fixture = fixture::parse(text);
    let fs = fixture.file_system();
    let session = Session::default();
    let build = |path: &std::path::Path, text: Text| {
        let flags = Flags { builtin_headers: true, ..Flags::default() };
        Unit::build(Arc::new(preprocess(&session, &fs, path, text, &flags)), None, false)
    };
    let (path, text) = fixture
        .files
        .iter()
        .rfind(|(path, _)| {
            let path = path.to_string_lossy();
            path.ends_with(".c") && !path.ends_with(".bpf.c")
        })
        .cloned()
        .expect("a loader");
    let unit = build(&path, text.clone());
    let mut skeletons = Vec::new();
    for header in included(&unit) {
        let source = std::path::PathBuf::from(format!("/{}.bpf.c", header.base));
        let source = fs.read(&source).map(|text| build(&source, text));
        let object =
            source.as_ref().map(|unit| Arc::new(bpf::source::object(unit, header.name.as_str())));
        let mut skeleton = header.skeleton(object);
        skeleton.sources.extend(source);
        skeletons.push(skeleton);
    }
    let file = session.file_id(&path);
    Loaded { session, unit, skeletons, text, file }
}

impl Loaded {
    pub(crate) fn input(&self) -> Input<'_> {
        Input { unit: &self.unit, skeletons: &self.skeletons, text: &self.text, exact_flags: true }
    }

    /// The text of a range, with the file's name when it is not the loader.
    pub(crate) fn show(&self, range: FileRange) -> String {
        let sources = self.skeletons.iter().flat_map(|skeleton| &skeleton.sources);
        let mut units = std::iter::once(&self.unit).chain(sources);
        let text = units.find_map(|unit| unit.preprocessed().text(range.file)).cloned();
        let text = text.unwrap_or_default();
        let spelled = text.get(range.start as usize..range.end as usize).unwrap_or("?");
        let line = text.get(..range.start as usize).map_or(0, |t| t.matches('\n').count()) + 1;
        if range.file == self.file {
            format!("{line} `{spelled}`")
        } else {
            format!("{}:{line} `{spelled}`", self.session.path(range.file).display())
        }
    }

    pub(crate) fn print(&self, found: &[Diagnostic]) -> String {
        let mut out = String::new();
        for d in found {
            let _ = writeln!(out, "{} at {}: {}", d.rule, self.show(d.range), d.message);
            for (range, text) in &d.related {
                let _ = writeln!(out, "    {}: {text}", self.show(*range));
            }
            for fix in &d.fixes {
                let _ = writeln!(out, "    fix: {}", fix.title);
            }
        }
        out
    }

    /// The loader's text after a fix.
    pub(crate) fn apply(&self, edits: &[Edit]) -> String {
        let mut text = self.text.to_string();
        let mut edits = edits.to_vec();
        edits.sort_by_key(|edit| std::cmp::Reverse(edit.at.start));
        for Edit { at, text: new } in edits {
            assert_eq!(at.file, self.file);
            text.replace_range(at.start as usize..at.end as usize, &new);
        }
        text
    }
}

/// Checks the findings in a fixture.
pub(crate) fn check(text: &str, expect: Expect) {
    let loaded = load(text);
    expect.assert_eq(&loaded.print(&crate::check(loaded.input())));
}

/// Checks a loader's `main` body against the usual BPF program.
pub(crate) fn check_body(body: &str, expect: Expect) {
    check(&with_hits(body), expect);
}

/// Checks that a loader of the usual BPF program is found in order.
pub(crate) fn silent(body: &str) {
    let loaded = load(&with_hits(body));
    let found = loaded.print(&crate::check(loaded.input()));
    assert!(found.is_empty(), "{body}\n{found}");
}

/// What a loader looks like after the first fix of the first finding.
pub(crate) fn check_fix(body: &str, expect: Expect) {
    let loaded = load(&with_hits(body));
    let found = crate::check(loaded.input());
    let fix = found.iter().find_map(|d| d.fixes.first());
    let shown = fix.map_or("no fix".to_owned(), |fix| {
        let text = loaded.apply(&fix.edits);
        let from = text.find("/* body */\n").map_or(0, |at| at + 11);
        format!("{}\n{}", fix.title, text.get(from..).unwrap_or_default())
    });
    expect.assert_eq(&shown);
}

/// A loader for the program of [`HITS`].
fn with_hits(body: &str) -> String {
    format!("//- /hits.bpf.c\n{HITS}//- /hits.c\n{LOADER}{body}")
}

const HITS: &str = r#"
#include <vmlinux.h>
#include <bpf/bpf_helpers.h>

const volatile int limit = 3;
int total;
static int hidden;
int count SEC(".percpu") = -1;
int nums[7] SEC(".percpu");
struct pair { int a, b; char name[8]; } pair SEC(".percpu");
extern int CONFIG_HZ __kconfig;
char tag[16] = "x";

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__type(key, int);
	__type(value, int);
} table SEC(".maps");

SEC("tp_btf/sched_switch")
int on_switch(void *ctx)
{
	count++;
	nums[0] += hidden + pair.a + CONFIG_HZ + tag[0];
	hidden = total + limit;
	bpf_map_lookup_elem(&table, &total);
	return 0;
}

char _license[] SEC("license") = "GPL";
"#;

const LOADER: &str = r#"struct pair { int a, b; char name[8]; };
#include "hits.skel.h"

#define NULL ((void *)0)
typedef _Bool bool;
typedef unsigned long size_t;
typedef unsigned int __u32;
typedef unsigned long long __u64;
extern int errno;
struct FILE;
extern struct FILE *stdout;
int fprintf(struct FILE *f, const char *fmt, ...);
void *memcpy(void *d, const void *s, size_t n);
void *memset(void *d, int c, size_t n);
char *strncpy(char *d, const char *s, size_t n);
int snprintf(char *d, size_t n, const char *fmt, ...);
void exit(int);
void test__fail(void);
long libbpf_get_error(const void *ptr);

#define CHECK(condition, tag, format...) ({				\
	int __ret = !!(condition);					\
	int __save_errno = errno;					\
	if (__ret) {							\
		test__fail();						\
		fprintf(stdout, "%s:FAIL:%s ", __func__, tag);		\
		fprintf(stdout, ##format);				\
	} else {							\
		fprintf(stdout, "%s:PASS:%s\n", __func__, tag);		\
	}								\
	errno = __save_errno;						\
	__ret;								\
})
#define ASSERT_OK(res, name) ({						\
	long long ___res = (res);					\
	bool ___ok = ___res == 0;					\
	CHECK(!___ok, (name), "unexpected error: %lld\n", ___res);	\
	___ok;								\
})
#define ASSERT_OK_PTR(ptr, name) ({					\
	const void *___res = (ptr);					\
	int ___err = libbpf_get_error(___res);				\
	bool ___ok = ___err == 0;					\
	CHECK(!___ok, (name), "unexpected error: %d\n", ___err);	\
	___ok;								\
})
#define ASSERT_EQ(actual, expected, name) ({				\
	typeof(actual) ___act = (actual);				\
	typeof(expected) ___exp = (expected);				\
	bool ___ok = ___act == ___exp;					\
	CHECK(!___ok, (name), "%lld\n", (long long)(___act));		\
	___ok;								\
})
/* body */
"#;
