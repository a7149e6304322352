#!/usr/bin/env bash
# Low precision against fp32: logits and structures
set -euo pipefail

source tools/evidence-figures.sh
shared=${HELIXFOLD_TEST_DATA:-}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# compare TARGET RECYCLES NAME KIND FLAGS...: a row per option. KIND bound: the bounds of the survey for trained weights (C-alpha RMSD
# 0.1 Å for bf16, 0.2 Å for int8). Anything else is reported: random weights have no structure to keep, and the shipped network builds a
# chain from predicted torsions, along which rounding adds up (docs/known-issues.md).
compare() {
  local target=$1 recycles=$2 name=$3 kind=$4
  local features=$shared/data/casp14/$target/features.pkl
  if [ ! -f "$features" ]; then
    keep "HELIXFOLD_TEST_DATA names no folder with data/casp14" "\`dev precision\`, $target, $name, $recycles recycles"
    return 0
  fi
  "$HELIXFOLD" dev precision --features "$features" --recycles "$recycles" "${@:5}" > "$work/rows"
  while IFS=$'\t' read -r _ option logits lddt rmsd tensors; do
    local value=${rmsd#RMSD } limit holds=reported
    value=${value% Å}
    case $option in bf16) limit=0.1 ;; *fp8*) limit= ;; *) limit=0.2 ;; esac
    if [ "$kind" != bound ]; then limit=; fi
    [ -z "$limit" ] || holds=$(awk -v a="$value" -v b="$limit" 'BEGIN { print (a <= b ? "yes" : "no") }')
    echo "| \`dev precision\`, $target, $name, $recycles recycles: $option | relative error of logits: $logits; $lddt, $rmsd to fp32; $tensors | ${limit:+RMSD ≤ $limit Å} | $holds |"
  done < "$work/rows"
}

for target in T1026 T1037; do
  compare "$target" 3 "the trained network of the tests" bound --weights Tests/Fixtures/small-network.h5
  # none, its default, and AlphaFold2's number
  for recycles in 0 1 3; do compare "$target" $recycles "weights/default.h5" shipped --weights weights/default.h5; done
done
compare T1026 0 "model_1_ptm at full depth, random weights" random --random-weights --preset model_1_ptm
if [ "${HELIXFOLD_LONG:-}" = 1 ]; then
  compare T1037 0 "model_1_ptm at full depth, random weights" random --random-weights --preset model_1_ptm
else
  keep "HELIXFOLD_LONG=1 runs it" "\`dev precision\`, T1037, model_1_ptm at full depth"
fi

# gradients NAME KIND WEIGHTS: saved activations in blocks among them
gradients() {
  if [ ! -f "$shared/data/casp14/T1026/features.pkl" ]; then
    keep "HELIXFOLD_TEST_DATA names no folder with data/casp14" "\`dev precision --gradients\`, T1026, $1"
    return 0
  fi
  "$HELIXFOLD" dev precision --gradients --features "$shared/data/casp14/T1026/features.pkl" --weights "$3" > "$work/rows"
  while IFS=$'\t' read -r _ option cosine saved; do
    local limit holds=reported
    case $option in bf16) limit=0.9995 ;; *int8) limit=0.999 ;; *) limit=0.99 ;; esac
    if [ "$2" != bound ]; then limit=; fi
    [ -z "$limit" ] || holds=$(awk -v a="${cosine#cosine }" -v b="$limit" 'BEGIN { print (a >= b ? "yes" : "no") }')
    echo "| \`dev precision --gradients\`, T1026, $1: $option | $cosine to fp32; $saved | ${limit:+≥ $limit} | $holds |"
  done < "$work/rows"
}
gradients "the trained network of the tests" bound Tests/Fixtures/small-network.h5
gradients "weights/default.h5" shipped weights/default.h5

# Weights on disk
"$HELIXFOLD" weights init "$work/fp32.h5" --preset model_1_ptm > /dev/null
for precision in bf16 int8; do "$HELIXFOLD" weights convert "$work/fp32.h5" "$work/$precision.h5" --precision "$precision" > /dev/null; done
size() { echo $(($(stat -c %s "$work/$1.h5" 2> /dev/null || stat -f %z "$work/$1.h5") >> 20)); }
"$HELIXFOLD" weights inspect "$work/int8.h5" > /dev/null && sound=yes || sound=no
echo "| \`weights convert --precision int8\`, model_1_ptm | fp32 $(size fp32) MiB, bf16 $(size bf16) MiB, int8 $(size int8) MiB | int8 ≤ 0.60 × bf16 | $(awk -v a="$(size int8)" -v b="$(size bf16)" -v s="$sound" 'BEGIN { print (a <= 0.6 * b && s == "yes" ? "yes" : "no") }') |"

# Activations saved in training
field() { sed -n "s/.*\"$1\": *\([0-9.eE+-]*\).*/\1/p" "$work/$2" | head -n 1; }
for kind in plain int8 fp8; do
  "$HELIXFOLD" bench train --residues 128 --msa 64 --extra 256 --templates 0 --blocks 12 --extra-blocks 1 --trunk-only --loss surrogate \
    --repeats 1 --threads 2 --saved-activations "$kind" --json > "$work/$kind"
done
for kind in int8 fp8; do
  holds=$(awk -v a="$(field saved_activation_bytes $kind)" -v b="$(field saved_activation_bytes plain)" 'BEGIN { print (a <= 0.6 * b ? "yes" : "no") }')
  echo "| \`bench train --blocks 12 --saved-activations $kind\`, N = 128, bf16 | saved $(($(field saved_activation_bytes $kind) >> 20)) MiB instead of $(($(field saved_activation_bytes plain) >> 20)) MiB; tensors at the peak $(field tensor_peak_mib $kind) instead of $(field tensor_peak_mib plain) MiB; $(field seconds_median $kind) s instead of $(field seconds_median plain) s; gradient norm $(field gradient_norm $kind) instead of $(field gradient_norm plain) | saved ≤ 0.60 × | $holds |"
done
