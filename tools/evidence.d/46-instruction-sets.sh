#!/usr/bin/env bash
# Instruction sets of the kernels: parity in bf16, and one Evoformer block on one core, with each that this processor has
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
source tools/evidence-figures.sh

sets=
for isa in portable neon avx2 avx512 avx512-bf16 amx-bf16; do
  ! "$HELIXFOLD" bench gemm --isa "$isa" --repeats 1 > /dev/null 2>&1 || sets="$sets $isa"
done
for round in 1 2 3; do
  for isa in ${sets/ portable/}; do  # minutes with the portable kernels
    one bench block --threads 1 --isa "$isa" --repeats 1 --json > "$work/$isa-$round"
  done
done
median() {  # KEY ISA: of the three rounds
  for round in 1 2 3; do figure "$1" "$work/$2-$round"; done | sort -g | sed -n 2p
}
for isa in ${sets/ portable/}; do
  echo "| \`bench block --isa $isa --threads 1\`, 256 residues, 128 rows | forward $(fixed "$(median forward_seconds "$isa")" 2) s, with derivatives $(fixed "$(median forward_backward_seconds "$isa")" 2) s; a product runs at $(fixed "$(median gemm_peak_gflop_per_second "$isa")" 0) GFLOP/s | | |"
done

# The same golden file with each: parameters from its recipe, every pass from the state of the file
golden=${HELIXFOLD_TEST_DATA:-}/oracle/golden/forward_model_1_ptm
if [ ! -f "${golden}_inputs.npz" ]; then
  keep "HELIXFOLD_TEST_DATA names no folder with oracle/golden" "\`dev forward --precision bf16 --isa"
  exit 0
fi
for part in outputs.npz recipe.json; do xz -dc "${golden}_$part.xz" > "$work/$part"; done
"$HELIXFOLD" dev parameters "$work/recipe.json" -o "$work/parameters.npz"
for isa in $sets; do
  "$HELIXFOLD" dev forward --params "$work/parameters.npz" --inputs "${golden}_inputs.npz" --output "$work/mine.npz" --precision bf16 \
    --isa "$isa" --teacher "$work/outputs.npz" > /dev/null
  result=$("$HELIXFOLD" dev compare "$work/outputs.npz" "$work/mine.npz" --inputs "${golden}_inputs.npz" --limit 3e-2 --only logits | tail -n 1) || true
  echo "| \`dev forward --precision bf16 --isa $isa --teacher\`, forward_model_1_ptm | $result | ≤ 3e-2 | $([[ $result == *", 0 above"* ]] && echo yes || echo no) |"
done
