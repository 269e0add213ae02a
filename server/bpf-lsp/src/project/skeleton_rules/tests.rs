//! Build files of the usual conventions, and what they make of a header.

mod bombs;

use std::path::Path;

use expect_test::{Expect, expect};

use super::*;

/// Writes files to a folder of its own and says what the headers, as `loader` includes them, are made of.
fn check(files: &[(&str, &str)], loader: &str, headers: &[&str], expect: Expect) {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    std::fs::create_dir_all(folder.path().join(".git")).unwrap();
    let build = BuildFiles::default();
    let mut out = String::new();
    let short = |path: &Path| path.strip_prefix(folder.path()).unwrap().display().to_string();
    for header in headers {
        out += &format!("{header}:\n");
        for origin in build.origins(&folder.path().join(loader), header) {
            let sources: Vec<String> = origin.sources.iter().map(|path| short(path)).collect();
            let name = origin.name.map(|name| format!(" name {name}")).unwrap_or_default();
            let signed = if origin.signed { " signed" } else { "" };
            let by = origin.by.map(|path| short(&path)).unwrap_or_default();
            out += &format!("  {}{name}{signed} ({by})\n", sources.join(" + "));
        }
    }
    expect.assert_eq(&out);
}

#[test]
fn libbpf_bootstrap_make() {
    check(
        &[
            (
                "examples/c/Makefile",
                r#"
OUTPUT := .output
BPFTOOL ?= $(abspath $(BPFTOOL_OUTPUT)/bootstrap/bpftool)
APPS = minimal bootstrap
$(OUTPUT)/%.bpf.o: %.bpf.c $(LIBBPF_OBJ) $(wildcard %.h) $(VMLINUX) | $(OUTPUT) $(BPFTOOL)
	$(call msg,BPF,$@)
	$(Q)$(CLANG) -g -O2 -target bpf -c $(filter %.c,$^) -o $(patsubst %.bpf.o,%.tmp.bpf.o,$@)
	$(Q)$(BPFTOOL) gen object $@ $(patsubst %.bpf.o,%.tmp.bpf.o,$@)

# Generate BPF skeletons
$(OUTPUT)/%.skel.h: $(OUTPUT)/%.bpf.o | $(OUTPUT) $(BPFTOOL)
	$(call msg,GEN-SKEL,$@)
	$(Q)$(BPFTOOL) gen skeleton $< > $@

$(patsubst %,$(OUTPUT)/%.o,$(APPS)): %.o: %.skel.h
"#,
            ),
            ("examples/c/minimal.bpf.c", ""),
            ("examples/c/bootstrap.bpf.c", ""),
        ],
        "examples/c/minimal.c",
        &["minimal.skel.h", "bootstrap.skel.h", "missing.skel.h"],
        expect![[r#"
            minimal.skel.h:
              examples/c/minimal.bpf.c (examples/c/Makefile)
            bootstrap.skel.h:
              examples/c/bootstrap.bpf.c (examples/c/Makefile)
            missing.skel.h:
        "#]],
    );
}

#[test]
fn libbpf_bootstrap_cmake_and_xmake() {
    check(
        &[
            (
                "CMakeLists.txt",
                r#"
find_package(BpfObject REQUIRED)
# Create an executable for each application
file(GLOB apps *.bpf.c)
foreach(app ${apps})
  get_filename_component(app_stem ${app} NAME_WE)
  bpf_object(${app_stem} ${app_stem}.bpf.c)
  add_executable(${app_stem} ${app_stem}.c)
endforeach()
"#,
            ),
            (
                "xmake.lua",
                "rule_end()\ntarget(\"minimal\")\n    set_kind(\"binary\")\n    \
                 add_files(\"minimal.c\", \"src/minimal.bpf.c\")\n    add_rules(\"linux.bpf\")\n",
            ),
            ("minimal.bpf.c", ""),
            ("src/minimal.bpf.c", ""),
        ],
        "minimal.c",
        &["minimal.skel.h", "other.skel.h"],
        expect![[r#"
            minimal.skel.h:
              minimal.bpf.c (CMakeLists.txt)
              src/minimal.bpf.c (xmake.lua)
            other.skel.h:
        "#]],
    );
}

#[test]
fn cmake_with_custom_commands() {
    check(
        &[
            (
                "app/CMakeLists.txt",
                r#"
set(NAME hits)
set(OBJ ${CMAKE_CURRENT_BINARY_DIR}/${NAME}.o)
add_custom_command(OUTPUT ${OBJ}
  COMMAND ${CLANG} -g -O2 -target bpf -c ${CMAKE_CURRENT_SOURCE_DIR}/kern/counter.c -o ${OBJ}
  DEPENDS kern/counter.c)
add_custom_command(OUTPUT ${NAME}.skel.h
  COMMAND bash -c "bpftool gen skeleton ${OBJ} name hits_prog > ${CMAKE_CURRENT_BINARY_DIR}/${NAME}.skel.h"
  DEPENDS ${OBJ} VERBATIM)
foreach(one IN ITEMS a b)
  bpf_object(${one} src/${one}.bpf.c)
endforeach()
"#,
            ),
            ("app/kern/counter.c", ""),
            ("app/src/a.bpf.c", ""),
        ],
        "app/src/main.c",
        &["hits.skel.h", "a.skel.h", "b.skel.h"],
        expect![[r#"
            hits.skel.h:
              app/kern/counter.c name hits_prog (app/CMakeLists.txt)
            a.skel.h:
              app/src/a.bpf.c (app/CMakeLists.txt)
            b.skel.h:
        "#]],
    );
}

#[test]
fn libbpf_tools() {
    check(
        &[
            (
                "libbpf-tools/Makefile",
                r#"
OUTPUT := $(abspath .output)
BPFTOOL ?= $(BPFTOOL_OUTPUT)/bootstrap/bpftool
$(OUTPUT)/%.o: %.c $(wildcard %.h) $(LIBBPF_OBJ) | $(OUTPUT)
	$(Q)$(CC) $(CFLAGS) $(INCLUDES) -c $(filter %.c,$^) -o $@
$(OUTPUT)/%.skel.h: $(OUTPUT)/%.bpf.o | $(OUTPUT) $(BPFTOOL)
	$(Q)$(BPFTOOL) gen skeleton $< > $@
$(OUTPUT)/%.bpf.o: %.bpf.c $(LIBBPF_OBJ) $(wildcard %.h) $(ARCH)/vmlinux.h | $(OUTPUT) $(BPFTOOL)
	$(Q)$(CLANG) $(BPFCFLAGS) -target bpf -c $(filter %.c,$^) -o $@ && $(LLVM_STRIP) -g $@
"#,
            ),
            ("libbpf-tools/biolatency.bpf.c", ""),
        ],
        "libbpf-tools/biolatency.c",
        &["biolatency.skel.h"],
        expect![[r#"
            biolatency.skel.h:
              libbpf-tools/biolatency.bpf.c (libbpf-tools/Makefile)
        "#]],
    );
}

#[test]
fn selftests() {
    check(
        &[
            (
                "bpf/Makefile",
                r#"
LSKELS := fentry_test.c
LINKED_SKELS := test_usdt.skel.h test_lib.skel.h
test_usdt.skel.h-deps := test_usdt.bpf.o test_usdt_multispec.bpf.o
test_lib.skel.h-deps := test_lib2.bpf.o test_lib.bpf.o
define DEFINE_TEST_RUNNER
TRUNNER_OUTPUT := $(OUTPUT)$(if $2,/)$2
TRUNNER_BPF_SRCS := $$(notdir $$(wildcard $(TRUNNER_BPF_PROGS_DIR)/*.c))
TRUNNER_BPF_OBJS := $$(patsubst %.c,$$(TRUNNER_OUTPUT)/%.bpf.o, $$(TRUNNER_BPF_SRCS))
TRUNNER_BPF_SKELS := $$(patsubst %.c,$$(TRUNNER_OUTPUT)/%.skel.h, $$(TRUNNER_BPF_SRCS))
TRUNNER_BPF_LSKELS := $$(patsubst %.c,$$(TRUNNER_OUTPUT)/%.lskel.h, $$(LSKELS))
TRUNNER_BPF_SKELS_LINKED := $$(addprefix $$(TRUNNER_OUTPUT)/,$(LINKED_SKELS))
endef
define DEFINE_TEST_RUNNER_RULES
$(TRUNNER_BPF_OBJS): $(TRUNNER_OUTPUT)/%.bpf.o:				\
		     $(TRUNNER_BPF_PROGS_DIR)/%.c			\
		     | $(TRUNNER_OUTPUT) $$(BPFOBJ)
	$$(call $(TRUNNER_BPF_BUILD_RULE),$$<,$$@,$(TRUNNER_BPF_CFLAGS))

$(TRUNNER_BPF_SKELS): %.skel.h: %.bpf.o $(BPFTOOL) | $(TRUNNER_OUTPUT)
	$(Q)$$(BPFTOOL) gen object $$(<:.o=.linked1.o) $$<
	$(Q)$$(BPFTOOL) gen object $$(<:.o=.linked2.o) $$(<:.o=.linked1.o)
	$(Q)$$(BPFTOOL) gen skeleton $$(<:.o=.linked2.o) name $$(notdir $$(<:.bpf.o=)) > $$@
	$(Q)$$(BPFTOOL) gen subskeleton $$(<:.o=.linked2.o) name $$(notdir $$(<:.bpf.o=)) > $$(@:.skel.h=.subskel.h)

$(TRUNNER_BPF_LSKELS): %.lskel.h: %.bpf.o $(BPFTOOL) | $(TRUNNER_OUTPUT)
	$(Q)$$(BPFTOOL) gen object $$(<:.o=.llinked1.o) $$<
	$(Q)$$(BPFTOOL) gen skeleton -L $$(<:.o=.llinked1.o) name $$(notdir $$(<:.bpf.o=_lskel)) > $$@

.SECONDEXPANSION:
$(TRUNNER_BPF_SKELS_LINKED): $(TRUNNER_OUTPUT)/%: $$$$(%-deps) $(BPFTOOL) | $(TRUNNER_OUTPUT)
	$(Q)$$(BPFTOOL) gen object $$(@:.skel.h=.linked1.o) $$(addprefix $(TRUNNER_OUTPUT)/,$$($$(@F)-deps))
	$(Q)$$(BPFTOOL) gen object $$(@:.skel.h=.linked2.o) $$(@:.skel.h=.linked1.o)
	$(Q)$$(BPFTOOL) gen skeleton $$(@:.skel.h=.linked2.o) name $$(notdir $$(@:.skel.h=)) > $$@
	$(Q)$$(BPFTOOL) gen subskeleton $$(@:.skel.h=.linked2.o) name $$(notdir $$(@:.skel.h=)) > $$(@:.skel.h=.subskel.h)
endef
TRUNNER_BPF_PROGS_DIR := progs
$(eval $(call DEFINE_TEST_RUNNER,test_progs))
"#,
            ),
            ("bpf/progs/fentry_test.c", ""),
            ("bpf/progs/test_usdt.c", ""),
            ("bpf/progs/test_usdt_multispec.c", ""),
            ("bpf/progs/test_lib.c", ""),
            ("bpf/progs/test_lib2.c", ""),
        ],
        "bpf/prog_tests/usdt.c",
        &[
            "test_usdt.skel.h",
            "fentry_test.lskel.h",
            "fentry_test.skel.h",
            "test_lib.subskel.h",
            "test_usdt_multispec.skel.h",
        ],
        expect![[r#"
            test_usdt.skel.h:
              bpf/progs/test_usdt.c + bpf/progs/test_usdt_multispec.c name test_usdt (bpf/Makefile)
              bpf/progs/test_usdt.c name test_usdt (bpf/Makefile)
            fentry_test.lskel.h:
              bpf/progs/fentry_test.c name fentry_test_lskel (bpf/Makefile)
            fentry_test.skel.h:
              bpf/progs/fentry_test.c name fentry_test (bpf/Makefile)
            test_lib.subskel.h:
              bpf/progs/test_lib2.c + bpf/progs/test_lib.c name test_lib (bpf/Makefile)
              bpf/progs/test_lib.c name test_lib (bpf/Makefile)
            test_usdt_multispec.skel.h:
              bpf/progs/test_usdt_multispec.c name test_usdt_multispec (bpf/Makefile)
        "#]],
    );
}

#[test]
fn kernel_samples() {
    check(
        &[
            (
                "samples/bpf/Makefile",
                r#"
$(obj)/xdp_router.bpf.o: $(obj)/xdp_sample.bpf.o
$(obj)/%.bpf.o: $(src)/%.bpf.c $(obj)/vmlinux.h $(src)/xdp_sample.bpf.h
	$(Q)$(CLANG) -g -O2 --target=bpf -c $(filter %.bpf.c,$^) -o $@
LINKED_SKELS := xdp_router.skel.h
xdp_router.skel.h-deps := xdp_router.bpf.o xdp_sample.bpf.o
BPF_SRCS_LINKED := $(notdir $(wildcard $(src)/*.bpf.c))
BPF_OBJS_LINKED := $(patsubst %.bpf.c,$(obj)/%.bpf.o, $(BPF_SRCS_LINKED))
BPF_SKELS_LINKED := $(addprefix $(obj)/,$(LINKED_SKELS))
$(BPF_SKELS_LINKED): $(BPF_OBJS_LINKED) $(BPFTOOL)
	$(Q)$(BPFTOOL) gen object $(@:.skel.h=.lbpf.o) $(addprefix $(obj)/,$($(@F)-deps))
	$(Q)$(BPFTOOL) gen skeleton $(@:.skel.h=.lbpf.o) name $(notdir $(@:.skel.h=)) > $@
"#,
            ),
            ("samples/bpf/xdp_router.bpf.c", ""),
            ("samples/bpf/xdp_sample.bpf.c", ""),
        ],
        "samples/bpf/xdp_router_user.c",
        &["xdp_router.skel.h"],
        expect![[r#"
            xdp_router.skel.h:
              samples/bpf/xdp_router.bpf.c + samples/bpf/xdp_sample.bpf.c name xdp_router (samples/bpf/Makefile)
        "#]],
    );
}

#[test]
fn make_with_lists_commands_and_an_included_file() {
    check(
        &[
            (
                "lib/common.mk",
                "BPF_SKEL_H = ${BPF_SKEL_OBJ:.bpf.o=.skel.h}\n$(BPF_SKEL_H): %.skel.h: %.bpf.o\n\t$(BPFTOOL) gen skeleton $< name $(notdir ${@:.skel.h=}) > $@\n",
            ),
            (
                "tool/Makefile",
                "LIB_DIR = ../lib\nBPF_SKEL_OBJ := xdp_tool.bpf.o\ninclude $(LIB_DIR)/common.mk\n\
              all: signed.lskel.h\n\tclang -target bpf -c other.c -o other.o\n\tbpftool gen skeleton other.o name bar > foo.skel.h\n\
              signed.lskel.h: xdp_tool.bpf.o\n\tbpftool -L -S -k key.pem -i cert.pem gen skeleton $< > $@\n",
            ),
            ("tool/xdp_tool.bpf.c", ""),
            ("tool/other.c", ""),
        ],
        "tool/main.c",
        &["xdp_tool.skel.h", "foo.skel.h", "signed.lskel.h"],
        expect![[r#"
            xdp_tool.skel.h:
              tool/xdp_tool.bpf.c name xdp_tool (tool/Makefile)
            foo.skel.h:
              tool/other.c name bar (tool/Makefile)
            signed.lskel.h:
              tool/xdp_tool.bpf.c signed (tool/Makefile)
        "#]],
    );
}

#[test]
fn systemd_meson() {
    check(
        &[
            (
                "src/core/bpf/restrict_fs/meson.build",
                r#"
if conf.get('BPF_FRAMEWORK') != 1
        subdir_done()
endif

restrict_fs_bpf_o_unstripped = custom_target(
        'restrict-fs.bpf.unstripped.o',
        input : 'restrict-fs.bpf.c',
        output : 'restrict-fs.bpf.unstripped.o',
        command : bpf_o_unstripped_cmd)

restrict_fs_bpf_o = custom_target(
        'restrict-fs.bpf.o',
        input : restrict_fs_bpf_o_unstripped,
        output : 'restrict-fs.bpf.o',
        command : bpf_o_cmd)

restrict_fs_skel_h = custom_target(
        'restrict-fs.skel.h',
        input : restrict_fs_bpf_o,
        output : 'restrict-fs.skel.h',
        command : skel_h_cmd,
        capture : true)
"#,
            ),
            (
                "src/meson.build",
                "foreach prog : ['one', 'two']\n  obj = custom_target(input : files('kern' / prog + '.bpf.c'), \
                 output : prog + '.o', command : [clang, '@INPUT@'])\n  custom_target(input : obj, \
                 output : '@0@.skel.h'.format(prog), command : [bpftool, 'g', 's', '@INPUT@', 'name', 'fixed'], \
                 capture : true)\nendforeach\n",
            ),
            ("src/core/bpf/restrict_fs/restrict-fs.bpf.c", ""),
            ("src/kern/one.bpf.c", ""),
        ],
        "src/core/bpf-restrict-fs.c",
        &["bpf/restrict_fs/restrict-fs.skel.h", "one.skel.h"],
        expect![[r#"
            bpf/restrict_fs/restrict-fs.skel.h:
              src/core/bpf/restrict_fs/restrict-fs.bpf.c (src/core/bpf/restrict_fs/meson.build)
            one.skel.h:
              src/kern/one.bpf.c name fixed (src/meson.build)
        "#]],
    );
}

#[test]
fn a_setting() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("kern")).unwrap();
    std::fs::write(folder.path().join("kern/a.c"), "").unwrap();
    let skeletons = [("x.skel.h".to_owned(), vec!["kern/a.c".to_owned()])];
    let loader = folder.path().join("user/main.c");
    let found = by_setting(&skeletons, &loader, "gen/x.skel.h").unwrap();
    assert_eq!(found.sources, [folder.path().join("kern/a.c")]);
    assert!(by_setting(&skeletons, &loader, "y.skel.h").is_none());
}
