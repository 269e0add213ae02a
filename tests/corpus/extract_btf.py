#!/usr/bin/env python3
"""Takes the `.BTF` section out of a compressed kernel image: extract_btf.py VMLINUZ OUT.btf

A bzImage holds the kernel's ELF file in one of a few compressed forms. Each place that looks like
the start of one is tried until an ELF file with a `.BTF` section comes out.
"""
import struct
import subprocess
import sys

FORMS = (
    (b"\xfd7zXZ\x00", ["xz", "-dc"]),
    (b"\x28\xb5\x2f\xfd", ["zstd", "-dcq"]),
    (b"\x1f\x8b\x08", ["gzip", "-dc"]),
)


def btf_section(elf):
    """The bytes of `.BTF` of a 64-bit little-endian ELF file, or None."""
    if elf[:4] != b"\x7fELF":
        return None
    (headers,) = struct.unpack_from("<Q", elf, 0x28)
    entry_size, count, names_index = struct.unpack_from("<HHH", elf, 0x3A)
    sections = [struct.unpack_from("<IIQQQQIIQQ", elf, headers + i * entry_size) for i in range(count)]
    names = sections[names_index][4]
    for section in sections:
        start = names + section[0]
        if elf[start:elf.index(b"\0", start)] == b".BTF":
            return elf[section[4]:section[4] + section[5]]
    return None


def main():
    with open(sys.argv[1], "rb") as file:
        image = file.read()
    for magic, command in FORMS:
        at = image.find(magic)
        while at >= 0:
            done = subprocess.run(command, input=image[at:], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            btf = btf_section(done.stdout)
            if btf:
                with open(sys.argv[2], "wb") as file:
                    file.write(btf)
                return
            at = image.find(magic, at + 1)
    sys.exit("%s: no kernel with BTF in it" % sys.argv[1])


main()
