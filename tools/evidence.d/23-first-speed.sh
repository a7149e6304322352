#!/usr/bin/env bash
# First speed: one pass on one core
set -euo pipefail

source tools/evidence-figures.sh
field() { sed -n "s/.*\"$1\": *\([0-9.]*\).*/\1/p" <<< "$2" | head -n 1; }
work="--residues 128 --msa 128 --extra 1024 --templates 4 --blocks 48 --extra-blocks 4 --threads 1 --precision bf16 --repeats 3"
# shellcheck disable=SC2086
report=$("$HELIXFOLD" bench forward $work --json)
seconds=$(field seconds_median "$report")
peak=$(field peak_rss_mib "$report")
holds=$(awk -v s="$seconds" -v m="$peak" 'BEGIN { print (s <= 38 && m <= 800) ? "yes" : "no" }')
echo "| \`bench forward $work\` | $(fixed "$seconds" 2) s, peak RSS $peak MiB, $(fixed "$(field gflop_per_second "$report")" 0) GFLOP/s, $(fixed "$(field share_of_gemm_peak "$report")" 3) of the product rate | ≤ 38 s and 800 MiB | $holds |"
