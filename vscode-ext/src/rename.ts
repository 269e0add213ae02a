/**
 * Renames beside another extension's. VS Code asks one provider after the other, of equal ones the latest
 * first, and goes on to the next when one refuses. clangd accepts every name of a BPF program and renames it
 * there alone: the loader would keep the old one. So ours is to be the first for names of both sides, and the
 * last when it refuses one.
 */
import * as vscode from "vscode";
import {
    PrepareRenameRequest,
    RenameRequest,
    ResponseError,
    type LanguageClient,
    type Middleware,
} from "vscode-languageclient/node";

import { isBpfDocument } from "./documents";

/** ms. Another extension may have registered its provider since ours was. */
const STALE_AFTER = 1000;

/** The client's own provider steps back: null is "nothing here", and VS Code asks the next. */
export const renameMiddleware: Middleware = {
    prepareRename: () => null,
    provideRenameEdits: () => null,
};

export class Renames implements vscode.RenameProvider, vscode.Disposable {
    readonly #listeners: vscode.Disposable;
    #registration: vscode.Disposable;
    #registered = 0;
    /** Whether a name was accepted and its edits are yet to be asked for, of the same registration. */
    #pending = false;

    constructor(private readonly client: LanguageClient) {
        this.#registration = this.#register();
        // Whoever is about to rename something puts the cursor there first.
        this.#listeners = vscode.Disposable.from(
            // F2 in C: there the order is sure, since messages to the window keep theirs.
            vscode.commands.registerCommand("bpf-lsp.rename", () => {
                this.#renew();
                return vscode.commands.executeCommand("editor.action.rename");
            }),
            vscode.window.onDidChangeActiveTextEditor((editor) => this.#refresh(editor)),
            vscode.window.onDidChangeTextEditorSelection(({ textEditor }) => this.#refresh(textEditor)),
        );
        setContext(true);
    }

    dispose(): void {
        setContext(false);
        this.#listeners.dispose();
        this.#registration.dispose();
    }

    async prepareRename(
        document: vscode.TextDocument,
        position: vscode.Position,
        token: vscode.CancellationToken,
    ): Promise<{ range: vscode.Range; placeholder: string } | null> {
        const at = this.client.code2ProtocolConverter.asTextDocumentPositionParams(document, position);
        try {
            const found = await this.client.sendRequest(PrepareRenameRequest.type, at, token);
            if (found === null || !("placeholder" in found)) {
                return null;
            }
            this.#pending = true;
            return { range: this.client.protocol2CodeConverter.asRange(found.range), placeholder: found.placeholder };
        } catch (error) {
            if (isAnothers(error)) {
                // Shown where no other provider takes the name.
                throw error;
            }
            refuse(error);
            // What is no Error ends the rename: VS Code asks nobody else.
            return Promise.reject({ refused: true });
        }
    }

    async provideRenameEdits(
        document: vscode.TextDocument,
        position: vscode.Position,
        newName: string,
        token: vscode.CancellationToken,
    ): Promise<vscode.WorkspaceEdit | null> {
        this.#pending = false;
        const at = this.client.code2ProtocolConverter.asTextDocumentPositionParams(document, position);
        try {
            const edit = await this.client.sendRequest(RenameRequest.type, { ...at, newName }, token);
            return edit === null ? null : await this.client.protocol2CodeConverter.asWorkspaceEdit(edit, token);
        } catch (error) {
            if (isAnothers(error)) {
                throw error;
            }
            refuse(error);
            // No edits are an answer, too.
            return new vscode.WorkspaceEdit();
        }
    }

    #register(): vscode.Disposable {
        this.#registered = Date.now();
        return vscode.languages.registerRenameProvider({ scheme: "file", language: "c" }, this);
    }

    #refresh(editor: vscode.TextEditor | undefined): void {
        const stale = !this.#pending && Date.now() - this.#registered >= STALE_AFTER;
        if (stale && editor !== undefined && isBpfDocument(editor.document)) {
            this.#renew();
        }
    }

    #renew(): void {
        this.#pending = false;
        const old = this.#registration;
        this.#registration = this.#register();
        old.dispose();
    }
}

/** Whether F2 is ours. */
function setContext(renames: boolean): void {
    void vscode.commands.executeCommand("setContext", "bpf-lsp.renames", renames);
}

/** Whether the server leaves a name to the C language server. */
function isAnothers(error: unknown): boolean {
    const data: unknown = error instanceof ResponseError ? error.data : undefined;
    return (data as { ours?: unknown } | undefined)?.ours === false;
}

function refuse(error: unknown): void {
    const why = error instanceof Error ? error.message : String(error);
    void vscode.window.showWarningMessage(`Not renamed: ${why}`);
}
