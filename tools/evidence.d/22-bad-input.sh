#!/usr/bin/env bash
# Bad input: one line, the right exit status, nothing half-written
set -uo pipefail

source tools/evidence-figures.sh
helixfold=$(realpath "$HELIXFOLD")
demo=$(realpath data/demo/4cup_A)
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; umount "$work/small" 2> /dev/null; rm -rf "$work"' EXIT
cd "$work" || exit 1
random="--random-weights --preset tiny --num-recycle 0"

# expect NAME STATUS PATTERN ARGUMENTS…: the command's status, and one line on standard error that matches; with `forbidden` files
# that must not be there other than structures
expect() {
  local name=$1 status=$2 pattern=$3 found lines
  shift 3
  rm -rf out && mkdir out
  timeout 60 "$helixfold" "$@" > stdout 2> stderr < "${stdin:-/dev/null}"
  found=$?
  grep -v -e '^warning' -e '^target ' -e 'plan:' -e ' recycle=' -e ' Neff ' -e '  time:' stderr | grep . > complaints
  lines=$(grep -c . complaints)
  local holds=no
  [ "$found" = "$status" ] && [ "$lines" = 1 ] && grep -qiE "$pattern" stderr \
    && [ -z "$(find out -name '*.partial-*' -o -name "${forbidden:-unrelaxed*}" | head -n 1)" ] && holds=yes
  echo "| $name | status $found, $lines line: $(tail -n 1 complaints | cut -c 1-220 | tr '|' '/') | status $status | $holds |"
}
# accept NAME STRUCTURES PATTERN ARGUMENTS…: works, writes so many structures, and says what the pattern matches
accept() {
  local name=$1 expected=$2 pattern=$3 found written holds=no
  shift 3
  rm -rf out && mkdir out
  timeout 60 "$helixfold" "$@" > stdout 2> stderr
  found=$?
  written=$(find out -name ranked_0.pdb | wc -l)
  [ $found = 0 ] && [ "$written" = "$expected" ] && grep -qE "$pattern" stderr && holds=yes
  echo "| $name | status $found, $written written: $(grep -E "$pattern" stderr | head -n 1 | cut -c 1-160 | tr '|' '/') | $expected written | $holds |"
}

: > empty.fasta
head -c 4096 /bin/ls > binary.fasta
printf '>a\nMK1V\n' > letters.fasta
printf '>a\nMKVL\n' > good.fasta
printf '>a\nMKVW\n>b\nMKVL\n' > other.a3m
printf '>a\nMKVL\n>b\nMKV\n' > ragged.a3m
printf '>a\nMKVL\n>a\nMKVL\n' > twice.fasta
printf '>../../helixfold-escape\nMKVL\n' > path.fasta
printf '>a\nMXUBZJV\n' > odd.fasta
printf '>a\nM\n>b\nMK\n' > short.fasta
"$helixfold" weights init tiny.h5 --preset tiny > /dev/null 2>&1
"$helixfold" weights init tiny.npz --preset tiny > /dev/null 2>&1
head -c 20000 tiny.npz > cut.npz
head -c 20000 tiny.h5 > cut.h5
cp "$demo.fasta" notweights.npz
python3 - <<'PY' || touch no-python
import zipfile, pickle, os
with zipfile.ZipFile("bomb.npz", "w", zipfile.ZIP_DEFLATED) as z:
    z.writestr("a//weights.npy", b"\x93NUMPY\x01\x00v\x00" + b"{'descr': '<f4', 'fortran_order': False, 'shape': (268435456,), }".ljust(117) + b"\n" + bytes(1 << 28))
class Evil:
    def __reduce__(self): return (os.system, ("touch executed",))
pickle.dump({"aatype": Evil()}, open("evil.pkl", "wb"))
pickle.dump({"a": Evil()}, open("evil.pdparams", "wb"))
PY

