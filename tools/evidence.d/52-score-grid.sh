#!/usr/bin/env bash
# Scores against TM-score and OpenStructure: 200 models, the table of cases
set -euo pipefail

flags=(-c release -Xswiftc -enable-testing --scratch-path .build/testing)
log=$(mktemp)
trap 'rm -f "$log"' EXIT
swift build --build-tests "${flags[@]}" > /dev/null 2>&1

# suite NAME FILTER REACH
suite() {
  local status=0 line
  swift test "${flags[@]}" --skip-build --filter "$2" > "$log" 2>&1 || status=$?
  line=$(grep -o 'Test run with [0-9]* tests.* \(passed\|failed\)' "$log" | tail -n 1)
  echo "| \`swift test --filter $2\`: $1 | $line | $3 | $([ "$status" = 0 ] && [ -n "$line" ] && echo yes || echo no) |"
}
suite "200 perturbed, truncated, hinged, mirrored and renumbered models of five structures" GridTests \
  "TM-score, GDT ≥ TM-score's − 1e-4, each proved by its superposition; lDDT within 1e-4 of OpenStructure's"
suite "noise, hinge, gaps, mirror image, symmetric names, renumbering, domains" TableTests "the reference's values"
suite "no C-alpha, other sequences, empty chain, NaN, clashes, moves" ScoringInputTests "one line each"
