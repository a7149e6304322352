#!/usr/bin/env bash
# Build
set -euo pipefail

lines=$(find Sources -name '*.swift' -exec cat {} + | wc -l)
longest=$(find Sources -name '*.swift' -exec wc -l {} + | awk '$2 != "total" && $1 > n { n = $1 } END { print n }')
size=$(du -k "$HELIXFOLD" | cut -f 1)
echo "| \`find Sources -name '*.swift'\` | $lines lines, longest file $longest | longest ≤ 500 |" \
  "$([ "$longest" -le 500 ] && echo yes || echo no) |"
echo "| \`swift build -c release\` | executable of $((size / 1024)) MiB | | |"
