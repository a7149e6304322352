#!/usr/bin/env bash
# Reports in a browser: headless Chromium with software WebGL
set -euo pipefail

source tools/evidence-figures.sh
command -v chromium > /dev/null || command -v google-chrome > /dev/null || absent "chromium is missing"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$HELIXFOLD" predict data/demo/4cup_A.fasta --msa data/demo/4cup_A.a3m --random-weights --preset tiny \
  --reference data/demo/4cup_A.pdb --plots png -o "$work" > /dev/null 2>&1
"$HELIXFOLD" evaluate data/demo --predictions demo="$work" -o "$work/evaluation" > /dev/null 2>&1
for page in 4cup_A evaluation; do
  for view in "1280 2600 light" "390 2600 dark"; do
    read -r width height scheme <<< "$view"
    if found=$(tools/report/check-page.sh "$work/$page/report.html" "$work/$page-$width.png" $view); then good=yes; else good=no; fi
    echo "| \`check-page.sh\` on the page of $page, $width px wide, $scheme | $found |" \
      "canvas painted, plots there, no message in the console, at most 8 MiB | $good |"
  done
done
