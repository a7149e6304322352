#!/usr/bin/env bash
# Opens a report page in headless Chromium and says what it shows.
#
#   tools/report/check-page.sh report.html screenshot.png [WIDTH] [HEIGHT] [dark]
#
# Prints one line: bytes, plots, share of the canvas that is painted, messages of the console. Exit status 1 unless the
# canvas shows something, there is a plot, the console is silent and the file is at most 8 MiB.
set -euo pipefail

page=$(realpath "$1")
shot=$(realpath -m "$2")
width=${3:-1280}
height=${4:-2400}
scheme=${5:-light}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chromium=$(command -v chromium || command -v chromium-browser || command -v google-chrome)

# A copy of the page that counts its own errors and, once it has drawn itself, reads its canvas back.
awk -v probe="$(cat "$(dirname "$0")/probe.js")" '
  { print }
  /<head>/ && !done { print "<script>" probe "</script>"; done = 1 }' "$page" > "$work/page.html"

run() {
  timeout 120 "$chromium" --headless=new --no-sandbox --disable-gpu-sandbox --use-angle=swiftshader \
    --enable-unsafe-swiftshader --hide-scrollbars --user-data-dir="$work/profile" \
    --host-resolver-rules="MAP * ~NOTFOUND" --virtual-time-budget=8000 --window-size="$width,$height" \
    --blink-settings="preferredColorScheme=$([ "$scheme" = dark ] && echo 0 || echo 1)" "$@" 2> "$work/log"
}

run --screenshot="$shot" "file://$page" > /dev/null || { tail -n 3 "$work/log" >&2; exit 1; }
run --dump-dom "file://$work/page.html" > "$work/dom.html"

found=$(grep -o 'data-probe="[^"]*"' "$work/dom.html" | head -n 1 | cut -d '"' -f 2)
[ -n "$found" ] || { echo "the page did not answer" >&2; exit 1; }
bytes=$(wc -c < "$page")
echo "bytes=$bytes $found"
read -r plots painted errors <<< "$(sed 's/[a-z]*=//g' <<< "$found")"
[ "$bytes" -le $((8 << 20)) ] && [ "$plots" -ge 1 ] && [ "$errors" -eq 0 ] \
  && awk -v p="$painted" 'BEGIN { exit !(p >= 0.01 && p <= 0.99) }'
