#!/usr/bin/env bash
# Features of all raw alignments and of features.pkl files in a data folder, by AlphaFold2's own pipeline:
#     make_real_cases.sh DATA OUT [PYTHON]
# DATA holds casp14/ and cases/ (unpacked from cases.tar.zst). Then HELIXFOLD_FEATURE_CASES=OUT swift test --filter
# ProcessedFeatures compares. ALPHAFOLD_PATH and packages as in make_features.py. Nothing made here is committed.
set -euo pipefail

data=$1 out=$2 python=${3:-python3}
mkdir -p "$out"
make() { "$python" "$(dirname "$0")/make_features.py" "$@"; }

for target in T1026 T1037; do
  make "$out/$target.npz" --features "$data/casp14/$target/features.pkl" --config model_1_ptm --passes 2
  make "$out/$target-small.npz" --features "$data/casp14/$target/features.pkl" --config model_3 --clusters 16 --extra-rows 10
done
for folder in "$data"/cases/openproteinset_*; do
  files=()
  for name in uniref90_hits bfd_uniclust_hits mgnify_hits; do
    [ ! -e "$folder/$name.a3m" ] || files+=("$folder/$name.a3m")
  done
  make "$out/$(basename "$folder").npz" --config model_2 --alignments "${files[@]}"
done
folder=$data/cases/2q2k/2q2k_A
make "$out/2q2k.npz" --config model_1 --clusters 20 --extra-rows 8 \
  --alignments "$folder/uniref90_hits.sto" "$folder/bfd_uniclust_hits.a3m" "$folder/mgnify_hits.sto"
folder=$data/cases/6kwc_openfold
make "$out/6kwc.npz" --config model_5_ptm --alignments "$folder/bfd_uniref_hits.a3m" "$folder/mgnify_hits.sto"
make "$out/openfold59.npz" --config model_4 --features "$data/cases/openfold_4ot_59/features.pkl"
make "$out/openfold73.npz" --config model_1 --features "$data/cases/openfold_test73/alphafold_feature_dict.pickle"
