#!/usr/bin/env bash
# A sequence of 640 residues alone: memory, with a limit and with operands in blocks
set -euo pipefail

source tools/evidence-figures.sh
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

alone="--residues 640 --msa 32 --extra 0 --templates 0"
forward 500 $alone
forward 350 $alone --max-memory 300MiB
forward 300 $alone --pair-storage int8
forward 300 $alone --pair-storage fp8
