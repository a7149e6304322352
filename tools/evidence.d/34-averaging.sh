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

sewa="sewa --keep $keep --iterations 40 --samples 2"
declare -A score
for set in clean corrupted; do
  for method in "uniform" "uniform --keep $keep" "lawa --keep $keep" "ema" "greedy" "$sewa"; do
    "$HELIXFOLD" weights average "$work/$set"/*.h5 -o "$work/average.h5" --method $method \
      --config "$work/choice.json" --data "$store" > "$work/chosen.txt"
    table=$("$HELIXFOLD" validate "$work/average.h5" --data "$store" --split validation --max-length 80 --only-model --progress quiet)
    score[$set/$method]=$(awk '$1 == "model" { print $2 " " $3 " " $4 }' <<< "$table")
    score[$set/$method/n]=$(grep -c "^$work/$set/" "$work/chosen.txt")
  done
done
for method in "uniform" "uniform --keep $keep" "lawa --keep $keep" "ema" "greedy" "$sewa"; do
  case $method in
    greedy | sewa*) chosen=", which include the 16 of up to 64 residues that it chose on" ;;
    *) chosen="" ;;
  esac
  echo "| \`weights average --method $method\`, ${#files[@]} snapshots; the same with two of them untrained | lDDT-CA ${score[clean/$method]} of ${score[clean/$method/n]}; ${score[corrupted/$method]} of ${score[corrupted/$method/n]}; validation chains of up to 80 residues$chosen | | |"
done
