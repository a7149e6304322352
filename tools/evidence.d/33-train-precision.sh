#!/usr/bin/env bash
# Training in bf16 against fp32
set -euo pipefail

# HELIXFOLD_TRAIN_STORE: a store of `dataset build`. About 15 minutes on one core.
source tools/evidence-figures.sh
training_store
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for precision in fp32 bf16; do sed "s/PRECISION/$precision/" tools/precision-options.json > "$work/$precision.json"; done
rows=""
for seed in 1 2 3; do
  for precision in fp32 bf16; do
    "$HELIXFOLD" train --config "$work/$precision.json" --data "$store" -o "$work/$precision-$seed" --seed "$seed" \
      --progress quiet > /dev/null 2>&1
  done
  rows+="$(mean_loss fp32-$seed 400 499) $(mean_loss bf16-$seed 400 499)"$'\n'
done
awk 'NF == 2 { n++; d = ($2 - $1) / $1 * 100; sum += d; text = text sprintf("%s%.4f/%.4f (%+.2f %%)", n > 1 ? ", " : "", $1, $2, d) }
  END { mean = sum / n; size = mean < 0 ? -mean : mean
    printf "| `train --config mini`, batch 2, crop 40, 500 steps, fp32/bf16, mean loss of the last 100 steps, seeds 1, 2, 3 | %s; mean %+.2f %% | within 1 %% | %s |\n", text, mean, size <= 1 ? "yes" : "no" }' <<< "$rows"
