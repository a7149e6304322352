#!/usr/bin/env bash
# Branch parallelism: speed on two cores (idle machine), and messages between processes
set -euo pipefail

source tools/evidence-figures.sh
json=$("$HELIXFOLD" bench branch-parallel --residues 256 --msa 128 --extra 1024 --blocks 4 --extra-blocks 1 --templates 4 --repeats 5 --json)
figure() { awk -F '[:,]' -v key="\"$1\"" '{ gsub(/ /, "", $1) } $1 == key { printf "%.2f", $2; exit }' <<< "$json"; }
median() { awk -v key="\"$1\"" 'index($0, key) { on = 1 } on && /median/ { gsub(/[^0-9.]/, ""); printf "%.1f", $0; exit }' <<< "$json"; }
branches=$(figure speedup_branches)
chosen=$(grep -o '"default": "[a-z]*"' <<< "$json" | cut -d '"' -f 4)
echo "| \`bench branch-parallel --residues 256 --msa 128 --extra 1024 --blocks 4 --extra-blocks 1 --templates 4\`, bf16, full step with recompute, one pinned core per worker, median of 5 interleaved runs | one worker $(median one_worker_seconds) s; a worker per branch $(median two_branches_seconds) s, ${branches}×; operations split $(median two_split_seconds) s, $(figure speedup_split)×; ideal from branch times $(figure speedup_ideal)×; same loss and norm of the gradient: $(grep -o '"same_bits": [a-z]*' <<< "$json" | cut -d ' ' -f 2) | 1.6 (aim 1.8) | $(awk -v x="$branches" 'BEGIN { print (x >= 1.6) ? "yes" : "no" }') |"
better=$(awk -v a="$branches" -v b="$(figure speedup_split)" 'BEGIN { print (a >= b) ? "branches" : "split" }')
echo "| the default that the cost model chooses for it | $chosen; measured better: $better | the better one | $([ "$chosen" = "$better" ] && echo yes || echo no) |"
echo "| bytes that two processes would exchange per block, counted | $(figure block_exchange_mib) MiB | | |"
if command -v mpirun > /dev/null; then
  messages=$(mpirun -n 2 "$HELIXFOLD" bench messages | tr -d '{}\n"' | sed 's/  */ /g')
  echo "| \`mpirun -n 2 bench messages\` |$messages | | |"
else
  keep "mpirun is missing" "\`mpirun -n 2 bench messages\`"
fi
