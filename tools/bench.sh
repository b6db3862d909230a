#!/bin/bash
# bench.sh BUILD [fusiond-bench options]: stage times, the swap against our own passthrough, memory, writes.
set -euo pipefail
cd "$(dirname "$0")/.."
build=$1
shift
exec "$build/bench/fusiond-bench" "$@"
