#!/usr/bin/env bash
# Gradients: every array against AlphaFold2's JAX code, and recomputation
set -euo pipefail

source tools/evidence-figures.sh
helixfold=$(realpath "$HELIXFOLD")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
shared=${HELIXFOLD_TEST_DATA:-}
python=${PYTHON:-python3}

# gradients NAME FOLDER: dump of the oracle's gradients.py, whole or a digest; NAME_fp32.npz beside it is its run in fp32
gradients() {
  local name=$1 folder=$2 part single=""
  if [ -f "$folder/${name}_fp32.npz" ]; then single=$folder/${name}_fp32.npz; fi
  for part in outputs.npz recipe.json; do
    if [ -f "$folder/${name}_$part.xz" ]; then xz -dc "$folder/${name}_$part.xz" > "$work/${name}_$part"
    else cp "$folder/${name}_$part" "$work/${name}_$part"; fi
  done
  cp "$folder/${name}_inputs.npz" "$work/"
  "$helixfold" dev parameters "$work/${name}_recipe.json" -o "$work/$name.npz"
  "$helixfold" dev gradients --params "$work/$name.npz" --inputs "$work/${name}_inputs.npz" --output "$work/mine.npz" --threads 2
  local result verdict=no
  if result=$("$python" tools/golden/compare_gradients.py "$work/${name}_outputs.npz" "$work/mine.npz" ${single:+"$single"}); then verdict=yes; fi
  echo "| \`dev gradients\`, $name | $(tail -n 1 <<< "$result") | ≤ 1e-3 of each norm + 1e-6 of all${single:+, or thrice what JAX in fp32 differs from its own fp64}; losses 1e-4 | $verdict |"
  "$helixfold" dev gradients --params "$work/$name.npz" --inputs "$work/${name}_inputs.npz" --output "$work/kept.npz" --threads 1 --keep-activations
  echo "| \`dev gradients\` with and without \`--keep-activations\`, 1 and 2 threads, $name | $(cmp -s "$work/mine.npz" "$work/kept.npz" && echo "same bytes" || echo "differ") | equal | $(cmp -s "$work/mine.npz" "$work/kept.npz" && echo yes || echo no) |"
}
[ -d "$shared/oracle/golden" ] || [ -n "${HELIXFOLD_ORACLE_DUMPS:-}" ] ||
  absent "neither HELIXFOLD_TEST_DATA nor HELIXFOLD_ORACLE_DUMPS has dumps of the oracle"
if [ -d "$shared/oracle/golden" ]; then gradients gradients_model_1_ptm "$shared/oracle/golden"
else keep "HELIXFOLD_TEST_DATA names no folder with oracle/golden" gradients_model_1_ptm; fi
[ -n "${HELIXFOLD_ORACLE_DUMPS:-}" ] || keep "HELIXFOLD_ORACLE_DUMPS names no dumps" ", grad_"
for recipe in ${HELIXFOLD_ORACLE_DUMPS:+"$HELIXFOLD_ORACLE_DUMPS"/grad_*_recipe.json}; do
  gradients "$(basename "$recipe" _recipe.json)" "$HELIXFOLD_ORACLE_DUMPS"
done
