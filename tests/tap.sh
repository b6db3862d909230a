#!/bin/bash
# Runs a test and mends cmocka 1.1.5's TAP: it writes a skipped test as "not ok N # SKIP", which counts as failed.
set -o pipefail
"$@" | sed -u 's/^not ok \([0-9]*\) # SKIP/ok \1 # SKIP/'
