#!/usr/bin/env bash
# Training: the same bits after kills, for threads, and what bad input says
set -euo pipefail

source tools/evidence-figures.sh
helixfold=$(realpath "$HELIXFOLD")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
store=${HELIXFOLD_TRAIN_STORE:-}
if [ -z "$store" ]; then
  [ -f "${HELIXFOLD_TEST_DATA:-}/data/train.tar.zst" ] || absent "neither HELIXFOLD_TRAIN_STORE nor HELIXFOLD_TEST_DATA has the training data"
  tar --zstd -xf "$HELIXFOLD_TEST_DATA/data/train.tar.zst" -C "$work"
  store=$work/train.h5
  result=$("$helixfold" dataset build "$work/train" --clusters data/split.tsv -o "$store" 2>&1 | grep -E '^(kept|training|validation|test)' | paste -sd ';' | sed 's/;/; /g')
  echo "| \`dataset build\` of the training set at hand | $result | | |"
fi

train() { "$helixfold" train --config tiny --data "$store" -o "$work/$1" --progress quiet "${@:2}" > /dev/null 2>&1; }
train whole --threads 2
train one --threads 1
echo "| \`train --config tiny\`, 40 steps, 1 and 2 threads | $(cmp -s "$work/whole/last.checkpoint" "$work/one/last.checkpoint" && echo "same checkpoint" || echo differ) | equal | $(cmp -s "$work/whole/last.checkpoint" "$work/one/last.checkpoint" && echo yes || echo no) |"

RANDOM=3
length=$({ time -p train timing --threads 2; } 2>&1 | awk '/^real/ { printf "%d", $2 * 1000 }')
good=0
for _ in $(seq 20); do
  rm -rf "$work/killed"
  "$helixfold" train --config tiny --data "$store" -o "$work/killed" --progress quiet --threads 2 > /dev/null 2>&1 &
  pause=$((RANDOM * RANDOM % (length + 1)))
  sleep "$((pause / 1000)).$(printf %03d $((pause % 1000)))"
  kill -9 $! 2> /dev/null || true
  wait $! 2> /dev/null || true
  if [ -f "$work/killed/last.checkpoint" ]; then train killed --threads 2 --resume || true
  else train killed --threads 2 || true; fi
  cmp -s "$work/whole/last.checkpoint" "$work/killed/last.checkpoint" && cmp -s "$work/whole/weights.h5" "$work/killed/weights.h5" && good=$((good + 1))
done
echo "| kill -9 at 20 random moments of $length ms of training, then \`--resume\` | $good of 20 end with the bits of an undisturbed run | 20 | $([ "$good" -eq 20 ] && echo yes || echo no) |"

# One line, the right status, nothing lost
bad() {
  local what=$1 status=$2
  shift 2
  local found=0
  "$@" > "$work/out" 2> "$work/err" || found=$?
  local lines
  lines=$(grep -c . "$work/err" || true)
  echo "| $what | status $found, $lines line: $(head -n 1 "$work/err" | sed "s#$work/##g" | tr '|' '/') | status $status, 1 line | $([ "$found" = "$status" ] && [ "$lines" = 1 ] && echo yes || echo no) |"
}
echo '{"preset": "tiny", "run": {"stepz": 3}}' > "$work/unknown.json"
bad "config with an unknown key" 65 "$helixfold" train --config "$work/unknown.json" --data "$store" -o "$work/bad" --progress quiet
mkdir "$work/single"
cp data/demo/4cup_A.* "$work/single/" 2> /dev/null || true
"$helixfold" dataset build "$work/single" -o "$work/single.h5" --progress quiet > /dev/null 2>&1 || true
bad "store without validation clusters" 65 "$helixfold" train --config tiny --data "$work/single.h5" -o "$work/bad" --progress quiet
cp -r "$work/whole" "$work/flipped"
rm -f "$work/flipped/previous.checkpoint"
printf '\x55' | dd of="$work/flipped/last.checkpoint" bs=1 seek=20000 conv=notrunc status=none
bad "checkpoint with a changed byte" 65 "$helixfold" train --config tiny --steps 50 --data "$store" -o "$work/flipped" --resume --progress quiet
bad "checkpoint of another network" 65 "$helixfold" train --config mini --data "$store" -o "$work/whole" --resume --progress quiet
mkdir "$work/nan"
awk '/^ATOM/ && !done { sub(/.{24}$/, "&"); $0 = substr($0, 1, 30) "     nan" substr($0, 39); done = 1 } 1' data/demo/4cup_A.pdb > "$work/nan/broken.pdb" 2> /dev/null || true
bad "NaN in a structure" 65 "$helixfold" dataset build "$work/nan" -o "$work/nan.h5" --progress quiet
