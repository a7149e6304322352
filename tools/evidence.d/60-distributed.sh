#!/usr/bin/env bash
# Several processes: equal to one, killed, refused
set -euo pipefail

source tools/evidence-figures.sh
command -v mpirun > /dev/null || absent "mpirun is missing: make mpi build"
helixfold=$(realpath "$HELIXFOLD")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
store=${HELIXFOLD_TRAIN_STORE:-}
if [ -z "$store" ]; then
  [ -f "${HELIXFOLD_TEST_DATA:-}/data/train.tar.zst" ] || absent "neither HELIXFOLD_TRAIN_STORE nor HELIXFOLD_TEST_DATA has the training data"
  tar --zstd -xf "$HELIXFOLD_TEST_DATA/data/train.tar.zst" -C "$work"
  store=$work/train.h5
  "$helixfold" dataset build "$work/train" --clusters data/split.tsv -o "$store" --progress quiet > /dev/null 2>&1
fi

config() { echo "{\"preset\": \"tiny\", \"network\": {\"blockOrder\": \"parallel\"}, \"run\": {\"steps\": 20, \"batch\": 4, \"checkpointInterval\": 1, \"snapshotInterval\": 1, \"snapshots\": 30, \"precision\": \"$1\"}}"; }
config bf16 > "$work/bf16.json"
config fp32 > "$work/fp32.json"
train() { # NAME PRECISION PROCESSES FLAGS…
  local name=$1 precision=$2 processes=$3
  shift 3
  local launch=()
  [ "$processes" = 1 ] || launch=(mpirun -n "$processes")
  "${launch[@]}" "$helixfold" train --config "$work/$precision.json" --data "$store" -o "$work/$name" --progress quiet "$@" > "$work/$name.out" 2> "$work/$name.err"
}
same() { cmp -s "$work/$1/last.checkpoint" "$work/$2/last.checkpoint" && cmp -s "$work/$1/weights.h5" "$work/$2/weights.h5"; }
row() { # WHAT A B
  if same "$2" "$3"; then echo "| $1 | same checkpoint and weights | equal to one worker | yes |"
  else echo "| $1 | differ | equal to one worker | no |"; fi
}

train one bf16 1 --threads 1
train threads bf16 1 --threads 2 --bp 2
row "\`train --bp 2\`, 20 steps, parallel order, one process, bf16" one threads
train bp bf16 2 --bp 2
row "\`mpirun -n 2 train --bp 2\`" one bp
train dp bf16 2 --dp 2
row "\`mpirun -n 2 train --dp 2\` against gradient accumulation" one dp
train dpbp bf16 4 --dp 2 --bp 2
row "\`mpirun -n 4 train --dp 2 --bp 2\`" one dpbp

# fp32: weights, losses and first gradients beside one process
train plain fp32 1 --threads 1
for grid in "dap2 2 --dap 2" "dap2bp2 4 --dap 2 --bp 2" "all 8 --dp 2 --dap 2 --bp 2"; do
  set -- $grid
  train "$1" fp32 "$2" "${@:3}"
  figures=$("$helixfold" dev compare-runs "$work/plain" "$work/$1" | tail -n 1)
  read -r weights loss <<< "$figures"
  echo "| \`mpirun -n $2 train ${*:3}\`, 20 steps, fp32 | weights $weights, losses $loss | 1e-5, 1e-4 relative | $(awk -v w="$weights" -v l="$loss" 'BEGIN { print (w <= 1e-5 && l <= 1e-4) ? "yes" : "no" }') |"
done
figures=$(mpirun -n 8 "$helixfold" dev grid-gradients --config "$work/fp32.json" --data "$store" --dp 2 --dap 2 --bp 2 | tail -n 1)
echo "| gradients of step 1, DP 2 × DAP 2 × BP 2, each array | worst share of the bound $(awk '{ print $1 }' <<< "$figures"), $(awk '{ print $2 }' <<< "$figures") arrays | 1 (1e-5 of the array + 1e-6 of the norm) | $(awk '{ print ($1 <= 1) ? "yes" : "no" }' <<< "$figures") |"
echo "| the same: ranks whose weights differ from rank 0 after any of 20 steps | $(awk '{ print $3 }' <<< "$figures") | 0 | $(awk '{ print ($3 == 0) ? "yes" : "no" }' <<< "$figures") |"

