// Makes a .vsix with the server inside.
//
//   npm run package -- [--server PATH] [--target CODE_TARGET] [--out FILE]
//
// Without PATH the server is built (tests/tools/build_server); CODE_TARGET is this machine's (linux-x64, ...).
// `--server none` makes one without a server, for platforms that have no build.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..');
const { values } = parseArgs({
    options: {
        server: { type: 'string' },
        target: { type: 'string', default: `${process.platform}-${process.arch}` },
        out: { type: 'string' },
    },
});
const bundled = path.join(root, 'server');
const withServer = values.server !== 'none';

/** Builds the server as it ships; its path. */
function build() {
    const { status, stdout } = spawnSync('tests/tools/build_server', { cwd: path.join(root, '..'), stdio: ['ignore', 'pipe', 'inherit'], encoding: 'utf8' });
    if (status !== 0) {
        console.error('The server does not build; name one with --server PATH');
        process.exit(1);
    }
    return path.join(root, '..', stdout.trim());
}
const out = path.resolve(values.out ?? path.join(root, withServer ? `bpf-lsp-${values.target}.vsix` : 'bpf-lsp.vsix'));

fs.rmSync(bundled, { recursive: true, force: true });
if (withServer) {
    const server = values.server ?? build();
    fs.mkdirSync(bundled);
    const program = path.join(bundled, values.target.startsWith('win32') ? 'bpf-lsp.exe' : 'bpf-lsp');
    fs.copyFileSync(server, program);
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
