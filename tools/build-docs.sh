#!/usr/bin/env bash
# Builds the documentation of the libraries with the toolchain's docc: build-docs.sh [FOLDER, default docs-archive]
#
# One archive per library, FOLDER/<Name>.doccarchive, to be served from disk or opened in Xcode. Needs a release build.
set -euo pipefail

folder=${1:-docs-archive}
cd "$(dirname "$0")/.."
mkdir -p "$folder"
folder=$(realpath "$folder")
triple=$(swift -print-target-info | sed -n 's/.*"unversionedTriple" *: *"\(.*\)".*/\1/p' | head -n 1)
graphs=$(mktemp -d)
trap 'rm -rf "$graphs"' EXIT
for name in StructureIO Scoring Reports; do
  mkdir "$graphs/$name"
  swift symbolgraph-extract -module-name "$name" -target "$triple" -I .build/release/Modules \
    -minimum-access-level public -output-dir "$graphs/$name"
  docc convert "Sources/$name/$name.docc" --additional-symbol-graph-dir "$graphs/$name" \
    --fallback-display-name "$name" --fallback-bundle-identifier "helixfold.$name" \
    --output-path "$folder/$name.doccarchive" > "$graphs/log" 2>&1 || { cat "$graphs/log" >&2; exit 1; }
  echo "$folder/$name.doccarchive"
done
