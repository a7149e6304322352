#!/usr/bin/env bash
# Searches: a second run uses the kept results, and kills at random moments harm nothing
set -euo pipefail

source tools/evidence-figures.sh
command -v jackhmmer > /dev/null && command -v blastdbcmd > /dev/null || absent "needs hmmer, metastudent-data, ncbi-blast+"
helixfold=$(realpath "$HELIXFOLD")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# HELIXFOLD_SWISSPROT names a finished swissprot.fasta, which saves minutes.
[ -z "${HELIXFOLD_SWISSPROT:-}" ] || ln -s "$(realpath "$HELIXFOLD_SWISSPROT")" "$work/swissprot.fasta"
tools/setup-swissprot.sh "$work" > /dev/null
head -n 200000 "$work/swissprot.fasta" > "$work/part.fasta"
cp data/demo/4cup_A.fasta "$work/targets.fasta"

search() { "$helixfold" search "$work/targets.fasta" --database "swissprot=$1" -o "$work/$2" > /dev/null 2>&1; }
seconds() { local start; start=$(date +%s%N); "$@"; echo "$(( ($(date +%s%N) - start) / 1000000 )) ms"; }

first=$(seconds search "$work/swissprot.fasta" whole)
second=$(seconds search "$work/swissprot.fasta" whole)
cached=$(cut -f 3 "$work"/whole/*/searches.tsv | grep -c cached || true)
echo "| \`helixfold search\`, demo target against Swiss-Prot, first and second run | $first, $second | second run starts no program | $([ "$cached" -ge 1 ] && echo yes || echo no) |"

# Moments are spread over the time that a search takes here, so that kills meet a process at work.
length=$(seconds search "$work/part.fasta" undisturbed)
length=${length% ms}
RANDOM=1
good=0
alive=0
for _ in $(seq 20); do
  "$helixfold" search "$work/targets.fasta" --database "swissprot=$work/part.fasta" -o "$work/killed" > /dev/null 2>&1 &
  pause=$((RANDOM * length * 9 / 10 / 32768))
  sleep "$((pause / 1000)).$(printf %03d $((pause % 1000)))"
  if kill -9 $! 2> /dev/null; then alive=$((alive + 1)); fi
  wait $! 2> /dev/null || true
  search "$work/part.fasta" killed || continue
  same=1
  for file in "$work"/undisturbed/*/msas/*; do
    cmp -s "$file" "${file/undisturbed/killed}" || same=0
  done
  good=$((good + same))
  rm -rf "$work/killed"
done
echo "| kill -9 during \`helixfold search\` at 20 random moments of the $length ms that it takes, then resumed | $alive met a running process, $good of 20 equal an undisturbed run | 15 and 20 | $([ "$good" -eq 20 ] && [ "$alive" -ge 15 ] && echo yes || echo no) |"
