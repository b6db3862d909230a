#!/bin/bash
# bench.sh BUILD [fusiond-bench options]: stage times, the swap against our own passthrough, memory,
# writes; then FaceFusion's chain with small stand-in models and with a swapper of real arithmetic.
set -euo pipefail
cd "$(dirname "$0")/.."
build=$1
shift
bench=$build/bench/fusiond-bench
if [ $# -gt 0 ]; then exec "$bench" "$@"; fi
"$bench"
parity=${FUS_PARITY_DIR:-${FUS_SHARED_DIR:-../shared}/parity}
models=$parity/models
if [ ! -d "$models" ]; then
    echo "FaceFusion's chain: skipped, there are no stand-in models in $models"
    exit 0
fi
donor=$parity/inputs/astronaut.png
"$bench" --models "$models" --donor "$donor" --seconds 3 --rounds 7 --factor 1
heavy=$(mktemp -d)
trap 'rm -rf "$heavy"' EXIT
for file in "$models"/*; do
    case $file in */inswapper_128.*) ;; *) ln -s "$(realpath "$file")" "$heavy/" ;; esac
done
python3 tools/heavy_swapper.py "$heavy/inswapper_128"
"$bench" --models "$heavy" --heavy --donor "$donor" --seconds 1 --factor 1 --rounds 1
