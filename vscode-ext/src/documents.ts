/** Keeps the server's eyes off C files that are not ours, and on those that become ours. */
import * as vscode from "vscode";
import {
    DidOpenTextDocumentNotification,
    type LanguageClient,
    type Middleware,
} from "vscode-languageclient/node";

import { HEAD_LINES, isBpfFile } from "./selector";

export function isBpfDocument(document: vscode.TextDocument): boolean {
    if (document.uri.scheme !== "file" || document.languageId !== "c") {
        return false;
    }
    return isBpfFile(document.uri.path, head(document));
}

function* head(document: vscode.TextDocument): Generator<string> {
    const end = Math.min(document.lineCount, HEAD_LINES);
    for (let line = 0; line < end; line++) {
        yield document.lineAt(line).text;
    }
}

/**
 * Middleware that shows the server a document from the moment it is ours until it closes. The
 * language client's own selector cannot do this: it knows names, not contents.
 */
export class OpenDocuments {
    readonly #open = new Set<string>();

    middleware(client: () => LanguageClient): Middleware {
        return {
            didOpen: async (document, next) => {
                if (isBpfDocument(document)) {
                    this.#open.add(document.uri.toString());
                    await next(document);
                }
            },
            didChange: async (event, next) => {
                if (this.#has(event.document)) {
                    await next(event);
                } else if (isBpfDocument(event.document)) {
                    // An include was typed: open it now, with all of its text.
                    const feature = client().getFeature(DidOpenTextDocumentNotification.method);
                    await feature.getProvider(event.document)?.send(event.document);
                }
            },
            didSave: async (document, next) => {
                if (this.#has(document)) {
                    await next(document);
                }
            },
            didClose: async (document, next) => {
                if (this.#open.delete(document.uri.toString())) {
                    await next(document);
                }
            },
            sendRequest: async (type, param, token, next) => {
                const uri = documentOf(param);
                // Null is how a server says "nothing here", for every question about a document.
                return uri === undefined || this.#open.has(uri) ? next(type, param, token) : (null as never);
            },
        };
    }

    /** A new server has seen nothing yet. */
    clear(): void {
        this.#open.clear();
    }

    #has(document: vscode.TextDocument): boolean {
        return this.#open.has(document.uri.toString());
    }
}

function documentOf(param: unknown): string | undefined {
    const document = (param as { textDocument?: { uri?: unknown } } | undefined)?.textDocument;
    return typeof document?.uri === "string" ? document.uri : undefined;
}
