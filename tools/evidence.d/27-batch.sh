#!/usr/bin/env bash
# Many targets: their alignments wait in a file
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
targets=60 residues=300 rows=5000
mkdir "$work/in"
# Random sequences; every row of an alignment differs from its target in a fifth of the residues.
awk -v targets=$targets -v residues=$residues -v rows=$rows -v folder="$work/in" '
  function letter() { return substr("ARNDCQEGHILKMFPSTWYV", int(20 * rand()) + 1, 1) }
  BEGIN {
    srand(1)
    for (t = 0; t < targets; t++) {
      file = folder "/t" t ".a3m"
      for (i = 1; i <= residues; i++) query[i] = letter()
      for (r = 0; r < rows; r++) {
        line = ""
        for (i = 1; i <= residues; i++) line = line (r > 0 && rand() < 0.2 ? letter() : query[i])
        print ">" (r > 0 ? "r" r : "t" t) "\n" line > file
      }
      close(file)
    }
  }'
peaks=()
for size in 1 $targets; do
  inputs=("$work"/in/t*.a3m)
  "$HELIXFOLD" predict "${inputs[@]:0:size}" --random-weights --preset tiny --num-recycle 0 --max-msa 8:8 --threads 1 \
    --progress quiet -o "$work/out$size" > /dev/null 2>&1
  bytes=$(awk -F '\t' 'NR > 1 { print $NF }' "$work/out$size/summary.tsv" | sort -n | tail -n 1)  # peak_bytes
  peaks+=($((bytes / 1048576)))
done
all=$((targets * residues * rows * 3 / 1048576))
holds=$([ "${peaks[1]}" -le $((${peaks[0]} + 96)) ] && echo yes || echo no)
echo "| \`predict t*.a3m\`, $targets targets of $residues residues with $rows rows, $all MiB of letters and deletions in all | peak ${peaks[1]} MiB; of one target alone ${peaks[0]} MiB | at most 96 MiB more | $holds |"
