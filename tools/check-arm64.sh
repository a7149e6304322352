#!/usr/bin/env bash
# Compiles the C sources for arm64 and runs the kernels there: tools/check-arm64.sh
#
# On x86-64 Debian the kernels run in qemu-user, an emulator of the processor, and the bits of the NEON path are compared with those of
# the same code compiled for x86-64. Needs the clang of the Swift toolchain and the packages gcc-aarch64-linux-gnu,
# libc6-dev-arm64-cross and qemu-user. On arm64 Linux and macOS the kernels run on the processor, and clang is all it needs.
# HELIXFOLD_MACOS_HEADERS names a folder with the C headers of macOS (usr/include of its SDK): the C sources are compiled for macOS too.
# Exit status 1 if a check fails, 69 if something is missing.
set -euo pipefail

cd "$(dirname "$0")/.."
include="-ISources/CKernels/include -ISources/CProcess/include -ISources/CMessagePassing/include -ISources/COpenBLAS/include"
flags="-std=c17 -Wall -Wextra -Werror $include"
kernels=(Sources/CKernels/src/*.c)
others=(Sources/CProcess/*.c Sources/CMessagePassing/*.c Sources/COpenBLAS/*.c)
sweep=(tools/arm64/*.c)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
clang=${CC:-clang}

missing() {
  echo "check-arm64: $1" >&2
  exit 69
}

# compile FOLDER COMMAND... -- FILE...: an object of each file.
compile() {
  local folder=$work/$1 command=() file
  shift
  while [ "$1" != -- ]; do command+=("$1"); shift; done
  shift
  mkdir -p "$folder"
  for file; do "${command[@]}" $flags -c "$file" -o "$folder/$(basename "$file" .c).o"; done
}

# run PATH: the sweep on a path, its cases in `work`; prints the summary.
run() {
  local status=0
  $emulator "$work/sweep" "$1" > "$work/$1.cases" 2> "$work/$1.log" || status=$?
  if [ "$status" != 0 ]; then
    grep -E 'does not hold|allowed error|no path' "$work/$1.log" >&2 || tail -n 3 "$work/$1.log" >&2
    failed=1
  fi
  echo "$(tail -n 1 "$work/$1.log")$where"
}

command -v "$clang" > /dev/null || missing "needs clang, which the Swift toolchain has (https://swift.org/install)"
machine=$(uname -m)
case $machine in
  arm64 | aarch64) target=() emulator= where= linker=("$clang") ;;
  x86_64)
    if ! command -v aarch64-linux-gnu-gcc > /dev/null || ! command -v qemu-aarch64 > /dev/null; then
      missing "needs an arm64 compiler and emulator: apt-get install gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user"
    fi
    target=(--target=aarch64-linux-gnu) emulator=qemu-aarch64 linker=(aarch64-linux-gnu-gcc -static)
    where=", $(qemu-aarch64 --version | sed -n '1s/ (.*//p')"
    ;;
  *) missing "runs on x86-64 and arm64, not on $machine" ;;
esac

failed=0
compile target "$clang" ${target[@]+"${target[@]}"} -O2 -- "${kernels[@]}" "${others[@]}" "${sweep[@]}"
count=$((${#kernels[@]} + ${#others[@]}))
echo "$count C files compiled for arm64 $([ "$(uname)" = Darwin ] && echo macOS || echo Linux) without a warning," \
  "$("$clang" --version | sed -n '1s/ (.*//p')"
if [ "$machine" = x86_64 ]; then
  # The kernels are written in clang's vector language; gcc looks at the rest.
  compile gcc aarch64-linux-gnu-gcc -O2 -- "${others[@]}" Sources/CKernels/src/dispatch.c Sources/CKernels/src/scratch.c
  echo "$((${#others[@]} + 2)) of them also with gcc $(aarch64-linux-gnu-gcc -dumpfullversion)"
fi
if [ -n "${HELIXFOLD_MACOS_HEADERS:-}" ]; then
  for architecture in arm64 x86_64; do
    compile "macos-$architecture" "$clang" -target "$architecture-apple-macos15" -nostdlibinc -isystem "$HELIXFOLD_MACOS_HEADERS" \
      -O1 -- "${kernels[@]}" "${others[@]}"
  done
  echo "$count C files compiled for macOS on arm64 and x86-64 without a warning; not run"
fi

(cd "$work/target" && "${linker[@]}" main.o products.o attention.o rows.o elements.o blocks.o dispatch.o scratch.o isa_*.o \
  -lm -o ../sweep)
for path in neon portable emulated-bf16 emulated-amx emulated-neon; do run "$path"; done
[ "$machine" = x86_64 ] || exit "$failed"

# The twin: the tile and vectors of the NEON path on this processor, with the fused multiply-add that arm64 always has.
if ! grep -q -m 1 -w fma /proc/cpuinfo; then
  echo "bits not compared: this processor has no fused multiply-add"
  exit "$failed"
fi
compile twin "$clang" -O0 -- "${kernels[@]}"
compile twin "$clang" -O2 -mfma -DHF_FUSED_MULTIPLY_ADD=1 -- Sources/CKernels/src/isa_emulated_neon.c "${sweep[@]}"
"$clang" "$work"/twin/*.o -lm -o "$work/twin.out"
"$work/twin.out" emulated-neon > "$work/twin.cases" 2> "$work/twin.log" || { tail -n 3 "$work/twin.log" >&2; failed=1; }
all=$(wc -l < "$work/neon.cases")
same=$(comm -12 <(sort "$work/neon.cases") <(sort "$work/twin.cases") | wc -l)
diff "$work/neon.cases" "$work/twin.cases" | sed -n '1,5s/^[<>]/check-arm64: &/p' >&2 || true
echo "neon on arm64 against the same code on x86-64: $same of $all cases have the same bits"
[ "$same" = "$all" ] || failed=1
exit "$failed"
