#!/usr/bin/env bash
# Long sequences: memory
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
field() { sed -n "s/.*\"$1\": *\"\{0,1\}\([^\"]*[^\",]\).*/\1/p" "$work/report" | head -n 1; }
holds() { awk -v a="$1" -v b="$2" 'BEGIN { print (a <= b ? "yes" : "no") }'; }

# forward LIMIT-MIB FLAGS...: measured and planned peak of whole passes
forward() {
  local command="bench forward --blocks 1 --extra-blocks 1 ${*:2}" peak planned within
  "$HELIXFOLD" $command --repeats 1 --no-warm-up --threads 2 --json > "$work/report"
  peak=$(field peak_rss_mib) planned=$(field planned_peak_mib)
  within=$(awk -v a="$planned" -v b="$peak" 'BEGIN { d = (a - b) / b; print (d <= 0.1 && d >= -0.1) }')
  echo "| \`$command\`, bf16, 2 threads | peak $peak MiB, planned $planned MiB ($(field planned_moment)), operands $(field pair_operands); $(awk -v s="$(field seconds_median)" 'BEGIN { printf "%.1f", s }') s | ≤ $1 MiB, plan within 10 % | $([ "$(holds "$peak" "$1")$within" = yes1 ] && echo yes || echo no) |"
}

issue="--msa 512 --extra 1024 --templates 4"
alone="--residues 640 --msa 32 --extra 0 --templates 0"
forward 500 $alone
forward 350 $alone --max-memory 300MiB
forward 300 $alone --pair-storage int8
forward 300 $alone --pair-storage fp8
forward 4096 --residues 1024 $issue --recycles 3
if [ "${HELIXFOLD_LONG:-}" = 1 ]; then
  forward 9216 --residues 2048 $issue --recycles 3
else
  forward 9216 --residues 2048 $issue
  echo "| \`bench forward --residues 2048 $issue --recycles 3\` | not run: HELIXFOLD_LONG=1 runs it | ≤ 9216 MiB | reported |"
fi
