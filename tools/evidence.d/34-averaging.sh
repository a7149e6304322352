#!/usr/bin/env bash
# Averages of a run's checkpoints: SeWA against uniform-k, LAWA, EMA and greedy, also with two checkpoints that are worth nothing
set -euo pipefail

# HELIXFOLD_TRAIN_STORE: a store of `dataset build`; HELIXFOLD_RUN: the folder of a run on it that kept snapshots.
source tools/evidence-figures.sh
training_store
run=${HELIXFOLD_RUN:-}
[ -d "$run/snapshots" ] || absent "HELIXFOLD_RUN names no run with snapshots"
keep=5
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# What SeWA and greedy choose on: sixteen short validation chains.
echo '{"preset": "mini", "validation": {"targets": 16, "longest": 64}}' > "$work/choice.json"
mkdir "$work/clean" "$work/corrupted"
cp "$run"/snapshots/*.h5 "$work/clean/"
cp "$run"/snapshots/*.h5 "$work/corrupted/"
files=("$work"/corrupted/*.h5)
python3 -c 'import json, sys; json.dump({"preset": "mini"} | json.load(sys.stdin)["network"], sys.stdout)' < "$run/config.json" > "$work/network.json"
# Untrained weights in the place of the newest and of one in the middle.
for place in $((${#files[@]} - 1)) $((${#files[@]} / 2)); do
  "$HELIXFOLD" weights init "$work/untrained.h5" --preset "$work/network.json" --seed "$place" > /dev/null
  mv "$work/untrained.h5" "${files[$place]}"
done

declare -A score
for set in clean corrupted; do
  for method in "uniform" "uniform --keep $keep" "lawa --keep $keep" "ema" "greedy" "sewa --keep $keep --iterations 40 --samples 2"; do
    name=${method%% --iterations*}
    "$HELIXFOLD" weights average "$work/$set"/*.h5 -o "$work/average.h5" --method $method \
      --config "$work/choice.json" --data "$store" > "$work/chosen.txt"
    table=$("$HELIXFOLD" validate "$work/average.h5" --data "$store" --split validation --max-length 80 --only-model --progress quiet)
    score[$set/$name]=$(awk '$1 == "model" { print $2 " " $3 " " $4 }' <<< "$table")
    score[$set/$name/n]=$(grep -c "^$work/$set/" "$work/chosen.txt")
  done
done
for name in "uniform" "uniform --keep $keep" "lawa --keep $keep" "ema" "greedy" "sewa --keep $keep"; do
  case $name in greedy | sewa*) chosen=", chosen on 16 validation chains" ;; *) chosen="" ;; esac
  echo "| \`weights average --method $name\`, ${#files[@]} snapshots$chosen; the same with two of them untrained | lDDT-CA ${score[clean/$name]} of ${score[clean/$name/n]}; ${score[corrupted/$name]} of ${score[corrupted/$name/n]} | | |"
done
