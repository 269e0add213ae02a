#!/usr/bin/env python3
"""Writes bpf_helper_defs.h beside this script from a table of helpers (columns: helper, id, return,
arguments, ...) and the map types of vmlinux.h from a table of maps (columns: name, number, ...).

Usage: generate_helpers.py helpers.tsv
"""
import csv
import pathlib
import re
import sys

rows = list(csv.DictReader(open(sys.argv[1]), delimiter="\t"))
tags = sorted({t for r in rows for t in re.findall(r"(?:struct|union) \w+", r["arguments"] + " " + r["return"])})
with open(pathlib.Path(__file__).parent / "bpf_helper_defs.h", "w") as out:
    out.write("/* Helpers of the kernel by number. Made by generate_helpers.py; do not edit. */\n")
    out.write('#pragma once\n#include "bpf_stand_in_types.h"\n\n')
    out.writelines(f"{tag};\n" for tag in tags)
    out.write("\n")
    for r in rows:
        ret = r["return"].replace("__bpf_fastcall ", "")
        ret = ret if ret.endswith("*") else ret + " "
        out.write(f"static {ret}(* const {r['helper']})({r['arguments'] or 'void'}) = (void *) {r['id']};\n")
