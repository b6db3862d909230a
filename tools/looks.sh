#!/bin/bash
# looks.sh BUILD: contact sheets of the built-in swap in looks/, and its figures beside their goals.
set -euo pipefail
cd "$(dirname "$0")/.."
exec "$1/tools/looks" looks
