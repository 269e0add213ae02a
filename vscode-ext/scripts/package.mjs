// Makes a .vsix with the server inside.
//
//   npm run package -- [--server PATH] [--target CODE_TARGET] [--out FILE]
//
// PATH is ../target/release/bpf-lsp by default, CODE_TARGET this machine's (linux-x64, ...).
// `--server none` makes one without a server, for platforms that have no build.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..');
const { values } = parseArgs({
    options: {
        server: { type: 'string', default: path.join(root, '../target/release/bpf-lsp') },
        target: { type: 'string', default: `${process.platform}-${process.arch}` },
        out: { type: 'string' },
    },
});
const bundled = path.join(root, 'server');
const withServer = values.server !== 'none';
const out = path.resolve(values.out ?? path.join(root, withServer ? `bpf-lsp-${values.target}.vsix` : 'bpf-lsp.vsix'));

fs.rmSync(bundled, { recursive: true, force: true });
if (withServer) {
    if (!fs.existsSync(values.server)) {
        console.error(`${values.server} does not exist: run "cargo build --release", or name a server with --server PATH`);
        process.exit(1);
    }
    fs.mkdirSync(bundled);
    const program = path.join(bundled, values.target.startsWith('win32') ? 'bpf-lsp.exe' : 'bpf-lsp');
    fs.copyFileSync(values.server, program);
    fs.chmodSync(program, 0o755);
}

// The package carries the licences of the whole project.
const licence = path.join(root, 'LICENSE.txt');
const texts = ['LICENSE-MIT', 'LICENSE-APACHE'].map((name) => fs.readFileSync(path.join(root, '..', name), 'utf8'));
fs.writeFileSync(licence, `MIT OR Apache-2.0, as you like.\n\n${texts.join(`\n${'-'.repeat(78)}\n\n`)}`);

/** Runs a script of Node; false when it failed (it has said why). */
const node = (script, ...args) => spawnSync(process.execPath, [script, ...args], { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] }).status === 0;
const target = withServer ? ['--target', values.target] : [];
const done =
    node('scripts/build.mjs', '--minify') &&
    node('node_modules/@vscode/vsce/vsce', 'package', '--no-dependencies', '--allow-missing-repository', ...target, '--out', out);
fs.rmSync(licence, { force: true });
process.exit(done ? 0 : 1);
