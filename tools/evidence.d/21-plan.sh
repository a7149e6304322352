#!/usr/bin/env bash
# Memory plan: planned and measured peak of one pass, bf16
set -euo pipefail

field() { sed -n "s/.*\"$1\": *\([0-9.]*\).*/\1/p" <<< "$2" | head -n 1; }
for case in "64 128 1024 4 1" "128 128 1024 4 1" "256 128 1024 4 1" "384 64 256 0 1" "512 32 64 0 1" "128 128 1024 4 2"; do
  read -r residues msa extra templates threads <<< "$case"
  report=$("$HELIXFOLD" bench forward --residues "$residues" --msa "$msa" --extra "$extra" --templates "$templates" \
    --blocks 2 --extra-blocks 1 --threads "$threads" --precision bf16 --json)
  planned=$(field planned_peak_mib "$report")
  peak=$(field peak_rss_mib "$report")
  holds=$(awk -v a="$planned" -v b="$peak" 'BEGIN { d = (a - b) / b; print (d <= 0.1 && d >= -0.1) ? "yes" : "no" }')
  echo "| \`bench forward --residues $residues --msa $msa --extra $extra --templates $templates --blocks 2 --extra-blocks 1 --threads $threads\` | planned $planned MiB, peak $peak MiB | within 10 % | $holds |"
done
