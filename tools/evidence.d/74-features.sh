#!/usr/bin/env bash
# Features and templates: equal to AlphaFold2's own pipeline
set -euo pipefail

# HELIXFOLD_FEATURE_CASES and HELIXFOLD_TEMPLATE_CASES: folders made by the scripts in Tests/*/Fixtures with AlphaFold2's code.
flags=(-c release -Xswiftc -enable-testing --scratch-path .build/testing)
log=$(mktemp)
trap 'rm -f "$log"' EXIT
swift build --build-tests "${flags[@]}" > /dev/null 2>&1

# suite NAME FILTER CASES REACH
suite() {
  local status=0 line
  swift test "${flags[@]}" --skip-build --filter "$2" > "$log" 2>&1 || status=$?
  line=$(grep -o 'Test run with [0-9]* tests.* \(passed\|failed\)' "$log" | tail -n 1)
  echo "| \`swift test --filter $2\`: $1, $3 | $line | $4 | $([ "$status" = 0 ] && [ -n "$line" ] && echo yes || echo no) |"
}
count() { find "${1:-/nonexistent}" -maxdepth 2 -name "$2" 2> /dev/null | wc -l; }
suite "processed and raw features" 'ProcessedFeatures' "$(count "${HELIXFOLD_FEATURE_CASES:-}" '*.npz') real cases and a synthetic one" "integers exactly, floats to 1e-5"
suite "templates, every reason to reject" 'TemplateOracle' "$(count "${HELIXFOLD_TEMPLATE_CASES:-}" hits.hhr) real chains and made-up hits" "hits used and atoms equal"
suite "bad input of searches, templates and files" 'SearchTests|HitReader|FileDoctor|Alignment|FASTA' "cases of docs/alignments-and-templates.md" "one line each"
