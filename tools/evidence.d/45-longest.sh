#!/usr/bin/env bash
# One block of 6,600 residues: memory and time
set -euo pipefail

# The length that HelixFold needed eight A100 of 80 GB for; no extra rows, no templates. Half an hour on two cores, 18 GiB.
command="bench block --residues 6600 --msa 32 --forward-only --repeats 1 --no-warm-up --pair-storage int8"
source tools/evidence-figures.sh
[ "${HELIXFOLD_LONG:-}" = 1 ] || absent "HELIXFOLD_LONG=1 runs it"
report=$("$HELIXFOLD" $command --threads 2 --json)
field() { sed -n "s/.*\"$1\": *\"\{0,1\}\([^\"]*[^\",]\).*/\1/p" <<< "$report" | head -n 1; }
peak=$(field peak_rss_mib)
echo "| \`$command\`, bf16, 2 threads | peak $peak MiB, $(field median) s, $(field forward_gflop) GFLOP, $(field forward_share_of_peak) of the product rate; 4 passes of the whole network by the cost model: $(awk -v s="$(field whole_run_seconds)" 'BEGIN { printf "%.0f", s / 3600 }') h | ≤ 18432 MiB | $(awk -v a="$peak" 'BEGIN { print (a <= 18432 ? "yes" : "no") }') |"
