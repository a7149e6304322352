#!/usr/bin/env bash
# Downloads DeepMind's AlphaFold2 parameters and checks them: download-parameters.sh [FOLDER, default params]
#
# Nothing is downloaded if all ten monomer files are there and whole. They come in one archive of about 5 GB (CC BY 4.0); a partial
# download is continued. No checksums are published for it, so each file is opened and its preset recognised: every array must
# be there with the right shape. Not tested against the live server: it was written where none could be reached.
set -euo pipefail

folder=${1:-params}
archive=$folder/alphafold_params_2022-12-06.tar
url=https://storage.googleapis.com/alphafold/${archive##*/}
here=$(cd "$(dirname "$0")" && pwd)
helixfold=${HELIXFOLD:-$here/../.build/release/helixfold}
[ -x "$helixfold" ] || helixfold=$here/../../../bin/helixfold  # installed: share/helixfold/tools
[ -x "$helixfold" ] || helixfold=$(command -v helixfold || true)

if ! command -v curl > /dev/null; then
  echo "$0: needs curl" >&2
  exit 69
fi
if [ ! -x "$helixfold" ]; then
  echo "$0: needs the helixfold command: run 'make build', or set HELIXFOLD" >&2
  exit 69
fi

# The monomer files that are not there or not whole.
incomplete() {
  local file
  for file in "$folder"/params_model_{1,2,3,4,5}{,_ptm}.npz; do
    "$helixfold" weights inspect "$file" > /dev/null 2>&1 || echo "$file"
  done
}

mkdir -p "$folder"
if [ -n "$(incomplete)" ]; then
  if [ ! -f "$archive" ]; then
    curl --fail --location --continue-at - --output "$archive.partial" "$url"
    mv "$archive.partial" "$archive"
  fi
  tar --extract --file "$archive" --directory "$folder" --exclude '*multimer*'
  missing=$(incomplete)
  if [ -n "$missing" ]; then
    echo "$0: not whole; 'helixfold weights inspect FILE' says why:" $missing >&2
    exit 65
  fi
  rm "$archive"
fi
echo "$folder: ten parameter files, all complete"
