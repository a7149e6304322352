#!/usr/bin/env bash
# Options of training: bf16 against fp32, a spike in the gradient under AdaGC and global clipping
set -euo pipefail

# HELIXFOLD_TRAIN_STORE: a store of `dataset build`. About 20 minutes on one core.
store=${HELIXFOLD_TRAIN_STORE:-}
if [ ! -f "$store" ]; then
  echo "| \`train\` with tools/train-options.json | not measured: HELIXFOLD_TRAIN_STORE names no store | | |"
  exit 0
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
config() { sed "s/CLIP/$1/; s/PRECISION/$2/" tools/train-options.json > "$work/$1-$2.json"; echo "$work/$1-$2.json"; }
# Mean total loss of steps FROM to TO (from 0) of the run in a folder.
mean_loss() {
  grep '"event":"step"' "$work/$1/log.jsonl" \
    | awk -v from="$2" -v to="$3" '{ match($0, /"step":[0-9]+/); s = substr($0, RSTART + 7, RLENGTH - 7)
        match($0, /"total":[0-9.e+-]+/); t = substr($0, RSTART + 8, RLENGTH - 8)
        if (s >= from && s <= to) { n++; sum += t } } END { printf "%.6f", sum / n }'
}

# bf16 follows fp32
rows=""
for seed in 1 2 3; do
  for precision in fp32 bf16; do
    "$HELIXFOLD" train --config "$(config global $precision)" --data "$store" -o "$work/$precision-$seed" --seed "$seed" \
      --progress quiet > /dev/null 2>&1
  done
  rows+="$(mean_loss fp32-$seed 400 499) $(mean_loss bf16-$seed 400 499)"$'\n'
done
awk 'NF == 2 { n++; d = ($2 - $1) / $1 * 100; sum += d; text = text sprintf("%s%.4f/%.4f (%+.2f %%)", n > 1 ? ", " : "", $1, $2, d) }
  END { mean = sum / n; size = mean < 0 ? -mean : mean
    printf "| `train --config mini`, batch 2, crop 40, 500 steps, fp32/bf16, mean loss of the last 100 steps, seeds 1, 2, 3 | %s; mean %+.2f %% | within 1 %% | %s |\n", text, mean, size <= 1 ? "yes" : "no" }' <<< "$rows"

# A spike of 1000 in one tensor at step 150, loss of steps 301 to 400
at=150 steps=401
for clip in global adagc; do for seed in 1 2 3; do for tensor in none low high; do
  "$HELIXFOLD" dev spike --config "$(config $clip bf16)" --data "$store" -o "$work/$clip-$tensor-$seed" --tensor $tensor --at $at \
    --steps $steps --seed $seed --factor 1000 --progress quiet > "$work/$clip-$tensor-$seed.txt" 2> /dev/null
done; done; done
for tensor in low high; do
  table=""
  for seed in 1 2 3; do
    table+="$(for clip in global adagc; do mean_loss $clip-none-$seed 301 400; echo -n ' '; mean_loss $clip-$tensor-$seed 301 400; echo -n ' '; done)"$'\n'
  done
  hit=$(head -n 1 "$work/adagc-$tensor-1.txt" | cut -f 1 | sed 's#alphafold/alphafold_iteration/##')
  awk -v tensor=$tensor -v hit="$hit" 'NF == 4 { n++; g = $2 - $1; a = $4 - $3; sg += g; sa += a; text = text sprintf("%s%+.4f/%+.4f", n > 1 ? ", " : "", g, a) }
    END { holds = tensor == "high" ? "" : (sa <= sg / 10 ? "yes" : "no")
      printf "| `dev spike --tensor %s --factor 1000` (seed 1: %s), excess loss 150 to 250 steps later, global/AdaGC, seeds 1, 2, 3 | %s; mean %+.4f/%+.4f | %s | %s |\n", tensor, hit, text, sg / n, sa / n, tensor == "high" ? "" : "AdaGC ≤ 1/10 of global", holds }' <<< "$table"
done
calm=""
for seed in 1 2 3; do calm+="$(mean_loss global-none-$seed 301 400) $(mean_loss adagc-none-$seed 301 400) $(grep '"event":"step"' "$work/adagc-none-$seed/log.jsonl" | tail -n 100 | grep -o '"clippedShare":[0-9.e+-]*' | cut -d : -f 2 | awk '{ s += $1 } END { print s / NR }')"$'\n'; done
awk 'NF == 3 { n++; d = ($2 - $1) / $1 * 100; sum += d; share += $3; text = text sprintf("%s%+.2f %%", n > 1 ? ", " : "", d) }
  END { mean = sum / n; size = mean < 0 ? -mean : mean
    printf "| the same without spike, AdaGC against global | %s; mean %+.2f %%; share of tensor-steps clipped %.2f | within 2 %% | %s |\n", text, mean, share / n, size <= 2 ? "yes" : "no" }' <<< "$calm"
