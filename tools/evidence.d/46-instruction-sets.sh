#!/usr/bin/env bash
# Instruction sets of the kernels: one Evoformer block on one core with each that this processor has, in turns
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
source tools/evidence-figures.sh

sets=
for isa in neon avx2 avx512 avx512-bf16 amx-bf16; do
  ! "$HELIXFOLD" bench gemm --isa "$isa" --repeats 1 > /dev/null 2>&1 || sets="$sets $isa"
done
for round in 1 2 3; do
  for isa in $sets; do
    one bench block --threads 1 --isa "$isa" --repeats 1 --json > "$work/$isa-$round" 2> /dev/null
  done
done
median() {  # KEY ISA: of the three rounds
  for round in 1 2 3; do figure "$1" "$work/$2-$round"; done | sort -g | sed -n 2p
}
for isa in $sets; do
  echo "| \`bench block --isa $isa --threads 1\`, 256 residues, 128 rows | forward $(fixed "$(median forward_seconds "$isa")" 2) s, with derivatives $(fixed "$(median forward_backward_seconds "$isa")" 2) s; a product runs at $(fixed "$(median gemm_peak_gflop_per_second "$isa")" 0) GFLOP/s | | |"
done
