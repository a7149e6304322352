#!/usr/bin/env bash
# Attention on one core: rate, and time on packs of proteins against the share of skipped pairs
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
source tools/evidence-figures.sh

one bench attention --residues 256 --heads 4 --channels 32 --repeats 200 --json > "$work/attention" 2> /dev/null
rate=$(figure dense_gflop_per_second "$work/attention")
echo "| \`bench attention --residues 256 --heads 4 --channels 32\`, bias and gate | $(fixed "$rate" 0) GFLOP/s | 140 (aim 170) | $(holds "$rate >= 140") |"
for pack in "384 96 96 96 96" "1024 $(yes 64 | head -n 16 | tr '\n' ' ')" "256 50 70 60" "1024 300 411 313" "1024 1"; do
  read -r n lengths <<< "$pack"
  # shellcheck disable=SC2086
  one bench attention --residues "$n" --packed $lengths --repeats 100 --json > "$work/pack" 2> /dev/null
  hidden=$(figure hidden_share "$work/pack") skipped=$(figure skipped_share "$work/pack") f=$(figure forward_share_of_dense "$work/pack") b=$(figure backward_share_of_dense "$work/pack")
  bound=$(awk -v s="$skipped" 'BEGIN { print 1.15 * (1 - s) + 0.05 }')
  [ "$(wc -w <<< "$lengths")" -le 4 ] || lengths="$(cut -d ' ' -f 1 <<< "$lengths") × $(wc -w <<< "$lengths")"
  echo "| \`bench attention --residues $n --packed $lengths\`, hidden share $(fixed "$hidden" 3), skipped in vectors of keys $(fixed "$skipped" 3), time against dense | forward $(fixed "$f" 3), backward $(fixed "$b" 3) | ≤ $(fixed "$bound" 3) | $(holds "$f <= $bound && $b <= $bound") |"
done
one bench attention --residues 1024 --figure docs/figures/flashmask.svg > "$work/packs" 2> /dev/null
worst=$(awk '{ f = $7; b = $11; x = $NF; gsub(/,/, "", f); gsub(/,/, "", b); r = (f > b ? f : b) / x; if (r > worst) worst = r } END { print worst }' "$work/packs")
echo "| \`bench attention --residues 1024 --figure docs/figures/flashmask.svg\`, $(wc -l < "$work/packs") packs of equal proteins | [time against skipped share](figures/flashmask.svg), at most $(fixed "$worst" 2) times the bound | | |"
