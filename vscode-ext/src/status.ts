/** Two language status items: the server's health on our files, and what a preview leaves open. */
import * as vscode from "vscode";

import { isBpfDocument } from "./documents";
import type { Previews } from "./preview";
import { SCHEME } from "./preview_uri";
import { statusText, type ServerState } from "./status_text";

const SEVERITY = {
    information: vscode.LanguageStatusSeverity.Information,
    warning: vscode.LanguageStatusSeverity.Warning,
    error: vscode.LanguageStatusSeverity.Error,
};

export class Status implements vscode.Disposable {
    readonly #server = vscode.languages.createLanguageStatusItem("bpf-lsp.server", []);
    readonly #preview = vscode.languages.createLanguageStatusItem("bpf-lsp.preview", []);
    readonly #subscriptions: vscode.Disposable;

    constructor(private readonly previews: Previews) {
        this.#server.name = "BPF server";
        this.#server.command = { title: "Open Logs", command: "bpf-lsp.openLogs" };
        this.#preview.name = "BPF skeleton";
        this.#preview.severity = vscode.LanguageStatusSeverity.Warning;
        this.#subscriptions = vscode.Disposable.from(
            this.#server,
            this.#preview,
            vscode.window.onDidChangeActiveTextEditor(() => this.#follow()),
            previews.onDidChangeNotes(() => this.#follow()),
        );
        this.set({ is: "stopped" });
        this.#follow();
    }

    set(state: ServerState): void {
        const { text, detail, severity, busy } = statusText(state);
        this.#server.text = text;
        this.#server.detail = detail;
        this.#server.severity = SEVERITY[severity];
        this.#server.busy = busy;
    }

    dispose(): void {
        this.#subscriptions.dispose();
    }

    /** The items belong to single documents, which selectors by name cannot tell. */
    #follow(): void {
        const document = vscode.window.activeTextEditor?.document;
        this.#server.selector = document && isBpfDocument(document) ? [{ scheme: "file", language: "c" }] : [];
        const note = document?.uri.scheme === SCHEME ? this.previews.noteOf(document.uri) : undefined;
        this.#preview.selector = note === undefined ? [] : [{ scheme: SCHEME }];
        this.#preview.text = "Approximate skeleton";
        this.#preview.detail = note ?? "";
    }
}
