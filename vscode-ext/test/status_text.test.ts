import assert from "node:assert/strict";
import { test } from "node:test";

import { statusText } from "../src/status_text";

const version = "bpf-lsp 0.1.0";

test("a healthy server shows its version", () => {
    assert.deepEqual(statusText({ is: "running", version, status: null }), {
        text: "bpf-lsp", detail: version, severity: "information", busy: false,
    });
});

test("the server's own words come first", () => {
    const status = { health: "warning", quiescent: true, message: "vmlinux.h not found" } as const;
    assert.deepEqual(statusText({ is: "running", version, status }), {
        text: "bpf-lsp", detail: "vmlinux.h not found", severity: "warning", busy: false,
    });
});

test("work in progress", () => {
    const status = { health: "ok", quiescent: false, message: null } as const;
    assert.equal(statusText({ is: "running", version, status }).busy, true);
    assert.equal(statusText({ is: "starting" }).busy, true);
});

test("a failed start is an error with its reason", () => {
    const { severity, detail } = statusText({ is: "failed", why: "no such file" });
    assert.deepEqual({ severity, detail }, { severity: "error", detail: "no such file" });
});
