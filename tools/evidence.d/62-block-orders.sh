#!/usr/bin/env bash
# Parallel against serial order of the block: validation after 3,000 steps, three seeds
set -euo pipefail
source tools/evidence-figures.sh

# Folder with the runs ORDER-SEED; without one they are trained here, which takes an hour on two cores.
runs=${HELIXFOLD_ORDER_RUNS:-}
if [ -z "$runs" ]; then
  training_store
  runs=$(mktemp -d)
  trap 'rm -rf "$runs"' EXIT
  for seed in 1 2 3; do for order in serial parallel; do
    sed "s/ORDER/$order/" tools/block-orders.json > "$runs/$order.json"
    "$HELIXFOLD" train --config "$runs/$order.json" --data "$store" -o "$runs/$order-$seed" --seed "$seed" --progress quiet > /dev/null 2>&1
  done; done
fi
# Validation of all six runs in one drawing, docs/figures/block-orders.svg.
"$HELIXFOLD" plot "$runs"/serial-{1,2,3} "$runs"/parallel-{1,2,3} --quantity lddt -o docs/figures/block-orders.svg > /dev/null
last() { grep '"event":"validation"' "$runs/$1/log.jsonl" | tail -n 1 | grep -o "\"$2\":[0-9.]*" | cut -d : -f 2; }
table=""
for seed in 1 2 3; do table+="$seed $(last serial-$seed lddt) $(last parallel-$seed lddt) $(last serial-$seed loss) $(last parallel-$seed loss)"$'\n'; done
awk '
  NF == 5 { n++; s += $2; p += $3; d[n] = $3 - $2; sum += d[n]; ls += $4; lp += $5; rows = rows sprintf("%s%.4f/%.4f", n > 1 ? ", " : "", $2, $3) }
  END {
    mean = sum / n
    for (i = 1; i <= n; i++) v += (d[i] - mean) ^ 2
    error = sqrt(v / (n - 1) / n)
    size = mean < 0 ? -mean : mean
    holds = n == 3 && (size <= 0.01 || size <= 2 * error) ? "yes" : "no"
    printf "| network of `tools/block-orders.json`, 3,000 steps, serial/parallel lDDT-Cα on 48 validation chains, seeds 1, 2, 3 | %s; mean difference %.4f ± %.4f (standard error); validation loss %.3f/%.3f | at most 0.01 or 2 standard errors | %s |\n", rows, mean, error, ls / n, lp / n, holds
  }' <<< "$table"
