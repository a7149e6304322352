#!/usr/bin/env bash
# Whole predictions: memory, plan and time
set -euo pipefail

source tools/evidence-figures.sh
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
shared=${HELIXFOLD_TEST_DATA:-}

# measure NAME LIMIT-MIB FLAGS...: runs a prediction; sets peak, planned (bytes), seconds and holds
measure() {
  local start
  start=$(date +%s)
  "$HELIXFOLD" predict "${@:3}" --progress json -o "$work/$1" > /dev/null 2> "$work/$1.log"
  seconds=$(($(date +%s) - start))
  peak=$(awk -F '\t' 'NR == 2 { print $NF }' "$work/$1/summary.tsv")  # peak_bytes
  planned=$(sed -n 's/.*"peak_bytes": *\([0-9]*\).*/\1/p' "$work/$1.log" | head -n 1)
  holds=$(awk -v a="$planned" -v b="$peak" -v l="$2" 'BEGIN { print (b <= a && (a <= 1.1 * b || a - b <= 12582912) && b <= l * 1048576) ? "yes" : "no" }')
}

for case in "T1026 600" "T1037 900"; do
  read -r target limit <<< "$case"
  if [ ! -d "$shared/data/casp14/$target" ]; then
    keep "HELIXFOLD_TEST_DATA names no folder with data/casp14" "\`predict --features\`, $target"
    continue
  fi
  measure "$target" "$limit" --features "$shared/data/casp14/$target/features.pkl" --random-weights --preset model_1_ptm \
    --num-recycle 3 --precision bf16 --threads 2
  echo "| \`predict --features\`, $target, full depth, 4 passes, bf16, random weights, 2 threads | peak $((peak >> 20)) MiB, planned $((planned >> 20)) MiB, $seconds s | ≤ $limit MiB, peak ≤ plan, plan ≤ 1.1 peak or 12 MiB above | $holds |"
done
for residues in 100 400 800; do
  awk -v n="$residues" 'BEGIN { srand(n); print ">r" n; for (i = 0; i < n; i++) printf "%s", substr("ACDEFGHIKLMNPQRSTVWY", 1 + int(20 * rand()), 1); print "" }' > "$work/$residues.fasta"
  measure "r$residues" 4096 "$work/$residues.fasta" --num-recycle 1 --threads 1
  echo "| \`predict\`, $residues random residues, the network in the box, 2 passes, 1 thread | peak $((peak >> 20)) MiB, planned $((planned >> 20)) MiB, $seconds s | peak ≤ plan, plan ≤ 1.1 peak or 12 MiB above | $holds |"
done
