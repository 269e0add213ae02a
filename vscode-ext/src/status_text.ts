/** What the status item says. */
import type { ServerStatusParams } from "./lsp_ext";

export type ServerState =
    | { is: "starting" }
    | { is: "stopped" }
    | { is: "failed"; why: string }
    | { is: "running"; version: string; status: ServerStatusParams | null };

export interface StatusText {
    text: string;
    detail: string;
    severity: "information" | "warning" | "error";
    busy: boolean;
}

export function statusText(state: ServerState): StatusText {
    switch (state.is) {
        case "starting":
            return { text: "bpf-lsp", detail: "starting", severity: "information", busy: true };
        case "stopped":
            return { text: "bpf-lsp", detail: "stopped", severity: "warning", busy: false };
        case "failed":
            return { text: "bpf-lsp", detail: state.why, severity: "error", busy: false };
        case "running": {
            const health = state.status?.health ?? "ok";
            return {
                text: "bpf-lsp",
                // An empty message is none.
                detail: state.status?.message || state.version,
                severity: health === "ok" ? "information" : health,
                busy: state.status?.quiescent === false,
            };
        }
    }
}
