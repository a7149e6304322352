#!/usr/bin/env bash
# First speed: one pass of one core beside other programs
set -euo pipefail

# DeepMind's JAX code takes 61 s and 1,949 MiB for this work on this kind of machine, OpenFold in bf16 52 s and 1,303 MiB,
# Intel's port 41 s and 1,352 MiB for the trunk alone.
field() { sed -n "s/.*\"$1\": *\([0-9.]*\).*/\1/p" <<< "$2" | head -n 1; }
work="--residues 128 --msa 128 --extra 1024 --templates 4 --blocks 48 --extra-blocks 4 --threads 1 --precision bf16"
# shellcheck disable=SC2086
report=$("$HELIXFOLD" bench forward $work --repeats 3 --json)
seconds=$(field seconds_median "$report")
peak=$(field peak_rss_mib "$report")
holds=$(awk -v s="$seconds" -v m="$peak" 'BEGIN { print (s <= 38 && m <= 800) ? "yes" : "no" }')
echo "| \`bench forward $work\` | $seconds s, peak RSS $peak MiB, $(field gflop_per_second "$report") GFLOP/s, $(field share_of_gemm_peak "$report") of the product rate | ≤ 38 s and 800 MiB | $holds |"
