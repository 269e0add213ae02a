import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { test } from "node:test";

import { candidates, findServer, reason, type Places, ServerNotFound } from "../src/server";

const places: Places = { env: undefined, setting: null, extensionPath: "/ext", platform: "linux", home: "/home/me" };

const order: [name: string, places: Partial<Places>, expected: string[]][] = [
    ["nothing set: bundled, then PATH", {}, ["/ext/server/bpf-lsp", "bpf-lsp"]],
    ["the setting alone", { setting: "/opt/bpf-lsp" }, ["/opt/bpf-lsp"]],
    ["a home directory in the setting", { setting: "~/bin/bpf-lsp" }, ["/home/me/bin/bpf-lsp"]],
    ["the environment before the setting", { env: "/env/bpf-lsp", setting: "/opt/bpf-lsp" }, ["/env/bpf-lsp"]],
    ["an empty setting is none", { setting: "" }, ["/ext/server/bpf-lsp", "bpf-lsp"]],
];
for (const [name, change, expected] of order) {
    test(`order: ${name}`, () => {
        assert.deepEqual(
            candidates({ ...places, ...change }).map((candidate) => candidate.path),
            expected,
        );
    });
}

function script(folder: string, body: string, mode = 0o755): string {
    const file = path.join(folder, "bpf-lsp");
    fs.mkdirSync(folder, { recursive: true });
    fs.writeFileSync(file, `#!/bin/sh\n${body}\n`, { mode });
    return file;
}

function scratch(t: { after(clean: () => void): void }): string {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "bpf-lsp-test-"));
    t.after(() => fs.rmSync(folder, { recursive: true }));
    return folder;
}

test("a server that answers is taken, with its version", async (t) => {
    const folder = scratch(t);
    const file = script(path.join(folder, "server"), "echo bpf-lsp 1.2.3");
    const server = await findServer({ ...places, extensionPath: folder }, process.env);
    assert.deepEqual(server, { path: file, from: "the extension", version: "bpf-lsp 1.2.3" });
});

test("a server of another platform in the extension: PATH is next", async (t) => {
    const folder = scratch(t);
    script(path.join(folder, "ext/server"), "exit 1");
    script(path.join(folder, "bin"), "echo bpf-lsp 2");
    const env = { ...process.env, PATH: path.join(folder, "bin") };
    const server = await findServer({ ...places, extensionPath: path.join(folder, "ext") }, env);
    assert.equal(server.from, "PATH");
});

const failures: [name: string, setting: (folder: string) => string, pattern: RegExp][] = [
    ["no such file", (folder) => path.join(folder, "nothing"), /nothing .*"bpf-lsp\.server\.path"\): no such file/],
    ["not executable", (folder) => script(folder, "", 0o644), /not executable/],
    ["what it says on stderr", (folder) => script(folder, "echo libz.so.9 missing >&2; exit 127"), /libz\.so\.9 missing/],
    ["silence", (folder) => script(folder, "exit 0"), /printed nothing/],
];
for (const [name, setting, pattern] of failures) {
    test(`the message names path, origin and reason: ${name}`, async (t) => {
        await assert.rejects(findServer({ ...places, setting: setting(scratch(t)) }, process.env), (error: unknown) => {
            assert.ok(error instanceof ServerNotFound);
            assert.match(error.message, pattern);
            assert.match(error.message, /setting "bpf-lsp\.server\.path"/);
            return true;
        });
    });
}

test("a server that hangs", () => {
    assert.match(reason(Object.assign(new Error(), { killed: true }), ""), /no answer in 10 s/);
});
