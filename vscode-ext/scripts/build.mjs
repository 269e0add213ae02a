// Bundles the extension into dist/main.js; with --tests also the unit tests into dist/test/.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..');
const common = { absWorkingDir: root, bundle: true, format: 'cjs', platform: 'node', target: 'node20', logLevel: 'warning' };

await build({
    ...common,
    entryPoints: ['src/main.ts'],
    outfile: 'dist/main.js',
    external: ['vscode'],
    minify: process.argv.includes('--minify'),
    sourcemap: !process.argv.includes('--minify'),
});
if (process.argv.includes('--tests')) {
    fs.rmSync(path.join(root, 'dist/test'), { recursive: true, force: true });
    const tests = fs.readdirSync(path.join(root, 'test')).filter((name) => name.endsWith('.test.ts'));
    await build({ ...common, entryPoints: tests.map((name) => `test/${name}`), outdir: 'dist/test' });
}
