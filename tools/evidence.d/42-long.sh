#!/usr/bin/env bash
# Long sequences: memory
set -euo pipefail

source tools/evidence-figures.sh
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

issue="--msa 512 --extra 1024 --templates 4"
forward 4096 --residues 1024 $issue --recycles 3
if [ "${HELIXFOLD_LONG:-}" = 1 ]; then
  forward 9216 --residues 2048 $issue --recycles 3
else
  forward 9216 --residues 2048 $issue
  keep "HELIXFOLD_LONG=1 runs it" "\`bench forward --blocks 1 --extra-blocks 1 --residues 2048 $issue --recycles 3"
fi
