#!/usr/bin/env bash
# arm64: the C code compiled for it and its kernels run, on x86-64 in an emulator
set -euo pipefail

source tools/evidence-figures.sh
# HELIXFOLD_MACOS_HEADERS: the C headers of macOS, for a row of their own.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
status=0
tools/check-arm64.sh > "$work/lines" 2> "$work/log" || status=$?
[ "$status" != 69 ] || absent "$(tail -n 1 "$work/log")"
while read -r line; do
  case $line in
    *" failed, "*) echo "| \`tools/check-arm64.sh\`, every kernel against its formula in double | $line | 0 failed, error within the bound | $([[ $line == *" 0 failed, "* ]] && echo yes || echo no) |" ;;
    *" have the same bits")
      counts=$(grep -o '[0-9]* of [0-9]*' <<< "$line")
      echo "| \`tools/check-arm64.sh\` | $line | all | $([ "${counts% of *}" = "${counts#* of }" ] && echo yes || echo no) |"
      ;;
    *) echo "| \`tools/check-arm64.sh\` | $line | | |" ;;
  esac
done < "$work/lines"
[ "$status" = 0 ] || { tail -n 1 "$work/log" >&2; exit 1; }
