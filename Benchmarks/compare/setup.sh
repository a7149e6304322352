#!/usr/bin/env bash
# Installs what compare.py times besides helixfold, from PyPI: Benchmarks/compare/setup.sh [folder, default Benchmarks/compare/env]
# With --torch also PyTorch (several GB); OpenFold itself comes from its repository, on PYTHONPATH: the package of PyPI does not build.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
torch=
[ "${1:-}" != --torch ] || { torch=yes; shift; }
env=${1:-$here/env}
python3 -m venv "$env"
"$env/bin/pip" install --quiet jax==0.10.2 jaxlib==0.10.2 dm-haiku==0.0.17 ml_collections==1.1.0 dm-tree==0.1.10 \
  immutabledict==4.3.1 absl-py==2.5.1 numpy==2.4.6 scipy==1.17.1 biopython==1.88 chex==0.1.92 pandas==3.1.1
# DeepMind's network with a feature pipeline that needs no TensorFlow.
"$env/bin/pip" install --quiet --no-deps alphafold-colabfold==2.3.27 colabfold-kernels==0.9.0
[ -z "$torch" ] || "$env/bin/pip" install --quiet torch==2.13.0
echo "ready: $env/bin/python $here/compare.py forward --residues 64"
