#!/usr/bin/env bash
# Makes a small real sequence database in one command: setup-swissprot.sh [FOLDER]
#
# Installs the Debian packages it needs when run as root, writes FOLDER/swissprot.fasta (Swiss-Prot 2014_01, 435,059
# distinct sequences, 169 MB) and says how to search it. Default folder: databases.
set -euo pipefail

folder=${1:-databases}
here=$(cd "$(dirname "$0")" && pwd)
if [ ! -d /usr/share/metastudent-data ] || ! command -v blastdbcmd > /dev/null; then
  if [ "$(id -u)" -ne 0 ]; then
    echo "$0: needs two packages; run: sudo apt-get install metastudent-data ncbi-blast+" >&2
    exit 69
  fi
  apt-get install -y --no-install-recommends metastudent-data ncbi-blast+ hmmer
fi
mkdir -p "$folder"
if [ ! -s "$folder/swissprot.fasta" ]; then
  "$here/demo/swissprot.sh" "$folder/swissprot.fasta.partial"
  mv "$folder/swissprot.fasta.partial" "$folder/swissprot.fasta"
fi
count=$(grep -c '^>' "$folder/swissprot.fasta")
if [ "$count" -ne 435059 ]; then
  echo "$0: $folder/swissprot.fasta has $count sequences, expected 435059; remove it and run again" >&2
  exit 65
fi
echo "$folder/swissprot.fasta: $count sequences"
echo "helixfold search seq.fasta --database swissprot=$folder/swissprot.fasta -o out"
