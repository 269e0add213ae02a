/** Finds the server and makes sure that it runs, before the language client gets it. */
import { execFile } from "node:child_process";
import * as path from "node:path";

export const ENV_SERVER = "BPF_LSP_SERVER_PATH";
const PROBE_TIMEOUT_MS = 10_000;

export interface Candidate {
    path: string;
    /** Where the path comes from, in the user's words. */
    from: string;
    /** Somebody asked for this one: do not look further when it does not run. */
    chosen: boolean;
}

export interface Places {
    env: string | undefined;
    setting: string | null | undefined;
    extensionPath: string;
    platform: NodeJS.Platform;
    home: string | undefined;
}

/** The places to look at, in order. */
export function candidates(places: Places): Candidate[] {
    if (places.env) {
        return [{ path: places.env, from: `the environment variable ${ENV_SERVER}`, chosen: true }];
    }
    if (places.setting) {
        const file = places.setting.replace(/^~(?=[/\\])/, places.home ?? "~");
        return [{ path: file, from: 'the setting "bpf-lsp.server.path"', chosen: true }];
    }
    const program = places.platform === "win32" ? "bpf-lsp.exe" : "bpf-lsp";
    return [
        { path: path.join(places.extensionPath, "server", program), from: "the extension", chosen: false },
        { path: program, from: "PATH", chosen: false },
    ];
}

export interface Server {
    path: string;
    from: string;
    /** What `--version` printed. */
    version: string;
}

export class ServerNotFound extends Error {}

/** The first candidate that answers `--version`. Throws [`ServerNotFound`] with what was tried. */
export async function findServer(places: Places, env: NodeJS.ProcessEnv): Promise<Server> {
    const tried: string[] = [];
    for (const candidate of candidates(places)) {
        const answer = await probe(candidate.path, env);
        if (answer.ok) {
            return { path: candidate.path, from: candidate.from, version: answer.version };
        }
        tried.push(`${candidate.path} (from ${candidate.from}): ${answer.reason}`);
    }
    throw new ServerNotFound(explain(tried));
}

/** The message for the user: every path tried with its reason, and what to do. */
export function explain(tried: string[]): string {
    return (
        `The bpf-lsp server cannot run. Tried ${tried.join("; ")}. ` +
        'Build it with "cargo build --release" and set its path in "bpf-lsp.server.path".'
    );
}

type Probe = { ok: true; version: string } | { ok: false; reason: string };

function probe(file: string, env: NodeJS.ProcessEnv): Promise<Probe> {
    return new Promise((resolve) => {
        execFile(file, ["--version"], { env, timeout: PROBE_TIMEOUT_MS, windowsHide: true }, (error, stdout, stderr) => {
            const version = stdout.trim();
            if (!error && version !== "") {
                resolve({ ok: true, version });
            } else {
                resolve({ ok: false, reason: reason(error, stderr) });
            }
        });
    });
}

/** Why a program did not answer, in a few words. */
export function reason(error: (Error & { code?: unknown; killed?: boolean }) | null, stderr: string): string {
    const said = stderr.trim().split("\n").slice(0, 3).join(" ");
    if (error === null) {
        return "--version printed nothing";
    }
    if (error.killed) {
        return `--version gave no answer in ${PROBE_TIMEOUT_MS / 1000} s`;
    }
    switch (error.code) {
        case "ENOENT":
            return "no such file";
        case "EACCES":
            return "not executable";
        case "ENOEXEC":
            return "made for another platform";
        default:
            return said !== "" ? said : `--version failed (${String(error.code ?? error.message)})`;
    }
}