predict="predict -o out"
expect "empty FASTA" 65 'empty|no record|no sequence' $predict empty.fasta $random
expect "binary FASTA" 65 'binary\.fasta' $predict binary.fasta $random
expect "unknown letter" 65 'letters\.fasta:2' $predict letters.fasta $random
expect "missing FASTA" 66 'no such file' $predict nowhere.fasta $random
expect "query differs from first row" 65 'other\.a3m' $predict good.fasta --msa other.a3m $random
expect "ragged A3M" 65 'ragged\.a3m:4|ragged\.a3m:3' $predict good.fasta --msa ragged.a3m $random
forbidden=none expect "duplicate ids: the second is listed, the first done" 1 'twice\.fasta' $predict twice.fasta $random
expect "truncated npz" 65 'cut\.npz' $predict good.fasta --weights cut.npz
expect "not an npz" 65 'notweights\.npz' $predict good.fasta --weights notweights.npz
expect "zip bomb" 65 'bomb\.npz' $predict good.fasta --weights bomb.npz
expect "forbidden pickle opcode, features" 65 'evil\.pkl' $predict --features evil.pkl $random
expect "forbidden pickle opcode, weights" 65 'evil\.pdparams' $predict good.fasta --weights evil.pdparams
if [ -e no-python ]; then keep "python3 is missing" "code in a pickle"; else echo "| code in a pickle | $([ -e executed ] && echo executed || echo not executed) | never | $([ -e executed ] && echo no || echo yes) |"; fi
expect "weights of another preset" 65 'tiny' $predict good.fasta --weights tiny.h5 --preset model_1
expect "truncated HDF5 weights" 65 'cut\.h5' $predict good.fasta --weights cut.h5
expect "HDF5 of another schema" 65 'tiny\.h5' $predict --features tiny.h5 $random
mkdir folder.h5
expect "folder without FASTA files" 65 'folder\.h5' $predict folder.h5 $random
expect "folder without feature files" 65 'folder\.h5' $predict --features folder.h5 $random
expect "folder as weights" 66 'folder' $predict good.fasta --weights folder.h5
expect "unknown preset" 64 'preset' $predict good.fasta --random-weights --preset model_9
expect "a multimer network" 64 'single chains' $predict good.fasta --random-weights --preset model_1_multimer_v3
expect "relaxation" 64 'relaxation' $predict good.fasta $random --relax
expect "GPU" 64 'CPU' $predict good.fasta $random --gpu
expect "web service" 64 'web service' serve
forbidden='features.h5' expect "too little memory" 75 'max-memory' $predict good.fasta $random --max-memory 8MiB
mkdir readonly && chmod a-w readonly
if [ "$(id -u)" != 0 ]; then
  expect "unwritable folder" 73 'readonly' predict -o readonly/x good.fasta $random
else
  expect "unwritable folder (a file in its place)" 73 'good' predict -o good.fasta/x good.fasta $random
fi
if mkdir -p small && mount -t tmpfs -o size=64k tmpfs small 2> /dev/null; then
  expect "disk full" 74 'space|full' predict -o small "$demo.fasta" --msa "$demo.a3m" $random
  echo "| left on the full disk | $(find small -name '*.partial-*' | wc -l) unfinished files | 0 | $([ -z "$(find small -name '*.partial-*')" ] && echo yes || echo no) |"
else
  keep "no file system of 64 KiB can be mounted" "disk full" "left on the full disk"
fi
accept "X/U/B/Z/J residues" 1 "'B' is read as 'D'" $predict odd.fasta $random
accept "chains of one and two residues" 2 '2 residues' $predict short.fasta $random
accept "path tricks in a record name" 1 'helixfold-escape' $predict path.fasta $random
echo "| \`../../helixfold-escape\` as a record name | $([ -e ../helixfold-escape ] || [ -e ../../helixfold-escape ] && echo escaped || echo stays inside) | inside | $([ -e ../helixfold-escape ] || [ -e ../../helixfold-escape ] && echo no || echo yes) |"
# streams REDIRECTION STATUS: closed and full streams
streams() {
  local found
  rm -rf out
  timeout 60 bash -c "exec \"\$0\" $predict good.fasta $random $1" "$helixfold" > stdout 2> stderr < /dev/null
  found=$?
  echo "| \`predict … $1\` | status $found, $([ -e out/a/ranked_0.pdb ] && echo structure written) | status $2, structure written | $([ $found = "$2" ] && [ -e out/a/ranked_0.pdb ] && echo yes || echo no) |"
}
streams '2>&-' 0
streams '2>/dev/full' 0
streams '<&- >&- 2>&-' 0
streams '>/dev/full' 74
# Ctrl-C
rm -rf out
"$helixfold" $predict "$demo.fasta" --msa "$demo.a3m" --random-weights --preset mini --num-recycle 50 > stdout 2> stderr &
sleep 3
kill -INT $!
wait $!
found=$?
echo "| Ctrl-C | status $found, $(tail -n 1 stderr) | status 130, says how to go on | $([ $found = 130 ] && grep -q -- --resume stderr && echo yes || echo no) |"
