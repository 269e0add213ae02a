// bpf-lsp in a real VS Code, through the packaged extension:
//
//   node vscode_check.mjs VSIX WORKSPACE [OUT]
//
// WORKSPACE is a copy of tests/examples/percpu. Prints a line per check and `N passed, N failed` at the end;
// failed checks leave a picture and the logs in OUT.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';

import { VSCode, await_ } from './vscode.mjs';

const [vsix, workspace, out = 'out'] = process.argv.slice(2).map((name) => path.resolve(name));
let passed = 0;
let failed = 0;

async function check(what, body) {
    const start = Date.now();
    try {
        await body();
        passed++;
        console.log(`ok   ${what} (${Date.now() - start} ms)`);
    } catch (error) {
        failed++;
        console.log(`FAIL ${what}: ${error.message}`);
        await code?.picture(path.join(out, `vscode-${failed}.png`)).catch(() => {});
    }
}

/** What the comments of an example expect: rule by line, from 1. */
function expected(name) {
    const lines = fs.readFileSync(path.join(workspace, name), 'utf8').split('\n');
    return lines.flatMap((line, index) => {
        const rule = /expect: ([\w-]+)$/.exec(line)?.[1];
        return rule ? [{ rule, line: index + 1 }] : [];
    });
}

/** Waits until the Problems panel has what the comments of an example expect. */
async function hasExpected(name) {
    for (const { rule, line } of expected(name)) {
        await await_(`${rule} on line ${line}`, async () =>
            (await code.problems()).some((row) => row.includes(rule) && row.includes(`Ln ${line},`)),
        );
    }
}

const preview = async (pattern) =>
    await_(`a preview with ${pattern}`, async () => (await code.editors()).slice(1).some((text) => pattern.test(text)));

fs.writeFileSync(path.join(workspace, 'plain.c'), '#include <stdio.h>\nint main(void) { return 0; }\n');
let code;
await check('VS Code starts with the extension', async () => {
    code = await VSCode.start({ workspace, vsix: [vsix], viewport: { width: 1280, height: 1800 } });
    await code.open('hits.bpf.c');
});
if (code) {
    await check('hover shows the layout of a variable', async () => {
        const card = await code.hover('by_size[SIZE', /\.percpu[^]*48|48[^]*\.percpu/);
        assert.match(card, /24/);
        await code.dismiss();
    });
    await check('a code lens sums up the section', () =>
        await_('the lens', async () => (await code.codeLenses()).some((title) => /\.percpu\b.*\b5 variables.*\b76 bytes/.test(title))),
    );
    await check('a click on it opens the skeleton beside the program', async () => {
        await code.clickCodeLens('5 variables');
        await preview(/struct hits__percpu \{[^]*_Bool counting;/);
    });
    await check('the preview follows the cursor', async () => {
        // First the place that it was opened at.
        await await_('the line of the lens', async () => /__u64 hits;/.test((await code.cursorLines())[1] ?? ''));
        await code.clickBehind('sample_every = 64;');
        await await_('the line', async () => /__u32 sample_every;/.test((await code.cursorLines())[1] ?? ''));
    });
    await check('from a member of the preview to the source', async () => {
        await code.clickBehind('_Bool counting');
        await code.page.keyboard.press('F12');
        await await_('the source', async () => /bool counting SEC/.test((await code.cursorLines())[1] ?? ''));
        await code.command('View: Close Editor');
        await preview(/_Bool counting;/);
    });
    await check('the preview follows an edit', async () => {
        await code.clickBehind('int last_error SEC(".percpu");');
        await code.page.keyboard.press('End');
        await code.type('\n__u64 typed_now SEC(".percpu") = 0;');
        await preview(/__u64 typed_now;/);
    });
    await check('and its undoing', async () => {
        await code.command('Undo');
        await await_('the member to go', async () => {
            await code.page.keyboard.press('Control+Z');
            return !(await code.editors()).some((text) => /typed_now/.test(text));
        });
    });
    await check("the loader's mistakes stand in the Problems panel, each on its line", async () => {
        // First the files that have none: what the server has to say of them is there before it speaks of oops.c.
        await code.quickOpen('plain.c');
        await code.quickOpen('hits.c');
        await code.quickOpen('oops.c');
        await code.showProblems();
        await hasExpected('oops.c');
    });
    await check('and are underlined', async () => {
        await code.goToLine(expected('oops.c')[0].line);
        await await_('a squiggle', () => code.squiggles('error'));
    });
    await check('the mistakes of a program, too', async () => {
        await code.quickOpen('oops.bpf.c');
        await hasExpected('oops.bpf.c');
    });
    await check('a right program, its loader and plain C have no problems', async () => {
        const rows = await code.problems();
        // A row that names another file with a place belongs to a problem of oops.c.
        assert.deepEqual(rows.filter((row) => /^(hits|plain)\.(?!.*\[Ln)/.test(row)), []);
    });
    await check('plain C becomes a loader when a skeleton is included', async () => {
        await code.quickOpen('plain.c');
        assert.equal(await code.squiggles('error'), 0);
        await code.clickBehind('#include <stdio.h>');
        await code.page.keyboard.press('End');
        await code.type('\n#include "hits.skel.h"\nvoid late(void) { struct hits *skel = hits__open_and_load();\nskel->percpu->hits = 1; }');
        await await_('the mistake', () => code.squiggles('error'));
    });
    await check('nothing was complained about', async () => {
        assert.deepEqual(await code.notifications(), []);
    });
    if (failed) {
        fs.mkdirSync(out, { recursive: true });
        fs.writeFileSync(path.join(out, 'vscode.log'), code.logs());
        console.log(`pictures and vscode.log in ${out}`);
    }
    await code.close();
}

await check('a server that cannot run is named, with the setting', async () => {
    code = undefined;
    code = await VSCode.start({ workspace, vsix: [vsix], settings: { 'bpf-lsp.server.path': '/nowhere/bpf-lsp' } });
    await code.open('hits.bpf.c');
    await await_('the message', async () => (await code.notifications()).some((text) => /\/nowhere\/bpf-lsp.*no such file.*bpf-lsp\.server\.path/.test(text)));
});
await code?.close();

console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