# a rank is killed
sed 's/"steps": 20/"steps": 60/' "$work/bf16.json" > "$work/long.json"
"$helixfold" train --config "$work/long.json" --data "$store" -o "$work/whole" --progress quiet --threads 1 > /dev/null 2>&1
process_of() { awk -F '\t' -v rank="$1" '$1 == rank { print $2 }' "$work/killed/ranks.tsv"; }
kills=12 named=0 slowest=0
# within SECONDS COMMAND…: asks until the command succeeds; fails when the time is over
within() {
  local end=$((SECONDS + $1))
  shift
  until "$@"; do
    [ "$SECONDS" -lt "$end" ] || return 1
    sleep 0.1
  done
}
trained() { [ -f "$work/killed/log.jsonl" ] && [ "$(wc -l < "$work/killed/log.jsonl")" -ge 10 ]; }
gone() { ! pgrep -f "$work/long.json.* -o $work/killed" > /dev/null && ! pgrep -f '^helixfold-rank-watch ' | grep -qx "$watcher"; }
for ((kill = 0; kill < kills; kill++)); do
  rm -rf "$work/killed"
  mpirun -n 4 "$helixfold" train --config "$work/long.json" --data "$store" -o "$work/killed" --progress quiet --dp 2 --bp 2 > "$work/killed.out" 2> "$work/killed.err" &
  launcher=$!
  within 120 trained || {
    pkill -9 -f "$work/long.json.* -o $work/killed" || true
    tail -n 1 "$work/killed.err" >&2
    exit 1
  }
  rank=$((kill % 4))
  victim=$(process_of "$rank")
  watcher=$(pgrep -P "$(process_of 0)" -f '^helixfold-rank-watch ' || echo none)
  kill -9 "$victim"
  before=$(date +%s)
  within 60 gone || pkill -9 -f "$work/long.json.* -o $work/killed" || true
  wait "$launcher" 2> /dev/null || true
  elapsed=$(($(date +%s) - before))
  [ "$elapsed" -le "$slowest" ] || slowest=$elapsed
  lines=$(grep 'was killed or crashed' "$work/killed.err" || true)
  [[ $lines != *$'\n'* && $lines == "helixfold: rank $rank (process $victim on "* ]] && named=$((named + 1))
done
echo "| SIGKILL of one of 4 ranks, in $kills runs | its rank and process are named in $named; all gone after $slowest s at most | $kills, 30 s | $([ "$named" = "$kills" ] && [ "$slowest" -le 30 ] && echo yes || echo no) |"
mpirun -n 2 "$helixfold" train --config "$work/long.json" --data "$store" -o "$work/killed" --progress quiet --dp 2 --resume > /dev/null 2>&1
row "the same resumed with 2 ranks" whole killed

# predicting
printf '>a\nMKTAYIAKQRQISFVKSHFSRQLEERLGLIEVQ\n>b\nGSHMKTAYIAKQRQISFVKSHFSRQLEERLGLIEVQAPILSRVGDGTQDNLSGAEKAVQ\n>bad\nMK1TAY\n>c\nMKV\n' > "$work/four.fasta"
"$helixfold" predict "$work/four.fasta" -o "$work/alone" --threads 1 > /dev/null 2>&1 || true
equal() {
  local count=0
  for target in a b c; do cmp -s "$work/alone/$target/ranked_0.pdb" "$work/$1/$target/ranked_0.pdb" && count=$((count + 1)); done
  cmp -s "$work/alone/failures.json" "$work/$1/failures.json" && count=$((count + 1))
  echo "$count"
}
for team in 1 2; do
  found=0
  mpirun -n 4 "$helixfold" predict "$work/four.fasta" -o "$work/team$team" --dap $team > /dev/null 2>&1 || found=$?
  count=$(equal "team$team")
  echo "| \`mpirun -n 4 predict --dap $team\`, four targets of which one is bad | status $found; $count of 4 files equal those of one process (three structures, failures.json) | 4, status 1 | $([ "$count" = 4 ] && [ "$found" = 1 ] && echo yes || echo no) |"
done

# refusals
bad() {
  local what=$1 status=$2
  shift 2
  local found=0
  "$@" > "$work/out" 2> "$work/err" || found=$?
  echo "| $what | status $found: $(grep -m 1 helixfold: "$work/err" | sed "s#$work/##g" | tr '|' '/') | status $status | $([ "$found" = "$status" ] && echo yes || echo no) |"
}
bad "\`--bp 2\` with a network in serial order" 65 "$helixfold" train --config tiny --data "$store" -o "$work/bad" --bp 2 --progress quiet
"$helixfold" weights init --preset tiny "$work/serial.h5" > /dev/null 2>&1
bad "weights in serial order (as AlphaFold2's) with \`--bp 2\`" 65 "$helixfold" train --config "$work/bf16.json" --weights "$work/serial.h5" --data "$store" -o "$work/bad" --bp 2 --progress quiet
bad "a grid of another size than \`mpirun -n\`" 64 mpirun -n 2 "$helixfold" train --config "$work/bf16.json" --data "$store" -o "$work/bad" --dp 4 --progress quiet
