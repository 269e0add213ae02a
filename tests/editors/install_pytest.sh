#!/usr/bin/env bash
# Installs pytest-lsp into a virtual environment of its own, $EDITORS_PREFIX/pytest-lsp.
set -euo pipefail

folder=${EDITORS_PREFIX:-${XDG_CACHE_HOME:-$HOME/.cache}/bpf-lsp-editors}/pytest-lsp
[[ -e $folder/.installed ]] && exit 0
rm -rf "$folder"
if python3 -c 'import ensurepip' 2>/dev/null; then
	python3 -m venv "$folder"
else
	# Debian keeps ensurepip in a package of its own; virtualenv brings another pip.
	python3 -m pip install --quiet --user --break-system-packages virtualenv
	python3 -m virtualenv --quiet "$folder"
fi
"$folder/bin/python" -m pip install --quiet --disable-pip-version-check pytest-lsp==1.0.1
touch "$folder/.installed"
