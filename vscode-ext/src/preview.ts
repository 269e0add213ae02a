/** Skeletons as read-only documents that follow their source. */
import * as vscode from "vscode";
import type { LanguageClient } from "vscode-languageclient/node";

import * as ext from "./lsp_ext";
import { SCHEME, decode, encode, previewPath, type PreviewOf } from "./preview_uri";

/** Lines shown above the one that was asked for. */
const LINES_ABOVE = 4;

export class Previews implements vscode.TextDocumentContentProvider, vscode.Disposable {
    readonly #changed = new vscode.EventEmitter<vscode.Uri>();
    readonly #notes = new vscode.EventEmitter<void>();
    readonly #noteOf = new Map<string, string>();
    readonly #registration: vscode.Disposable;

    readonly onDidChange = this.#changed.event;
    /** Fires when what `noteOf` says of some preview is another. */
    readonly onDidChangeNotes = this.#notes.event;

    constructor(private readonly client: () => LanguageClient | undefined) {
        this.#registration = vscode.Disposable.from(
            vscode.workspace.registerTextDocumentContentProvider(SCHEME, this),
            vscode.workspace.onDidCloseTextDocument((document) => this.#noteOf.delete(document.uri.toString())),
        );
    }

    /** To be called for each new client. */
    listen(client: LanguageClient): vscode.Disposable {
        return client.onNotification(ext.skeletonChanged, ({ uri }) => this.#refresh(uri));
    }

    /** Asks again for all open previews, as after a restart. */
    refreshAll(): void {
        this.#refresh(undefined);
    }

    /** What is uncertain about the preview, if anything. */
    noteOf(preview: vscode.Uri): string | undefined {
        return this.#noteOf.get(preview.toString());
    }

    async provideTextDocumentContent(uri: vscode.Uri, token: vscode.CancellationToken): Promise<string> {
        const preview = decode(uri.query);
        if (preview === null) {
            return "";
        }
        const answer = await this.#ask(preview, undefined, token);
        const note = answer === null ? "no BPF object here" : answer.complete ? undefined : (answer.note ?? "approximate");
        if (note === undefined) {
            this.#noteOf.delete(uri.toString());
        } else {
            this.#noteOf.set(uri.toString(), note);
        }
        this.#notes.fire();
        return answer?.text ?? "/* The source has nothing to make a skeleton of. */\n";
    }

    /** Opens a preview beside the source, at what stands at `position`. The focus stays. */
    async show(source: vscode.Uri, kind: ext.SkeletonKind, position?: vscode.Position): Promise<void> {
        const preview: PreviewOf = { source: source.toString(), kind };
        const answer = await this.#ask(preview, position, undefined);
        if (answer === null) {
            void vscode.window.showInformationMessage(
                `${vscode.workspace.asRelativePath(source)} has nothing to make a ${nameOf(kind)} of.`,
            );
            return;
        }
        const uri = vscode.Uri.from({ scheme: SCHEME, path: previewPath(source.path, kind), query: encode(preview) });
        let document = await vscode.workspace.openTextDocument(uri);
        // VS Code takes a .h for C++.
        document = await vscode.languages.setTextDocumentLanguage(document, "c");
        const shown = vscode.window.visibleTextEditors.find((editor) => editor.document.uri.toString() === uri.toString());
        const editor = await vscode.window.showTextDocument(document, {
            viewColumn: shown?.viewColumn ?? vscode.ViewColumn.Beside,
            preserveFocus: true,
            preview: false,
        });
        if (answer.line !== undefined && answer.line < document.lineCount) {
            const at = new vscode.Position(answer.line, 0);
            editor.selection = new vscode.Selection(at, at);
            // Most of the struct lies behind the line, its head right before it.
            const top = new vscode.Position(Math.max(0, answer.line - LINES_ABOVE), 0);
            editor.revealRange(new vscode.Range(top, at), vscode.TextEditorRevealType.AtTop);
        }
    }

    dispose(): void {
        this.#registration.dispose();
        this.#changed.dispose();
        this.#notes.dispose();
    }

    #refresh(source: string | undefined): void {
        for (const document of vscode.workspace.textDocuments) {
            if (document.uri.scheme !== SCHEME) {
                continue;
            }
            const preview = decode(document.uri.query);
            if (preview !== null && (source === undefined || sameUri(preview.source, source))) {
                this.#changed.fire(document.uri);
            }
        }
    }

    async #ask(
        preview: PreviewOf,
        position: vscode.Position | undefined,
        token: vscode.CancellationToken | undefined,
    ): Promise<ext.Skeleton | null> {
        const client = this.client();
        if (client === undefined) {
            return null;
        }
        const params: ext.SkeletonParams = { uri: preview.source, kind: preview.kind };
        if (position !== undefined) {
            params.position = { line: position.line, character: position.character };
        }
        return client.sendRequest(ext.skeleton, params, token);
    }
}

/** The server may write a URI with other escapes than VS Code does. */
function sameUri(a: string, b: string): boolean {
    return a === b || vscode.Uri.parse(a).toString() === vscode.Uri.parse(b).toString();
}

function nameOf(kind: ext.SkeletonKind): string {
    return kind === "lskel" ? "light skeleton" : kind;
}
