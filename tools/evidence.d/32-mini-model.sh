#!/usr/bin/env bash
# The model in the box: held-out chains and baselines
set -euo pipefail

# HELIXFOLD_TRAIN_STORE: the store of `dataset build` that the weights were trained on (weights/README.md).
source tools/evidence-figures.sh
training_store
table=$("$HELIXFOLD" validate weights/default.h5 --data "$store" --split test --progress quiet)
value() { awk -v name="$1" 'index($0, name "  ") == 1 { sub(name, ""); print $1; exit }' <<< "$table"; }
at_least() { awk -v a="$1" -v b="$2" 'BEGIN { print (a >= b) ? "yes" : "no" }'; }
command="\`helixfold validate weights/default.h5 --split test\`"
model=$(value model)
best=$(printf '%s\n' "$(value no_msa)" "$(value untrained)" "$(value helix)" | sort -g | tail -n 1)
correlation=$(sed -n "s/.*Pearson's r.*: //p" <<< "$table")
while read -r name mean interval; do
  echo "| $command, $name, $(head -n 1 <<< "$table" | sed 's/test: //; s/, lDDT.*//') | lDDT-CA $mean $interval | | |"
done < <(grep -E '^(no_msa|untrained|helix) ' <<< "$table")
echo "| $command, the model | lDDT-CA $model $(grep '^model ' <<< "$table" | grep -o '\[.*') | ≥ 0.40 | $(at_least "$model" 0.40) |"
echo "| $command, gain over the best of them | $(awk -v a="$model" -v b="$best" 'BEGIN { printf "%.4f", a - b }') | ≥ 0.10 |" \
  "$(awk -v a="$model" -v b="$best" 'BEGIN { print (a - b >= 0.10) ? "yes" : "no" }') |"
echo "| $command, Pearson's r of predicted and true lDDT over chains | $correlation | ≥ 0.5 | $(at_least "$correlation" 0.5) |"
