#!/usr/bin/env bash
# Prediction: parity with AlphaFold2, memory, repeatability, kills
set -euo pipefail

helixfold=$(realpath "$HELIXFOLD")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
shared=${HELIXFOLD_TEST_DATA:-}
yes_if() { if "$@" > /dev/null 2>&1; then echo yes; else echo no; fi; }

# parity NAME DUMP-FOLDER: parameters from the recipe, every pass from the dump's own state
parity() {
  local name=$1 folder=$2
  for part in outputs.npz recipe.json; do
    if [ -f "$folder/${name}_$part.xz" ]; then xz -dc "$folder/${name}_$part.xz" > "$work/${name}_$part"
    else cp "$folder/${name}_$part" "$work/${name}_$part"; fi
  done
  local reference=$work/${name}_outputs.npz inputs=$folder/${name}_inputs.npz
  "$helixfold" dev parameters "$work/${name}_recipe.json" -o "$work/$name.npz"
  local result
  for run in "fp32 5e-5" "bf16 3e-2 logits"; do
    read -r precision limit only <<< "$run"
    "$helixfold" dev forward --params "$work/$name.npz" --inputs "$inputs" --output "$work/mine.npz" \
      --precision "$precision" --teacher "$reference" > /dev/null
    result=$("$helixfold" dev compare "$reference" "$work/mine.npz" --inputs "$inputs" --limit "$limit" ${only:+--only "$only"} | tail -n 1) || true
    echo "| \`dev forward --precision $precision\`, $name | $result | ≤ $limit | $([[ $result == *", 0 above"* ]] && echo yes || echo no) |"
  done
}
if [ -d "$shared/oracle/golden" ]; then
  parity forward_model_3 "$shared/oracle/golden"
  parity forward_model_1_ptm "$shared/oracle/golden"
fi
if [ -n "${HELIXFOLD_ORACLE_DUMPS:-}" ]; then  # further dumps of the oracle
  for recipe in "$HELIXFOLD_ORACLE_DUMPS"/*_recipe.json; do
    name=$(basename "$recipe" _recipe.json)
    case $name in grad_*) ;; *) parity "$name" "$HELIXFOLD_ORACLE_DUMPS" ;; esac
  done
fi

# Memory of whole predictions
for case in "T1026 600" "T1037 900"; do
  read -r target limit <<< "$case"
  [ -d "$shared/data/casp14/$target" ] || continue
  head -n 2 "$shared/data/casp14/$target/"*.fasta > "$work/$target.fasta" 2> /dev/null || true
  start=$(date +%s)
  "$helixfold" predict --features "$shared/data/casp14/$target/features.pkl" --random-weights --preset model_1_ptm \
    --num-recycle 3 --precision bf16 --threads 2 --progress json -o "$work/$target" > /dev/null 2> "$work/$target.log"
  seconds=$(($(date +%s) - start))
  timings=$(find "$work/$target" -name timings.json)
  peak=$(sed -n 's/.*"peak_memory_bytes": *\([0-9]*\).*/\1/p' "$timings")
  planned=$(sed -n 's/.*"peak_bytes": *\([0-9]*\).*/\1/p' "$work/$target.log" | head -n 1)
  echo "| \`predict --features\`, $target, full depth, 4 passes, bf16, random weights, 2 threads | peak $((peak >> 20)) MiB, planned $((planned >> 20)) MiB, $seconds s | ≤ $limit MiB | $([ "$((peak >> 20))" -le "$limit" ] && echo yes || echo no) |"
done

# The same bits for threads
demo=data/demo/4cup_A
predict() {
  "$helixfold" predict $demo.fasta --msa $demo.a3m --random-weights --preset tiny --num-recycle 3 -o "$work/$1" "${@:2}" > /dev/null 2>&1
}
same() {
  local file
  for file in ranked_0.pdb ranked_0.cif confidence_tiny.json ranking_debug.json; do
    cmp -s "$work/$1"/*/$file "$work/$2"/*/$file || return 1
  done
}
predict one --threads 1
predict two --threads 2
echo "| \`predict --threads 1\` and \`2\`, demo target | same files | equal | $(yes_if same one two) |"

# Kills
RANDOM=2
good=0
length=$({ time -p predict timing --threads 2; } 2>&1 | awk '/^real/ { printf "%d", $2 * 1000 }')
for _ in $(seq 20); do
  rm -rf "$work/killed"
  "$helixfold" predict $demo.fasta --msa $demo.a3m --random-weights --preset tiny --num-recycle 3 -o "$work/killed" > /dev/null 2>&1 &
  pause=$((RANDOM * RANDOM % (length + 1)))
  sleep "$((pause / 1000)).$(printf %03d $((pause % 1000)))"
  kill -9 $! 2> /dev/null || true
  wait $! 2> /dev/null || true
  predict killed --resume && same one killed && good=$((good + 1))
done
echo "| kill -9 during \`predict\` at 20 random moments of $length ms, then \`--resume\` | $good of 20 equal an undisturbed run | 20 | $([ "$good" -eq 20 ] && echo yes || echo no) |"
