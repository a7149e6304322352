#!/usr/bin/env bash
# Scores against TM-score and OpenStructure: 200 models, the table of cases
set -euo pipefail

source tools/evidence-figures.sh
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
build_tests
suite "200 perturbed, truncated, hinged, mirrored and renumbered models of five structures" GridTests \
  "TM-score, GDT ≥ TM-score's − 1e-4, each proved by its superposition; lDDT within 1e-4 of OpenStructure's for the coordinates it reads"
suite "noise, hinge, gaps, mirror image, symmetric names, renumbering, domains" TableTests "the reference's values"
suite "no C-alpha, other sequences, empty chain, NaN, clashes, moves" ScoringInputTests "one line each"

# refuse NAME MODEL: status 65 and one line
refuse() {
  local status=0
  "$HELIXFOLD" score "$2" "$demo" > "$work/out" 2> "$work/err" || status=$?
  echo "| \`helixfold score\`, $1 | status $status, $(grep -c . "$work/err") line: $(head -n 1 "$work/err" | sed "s|$work/||g" | cut -c 1-200) | status 65, 1 line |" \
    "$([ "$status" = 65 ] && [ "$(grep -c . "$work/err")" = 1 ] && echo yes || echo no) |"
}
demo=data/demo/4cup_A.pdb
grep -v ' CA ' "$demo" > "$work/no-ca.pdb"
awk -v count=100 -v wave=0 -f tools/report/spiral.awk > "$work/glycines.cif"
echo END > "$work/empty.pdb"
awk '/^ATOM/ && ++n == 5 { $0 = substr($0, 1, 30) "     nan" substr($0, 39) } { print }' "$demo" > "$work/nan.pdb"
echo "no structure" | gzip > "$work/other.pdb.gz"
refuse "no C-alpha" "$work/no-ca.pdb"
refuse "another sequence" "$work/glycines.cif"
refuse "no chain" "$work/empty.pdb"
refuse "a coordinate that is no number" "$work/nan.pdb"
refuse "a gzip of something else" "$work/other.pdb.gz"
