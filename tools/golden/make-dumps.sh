#!/usr/bin/env bash
# Makes the further dumps of the oracle for evidence 20 and 30: make-dumps.sh PYTHON ORACLE CASES FOLDER
#
# PYTHON  interpreter as for make-golden.sh
# ORACLE  folder of forward.py and gradients.py, drivers of DeepMind's own network
# CASES   folder of T1026 and T1037, each with features.pkl and native_<name>.pdb
# FOLDER  where the dumps go; give it to tools/evidence.sh as HELIXFOLD_ORACLE_DUMPS
#
# All five networks, gaps in templates, masked extra rows, full depth; crops small enough for two minutes a dump on one
# core. Computed in double precision, stored as float32; the gradients once more in fp32, for the bound where JAX differs
# from itself. A dump that is there already is kept.
set -euo pipefail

if [ $# -ne 4 ]; then
  echo "usage: $0 PYTHON ORACLE CASES FOLDER" >&2
  exit 64
fi
python=$1
oracle=$2
cases=$3
folder=$4
mkdir -p "$folder"
work=$(mktemp -d "$folder/.making.XXXXXX")
trap 'rm -rf "$work"' EXIT
export OMP_NUM_THREADS=1
precise="--x64 --narrow"
common="--zero-pre-omega --no-params"

# forward NAME CONFIG ARGUMENTS…
forward() {
  local name=$1
  [ ! -e "$folder/${name}_recipe.json" ] || return 0
  echo "$name" >&2
  "$python" "$oracle/forward.py" --config "$2" $common $precise "${@:3}" --out "$work/$name"
  mv "$work/${name}"_inputs.npz "$work/${name}"_outputs.npz "$folder/"
  mv "$work/${name}_recipe.json" "$folder/"
}

# gradients NAME CONFIG ARGUMENTS…: in double, and from the same inputs in fp32
gradients() {
  local name=$1
  [ ! -e "$folder/${name}_recipe.json" ] || return 0
  echo "$name" >&2
  "$python" "$oracle/gradients.py" --config "$2" $common $precise "${@:3}" --out "$work/$name"
  "$python" "$oracle/gradients.py" --config "$2" $common "${@:3}" --out "$work/single"
  mv "$work/${name}"_inputs.npz "$work/${name}"_outputs.npz "$folder/"
  mv "$work/single_outputs.npz" "$folder/${name}_fp32.npz"
  mv "$work/${name}_recipe.json" "$folder/"
}

t1026="--features $cases/T1026/features.pkl"
t1037="--features $cases/T1037/features.pkl"
small="--evoformer 2 --extra 1"

forward m1ptm_t1026_gaps model_1_ptm $t1026 --seed 2 $small --start 100 --crop 40 --clusters 10 --extra-rows 8 \
  --templates 4 --recycles 2 --resample --intermediates --submodule-blocks 1
forward m2_t1037 model_2 $t1037 --seed 3 $small --start 200 --crop 48 --clusters 12 --extra-rows 16 --templates 3 --intermediates
forward m3_t1026_noextra model_3 $t1026 --seed 4 --evoformer 3 --extra 1 --start 30 --crop 30 --clusters 16 --extra-rows 12 \
  --recycles 1 --intermediates
forward m4_synthetic model_4 --seed 5 $small --residues 19 --rows 12 --clusters 8 --extra-rows 9 --recycles 1 --intermediates
forward m5ptm_t1037 model_5_ptm $t1037 --seed 6 $small --start 10 --crop 33 --clusters 20 --extra-rows 30 --recycles 1 \
  --intermediates
forward m1ptm_full_depth model_1_ptm $t1026 --seed 7 --start 60 --crop 24 --clusters 12 --extra-rows 8 --templates 2 --recycles 1

gradients grad_T1026_model_1_ptm_seed2 model_1_ptm $t1026 --structure "$cases/T1026/native_T1026.pdb" --seed 2 $small \
  --start 90 --crop 32 --clusters 8 --extra-rows 6 --templates 2
gradients grad_T1037_model_3_seed3 model_3 $t1037 --structure "$cases/T1037/native_T1037.pdb" --seed 3 $small \
  --start 150 --crop 40 --clusters 10 --extra-rows 12 --recycles 1
gradients grad_T1037_model_1_ptm_seed4 model_1_ptm $t1037 --structure "$cases/T1037/native_T1037.pdb" --seed 4 $small \
  --start 20 --crop 48 --clusters 8 --extra-rows 8 --templates 2 --recycles 1
