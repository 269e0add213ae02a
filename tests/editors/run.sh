#!/usr/bin/env bash
# bpf-lsp in real editors: Neovim 0.12 and 0.10, VS Code. Installs what it needs, outside the checkout:
# Debian packages, and the editors in EDITORS_PREFIX (default ~/.cache/bpf-lsp-editors).
#
#   tests/editors/run.sh [neovim|vscode|protocol]...        default: all
#
#   BPF_LSP=PATH       the server to test; default: as it ships (tests/tools/build_server)
#   NVIM_SID, NVIM_TRIXIE, CLANGD, CHROMIUM    programs to take instead of installed ones
#   OUT=FOLDER         pictures and logs of failed checks (default: a temporary folder)
#
# The last line is `N passed, N failed`; the exit code is 0 only when none failed.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
repo=$(cd "$here/../.." && pwd)
export EDITORS_PREFIX=${EDITORS_PREFIX:-${XDG_CACHE_HOME:-$HOME/.cache}/bpf-lsp-editors}
mkdir -p "$EDITORS_PREFIX"
parts=("$@")
[[ ${#parts[@]} -eq 0 ]] && parts=(neovim vscode protocol)

passed=0
failed=0
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
out=${OUT:-$(mktemp -d -t bpf-lsp-editors-XXXX)}

fail() {
	echo "FAIL $*"
	failed=$((failed + 1))
}

wanted() {
	local part
	for part in "${parts[@]}"; do [[ $part == "$1" ]] && return 0; done
	return 1
}

# A copy of the example for one run, since the checks edit it.
workspace() {
	local folder
	folder=$(mktemp -d "$scratch/$1.XXXX")
	cp "$repo"/tests/examples/percpu/* "$folder"
	echo "$folder"
}

# Runs a check with a time limit, shows what it says, and adds its last line up.
run_check() {
	local name=$1 limit=$2 summary
	shift 2
	printf '\n-- %s\n' "$name"
	timeout --kill-after=10 "$limit" "$@" 2>&1 | tee "$scratch/said"
	summary=$(grep -E '^[0-9]+ passed, [0-9]+ failed$' "$scratch/said" | tail -1)
	if [[ -n $summary ]]; then
		passed=$((passed + ${summary%% passed*}))
		summary=${summary#* passed, }
		failed=$((failed + ${summary%% failed}))
	else
		fail "$name ended without a summary (limit: $limit s)"
	fi
}

server=${BPF_LSP:-}
if [[ -z $server ]]; then
	built=$("$repo/tests/tools/build_server") && server=$repo/$built || fail "the server does not build"
fi
[[ -z $server || -x $server ]] || { fail "no server at $server"; server=; }

# Installing is mostly waiting for the network: side by side, each with its own log.
declare -A installing
install() {
	local name=$1
	shift
	timeout 600 "$@" >"$scratch/$name.log" 2>&1 &
	installing[$name]=$!
}
installed() {
	wait "${installing[$1]}" && return 0
	tail -30 "$scratch/$1.log"
	fail "$1 could not be installed"
	return 1
}

if [[ -n $server ]]; then
	"$repo/tests/tools/setup" native editors clangd || fail "Debian packages could not be installed"
	if wanted neovim; then
		[[ -n ${NVIM_SID:-} ]] || install neovim-sid "$here/install_neovim.sh" sid
		[[ -n ${NVIM_TRIXIE:-} ]] || install neovim-trixie "$here/install_neovim.sh" trixie
	fi
	if wanted vscode; then
		install vscode "$here/install_vscode.sh"
		install extension bash -c "cd '$repo/vscode-ext' && npm ci --no-audit --no-fund && npm run package -- --server '$server' --out '$scratch/bpf-lsp.vsix'"
	fi
	if wanted protocol; then
		install pytest-lsp "$here/install_pytest.sh"
	fi

	if wanted neovim; then
		for suite in sid trixie; do
			given=NVIM_${suite^^}
			if [[ -n ${!given:-} ]]; then
				nvim=${!given}
			elif installed "neovim-$suite"; then
				nvim=$(tail -1 "$scratch/neovim-$suite.log")
			else
				continue
			fi
			folder=$(workspace neovim)
			XDG_STATE_HOME=$folder/.state XDG_DATA_HOME=$folder/.data XDG_CACHE_HOME=$folder/.cache \
				run_check "Neovim of $suite" 120 "$nvim" --clean --headless -l "$here/nvim_check.lua" "$repo/grammar-queries" "$folder" "$server"
			folder=$(mktemp -d "$scratch/rename.XXXX")
			XDG_STATE_HOME=$folder/.state XDG_DATA_HOME=$folder/.data XDG_CACHE_HOME=$folder/.cache \
				run_check "renames beside clangd, Neovim of $suite" 120 "$nvim" --clean --headless -l "$here/nvim_rename.lua" "$repo/grammar-queries" "$folder" "$server" "${CLANGD:-clangd-19}"
		done
	fi
	if wanted protocol && installed pytest-lsp; then
		folder=$(workspace protocol)
		LSP_SERVER=$server LSP_WORKSPACE=$folder \
			run_check "typed protocol, as three editors" 120 bash "$here/protocol_check.sh" "$EDITORS_PREFIX/pytest-lsp/bin/pytest"
	fi
	if wanted vscode && installed vscode && installed extension; then
		folder=$(workspace vscode)
		run_check "VS Code" 300 node "$here/vscode_check.mjs" "$scratch/bpf-lsp.vsix" "$folder" "$out"
	fi
fi

printf '\n%d passed, %d failed\n' "$passed" "$failed"
[[ $failed -eq 0 && $passed -gt 0 ]]
