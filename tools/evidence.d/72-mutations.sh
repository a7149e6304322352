#!/usr/bin/env bash
# Damaged input files: no crash, no hang, no waste of memory
set -euo pipefail

# HELIXFOLD_MUTATIONS: how many inputs over all formats.
count=${HELIXFOLD_MUTATIONS:-1000000}
program=$(dirname "$HELIXFOLD")/mutate-inputs
table=$(mktemp)
trap 'rm -f "$table" "$table.err" "$table.line"' EXIT
status=0
nice -n 10 "$program" "$count" 1 > "$table" 2> "$table.err" || status=$?
awk -F '\t' 'NR > 1 && NF == 6 { n += $2; read += $3; slow += $5; bad += $6; if ($4 > most) { most = $4; at = $1 } formats++ }
  /^peak memory/ { memory = $2 }
  END { printf "%d inputs of %d formats, %d read, %d refused; slowest %.0f ms (%s), %d over 1 s, %d messages not of one line, peak memory %s\n", n, formats, read, n - read, most, at, slow, bad, memory }' \
  "$table" > "$table.line"
crash=$(cat "$table.err")
echo "| \`mutate-inputs $count 1\` | $(cat "$table.line")${crash:+; $crash} | no crash, none over 1 s, 512 MiB | $([ "$status" = 0 ] && echo yes || echo no) |"
