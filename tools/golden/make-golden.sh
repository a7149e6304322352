#!/usr/bin/env bash
# Makes the network's golden files: make-golden.sh PYTHON ORACLE
#
# PYTHON  interpreter with jax 0.10.2, dm-haiku 0.0.17, numpy 2.4.6, DeepMind's package alphafold 2.0.0 (the
#         network) and alphafold-colabfold 2.3.27 (the feature pipeline)
# ORACLE  folder of forward.py, a driver that runs that network with parameters of the recipe in
#         Tests/MeasurementsTests/Fixtures/README.md and dumps what goes in and what comes out
#
# Computed in double precision, stored as float32; about two minutes a case on one core.
set -euo pipefail

if [ $# -ne 2 ]; then
  echo "usage: $0 PYTHON ORACLE" >&2
  exit 64
fi
python=$1
oracle=$2
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
fixtures=$root/Tests/MeasurementsTests/Fixtures
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$fixtures"
export OMP_NUM_THREADS=1
common="--seed 1 --evoformer 1 --extra 1 --x64 --narrow --zero-pre-omega --intermediates --no-params"

# Synthetic alignment of 9 rows (6 clusters, 3 extra rows and 2 masked ones), two templates with gaps,
# one template block, one recycle with a draw of its own.
"$python" "$oracle/forward.py" --config model_1_ptm $common --residues 14 --rows 9 --clusters 8 --extra-rows 5 \
  --templates 2 --template-blocks 1 --recycles 1 --resample --out "$work/model_1_ptm"

# Residues 41 to 52 of the demo protein with its alignment, no templates, one pass.
"$python" "$oracle/forward.py" --config model_3 $common --a3m "$root/data/demo/4cup_A.a3m" --start 40 --crop 12 \
  --clusters 7 --extra-rows 5 --out "$work/model_3"

"$python" "$here/select_tensors.py" "$work" "$fixtures" model_1_ptm model_3

# A synthetic target for the inputs of model_1_ptm; losses, and digests of all gradients (six minutes on one core).
"$python" "$here/make_gradients.py" "$oracle" "$fixtures"
