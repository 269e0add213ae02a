/** The settings, as VS Code has them and as the server takes them. */
import * as vscode from "vscode";

export const SECTION = "bpf-lsp";

export class Config {
    get #section(): vscode.WorkspaceConfiguration {
        return vscode.workspace.getConfiguration(SECTION);
    }

    get serverPath(): string | null {
        return this.#section.get<string | null>("server.path", null);
    }

    /** The environment of the server: ours, and what the settings add. */
    get serverEnv(): NodeJS.ProcessEnv {
        return { ...process.env, ...this.#section.get<Record<string, string>>("server.extraEnv", {}) };
    }

    /**
     * The whole section; the same object goes out by `workspace/configuration`. Trust is VS Code's to say:
     * a setting of that name, which a workspace might bring, is overwritten here and ignored there.
     */
    get initializationOptions(): unknown {
        const settings = JSON.parse(JSON.stringify(this.#section)) as Record<string, unknown>;
        return { ...settings, workspaceTrusted: vscode.workspace.isTrusted };
    }
}

/** Whether a change of settings needs another server process. */
export function needsRestart(event: vscode.ConfigurationChangeEvent): boolean {
    return event.affectsConfiguration(`${SECTION}.server`);
}
