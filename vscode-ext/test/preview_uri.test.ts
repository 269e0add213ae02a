import assert from "node:assert/strict";
import { test } from "node:test";

import { decode, encode, previewPath } from "../src/preview_uri";

test("a preview lies beside its source", () => {
    assert.equal(previewPath("/a/hits.bpf.c", "skeleton"), "/a/hits.skel.h");
    assert.equal(previewPath("/a/hits.bpf.c", "lskel"), "/a/hits.lskel.h");
    assert.equal(previewPath("/a.b/prog.c", "subskeleton"), "/a.b/prog.subskel.h");
});

test("the query brings back source and kind", () => {
    const preview = { source: "file:///a%20b/h%23.bpf.c", kind: "lskel" } as const;
    assert.deepEqual(decode(encode(preview)), preview);
});

test("a query that is none of ours", () => {
    for (const query of ["", "{}", "[]", '["toString", "x"]', '["skeleton"]', "skeleton"]) {
        assert.equal(decode(query), null, query);
    }
});
