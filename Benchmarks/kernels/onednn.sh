#!/usr/bin/env bash
# Compares our bf16 products with oneDNN's (Debian package libdnnl-dev): Benchmarks/kernels/onednn.sh
# Needs no build of the package. Exit status 69 where the library or the processor's bf16 products are missing.
set -euo pipefail

cd "$(dirname "$0")"
compiler=${CC:-$(command -v clang || command -v cc)}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if ! echo '#include <oneapi/dnnl/dnnl.h>' | "$compiler" -E - > /dev/null 2>&1; then
  echo "onednn.sh: oneDNN is not installed (apt-get install libdnnl-dev)" >&2
  exit 69
fi
"$compiler" -O2 -std=c17 -ISources/CKernels/include -ISources/kernel-bench Sources/CKernels/src/*.c \
  Sources/kernel-bench/timing.c onednn/main.c -ldnnl -lm -o "$work/onednn-bench"
OMP_NUM_THREADS=1 "$work/onednn-bench"
