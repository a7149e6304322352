#!/usr/bin/env bash
# Writes Swiss-Prot 2014_01 as one FASTA file: swissprot.sh OUT.fasta
#
# From the Debian packages metastudent-data (three BLAST databases of Swiss-Prot) and ncbi-blast+:
#   apt-get install metastudent-data ncbi-blast+
# 435,059 distinct sequences; of equal sequences the first one is kept.
set -euo pipefail

if [ $# -ne 1 ]; then
  echo "usage: $0 OUT.fasta" >&2
  exit 64
fi
data=/usr/share/metastudent-data/dataset_201401
if [ ! -d "$data" ] || ! command -v blastdbcmd > /dev/null; then
  echo "$0: needs the Debian packages metastudent-data and ncbi-blast+" >&2
  exit 69
fi
for part in BPO CCO MFO; do
  blastdbcmd -db "$data/$part/goasp.fasta" -entry all -outfmt %f
done | awk '
  function keep() { if (name != "" && !seen[text]++) print ">" name "\n" text; text = "" }
  /^>/ { keep(); sub(/\|.*/, ""); name = substr($0, 2); next }
  { text = text $0 }
  END { keep() }' > "$1"
