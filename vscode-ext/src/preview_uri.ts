/** The address of a preview: a name that reads like the header's, and the source behind it. */
import type { SkeletonKind } from "./lsp_ext";

export const SCHEME = "bpf-lsp-skeleton";

const SUFFIX: Record<SkeletonKind, string> = {
    skeleton: ".skel.h",
    subskeleton: ".subskel.h",
    lskel: ".lskel.h",
};

export interface PreviewOf {
    /** The BPF source. */
    source: string;
    kind: SkeletonKind;
}

export function isKind(value: unknown): value is SkeletonKind {
    return typeof value === "string" && Object.hasOwn(SUFFIX, value);
}

/** The header's path beside its source: `/a/hits.bpf.c` gives `/a/hits.skel.h`. */
export function previewPath(sourcePath: string, kind: SkeletonKind): string {
    return sourcePath.replace(/(\.bpf)?\.[^./]*$/, "") + SUFFIX[kind];
}

export function encode(preview: PreviewOf): string {
    return JSON.stringify([preview.kind, preview.source]);
}

export function decode(query: string): PreviewOf | null {
    try {
        const value: unknown = JSON.parse(query);
        if (Array.isArray(value) && isKind(value[0]) && typeof value[1] === "string") {
            return { kind: value[0], source: value[1] };
        }
    } catch {
        // Not one of ours.
    }
    return null;
}
