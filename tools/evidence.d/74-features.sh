#!/usr/bin/env bash
# Features and templates: equal to AlphaFold2's own pipeline
set -euo pipefail

# HELIXFOLD_FEATURE_CASES and HELIXFOLD_TEMPLATE_CASES: folders made by the scripts in Tests/*/Fixtures with AlphaFold2's code.
source tools/evidence-figures.sh
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
count() { find "${1:-/nonexistent}" -maxdepth 2 -name "$2" 2> /dev/null | wc -l; }
features=$(count "${HELIXFOLD_FEATURE_CASES:-}" '*.npz') templates=$(count "${HELIXFOLD_TEMPLATE_CASES:-}" hits.hhr)
[ "$features" -gt 0 ] && [ "$templates" -gt 0 ] || absent "HELIXFOLD_FEATURE_CASES and HELIXFOLD_TEMPLATE_CASES name no cases"
build_tests
suite "processed and raw features, $features real cases and a synthetic one" 'ProcessedFeatures' "integers exactly, floats to 1e-5"
suite "templates, every reason to reject, $templates real chains and made-up hits" 'TemplateOracle' "hits used and atoms equal"
suite "bad input of searches, templates and files, cases of docs/alignments-and-templates.md" 'SearchTests|HitReader|FileDoctor|Alignment|FASTA' "one line each"
