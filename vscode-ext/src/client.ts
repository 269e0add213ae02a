/** One server process and the language client that talks to it. */
import * as vscode from "vscode";
import { LanguageClient, State, type LanguageClientOptions, type ServerOptions } from "vscode-languageclient/node";

import { SECTION, type Config } from "./config";
import { OpenDocuments } from "./documents";
import * as ext from "./lsp_ext";
import type { Previews } from "./preview";
import { ENV_SERVER, findServer, type Server } from "./server";
import type { Status } from "./status";

export class Session {
    #client: LanguageClient | undefined;
    #server: Server | undefined;
    /** What listens for the running client. */
    readonly #whenStopped: vscode.Disposable[] = [];
    #status: ext.ServerStatusParams | null = null;
    /** Starts and stops go one after the other, in the order they were asked for. */
    #queue: Promise<void> = Promise.resolve();

    constructor(
        private readonly extensionPath: string,
        private readonly config: Config,
        private readonly output: vscode.LogOutputChannel,
    ) {}

    get client(): LanguageClient | undefined {
        return this.#client?.isRunning() ? this.#client : undefined;
    }

    get server(): Server | undefined {
        return this.#server;
    }

    start(status: Status, previews: Previews): Promise<void> {
        return this.#enqueue(() => this.#start(status, previews));
    }

    stop(): Promise<void> {
        return this.#enqueue(() => this.#stop());
    }

    #enqueue(step: () => Promise<void>): Promise<void> {
        const done = this.#queue.then(step);
        this.#queue = done.catch(() => undefined);
        return done;
    }

    async #start(status: Status, previews: Previews): Promise<void> {
        status.set({ is: "starting" });
        const env = this.config.serverEnv;
        try {
            this.#server = await findServer(
                {
                    env: process.env[ENV_SERVER],
                    setting: this.config.serverPath,
                    extensionPath: this.extensionPath,
                    platform: process.platform,
                    home: process.env["HOME"],
                },
                env,
            );
        } catch (error) {
            this.#server = undefined;
            const why = error instanceof Error ? error.message : String(error);
            status.set({ is: "failed", why });
            this.output.error(why);
            throw error;
        }
        const server = this.#server;
        this.output.info(`${server.version}: ${server.path} (from ${server.from})`);

        const client = this.#create(server, env);
        this.#client = client;
        this.#status = null;
        previews.listen(client);
        client.onNotification(ext.serverStatus, (params) => {
            this.#status = params;
            status.set({ is: "running", version: server.version, status: params });
        });
        client.onDidChangeState(({ newState }) => {
            switch (newState) {
                case State.Starting:
                    return status.set({ is: "starting" });
                case State.Running:
                    return status.set({ is: "running", version: server.version, status: this.#status });
                case State.Stopped:
                    return status.set({ is: "stopped" });
            }
        });
        const trust = vscode.workspace.onDidGrantWorkspaceTrust(() => {
            void client.sendNotification(ext.workspaceTrust, { trusted: true });
        });
        this.#whenStopped.push(trust);
        await client.start();
        previews.refreshAll();
    }

    async #stop(): Promise<void> {
        const client = this.#client;
        this.#client = undefined;
        vscode.Disposable.from(...this.#whenStopped.splice(0)).dispose();
        // A client that never came up refuses to stop.
        if (client !== undefined && client.needsStop()) {
            await client.dispose().catch((error: unknown) => this.output.warn(String(error)));
        }
    }

    #create(server: Server, env: NodeJS.ProcessEnv): LanguageClient {
        const serverOptions: ServerOptions = {
            command: server.path,
            args: ["--stdio"],
            options: { env },
        };
        const documents = new OpenDocuments();
        const clientOptions: LanguageClientOptions = {
            documentSelector: [{ scheme: "file", language: "c" }],
            initializationOptions: this.config.initializationOptions,
            synchronize: { configurationSection: SECTION },
            outputChannel: this.output,
            middleware: documents.middleware(() => client),
        };
        // The id is also the section of `trace.server`.
        const client = new LanguageClient(SECTION, "bpf-lsp", serverOptions, clientOptions);
        // After a crash the client starts a new server, which must be shown every document again.
        client.onDidChangeState(({ newState }) => {
            if (newState === State.Stopped) {
                documents.clear();
            }
        });
        return client;
    }
}
