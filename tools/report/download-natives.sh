#!/usr/bin/env bash
# Downloads the PDB entries that a manifest names: download-natives.sh MANIFEST FOLDER
#
# One mmCIF file per target, FOLDER/<id>.cif.gz, from RCSB; an entry of several targets is fetched once and copied. A file
# that is there and whole is kept; a download counts only when it unpacks and names its entry, and, where the manifest has
# native_sha256, has that sum. What fails is listed, the others go on, and the exit status is 1. Not tested against the live
# server: it was written where none could be reached.
set -euo pipefail

[ $# -eq 2 ] || { echo "usage: $0 MANIFEST FOLDER" >&2; exit 64; }
manifest=$1
folder=$2
server=${HELIXFOLD_PDB_SERVER:-https://files.rcsb.org/download}
for tool in curl jq gzip sha256sum; do
  command -v "$tool" > /dev/null || { echo "$0: needs $tool" >&2; exit 69; }
done
mkdir -p "$folder"

# Whether a file is the wanted entry: unpacks, begins with its name, has the sum if one is known.
is_good() {
  [ -s "$1" ] && gzip --test "$1" 2> /dev/null || return 1
  [ "$(gzip --decompress --stdout "$1" | head -n 1 | tr '[:lower:]' '[:upper:]' | tr -d '\r ')" = "DATA_$2" ] || return 1
  [ -z "$3" ] || [ "$(sha256sum "$1" | cut -d ' ' -f 1)" = "$3" ]
}

failed=0
# The file of each entry that is there.
declare -A have
while IFS=$'\t' read -r id pdb sum; do
  target=$folder/$id.cif.gz
  if is_good "$target" "$pdb" "$sum"; then
    echo "$id: there"
    have[$pdb]=$target
    continue
  fi
  if [ -n "${have[$pdb]:-}" ] && is_good "${have[$pdb]}" "$pdb" "$sum"; then
    cp "${have[$pdb]}" "$target.part"
    mv "$target.part" "$target"
    echo "$id: $pdb, as ${have[$pdb]##*/}"
    continue
  fi
  if curl --fail --silent --show-error --location --retry 3 --output "$target.part" "$server/$pdb.cif.gz" \
    && is_good "$target.part" "$pdb" "$sum"; then
    mv "$target.part" "$target"
    have[$pdb]=$target
    echo "$id: $pdb, sha256 $(sha256sum "$target" | cut -d ' ' -f 1)"
  else
    rm -f "$target.part"
    echo "$id: $pdb could not be had, or is not what the manifest says" >&2
    failed=1
  fi
done < <(jq -r '.targets[] | select(.pdb) | [.id, (.pdb | ascii_upcase), .native_sha256 // ""] | @tsv' "$manifest")

jq -r '.targets[] | select(.pdb | not) | "\(.id): no PDB entry; put its native there as \(.id).pdb"' "$manifest"
exit $failed
