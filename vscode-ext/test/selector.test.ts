import assert from "node:assert/strict";
import { test } from "node:test";

import { isBpfFile } from "../src/selector";

const ours: [name: string, path: string, text: string][] = [
    ["a program by its name", "/p/hits.bpf.c", ""],
    ["a header by its name", "/p/hits.bpf.h", ""],
    ["a program by libbpf's header", "/p/prog.c", "// x\n#include <bpf/bpf_helpers.h>\n"],
    ["a program by vmlinux.h", "/p/prog.c", '#include "vmlinux.h"\n'],
    ["spaces in the directive", "/p/prog.c", '  #  include   "../vmlinux.h"\n'],
    ["a loader", "/p/hits.c", '#include <stdio.h>\n#include "hits.skel.h"\n'],
    ["a loader of a light skeleton", "/p/hits.c", '#include "gen/hits.lskel.h"\n'],
    ["a user of a subskeleton", "/p/lib.c", '#include "hits.subskel.h"\n'],
];
const others: [name: string, path: string, text: string][] = [
    ["plain C", "/p/main.c", "#include <stdio.h>\nint main(void) { return 0; }\n"],
    ["a name that only looks like one", "/p/bpf.c", ""],
    ["a comment", "/p/main.c", '// see #include "hits.skel.h"\n'],
    ["another header that ends alike", "/p/main.c", '#include "my_vmlinux.h"\n#include "skel.h"\n'],
];

for (const [name, path, text] of ours) {
    test(`ours: ${name}`, () => assert.equal(isBpfFile(path, text.split("\n")), true));
}
for (const [name, path, text] of others) {
    test(`not ours: ${name}`, () => assert.equal(isBpfFile(path, text.split("\n")), false));
}
