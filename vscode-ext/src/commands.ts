/** The commands of the palette, and the one that the server's code lenses call. */
import * as vscode from "vscode";

import type { Session } from "./client";
import type { SkeletonKind } from "./lsp_ext";
import type { Previews } from "./preview";
import { SCHEME, decode, isKind } from "./preview_uri";

export interface Actions {
    session: Session;
    previews: Previews;
    output: vscode.LogOutputChannel;
    restart: () => Promise<void>;
}

export function registerCommands(actions: Actions): vscode.Disposable {
    const { session, previews, output, restart } = actions;
    const show = (kind: SkeletonKind) => () => showAtCursor(previews, kind);
    const commands: [string, (...args: never[]) => unknown][] = [
        ["bpf-lsp.showSkeleton", (...args: unknown[]) => showSkeleton(previews, args)],
        ["bpf-lsp.showLightSkeleton", show("lskel")],
        ["bpf-lsp.showSubskeleton", show("subskeleton")],
        ["bpf-lsp.restart", restart],
        ["bpf-lsp.openLogs", () => output.show()],
        ["bpf-lsp.serverVersion", () => showVersion(session)],
    ];
    return vscode.Disposable.from(...commands.map(([id, run]) => vscode.commands.registerCommand(id, run)));
}

/** Arguments of a code lens are `[uri, kind, position?]`; the palette gives none, the title bar a Uri. */
async function showSkeleton(previews: Previews, args: unknown[]): Promise<void> {
    const [uri, kind, position] = args;
    if (typeof uri !== "string") {
        return showAtCursor(previews, "skeleton");
    }
    await previews.show(vscode.Uri.parse(uri), isKind(kind) ? kind : "skeleton", asPosition(position));
}

async function showAtCursor(previews: Previews, kind: SkeletonKind): Promise<void> {
    const editor = vscode.window.activeTextEditor;
    if (editor === undefined) {
        return;
    }
    // From inside a preview: another kind for the same source.
    const source = editor.document.uri.scheme === SCHEME ? decode(editor.document.uri.query)?.source : undefined;
    if (source !== undefined) {
        await previews.show(vscode.Uri.parse(source), kind);
    } else {
        await previews.show(editor.document.uri, kind, editor.selection.active);
    }
}

function asPosition(value: unknown): vscode.Position | undefined {
    const { line, character } = (value ?? {}) as { line?: unknown; character?: unknown };
    return typeof line === "number" && typeof character === "number" ? new vscode.Position(line, character) : undefined;
}

function showVersion(session: Session): void {
    const { server } = session;
    void vscode.window.showInformationMessage(
        server === undefined ? "The bpf-lsp server is not running." : `${server.version} (${server.path}, from ${server.from})`,
    );
}
