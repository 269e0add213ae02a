/**
 * Which C files are ours. All of them have the language `c`, and clangd or another server reads the
 * rest; so a file is ours when its name or its includes say so.
 */

/** Lines looked at for an include. */
export const HEAD_LINES = 200;

const BPF_NAME = /\.bpf\.[ch]$/;
const INCLUDE = /^\s*#\s*include\s*[<"]([^>"]+)[>"]/;
const BPF_HEADER = /(^|\/)(vmlinux\.h|bpf_helpers\.h)$/;
const SKELETON_HEADER = /\.(skel|lskel|subskel)\.h$/;

export function isBpfFile(path: string, head: Iterable<string>): boolean {
    if (BPF_NAME.test(path)) {
        return true;
    }
    for (const line of head) {
        const header = INCLUDE.exec(line)?.[1];
        if (header !== undefined && (BPF_HEADER.test(header) || SKELETON_HEADER.test(header))) {
            return true;
        }
    }
    return false;
}
