#!/usr/bin/env bash
# Packs of short proteins: time of one MSA pass for all against a loop, and the same files
set -euo pipefail

field() { sed -n "s/.*\"$1\": *\([0-9.e-]*\).*/\1/p" <<< "$2" | head -n 1; }
milliseconds() { awk -v s="$1" 'BEGIN { printf "%.1f", 1000 * s }'; }
for case in "1 1 32 32 32 32 32 32 32 32" "1 32 32 32 32 32 32 32 32 32" "1 32 64 64 64 64" "1 128 64 64 64 64" \
  "1 32 96 96 96 96" "2 1 32 32 32 32 32 32 32 32" "2 32 64 64 64 64"; do
  read -r threads rows lengths <<< "$case"
  # shellcheck disable=SC2086
  report=$("$HELIXFOLD" bench pack --lengths $lengths --msa "$rows" --threads "$threads" --repeats 9 --json)
  loop=$(field loop_seconds "$report") pack=$(field pack_seconds "$report") whole=$(field whole_seconds "$report")
  share=$(field pack_share_of_loop "$report")
  echo "| \`bench pack --lengths $lengths --msa $rows --threads $threads\`, one block, bf16 | $(milliseconds "$pack") ms, loop $(milliseconds "$loop") ms, as one protein $(milliseconds "$whole") ms: $(awk -v s="$share" 'BEGIN { printf "%.2f", s }') of the loop | | |"
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
sequence=$(sed -n 2p data/demo/4cup_A.fasta)
for number in $(seq 0 15); do printf '>part%s\n%s\n' "$number" "${sequence:$((number * 5)):40}"; done > "$work/parts.fasta"
for flag in "" --pack; do
  start=$(date +%s%N)
  "$HELIXFOLD" predict "$work/parts.fasta" --random-weights --preset model_3 --num-recycle 0 --threads 2 $flag -o "$work/out$flag" > /dev/null 2>&1
  echo $((($(date +%s%N) - start) / 1000000)) > "$work/time$flag"
done
equal=no
diff -rq -x timings.json -x summary.tsv -x report.html -x features.h5 "$work/out" "$work/out--pack" > /dev/null && equal=yes
echo "| \`predict --pack\`, 16 targets of 40 residues without alignment, model_3, 1 pass, 2 threads | $(cat "$work/time--pack") ms, without --pack $(cat "$work/time") ms | | |"
echo "| the same, its files | equal to those of a run without --pack: $equal | equal | $equal |"
