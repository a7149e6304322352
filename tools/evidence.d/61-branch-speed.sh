#!/usr/bin/env bash
# Branch parallelism: speed on two cores (idle machine), and messages between processes
set -euo pipefail

source tools/evidence-figures.sh
json=$("$HELIXFOLD" bench branch-parallel --residues 256 --msa 128 --extra 1024 --blocks 4 --extra-blocks 1 --templates 4 --repeats 5 --json)
figure() { awk -F '[:,]' -v key="\"$1\"" '{ gsub(/ /, "", $1) } $1 == key { printf "%.2f", $2; exit }' <<< "$json"; }
median() { awk -v key="\"$1\"" 'index($0, key) { on = 1 } on && /median/ { gsub(/[^0-9.]/, ""); printf "%.1f", $0; exit }' <<< "$json"; }
branches=$(figure speedup_branches)
chosen=$(grep -o '"default": "[a-z]*"' <<< "$json" | cut -d '"' -f 4)
echo "| \`bench branch-parallel --residues 256 --msa 128 --extra 1024 --blocks 4 --extra-blocks 1 --templates 4\`, bf16, full step with recompute, one pinned core per worker, median of 5 interleaved runs | one worker $(median one_worker_seconds) s; a worker per branch $(median two_branches_seconds) s, ${branches}×; operations split $(median two_split_seconds) s, $(figure speedup_split)×; ideal from branch times $(figure speedup_ideal)×; same bits of the loss and of all gradients: $(grep -o '"same_bits": [a-z]*' <<< "$json" | cut -d ' ' -f 2) | 1.6 (aim 1.8) | $(awk -v x="$branches" 'BEGIN { print (x >= 1.6) ? "yes" : "no" }') |"
report_choice() {
  local better
  better=$(awk -v a="$branches" -v b="$(figure speedup_split)" 'BEGIN { print (a >= b) ? "branches" : "split" }')
  echo "| the default that the cost model chooses for $1 | $chosen; measured better: $better ($branches× and $(figure speedup_split)×) | the better one | $([ "$chosen" = "$better" ] && echo yes || echo no) |"
}
measure() {
  json=$("$HELIXFOLD" bench branch-parallel "$@" --blocks 4 --extra-blocks 1 --json)
  branches=$(figure speedup_branches)
  chosen=$(grep -o '"default": "[a-z]*"' <<< "$json" | cut -d '"' -f 4)
}
report_choice it
echo "| bytes that two processes would exchange per block, counted | $(figure block_exchange_mib) MiB | | |"
# The constants of the cost model need other shapes too: few rows, many rows, a small crop.
measure --residues 256 --msa 32 --extra 128 --templates 0 --repeats 3
report_choice "256 residues, 32 + 128 rows"
measure --residues 128 --msa 256 --extra 1024 --templates 0 --repeats 3
report_choice "128 residues, 256 + 1,024 rows"
measure --residues 64 --msa 64 --extra 128 --templates 0 --repeats 5
report_choice "64 residues, 64 + 128 rows"
if command -v mpirun > /dev/null; then
  messages=$(mpirun -n 2 "$HELIXFOLD" bench messages | tr -d '{}\n"' | sed 's/  */ /g')
  echo "| \`mpirun -n 2 bench messages\` |$messages | | |"
else
  keep "mpirun is missing" "\`mpirun -n 2 bench messages\`"
fi
