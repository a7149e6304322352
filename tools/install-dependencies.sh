#!/usr/bin/env bash
# Installs the system libraries that helixfold builds on, if any is missing; with --mpi also MPICH, for runs over several processes.
set -euo pipefail

packages=(libopenblas-dev libhdf5-dev libzip-dev zlib1g-dev pkg-config)
[ "${1:-}" != --mpi ] || packages+=(mpich libmpich-dev)

if ! command -v swift > /dev/null; then
  echo "swift is not on PATH: install the Swift 6.3 toolchain (https://swift.org/install), then try again" >&2
  exit 69
fi

if [ "$(uname)" = Darwin ]; then
  missing=()
  for formula in hdf5 libzip pkg-config; do
    brew list --versions "$formula" > /dev/null 2>&1 || missing+=("$formula")
  done
  if [ ${#missing[@]} -gt 0 ]; then
    echo "missing libraries: run 'brew install ${missing[*]}', then try again" >&2
    exit 69
  fi
  exit 0
fi

# Libraries from elsewhere (modules, conda, /usr/local) are as good as packages.
has_required=
if [ "${1:-}" != --mpi ] && pkg-config --exists hdf5 libzip zlib 2> /dev/null; then
  # OpenBLAS is loaded when it is asked for: the name of the library counts, not its headers.
  if pkg-config --exists openblas || ldconfig -p 2> /dev/null | grep 'libopenblas\.so' > /dev/null; then
    exit 0
  fi
  has_required=yes
  packages=(libopenblas-dev)
fi

if ! command -v dpkg-query > /dev/null; then
  [ -z "$has_required" ] || exit 0
  echo "no apt here: provide ${packages[*]} (names of Debian packages) and go on" >&2
  exit 0
fi

missing=()
for package in "${packages[@]}"; do
  state=$(dpkg-query --show --showformat '${db:Status-Status}' "$package" 2> /dev/null || true)
  [ "$state" = installed ] || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

if [ "$(id -u)" = 0 ]; then
  as_root=()
elif command -v sudo > /dev/null; then
  as_root=(sudo ${has_required:+-n})
elif [ -n "$has_required" ]; then
  echo "no OpenBLAS, which is optional: ask for 'apt-get install ${missing[*]}' to have it" >&2
  exit 0
else
  echo "missing packages, and neither root nor sudo: ask for 'apt-get install ${missing[*]}'" >&2
  exit 69
fi
echo "installing ${missing[*]}" >&2
install() {
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -qq &&
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
      apt-get install -y -qq --no-install-recommends "${missing[@]}" > /dev/null
}
if ! install; then
  [ -n "$has_required" ] || exit 69
  echo "no OpenBLAS, which is optional; going on without it" >&2
fi
