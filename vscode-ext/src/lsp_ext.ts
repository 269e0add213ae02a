/** What the server speaks beyond the protocol's standard. */
import { NotificationType, RequestType, type Location, type Position } from "vscode-languageclient";

export type SkeletonKind = "skeleton" | "subskeleton" | "lskel";

export interface SkeletonParams {
    uri: string;
    kind?: SkeletonKind;
    /** A variable, map or program to find in the answer. */
    position?: Position;
}

export interface Skeleton {
    /** The object's name. */
    name: string;
    text: string;
    /** Line of `text`, from 0, that shows what stands at the asked position. */
    line?: number;
    /** False where something in the source could not be resolved; `note` says what. */
    complete: boolean;
    note?: string;
    /** Remarks on lines of `text`, which itself is to the letter what bpftool prints. */
    hints: SkeletonHint[];
}

export interface SkeletonHint {
    /** Line of the text, from 0. */
    line: number;
    text: string;
}

export const skeleton = new RequestType<SkeletonParams, Skeleton | null, void>("bpf-lsp/skeleton");

export interface SkeletonDefinitionParams {
    uri: string;
    kind: SkeletonKind;
    /** In the skeleton's text. */
    position: Position;
}

/** Where the source declares what a line of a skeleton shows. */
export const skeletonDefinition = new RequestType<SkeletonDefinitionParams, Location | null, void>(
    "bpf-lsp/skeletonDefinition",
);

/** Says whether the user trusts the workspace; without it the server runs none of the project's commands. */
export const workspaceTrust = new NotificationType<{ trusted: boolean }>("bpf-lsp/workspaceTrust");

export interface SkeletonChangedParams {
    uri: string;
    version: number | null;
}

/** Comes after each analysis that gave another skeleton than the one before. */
export const skeletonChanged = new NotificationType<SkeletonChangedParams>("bpf-lsp/skeletonChanged");

export interface ServerStatusParams {
    health: "ok" | "warning" | "error";
    /** Nothing is being analysed. */
    quiescent: boolean;
    message: string | null;
}

export const serverStatus = new NotificationType<ServerStatusParams>("bpf-lsp/serverStatus");
