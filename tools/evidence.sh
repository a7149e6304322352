#!/usr/bin/env bash
# Runs tools/evidence.d/*.sh and writes docs/evidence.md.
#
# Each script prints rows of a Markdown table: | command | figure | reach or aim | holds? |
# It runs in the repository's root after a release build, with HELIXFOLD set to the command and
# HELIXFOLD_TEST_DATA to the data folder where there is one. A script that fails is listed as failed.
set -euo pipefail

cd "$(dirname "$0")/.."
export HELIXFOLD=${HELIXFOLD:-.build/release/helixfold}
out=docs/evidence.md
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cpu=$(sed -n 's/^model name[[:space:]]*: //p' /proc/cpuinfo 2> /dev/null | head -n 1 || true)
[ -n "$cpu" ] || cpu=$(sysctl -n machdep.cpu.brand_string 2> /dev/null || uname -m)
commit=$(git rev-parse HEAD)
[ -z "$(git status --porcelain --untracked-files=no -- . ":!$out")" ] || commit="$commit, with uncommitted changes"

{
  echo "# Evidence"
  echo
  echo "Written by \`make evidence\`; every row is one command's own figure. Not edited by hand."
  echo
  echo "- date: $(date -u +%Y-%m-%d)"
  echo "- commit: $commit"
  echo "- machine: $cpu, $(getconf _NPROCESSORS_ONLN) cores, $(uname -sm)"
  echo "- compiler: $(swift --version 2> /dev/null | grep -m 1 -o 'Swift version [0-9.]*')"
} > "$work/evidence.md"

failed=0
for script in tools/evidence.d/*.sh; do
  name=$(basename "$script" .sh)
  title=$(sed -n '2s/^# //p' "$script")
  echo "evidence: $name" >&2
  {
    echo
    echo "## ${title:-$name}"
    echo
    echo "| command | figure | reach or aim | holds |"
    echo "| --- | --- | --- | --- |"
  } >> "$work/evidence.md"
  if ! bash "$script" >> "$work/evidence.md" 2> "$work/log"; then
    echo "| \`$script\` | failed: $(tail -n 1 "$work/log" | tr '|' '/') | | no |" >> "$work/evidence.md"
    failed=$((failed + 1))
  fi
done

mv "$work/evidence.md" "$out"
echo "wrote $out; scripts that failed: $failed" >&2
[ "$failed" = 0 ]
