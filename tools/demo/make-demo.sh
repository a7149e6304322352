#!/usr/bin/env bash
# Makes data/demo: make-demo.sh 4CUP.cif SWISSPROT.fasta
#
# 4CUP.cif comes from the source archive of Biopython 1.88 (Tests/PDB), SWISSPROT.fasta from
# tools/demo/swissprot.sh. Needs jackhmmer (Debian package hmmer, 3.3.2) and awk.
set -euo pipefail

if [ $# -ne 2 ]; then
  echo "usage: $0 4CUP.cif SWISSPROT.fasta" >&2
  exit 64
fi
cif=$1
database=$2
here=$(cd "$(dirname "$0")" && pwd)
out=$(cd "$here/../.." && pwd)/data/demo
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$out"

# Chain A, first conformation of alternates, numbered along the sequence: residue 1 of the file is
# letter 1 of the FASTA.
awk -f "$here/chain-to-pdb.awk" "$cif" > "$out/4cup_A.pdb"

# The sequence that the coordinates show.
{
  echo ">4cup_A Bromodomain of human BAZ2B (tag SM, then UniProt Q9UIF8 2054-2166, numbered 1858-1970 in the entry), as observed in PDB 4CUP chain A"
  awk -f "$here/pdb-to-sequence.awk" "$out/4cup_A.pdb"
} > "$out/4cup_A.fasta"

# The flags of AlphaFold2's own search of UniRef90.
jackhmmer -o /dev/null -A "$work/hits.sto" --noali --F1 0.0005 --F2 0.00005 --F3 0.0000005 \
  --incE 0.0001 -E 0.0001 --cpu 1 -N 1 "$out/4cup_A.fasta" "$database"
awk -f "$here/stockholm-to-a3m.awk" "$work/hits.sto" > "$out/4cup_A.a3m"

printf '%s residues, %s rows\n' \
  "$(grep -v '>' "$out/4cup_A.fasta" | tr -d '\n' | wc -c)" "$(grep -c '>' "$out/4cup_A.a3m")"
