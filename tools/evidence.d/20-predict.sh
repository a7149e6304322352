#!/usr/bin/env bash
# Prediction: parity with AlphaFold2, repeatability, kills
set -euo pipefail

source tools/evidence-figures.sh
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
  local result atoms
  for run in "fp32 5e-5" "bf16 3e-2 logits"; do
    read -r precision limit only <<< "$run"
    "$helixfold" dev forward --params "$work/$name.npz" --inputs "$inputs" --output "$work/mine.npz" \
      --precision "$precision" --teacher "$reference" > /dev/null
    result=$("$helixfold" dev compare "$reference" "$work/mine.npz" --inputs "$inputs" --limit "$limit" ${only:+--only "$only"} | tail -n 1) || true
    echo "| \`dev forward --precision $precision --teacher\`, $name${only:+, $only} | $result | ≤ $limit | $([[ $result == *", 0 above"* ]] && echo yes || echo no) |"
    [ "$precision" = fp32 ] || continue
    atoms=$({ "$helixfold" dev compare "$reference" "$work/mine.npz" --limit 0 --only final_atom_positions || true; } \
      | awk -F '\t' 'NF == 3 && $3 > worst { worst = $3 } NF == 3 && $3 !~ /^[0-9.]/ { bad = 1 } NF == 3 { n++ } END { print (n && !bad ? worst + 0 : "unknown") }')
    echo "| the same, atoms | within $atoms Å | ≤ 1e-3 Å | $(awk -v a="$atoms" 'BEGIN { print (a != "unknown" && a <= 1e-3) ? "yes" : "no" }') |"
  done
  local passes
  passes=$(grep -ao 'pass[0-9]*/' "$reference" | sort -u | wc -l)
  [ "$passes" -gt 1 ] || return 0
  "$helixfold" dev forward --params "$work/$name.npz" --inputs "$inputs" --output "$work/mine.npz" --precision fp32 --recycles $((passes - 1)) > /dev/null
  result=$("$helixfold" dev compare "$reference" "$work/mine.npz" --inputs "$inputs" | grep -v $'\t' | tr '\n' ';') || true
  echo "| \`dev forward --precision fp32\`, free running, $name | ${result%;} | | |"
}
if [ -d "$shared/oracle/golden" ]; then
  parity forward_model_3 "$shared/oracle/golden"
  parity forward_model_1_ptm "$shared/oracle/golden"
else
  keep "HELIXFOLD_TEST_DATA names no folder with oracle/golden" forward_model_3 forward_model_1_ptm
fi
if [ -n "${HELIXFOLD_ORACLE_DUMPS:-}" ]; then  # further dumps of the oracle
  for recipe in "$HELIXFOLD_ORACLE_DUMPS"/*_recipe.json; do
    name=$(basename "$recipe" _recipe.json)
    case $name in grad_*) ;; *) parity "$name" "$HELIXFOLD_ORACLE_DUMPS" ;; esac
  done
else
  keep "HELIXFOLD_ORACLE_DUMPS names no dumps" ", m1ptm_" ", m2_" ", m3_" ", m4_" ", m5ptm_"
fi

# The same bits for threads, the same files after kills
demo=data/demo/4cup_A
predict() {
  "$helixfold" predict $demo.fasta --msa $demo.a3m --random-weights --preset tiny --num-recycle 3 --save-recycles -o "$work/$1" "${@:2}" > /dev/null 2>&1
}
# the same names, and the same bytes but for the files that name times or threads
same() {
  [ "$(cd "$work/$1" && find . | sort)" = "$(cd "$work/$2" && find . | sort)" ] || return 1
  diff -rq -x timings.json -x summary.tsv -x report.html -x features.h5 -x "provenance_*" "$work/$1" "$work/$2" > /dev/null
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
  "$helixfold" predict $demo.fasta --msa $demo.a3m --random-weights --preset tiny --num-recycle 3 --save-recycles -o "$work/killed" > /dev/null 2>&1 &
  pause=$((RANDOM * RANDOM % (length + 1)))
  sleep "$((pause / 1000)).$(printf %03d $((pause % 1000)))"
  kill -9 $! 2> /dev/null || true
  wait $! 2> /dev/null || true
  predict killed --resume && same one killed && good=$((good + 1))
done
echo "| kill -9 during \`predict --save-recycles\` at 20 random moments of $length ms, then \`--resume\` | $good of 20 equal an undisturbed run | 20 | $([ "$good" -eq 20 ] && echo yes || echo no) |"
