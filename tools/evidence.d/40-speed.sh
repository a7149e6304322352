#!/usr/bin/env bash
# Speed and memory: bench on one core, bf16, idle machine; other programs where installed
set -euo pipefail

helixfold=$(realpath "$HELIXFOLD")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
shared=${HELIXFOLD_TEST_DATA:-}
source tools/evidence-figures.sh

# Whole passes: SIZE REPEATS, reach s MiB, aim s MiB (- where none is set)
shares=
for row in "64 3 11 450 9 350" "128 1 27 550 22 400" "256 1 85 900 72 700" "512 1 - - - - --no-warm-up"; do
  read -r n repeats reach_s reach_m aim_s aim_m cold <<< "$row"
  one bench forward --residues "$n" --threads 1 --repeats "$repeats" ${cold:+"$cold"} --json > "$work/forward-$n"
  s=$(figure seconds_median "$work/forward-$n") m=$(figure peak_rss_mib "$work/forward-$n")
  share=$(figure share_of_gemm_peak "$work/forward-$n")
  what="\`bench forward --residues $n --threads 1 --repeats $repeats${cold:+ $cold}\`, 128 + 1024 rows, 4 templates, 48 + 4 blocks"
  text="$(fixed "$s" 2) s, $m MiB, $(figure gflop "$work/forward-$n" | cut -d . -f 1) GFLOP at $(fixed "$(figure gflop_per_second "$work/forward-$n")" 0) GFLOP/s, $(fixed "$share" 3) of the product's $(fixed "$(figure gemm_peak_gflop_per_second "$work/forward-$n")" 0)"
  if [ "$reach_s" != - ]; then
    echo "| $what | $text | $reach_s s, $reach_m MiB (aim $aim_s s, $aim_m MiB) | $(holds "$s <= $reach_s && $m <= $reach_m") |"
  else
    echo "| $what | $text | | |"
  fi
  [ "$n" -lt 128 ] || shares="$shares $share"
done
least=$(tr ' ' '\n' <<< "$shares" | awk 'NF' | sort -g | head -n 1)
echo "| least share of the matrix product's rate from 128 residues on | $(fixed "$least" 3) | ≥ 0.65 | $(holds "$least >= 0.65") |"

# One block: activations kept, as the other programs do, or run again
one bench block --threads 1 --no-recompute --json > "$work/block"
s=$(figure forward_seconds "$work/block") b=$(figure forward_backward_seconds "$work/block") m=$(figure peak_rss_mib "$work/block")
echo "| \`bench block --residues 256 --msa 128 --threads 1\`, forward | $(fixed "$s" 2) s, $(fixed "$(figure forward_share_of_peak "$work/block")" 3) of the product's rate | 1.6 s (aim 1.35 s) | $(holds "$s <= 1.6") |"
echo "| the same, forward and backward (\`--no-recompute\`) | $(fixed "$b" 2) s, $m MiB | 5.5 s, 900 MiB (aim 4.5 s, 600 MiB) | $(holds "$b <= 5.5 && $m <= 900") |"
one bench block --threads 1 --json > "$work/block"
echo "| the same, run again for its derivatives, as in training | $(fixed "$(figure forward_backward_seconds "$work/block")" 2) s, $(figure peak_rss_mib "$work/block") MiB | | |"

# A training step
step="bench train --residues 128 --msa 64 --extra 256 --templates 0 --blocks 4 --extra-blocks 1 --trunk-only --loss surrogate"
one $step --threads 1 --json > "$work/train"
s=$(figure seconds_median "$work/train") m=$(figure peak_rss_mib "$work/train")
echo "| \`$step --threads 1\` | $(fixed "$s" 2) s, $m MiB | 7.5 s, 600 MiB (aim 6 s, 450 MiB) | $(holds "$s <= 7.5 && $m <= 600") |"
one $step --threads 1 --precision fp32 --json > "$work/train"
echo "| the same with \`--precision fp32\` | $(fixed "$(figure seconds_median "$work/train")" 2) s, $(figure peak_rss_mib "$work/train") MiB | | |"
# The loss of training needs the whole network.
full=${step/--trunk-only --loss surrogate/--loss full}
one $full --threads 1 --json > "$work/train"
echo "| \`$full --threads 1\`: structure module, heads and all terms of the loss | $(fixed "$(figure seconds_median "$work/train")" 2) s, $(figure peak_rss_mib "$work/train") MiB | | |"

# A whole prediction
if [ -d "$shared/data/casp14/T1026" ]; then
  start=$(date +%s%N)
  "$helixfold" predict --features "$shared/data/casp14/T1026/features.pkl" --random-weights --preset model_1_ptm --num-recycle 3 \
    --precision bf16 --threads 2 -o "$work/T1026" > /dev/null 2>&1
  s=$(awk -v a="$start" -v b="$(date +%s%N)" 'BEGIN { print (b - a) / 1e9 }')
  echo "| \`predict --features\`, T1026, 172 residues, 22 rows, 4 passes, full depth, random weights, 2 threads | $(fixed "$s" 1) s | 60 s (aim 40 s) | $(holds "$s <= 60") |"
else
  keep "HELIXFOLD_TEST_DATA names no folder with data/casp14" "\`predict --features\`, T1026"
fi

# Other libraries and programs
for precision in fp32 bf16; do
  if one bench gemm --precision "$precision" --json > "$work/gemm" 2> "$work/log"; then
    ratios=$(sed -n 's/.*"native_rate_relative_to_openblas": *\([0-9.]*\).*/\1/p' "$work/gemm" | sort -g | tr '\n' ' ')
    echo "| \`bench gemm --precision $precision\`, 12 products, our rate relative to one call of OpenBLAS, in fp32 | from $(fixed "${ratios%% *}" 2) to $(fixed "$(awk '{ print $NF }' <<< "$ratios")" 2), median $(fixed "$(awk '{ print ($6 + $7) / 2 }' <<< "$ratios")" 2) | | |"
  else
    keep "$(tail -n 1 "$work/log" | tr '|\t' '/ ')" "\`bench gemm --precision $precision\`"
  fi
done
if onednn=$(Benchmarks/kernels/onednn.sh 2> "$work/log"); then
  ratios=$(awk 'NR > 2 { print $NF }' <<< "$onednn" | sort -g | tr '\n' ' ')
  echo "| \`Benchmarks/kernels/onednn.sh\`, 12 products in bf16, our rate relative to oneDNN's | from $(cut -d ' ' -f 1 <<< "$ratios") to $(awk '{ print $NF }' <<< "$ratios"), median $(awk '{ print $(int((NF + 1) / 2)) }' <<< "$ratios") | | |"
else
  keep "$(tail -n 1 "$work/log" | tr '|\t' '/ ')" "\`Benchmarks/kernels/onednn.sh\`"
fi
peers=${HELIXFOLD_PEERS:-Benchmarks/compare/env}
if [ -x "$peers/bin/python" ]; then
  "$peers/bin/python" Benchmarks/compare/compare.py block --residues 256 --msa 128 --helixfold "$helixfold" --only helixfold,JAX 2> /dev/null |
    awk -F ' *[|] *' 'NR > 2 { printf "| `Benchmarks/compare/compare.py block --residues 256 --msa 128`, %s | %s%s | | |\n", $2, ($3 ~ /not run/ ? $3 : $3 " s, "), ($4 == "" ? "" : $4 " MiB") }'
else
  keep "no packages (\`Benchmarks/compare/setup.sh\`)" "\`Benchmarks/compare/compare.py block"
fi
