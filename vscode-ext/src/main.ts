/** The extension: starts the server at the first C file, and wires the parts. */
import * as vscode from "vscode";

import { Session } from "./client";
import { registerCommands } from "./commands";
import { Config, needsRestart } from "./config";
import { Previews } from "./preview";
import { ServerNotFound } from "./server";
import { Status } from "./status";

let session: Session | undefined;

export async function activate(context: vscode.ExtensionContext): Promise<void> {
    const output = vscode.window.createOutputChannel("bpf-lsp", { log: true });
    const current = new Session(context.extensionPath, new Config(), output);
    session = current;
    const previews = new Previews(() => current.client);
    const status = new Status(previews);

    const start = async (): Promise<void> => {
        try {
            await current.start(status, previews);
        } catch (error) {
            await showFailure(error);
        }
    };
    const restart = async (): Promise<void> => {
        await current.stop();
        await start();
    };
    context.subscriptions.push(
        output,
        previews,
        status,
        registerCommands({ session: current, previews, output, restart }),
        vscode.workspace.onDidChangeConfiguration((event) => {
            if (needsRestart(event)) {
                void restart();
            }
        }),
    );
    // Not awaited: a message box that waits for the user must not hold up the activation.
    void start();
}

export async function deactivate(): Promise<void> {
    await session?.stop();
}

async function showFailure(error: unknown): Promise<void> {
    const message = error instanceof ServerNotFound ? error.message : `The bpf-lsp server did not start: ${String(error)}`;
    const choice = await vscode.window.showErrorMessage(message, "Open Settings", "Open Logs");
    if (choice === "Open Settings") {
        await vscode.commands.executeCommand("workbench.action.openSettings", "bpf-lsp.server.path");
    } else if (choice === "Open Logs") {
        await vscode.commands.executeCommand("bpf-lsp.openLogs");
    }
}
