// The pictures of the README, from a real VS Code:
//
//   node pictures.mjs VSIX WORKSPACE FOLDER
//
// WORKSPACE is a copy of tests/examples/percpu, FOLDER usually vscode-ext/media. Look at them before you keep them.
import path from 'node:path';

import { VSCode, await_ } from './vscode.mjs';

const [vsix, workspace, folder] = process.argv.slice(2).map((name) => path.resolve(name));
/** Until what fades in has done so. */
const settle = () => new Promise((resolve) => setTimeout(resolve, 600));

const code = await VSCode.start({
    workspace,
    vsix: [vsix],
    viewport: { width: 1440, height: 960 },
    scale: 1.5,
    settings: {
        'breadcrumbs.enabled': false,
        'editor.fontSize': 13,
        'editor.stickyScroll.enabled': false,
        'problems.showCurrentInStatus': false,
        'workbench.activityBar.location': 'hidden',
        'workbench.sideBar.location': 'right',
    },
});
try {
    await code.open('oops.c');
    await code.command('View: Close Primary Side Bar').catch(() => code.page.keyboard.press('Escape'));
    await code.showProblems();
    await await_('the mistakes', async () => (await code.problems()).some((row) => row.includes('percpu-write-after-load')));
    await code.quickOpen('hits.bpf.c');
    await code.goToLine(16);
    await code.clickBehind('SIZE_CLASSES 6');
    await code.clickCodeLens('.percpu');
    await await_('the preview', async () => (await code.editors())[1]?.includes('hits__percpu'));
    await code.dismiss();
    await settle();
    await code.picture(path.join(folder, 'overview.png'));

    await code.quickOpen('oops.c');
    await code.goToLine(30);
    await code.clickBehind('skel->percpu->hits = 0;');
    await code.hover('percpu->hits', /percpu-write-after-load/);
    await settle();
    await code.picture(path.join(folder, 'loader.png'), { x: 0, y: 0, width: 1440, height: 610 });
} finally {
    await code.close();
}
