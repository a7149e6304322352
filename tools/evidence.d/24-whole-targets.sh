#!/usr/bin/env bash
# Whole targets of CASP14: memory, plan and time
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
shared=${HELIXFOLD_TEST_DATA:-}

for case in "T1026 600" "T1037 900"; do
  read -r target limit <<< "$case"
  [ -d "$shared/data/casp14/$target" ] || continue
  start=$(date +%s)
  "$HELIXFOLD" predict --features "$shared/data/casp14/$target/features.pkl" --random-weights --preset model_1_ptm \
    --num-recycle 3 --precision bf16 --threads 2 --progress json -o "$work/$target" > /dev/null 2> "$work/$target.log"
  seconds=$(($(date +%s) - start))
  timings=$(find "$work/$target" -name timings.json)
  peak=$(sed -n 's/.*"peak_memory_bytes": *\([0-9]*\).*/\1/p' "$timings")
  planned=$(sed -n 's/.*"peak_bytes": *\([0-9]*\).*/\1/p' "$work/$target.log" | head -n 1)
  holds=$(awk -v a="$planned" -v b="$peak" -v l="$limit" 'BEGIN { d = (a - b) / b; print (d <= 0.1 && d >= -0.1 && b <= l * 1048576) ? "yes" : "no" }')
  echo "| \`predict --features\`, $target, full depth, 4 passes, bf16, random weights, 2 threads | peak $((peak >> 20)) MiB, planned $((planned >> 20)) MiB, $seconds s | ≤ $limit MiB, plan within 10 % | $holds |"
done
