#!/usr/bin/env bash
# The store: size and speed with all training chains, and kills at random moments of writing
set -euo pipefail

source tools/evidence-figures.sh
helixfold=$(realpath "$HELIXFOLD")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
row() { echo "| $1 | $2 | $3 | $([ "$4" = 1 ] && echo yes || echo no) |"; }

if [ -e "${HELIXFOLD_TEST_DATA:-}/data/train.tar.zst" ]; then
  tar --zstd -C "$work" -xf "$HELIXFOLD_TEST_DATA/data/train.tar.zst" train/pdb train/a3m train/chains.tsv
  "$(dirname "$helixfold")/store-bench" "$work/train" "$work/all.h5" 2000 > "$work/figures"
  figure() { awk -F '\t' -v name="$1" -v column="$2" '$1 == name { print $column }' "$work/figures"; }
  targets=$(figure targets 2) mib=$(figure bytes 4) same=$(figure "equal alignments and masks" 2) atoms=$(figure "equal alignments and masks" 4)
  worst=$(figure "largest difference of a coordinate, Å" 2) rate=$(figure "targets read per second of processor time" 2)
  row "\`store-bench train all.h5\`: chains with alignment and labels in one file" "$targets chains, $mib MiB" \
    "1816, at most 40 MiB" "$(awk -v n="$targets" -v m="$mib" 'BEGIN { print n == 1816 && m <= 40 }')"
  row "the same, read back" "$same alignments and masks equal, $atoms atoms within $worst Å" "all, 0.001 Å" \
    "$(awk -v n="$targets" -v s="$same" -v w="$worst" 'BEGIN { print n == s && w <= 0.001 }')"
  row "the same, targets drawn at random, one thread" "$rate per second of processor time" "100" \
    "$([ "$rate" -ge 100 ] && echo 1 || echo 0)"
else
  keep "needs HELIXFOLD_TEST_DATA" "\`store-bench train all.h5\`"
fi

# 60 targets from the demo's alignment; every kill comes somewhere within the time an undisturbed run takes.
mkdir "$work/a3m"
for n in $(seq 60); do cp data/demo/4cup_A.a3m "$work/a3m/t$n.a3m"; done
import() { "$helixfold" store import "$work/a3m" -o "$1" > /dev/null 2>&1; }
start=$(date +%s%N)
import "$work/whole"
length=$((($(date +%s%N) - start) / 1000000))
content() { for n in 1 30 60; do "$helixfold" store export "$1/t$n.h5" -o "$work/x.a3m" > /dev/null && cat "$work/x.a3m"; done | cksum; }
expected=$(content "$work/whole")
RANDOM=1
sound=0 equal=0
for _ in $(seq 20); do
  rm -rf "$work/killed"
  "$helixfold" store import "$work/a3m" -o "$work/killed" > /dev/null 2>&1 &
  sleep "$(awk -v r=$RANDOM -v l="$length" 'BEGIN { print r / 32768 * l / 1000 }')"
  kill -9 $! 2> /dev/null || true
  wait $! 2> /dev/null || true
  shopt -s nullglob
  files=("$work"/killed/*.h5)
  shopt -u nullglob
  [ "${#files[@]}" = 0 ] || "$helixfold" store verify "${files[@]}" > /dev/null 2>&1 && sound=$((sound + 1))
  import "$work/killed" && [ "$(content "$work/killed")" = "$expected" ] && equal=$((equal + 1))
done
row "kill -9 during \`helixfold store import\` of 60 targets at 20 random moments" \
  "$sound of 20 left only sound files, $equal of 20 equal an undisturbed run when run again" "20, 20" \
  "$([ "$sound$equal" = 2020 ] && echo 1 || echo 0)"

"$helixfold" store pack "$work"/whole/t[1-9].h5 -o "$work/old.h5" > /dev/null
start=$(date +%s%N)
"$helixfold" store pack "$work/whole" -o "$work/new.h5" > /dev/null
length=$((($(date +%s%N) - start) / 1000000))
sound=0 old=0
for _ in $(seq 20); do
  cp "$work/old.h5" "$work/packed.h5"
  "$helixfold" store pack "$work/whole" -o "$work/packed.h5" > /dev/null 2>&1 &
  sleep "$(awk -v r=$RANDOM -v l="$length" 'BEGIN { print r / 32768 * l / 1000 }')"
  kill -9 $! 2> /dev/null || true
  wait $! 2> /dev/null || true
  count=$("$helixfold" store verify "$work/packed.h5" 2> /dev/null | grep -o '[0-9]* target' | cut -d ' ' -f 1 || true)
  [ "$count" = 9 ] || [ "$count" = 60 ] && sound=$((sound + 1))
  [ "$count" != 9 ] || old=$((old + 1))
done
row "kill -9 during \`helixfold store pack\` over a file that stands, 20 random moments" \
  "$sound of 20 whole (the old file $old times, the new one $((sound - old)) times)" "20" \
  "$([ "$sound" = 20 ] && echo 1 || echo 0)"
