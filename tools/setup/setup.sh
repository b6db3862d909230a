#!/bin/bash
# Brings what a Debian 12 or 13 machine needs to build, run and test fusiond: packages, and ONNX Runtime
# (shared library and C header) under .deps/. Quick when nothing is missing.
set -euo pipefail
cd "$(dirname "$0")/../.."

ORT_NPM=onnxruntime-node@1.24.3
ORT_SHA256_x86_64=92ba8e44d31b80a34f5e805076a044122c3be1fffe0d88ed790de7267b0b2682
ORT_SHA256_aarch64=33032cb5b91c12edbf028d7c69fa40a31848d66c0095448758af237d5e0b07db
ORT_HEADER_SHA256=7783e9664bdb0b1b36145b5c8587dd1bc9a399aa000edf2e3dd03003cafc6882
ORT_LIB=.deps/onnxruntime/lib/libonnxruntime.so.1
ORT_HEADER=.deps/onnxruntime/include/onnxruntime_c_api.h

say() { printf 'setup: %s\n' "$*"; }
die() { printf 'setup: %s\n' "$*" >&2; exit 1; }
has_sha256() { [ -f "$1" ] && [ "$(sha256sum <"$1" | cut -d' ' -f1)" = "$2" ]; }

install_packages() {
    local missing=() name
    for name in "$@"; do
        dpkg-query -W -f '${db:Status-Status}\n' "$name" 2>/dev/null | grep -qx installed || missing+=("$name")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    local as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        if ! command -v sudo >/dev/null; then
            die "packages are missing; as root, run: apt-get update && apt-get install --no-install-recommends ${missing[*]}"
        fi
        as_root=(sudo)
    fi
    say "installing ${missing[*]}"
    local log=.deps/apt.log
    mkdir -p .deps
    if ! { "${as_root[@]}" apt-get update &&
        "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
        tail -n 20 "$log" >&2
        die "apt-get failed; as root, run: apt-get update && apt-get install --no-install-recommends ${missing[*]}"
    fi
}

# The same pinned library on every release. (Debian 13 has one too; it works by FUSIOND_INFERENCE_LIBRARY, but
# prints hundreds of lines on stderr at each start, because it registers its operators twice.)
fetch_runtime() {
    local machine expected arch
    machine=$(uname -m)
    case $machine in
    x86_64) expected=$ORT_SHA256_x86_64 arch=x64 ;;
    aarch64) expected=$ORT_SHA256_aarch64 arch=arm64 ;;
    *) die "no ONNX Runtime is packaged for $machine" ;;
    esac
    has_sha256 "$ORT_LIB" "$expected" && return 0
    command -v npm >/dev/null || install_packages npm
    say "fetching the ONNX Runtime library ($ORT_NPM from npm, no install scripts)"
    local work
    work=$(mktemp -d)
    (cd "$work" && npm pack --ignore-scripts --loglevel=error "$ORT_NPM" >npm.log 2>&1) ||
        { cat "$work/npm.log" >&2; rm -rf "$work"; die "npm could not fetch $ORT_NPM"; }
    tar -xzf "$work"/onnxruntime-node-*.tgz -C "$work" --wildcards "package/bin/napi-v*/linux/$arch/libonnxruntime.so.1"
    mkdir -p "$(dirname "$ORT_LIB")"
    mv "$work"/package/bin/napi-v*/linux/"$arch"/libonnxruntime.so.1 "$ORT_LIB.part"
    rm -rf "$work"
    has_sha256 "$ORT_LIB.part" "$expected" || die "the ONNX Runtime library is not the expected file"
    mv "$ORT_LIB.part" "$ORT_LIB"
}

# The mirror that this system already uses for Debian's main archive.
debian_mirror() {
    apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 'Created-By: Packages' 'Origin: Debian' |
        grep -v -e security -e updates -e backports | cut -d' ' -f1 | head -n 1
}

# Debian 12 has no header of ONNX Runtime: take it from Debian 13's package, through an apt configuration
# of its own that leaves the system's alone and wants no root.
fetch_header() {
    has_sha256 "$ORT_HEADER" "$ORT_HEADER_SHA256" && return 0
    say "fetching the ONNX Runtime C header (libonnxruntime-dev of Debian 13)"
    local mirror work
    mirror=$(debian_mirror)
    if [ -z "$mirror" ]; then
        install_packages ca-certificates # refreshes the package lists if anything is missing
        mirror=$(debian_mirror)
    fi
    [ -n "$mirror" ] || die "no Debian mirror is configured on this system (run apt-get update)"
    work=$(mktemp -d)
    mkdir -p "$work"/lists/partial "$work"/cache/archives/partial
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror trixie main" >"$work/sources.list"
    cat >"$work/apt.conf" <<CONF
Dir::Etc::SourceList "$work/sources.list";
Dir::Etc::SourceParts "/dev/null";
Dir::State::Lists "$work/lists";
Dir::State::Status "/dev/null";
Dir::Cache "$work/cache";
APT::Sandbox::User "";
CONF
    (cd "$work" && export APT_CONFIG="$work/apt.conf" && apt-get update -q && apt-get download -q libonnxruntime-dev=1.21.0+dfsg-1) \
        >"$work/log" 2>&1 || { tail -n 20 "$work/log" >&2; rm -rf "$work"; die "apt could not fetch libonnxruntime-dev"; }
    dpkg-deb -x "$work"/libonnxruntime-dev_*.deb "$work/x"
    mkdir -p "$(dirname "$ORT_HEADER")"
    cp "$work/x/usr/include/onnxruntime/onnxruntime_c_api.h" "$ORT_HEADER.part"
    rm -rf "$work"
    has_sha256 "$ORT_HEADER.part" "$ORT_HEADER_SHA256" || die "the ONNX Runtime header is not the expected file"
    mv "$ORT_HEADER.part" "$ORT_HEADER"
}

command -v apt-get >/dev/null || die "this script knows Debian only; docs/HACKING.md lists what is needed elsewhere"
[ -z "${FUS_SETUP_EXTRA:-}" ] || read -ra extra <<<"$FUS_SETUP_EXTRA"
mapfile -t packages < <(grep -v '^#' tools/setup/packages.txt)
install_packages "${packages[@]}" ${extra[@]+"${extra[@]}"}
fetch_runtime
fetch_header
