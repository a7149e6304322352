#!/usr/bin/env bash
# Runs tools/evidence.d/*.sh and writes docs/evidence.md; with numbers of scripts (70 71) renews only their sections.
#
# Each script prints rows of a Markdown table: | command | figure | reach or aim | holds? |
# It runs in the repository's root after a release build, with HELIXFOLD set to the command and
# HELIXFOLD_TEST_DATA to the data folder where there is one. A script that fails is listed as failed; one that ends with 3, or
# prints no row, lacks something, and its section stays as it was; a line of `keep` (tools/evidence-figures.sh) keeps single rows. What the scripts ask for is listed in docs/performance.md.
set -euo pipefail

cd "$(dirname "$0")/.."
export HELIXFOLD=${HELIXFOLD:-.build/release/helixfold}
out=docs/evidence.md
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cpu=$(sed -n 's/^model name[[:space:]]*: //p' /proc/cpuinfo 2> /dev/null | head -n 1 || true)
[ -n "$cpu" ] || cpu=$(sysctl -n machdep.cpu.brand_string 2> /dev/null || uname -m)
# Names of processors of a cloud are those of a whole series; family and model tell its generations apart.
generation=$(awk -F': *' '/^cpu family/ { f = $2 } /^model[[:space:]]*:/ { m = $2 } END { if (f != "") print " (family " f ", model " m ")" }' \
  /proc/cpuinfo 2> /dev/null || true)
cpu=$cpu$generation
compiler=$(swift --version 2> /dev/null | grep -m 1 -o 'Swift version [0-9.]*' || true)
commit=$(git rev-parse --short HEAD)
# Figures must name a commit that made them; HELIXFOLD_EVIDENCE_DRAFT=1 measures uncommitted work, and marks every section.
if [ -n "$(git status --porcelain --untracked-files=no -- . ":!$out" ":!docs/figures")" ]; then
  if [ "${HELIXFOLD_EVIDENCE_DRAFT:-}" != 1 ]; then
    echo "evidence: there are uncommitted changes; commit them, or set HELIXFOLD_EVIDENCE_DRAFT=1 for figures that are not to be kept" >&2
    exit 64
  fi
  commit="$commit and uncommitted changes"
fi

title_of() { sed -n '2s/^# //p' "$1"; }
chosen() {  # is the script among those asked for?
  [ "$#" -gt 1 ] || return 0
  local script=$1 number
  shift
  for number; do [[ $(basename "$script") == "$number"-* ]] && return 0; done
  return 1
}

# What the page holds under a title now.
kept() {
  awk -v title="## $1" '/^## / { on = $0 == title } on' "$out" 2> /dev/null | sed -e :a -e '/^\n*$/{$d;N;ba' -e '}' > "$work/old" || true
  if [ -s "$work/old" ]; then { echo; cat "$work/old"; } else printf '\n## %s\n\nNot measured yet.\n' "$1"; fi
}

for number; do
  compgen -G "tools/evidence.d/$number-*.sh" > /dev/null || { echo "evidence: no script has the number $number" >&2; exit 64; }
done

failed=0
{
  echo "# Evidence"
  echo
  echo "Written by \`make evidence\`; every row is one command's own figure. Not edited by hand."
} > "$work/evidence.md"
for script in tools/evidence.d/*.sh; do
  title=$(title_of "$script")
  section=$work/section
  if chosen "$script" "$@"; then
    echo "evidence: $(basename "$script" .sh)" >&2
    {
      echo
      echo "## $title"
      echo
      echo "$(date -u +%Y-%m-%d), commit $commit, $cpu, $(getconf _NPROCESSORS_ONLN) cores, $(uname -sm)${compiler:+, $compiler}"
      echo
      echo "| command | figure | reach or aim | holds |"
      echo "| --- | --- | --- | --- |"
    } > "$section"
    status=0
    bash "$script" > "$work/rows" 2> "$work/log" || status=$?
    kept "$title" > "$work/kept"
    awk -f tools/evidence-rows.awk "$work/kept" "$work/rows" >> "$section"
    if [ "$status" = 0 ] && [ ! -s "$work/rows" ]; then
      echo "nothing to measure was at hand" > "$work/log"
      status=3
    fi
    if [ "$status" = 3 ]; then
      echo "evidence: $(basename "$script" .sh) keeps its figures: $(tail -n 1 "$work/log")" >&2
      kept "$title" > "$section"
    elif [ "$status" != 0 ]; then
      echo "| \`$script\` | failed: $(tail -n 1 "$work/log" | tr '|' '/') | | no |" >> "$section"
      failed=$((failed + 1))
    fi
  else
    kept "$title" > "$section"
  fi
  cat "$section" >> "$work/evidence.md"
done

mv "$work/evidence.md" "$out"
echo "wrote $out; scripts that failed: $failed" >&2
[ "$failed" = 0 ]
