#!/usr/bin/env bash
# Two cores against one, bf16, idle machine
set -euo pipefail

helixfold=$(realpath "$HELIXFOLD")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
source tools/evidence-figures.sh

one bench forward --residues 128 --threads 1 --repeats 3 --json > "$work/forward-128"
"$helixfold" bench forward --residues 128 --threads 2 --repeats 3 --json > "$work/two"
ratio=$(awk -v a="$(figure seconds_median "$work/forward-128")" -v b="$(figure seconds_median "$work/two")" 'BEGIN { print a / b }')
echo "| \`bench forward --residues 128 --threads 2\` against one | $(fixed "$(figure seconds_median "$work/two")" 2) s, $(fixed "$ratio" 2)× as fast | 1.85 (aim 1.95) | $(holds "$ratio >= 1.85") |"
