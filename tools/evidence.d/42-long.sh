#!/usr/bin/env bash
# Long sequences: memory
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
field() { sed -n "s/.*\"$1\": *\"\{0,1\}\([^\",]*\).*/\1/p" "$work/report" | head -n 1; }
holds() { awk -v a="$1" -v b="$2" 'BEGIN { print a <= b ? "yes" : "no" }'; }

# forward RESIDUES RECYCLES LIMIT-MIB FLAGS...
forward() {
  local command="bench forward --residues $1 --blocks 1 --extra-blocks 1 --msa 512 --extra 1024 --templates 4 --recycles $2 ${*:4}"
  "$HELIXFOLD" $command --repeats 1 --no-warm-up --threads 2 --json > "$work/report"
  local peak planned within
  peak=$(field peak_rss_mib) planned=$(field planned_peak_mib)
  within=$(awk -v a="$planned" -v b="$peak" 'BEGIN { d = (a - b) / b; print d <= 0.1 && d >= -0.1 }')
  echo "| \`$command\`, bf16, 2 threads | peak $peak MiB, planned $planned MiB ($(field planned_moment)), operands $(field pair_operands); $(awk -v s="$(field seconds_median)" 'BEGIN { printf "%.0f", s }') s | ≤ $3 MiB, plan within 10 % | $([ "$(holds "$peak" "$3")$within" = yes1 ] && echo yes || echo no) |"
}

forward 1024 3 4096
forward 1024 0 4096 --pair-storage int8
if [ "${HELIXFOLD_LONG:-}" = 1 ]; then
  forward 2048 3 9216
  # No extra rows and no templates; the whole run is 48 blocks and 4 of the extra stack (which costs the pair track too), 4 passes.
  command="bench block --residues 6600 --msa 32 --forward-only --repeats 1 --no-warm-up --pair-storage int8"
  "$HELIXFOLD" $command --threads 2 > "$work/report"
  peak=$(field peak_rss_mib)
  seconds=$(sed -n 's/.*"median": *\([0-9.]*\).*/\1/p' "$work/report" | head -n 1)
  echo "| \`$command\`, bf16, 2 threads | peak $peak MiB, $(awk -v s="$seconds" 'BEGIN { printf "%.0f", s }') s, $(awk -v a="$(field forward_gflop)" 'BEGIN { printf "%.0f", a / 1000 }') TFLOP, $(awk -v a="$(field forward_share_of_peak)" 'BEGIN { printf "%.0f", 100 * a }') % of the product rate; 4 passes of the whole network by the cost model: $(awk -v s="$(field whole_run_seconds)" 'BEGIN { printf "%.0f", s / 3600 }') h | ≤ 18432 MiB | $(holds "$peak" 18432) |"
else
  forward 2048 0 9216
  echo "| \`bench forward --residues 2048 --recycles 3\`, \`bench block --residues 6600 --msa 32\` | not run: HELIXFOLD_LONG=1 runs them, about an hour | ≤ 9216 MiB, ≤ 18432 MiB | reported |"
fi
