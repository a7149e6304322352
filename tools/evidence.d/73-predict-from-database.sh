#!/usr/bin/env bash
# From a sequence and a database to a structure, without a network
set -euo pipefail

helixfold=$(realpath "$HELIXFOLD")
data=${HELIXFOLD_TEST_DATA:-}/data/train.tar.zst
source tools/evidence-figures.sh
command -v jackhmmer > /dev/null && command -v blastdbcmd > /dev/null && [ -e "$data" ] \
  || absent "hmmer, metastudent-data, ncbi-blast+ or HELIXFOLD_TEST_DATA is missing"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# HELIXFOLD_SWISSPROT names a finished swissprot.fasta, which saves minutes.
[ -z "${HELIXFOLD_SWISSPROT:-}" ] || ln -s "$(realpath "$HELIXFOLD_SWISSPROT")" "$work/swissprot.fasta"
tools/setup-swissprot.sh "$work" > /dev/null

# The first five chains of the test split.
tar --zstd -C "$work" -xf "$data" train/chains.tsv
awk -F '\t' 'FNR == NR { if ($2 == "chains" && $5 == "test" && n++ < 5) wanted[$1]; next }
  $1 in wanted { print ">" $1 "\n" $11 }' data/split.tsv "$work/train/chains.tsv" > "$work/five.fasta"

# Programs that are started leave a line.
mkdir "$work/bin"
printf '#!/bin/sh\necho jackhmmer >> "%s/started"\nexec %s "$@"\n' "$work" "$(command -v jackhmmer)" > "$work/bin/jackhmmer"
chmod +x "$work/bin/jackhmmer"
touch "$work/started"

"$helixfold" weights init "$work/tiny.h5" --preset tiny --seed 1 > /dev/null 2>&1
predict() {
  "$helixfold" predict "$work/five.fasta" --database "swissprot=$work/swissprot.fasta" --jackhmmer "$work/bin/jackhmmer" \
    --cache "$work/cache" --search-threads 1 --threads 1 --weights "$work/tiny.h5" --num-recycle 1 -o "$work/$1" \
    > "$work/$1.out" 2> "$work/$1.err"
}
stages() { # sum over targets of each stage of a run
  sed -n 's/^.*  time: //p' "$work/$1.err" | tr ',' '\n' | awk '{ if (!($1 in sum)) order[++n] = $1; sum[$1] += $2 }
    END { for (i = 1; i <= n; i++) printf "%s%s %.1f s", (i > 1 ? ", " : ""), order[i], sum[order[i]] }'
}
for run in first second; do
  before=$(wc -l < "$work/started")
  status=0
  predict $run || status=$?
  started=$(($(wc -l < "$work/started") - before))
  done=$(find "$work/$run" -name ranked_0.pdb | wc -l)
  if [ $run = first ]; then aim=5; else aim=0; fi
  echo "| \`helixfold predict five.fasta --database swissprot=…\`, $run run: five test chains, Swiss-Prot (435,059 sequences), random parameters of \`tiny\` | $done structures; $(stages $run); $started programs started | 5 structures, $aim programs | $([ $status = 0 ] && [ "$done" = 5 ] && [ "$started" = $aim ] && echo yes || echo no) |"
done
same=0
for file in "$work"/first/*/ranked_0.pdb; do cmp -s "$file" "${file/first/second}" && same=$((same + 1)); done
rows=$(cut -f 4 "$work"/first/*/searches.tsv | grep -v rows | paste -sd ' ')
echo "| the same, structures of both runs | $same of 5 equal; alignment rows: $rows | 5 | $([ "$same" = 5 ] && echo yes || echo no) |"
