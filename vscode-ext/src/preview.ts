/** Skeletons as read-only documents that follow their source. */
import * as vscode from "vscode";
import type { LanguageClient } from "vscode-languageclient/node";

import * as ext from "./lsp_ext";
import { SCHEME, decode, encode, previewPath, type PreviewOf } from "./preview_uri";

/** Lines shown above the one that was asked for. */
const LINES_ABOVE = 4;

/** The cursor has to stay this long, in ms, before previews follow it. */
const CURSOR_RESTS = 150;

export class Previews implements vscode.TextDocumentContentProvider, vscode.DefinitionProvider, vscode.Disposable {
    readonly #changed = new vscode.EventEmitter<vscode.Uri>();
    readonly #notes = new vscode.EventEmitter<void>();
    readonly #noteOf = new Map<string, string>();
    readonly #hintsOf = new Map<string, ext.SkeletonHint[]>();
    readonly #hint = vscode.window.createTextEditorDecorationType({
        after: { margin: "0 0 0 3ch", color: new vscode.ThemeColor("editorCodeLens.foreground") },
    });
    readonly #registration: vscode.Disposable;
    #cursor: ReturnType<typeof setTimeout> | undefined;

    readonly onDidChange = this.#changed.event;
    /** Fires when what `noteOf` says of some preview is another. */
    readonly onDidChangeNotes = this.#notes.event;

    constructor(private readonly client: () => LanguageClient | undefined) {
        this.#registration = vscode.Disposable.from(
            vscode.workspace.registerTextDocumentContentProvider(SCHEME, this),
            vscode.languages.registerDefinitionProvider({ scheme: SCHEME }, this),
            vscode.workspace.onDidCloseTextDocument((document) => {
                this.#noteOf.delete(document.uri.toString());
                this.#hintsOf.delete(document.uri.toString());
            }),
            vscode.workspace.onDidChangeTextDocument(({ document }) => {
                if (document.uri.scheme === SCHEME) {
                    this.#showHints();
                }
            }),
            vscode.window.onDidChangeVisibleTextEditors(() => this.#showHints()),
            vscode.window.onDidChangeTextEditorSelection(({ textEditor }) => {
                if (textEditor.document.uri.scheme === SCHEME) {
                    return;
                }
                clearTimeout(this.#cursor);
                this.#cursor = setTimeout(() => void this.#follow(textEditor), CURSOR_RESTS);
            }),
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
        const note = answer === null ? "no BPF object here" : (answer.note ?? (answer.complete ? undefined : "approximate"));
        this.#hintsOf.set(uri.toString(), answer?.hints ?? []);
        if (note === undefined) {
            this.#noteOf.delete(uri.toString());
        } else {
            this.#noteOf.set(uri.toString(), note);
        }
        this.#notes.fire();
        return answer?.text ?? "/* The source has nothing to make a skeleton of. */\n";
    }

    /** From a member to what the source declares. */
    async provideDefinition(
        document: vscode.TextDocument,
        position: vscode.Position,
        token: vscode.CancellationToken,
    ): Promise<vscode.Definition | null> {
        const preview = decode(document.uri.query);
        const client = this.client();
        if (preview === null || client === undefined) {
            return null;
        }
        const { line, character } = position;
        const params = { uri: preview.source, kind: preview.kind, position: { line, character } };
        const place = await client.sendRequest(ext.skeletonDefinition, params, token);
        return place === null ? null : client.protocol2CodeConverter.asLocation(place);
    }

    /** Opens a preview beside the source, at what stands at `position`. The focus stays. */
    async show(source: vscode.Uri, kind: ext.SkeletonKind, position?: vscode.Position): Promise<void> {
        const preview: PreviewOf = { source: source.toString(), kind };
        const answer = await this.#ask(preview, position, undefined);
        if (answer === null) {
            void vscode.window.showInformationMessage(
                `${vscode.workspace.asRelativePath(source)} has nothing to generate a ${nameOf(kind)} from.`,
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
        this.#showHints();
        if (answer.line !== undefined && answer.line < document.lineCount) {
            const at = new vscode.Position(answer.line, 0);
            editor.selection = new vscode.Selection(at, at);
            // Most of the struct lies behind the line, its head right before it.
            const top = new vscode.Position(Math.max(0, answer.line - LINES_ABOVE), 0);
            editor.revealRange(new vscode.Range(top, at), vscode.TextEditorRevealType.AtTop);
        }
    }

    dispose(): void {
        clearTimeout(this.#cursor);
        this.#registration.dispose();
        this.#hint.dispose();
        this.#changed.dispose();
        this.#notes.dispose();
    }

    /** Keeps what the cursor of a source is on in view in the previews beside it. */
    async #follow(source: vscode.TextEditor): Promise<void> {
        const uri = source.document.uri.toString();
        for (const editor of vscode.window.visibleTextEditors) {
            const preview = editor.document.uri.scheme === SCHEME ? decode(editor.document.uri.query) : null;
            if (preview === null || !sameUri(preview.source, uri)) {
                continue;
            }
            const { active } = source.selection;
            const line = (await this.#ask(preview, active, undefined))?.line;
            // The cursor may have moved on, and the preview may be a text behind.
            if (line === undefined || line >= editor.document.lineCount || !source.selection.active.isEqual(active)) {
                continue;
            }
            const at = new vscode.Position(line, 0);
            editor.selection = new vscode.Selection(at, at);
            editor.revealRange(new vscode.Range(at, at), vscode.TextEditorRevealType.InCenterIfOutsideViewport);
        }
    }

    #showHints(): void {
        for (const editor of vscode.window.visibleTextEditors) {
            const hints = this.#hintsOf.get(editor.document.uri.toString());
            if (hints === undefined) {
                continue;
            }
            const shown = hints.filter(({ line }) => line < editor.document.lineCount);
            editor.setDecorations(
                this.#hint,
                shown.map(({ line, text }) => ({
                    range: editor.document.lineAt(line).range,
                    renderOptions: { after: { contentText: text } },
                })),
            );
        }
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
