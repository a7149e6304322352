#!/usr/bin/env bash
# Prints the environment of a build that runs over several processes, where an MPI library is installed: eval "$(tools/mpi-flags.sh)"
#
# The library's own pkg-config file has linker flags that the Swift package manager refuses with a warning; the file written here
# (.build/pkgconfig/helixfold-mpi.pc) has only the folders and the name of the library.
set -euo pipefail

cd "$(dirname "$0")/.."
for module in mpich ompi-c; do
  pkg-config --exists "$module" 2> /dev/null || continue
  mkdir -p .build/pkgconfig
  {
    echo "Name: helixfold-mpi"
    echo "Description: MPI as helixfold links it"
    echo "Version: $(pkg-config --modversion "$module")"
    echo "Cflags: $(pkg-config --cflags-only-I "$module")"
    echo "Libs: $(pkg-config --libs-only-L "$module") $([ "$module" = mpich ] && echo -lmpich || echo -lmpi)"
  } > .build/pkgconfig/helixfold-mpi.pc
  printf 'export HELIXFOLD_MPI=helixfold-mpi PKG_CONFIG_PATH=%q\n' "$PWD/.build/pkgconfig${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}"
  break
done
