#!/usr/bin/env bash
# Downloads DeepMind's AlphaFold2 parameters and checks them: download-parameters.sh [FOLDER, default params]
#
# One archive of about 5 GB (CC BY 4.0). No checksums are published for it, so each monomer file is opened
# and its preset recognised: every array must be there with the right shape. A partial download is continued.
# Not tested against the live server: it was written where none could be reached.
set -euo pipefail

folder=${1:-params}
name=alphafold_params_2022-12-06.tar
url=https://storage.googleapis.com/alphafold/$name
here=$(cd "$(dirname "$0")" && pwd)
helixfold=${HELIXFOLD:-$here/../.build/release/helixfold}

if ! command -v curl > /dev/null; then
  echo "$0: needs curl" >&2
  exit 69
fi
if [ ! -x "$helixfold" ]; then
  echo "$0: needs the helixfold command: run 'make build', or set HELIXFOLD" >&2
  exit 69
fi
mkdir -p "$folder"
curl --fail --location --continue-at - --output "$folder/$name" "$url"
tar --extract --file "$folder/$name" --directory "$folder"

for model in 1 2 3 4 5; do
  for suffix in "" _ptm; do
    "$helixfold" weights inspect "$folder/params_model_$model$suffix.npz" > /dev/null
    echo "$folder/params_model_$model$suffix.npz: complete"
  done
done
rm "$folder/$name"
