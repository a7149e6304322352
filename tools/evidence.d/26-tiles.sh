#!/usr/bin/env bash
# Tiles under --max-memory: the same files for every size
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
demo=data/demo/4cup_A
# the same names, and the same bytes but for the files that name times or threads
same() {
  [ "$(cd "$work/$1" && find . | sort)" = "$(cd "$work/$2" && find . | sort)" ] || return 1
  diff -rq -x timings.json -x summary.tsv -x report.html -x features.h5 -x "provenance_*" "$work/$1" "$work/$2"
}

# Tiles of an operand: whole, and ever fewer lines under the smallest limits; they are worth it for long chains only
sequence=$(tail -n +2 $demo.fasta | tr -d '\n')
printf '>long\n%s\n' "$sequence$sequence$sequence$sequence$sequence$sequence$sequence$sequence$sequence" > "$work/long.fasta"
# AlphaFold2's widths: in narrow networks writing the results needs more than a pass with tiles
echo '{"preset": "model_1", "evoformer": {"blocks": 1}, "extraMSA": {"blocks": 1}}' > "$work/wide.json"
long() {
  "$HELIXFOLD" predict "$work/long.fasta" --random-weights --preset "$work/wide.json" --num-recycle 0 --threads 2 "$@"
}
# plan_of FIELD FLAGS...: what the plan says; nothing if it is refused
plan_of() {
  local said
  said=$(long --dry-run --progress json -o "$work/plan" "${@:2}" 2>&1 > /dev/null) || return 0
  sed -n "s/.*\"$1\": *\([0-9]*\).*/\1/p" <<< "$said" | head -n 1
}
tiles=()
limit=$(plan_of peak_bytes)
while lines=$(plan_of tile_lines --max-memory "$limit") && [ -n "$lines" ]; do
  tiles+=("$lines")
  long --max-memory "$limit" -o "$work/tiles$lines" > /dev/null 2>&1
  limit=$(($(plan_of peak_bytes --max-memory "$limit") - 1))
done
equal=yes
for lines in "${tiles[@]}"; do same "tiles${tiles[0]}" "tiles$lines" > /dev/null 2>&1 || equal=no; done
[ "${#tiles[@]}" -ge 3 ] || equal=no
echo "| \`predict --max-memory\` with tiles of ${tiles[*]} lines, $((${#sequence} * 9)) residues | same files: $equal | equal, all sizes that lower the peak, three or more | $equal |"
