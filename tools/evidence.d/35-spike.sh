#!/usr/bin/env bash
# A spike in the gradient under AdaGC and under global clipping
set -euo pipefail

# HELIXFOLD_TRAIN_STORE: a store of `dataset build`. About 20 minutes on one core.
source tools/evidence-figures.sh
training_store
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for clip in global adagc; do sed "s/CLIP/$clip/" tools/spike-options.json > "$work/$clip.json"; done
# A spike of 1000 in one tensor at step 150, loss of steps 301 to 400
at=150 steps=401
for clip in global adagc; do for seed in 1 2 3; do for tensor in none low high; do
  "$HELIXFOLD" dev spike --config "$work/$clip.json" --data "$store" -o "$work/$clip-$tensor-$seed" --tensor $tensor --at $at \
    --steps $steps --seed $seed --factor 1000 --progress quiet > "$work/$clip-$tensor-$seed.txt" 2> /dev/null
done; done; done
for tensor in low high; do
  table=""
  for seed in 1 2 3; do
    table+="$(for clip in global adagc; do mean_loss $clip-none-$seed 301 400; echo -n ' '; mean_loss $clip-$tensor-$seed 301 400; echo -n ' '; done)"$'\n'
  done
  # Name of the tensor, and its share of the norm of the whole gradient.
  hit=$(awk -F '\t' 'NR == 2 { sub(/alphafold\/alphafold_iteration\//, "", $1); printf "%s, %.4f of the gradient", $1, $2 / $3 }' "$work/adagc-$tensor-1/spike.tsv")
  awk -v tensor=$tensor -v hit="$hit" '/nan/ { lost++; next } NF == 4 { n++; g = $2 - $1; a = $4 - $3; sg += g; sa += a; qg += g * g
      if (g > 0) { harmed++; if (a <= g / 10) kept++ }
      ratios = ratios sprintf("%s%s", n > 1 ? ", " : "", g > 0 ? sprintf("%.2f", a / g) : "no excess of global")
      text = text sprintf("%s%+.4f/%+.4f", n > 1 ? ", " : "", g, a) }
    END { variance = (qg - sg * sg / n) / (n - 1); error = variance > 0 ? sqrt(variance / n) : 0
      aim = tensor == "high" ? "" : "AdaGC ≤ 1/10 of global for every seed, where global has an excess"
      holds = tensor == "high" ? "" : (lost ? "no" : harmed == 0 ? "not informative" : (kept == harmed ? "yes" : "no"))
      printf "| `dev spike --tensor %s --factor 1000` (seed 1: %s), `mini` cut down to 2 blocks, 8 + 16 rows, crops of 32 and batches of 2 (`tools/spike-options.json`), excess loss 150 to 250 steps later, global/AdaGC, seeds 1, 2, 3 | %s; ratios %s; mean %+.4f/%+.4f, standard error of global %.4f | %s | %s |\n", tensor, hit, text, ratios, sg / n, sa / n, error, aim, holds }' <<< "$table"
done
calm=""
for seed in 1 2 3; do calm+="$(mean_loss global-none-$seed 301 400) $(mean_loss adagc-none-$seed 301 400) $(grep '"event":"step"' "$work/adagc-none-$seed/log.jsonl" | tail -n 100 | grep -o '"clippedShare":[0-9.e+-]*' | cut -d : -f 2 | awk '{ s += $1 } END { print s / NR }')"$'\n'; done
awk 'NF == 3 { n++; d = ($2 - $1) / $1 * 100; sum += d; share += $3; text = text sprintf("%s%+.2f %%", n > 1 ? ", " : "", d) }
  END { mean = sum / n; size = mean < 0 ? -mean : mean
    printf "| the same without spike, AdaGC against global | %s; mean %+.2f %%; share of tensor-steps clipped %.2f | within 2 %% | %s |\n", text, mean, share / n, size <= 2 ? "yes" : "no" }' <<< "$calm"
