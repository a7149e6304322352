#!/usr/bin/env bash
# Scores: time of large chains, scores of the CASP14 targets at hand
set -euo pipefail

source tools/evidence-figures.sh
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Copies of a real protein side by side with all their atoms, and the same with a wave on them.
gzip --decompress --stdout Tests/ScoringTests/Fixtures/6wqa_A.pdb.gz > "$work/protein.pdb"
for count in 1000 10000; do
  limit=$([ "$count" -eq 1000 ] && echo 1 || echo 60)
  for wave in 0 2; do
    awk -v count="$count" -v wave="$wave" -f tools/report/packed.awk "$work/protein.pdb" > "$work/$count-$wave.cif"
  done
  best=999999
  for _ in 1 2 3; do
    start=$(date +%s%N)
    "$HELIXFOLD" score "$work/$count-2.cif" "$work/$count-0.cif" > "$work/scores.txt"
    took=$(( ($(date +%s%N) - start) / 1000000 ))
    [ "$took" -lt "$best" ] && best=$took
  done
  tm=$(awk '$1 == "whole" { print $6 }' "$work/scores.txt")
  echo "| \`helixfold score\`, $count residues of packed proteins against $count, all atoms and scores, best of 3 | $best ms (TM-score $tm) |" \
    "under $limit s | $([ "$best" -lt $((limit * 1000)) ] && echo yes || echo no) |"
done

data=${HELIXFOLD_TEST_DATA:-}/data/casp14
if [ ! -d "$data" ]; then
  keep "HELIXFOLD_TEST_DATA names no folder with data/casp14" "\`helixfold evaluate\`, T1026" "\`helixfold evaluate\`, T1037"
  exit 0
fi
# Features carry no target name: a link gives them the folder's.
for target in T1026 T1037; do
  mkdir -p "$work/features" "$work/natives"
  ln -sf "$(realpath "$data/$target/features.pkl")" "$work/features/$target.pkl"
  ln -sf "$(realpath "$data/$target/native_$target.pdb")" "$work/natives/$target.pdb"
done
network=()
if ! "$HELIXFOLD" weights inspect "${HELIXFOLD_WEIGHTS:-weights/default.h5}" > /dev/null 2>&1; then
  network=(--random-weights --preset tiny)
else
  network=(--weights "${HELIXFOLD_WEIGHTS:-weights/default.h5}")
fi
"$HELIXFOLD" evaluate data/casp14.json --natives "$work/natives" --features "$work"/features/*.pkl "${network[@]}" \
  --progress quiet -o "$work/out" > "$work/log" 2>&1 || { tail -n 2 "$work/log" >&2; exit 1; }
tail -n +2 "$work/out/scores.csv" | while IFS=, read -r predictor target unit ranges residues _ _ lddt alpha tm ts ha _; do
  echo "| \`helixfold evaluate\`, $target $unit ${ranges:-} ($residues residues), $predictor |" \
    "lDDT $lddt, lDDT-CA $alpha, TM-score $tm, GDT-TS $ts, GDT-HA $ha | | |"
done
