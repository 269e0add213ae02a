#!/usr/bin/env bash
# Unpacks the Neovim of another Debian suite into $EDITORS_PREFIX/neovim-SUITE, with its own C library;
# nothing on the system changes. Prints the path of a wrapper that starts it.
#
#   install_neovim.sh SUITE        sid: the newest; trixie: 0.10
#
# Needs apt, dpkg and patchelf. The folder cannot be moved afterwards. Where apt cannot be had, set
# NVIM_<SUITE> for run.sh instead.
set -euo pipefail

suite=$1
prefix=${EDITORS_PREFIX:-${XDG_CACHE_HOME:-$HOME/.cache}/bpf-lsp-editors}
folder=$prefix/neovim-$suite
wrapper=$folder/nvim
if [[ -x $wrapper ]] && "$wrapper" --version >/dev/null 2>&1; then
	echo "$wrapper"
	exit 0
fi

# A private configuration of apt: own lists, and no installed package, so that the resolver names
# everything Neovim needs. The mirror is the one that the system uses.
apt=$prefix/apt-$suite
mkdir -p "$apt"/{lists/partial,cache/archives/partial,sources,preferences} "$folder/packages"
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Identifier: Packages' | grep -m1 -E '/debian/?$')
cat >"$apt/sources/suite.sources" <<-EOF
	Types: deb
	URIs: $mirror
	Suites: $suite
	Components: main
	Targets: Packages
	Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
EOF
cat >"$apt/apt.conf" <<-EOF
	Dir::State::Lists "$apt/lists";
	Dir::State::status "/dev/null";
	Dir::Cache "$apt/cache";
	Dir::Etc::SourceList "/dev/null";
	Dir::Etc::SourceParts "$apt/sources";
	Dir::Etc::PreferencesParts "$apt/preferences";
	Dir::Etc::Preferences "/dev/null";
	APT::Sandbox::User "root";
	APT::Install-Recommends "false";
	Acquire::Languages "none";
EOF
export APT_CONFIG=$apt/apt.conf
apt-get -qq update >&2
cd "$folder/packages"
mapfile -t closure < <(apt-get -s install neovim | awk '/^Inst/ { sub(/^\(/, "", $3); print $2 "=" $3 }')
apt-get -qq download "${closure[@]}" >&2
rm -rf ../root
for package in *.deb; do dpkg -x "$package" ../root; done
rm -f ./*.deb

# The loader and the library path go into the program: Neovim starts itself again by /proc/self/exe.
root=$folder/root
libraries=$root/usr/lib/$(dpkg-architecture -qDEB_HOST_MULTIARCH 2>/dev/null || echo "$(uname -m)-linux-gnu")
program=$(readlink -f "$root/usr/bin/nvim")
chmod u+w "$program"
patchelf --set-interpreter "$(find "$libraries" -name 'ld-linux-*.so.*' | head -1)" --force-rpath --set-rpath "$libraries" "$program"
cat >"$wrapper" <<-EOF
	#!/bin/sh
	export VIMRUNTIME='$root/usr/share/nvim/runtime'
	exec '$root/usr/bin/nvim' --cmd 'set rtp+=$root/usr/lib/nvim' "\$@"
EOF
chmod +x "$wrapper"
echo "$wrapper"
