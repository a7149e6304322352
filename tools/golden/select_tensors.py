"""Keeps what the tests compare: select_tensors.py DUMPS FIXTURES CASE...

Of the last pass: what went in (`prev_*`), the trunk after each module, every layer's frames, all heads.
"""
import re
import sys

import numpy as np

KEEP = (
    r'prev_(pos|pair|msa_first_row)',
    r'inter/embedder/(msa|pair|extra_msa)',
    r'inter/template/(pair_stack|pair|msa_rows)',
    r'inter/extra/0/(msa|pair)',
    r'inter/evoformer/0/(msa|pair)',
    r'inter/structure/0/ipa',
    r'inter/structure/\d/(affine|angles_sin_cos)',
    r'inter/structure/7/(act|frames)',
    r'representations/single',
    r'structure_module/final_atom_positions',
    r'(distogram|masked_msa|experimentally_resolved|predicted_lddt|predicted_aligned_error)/logits',
    r'plddt|pae|ptm',
)


def main(dumps, fixtures, *cases):
  for case in cases:
    outputs = np.load(f'{dumps}/{case}_outputs.npz')
    last = max(int(name[4]) for name in outputs if name.startswith('pass'))
    prefix = f'pass{last}/'
    kept = {name: outputs[name] for name in outputs
            if name.startswith(prefix) and re.fullmatch('|'.join(KEEP), name[len(prefix):])}
    kept = {name: value for name, value in kept.items() if np.any(value) or 'prev_' not in name}
    np.savez_compressed(f'{fixtures}/{case}_outputs.npz', **kept)
    np.savez_compressed(f'{fixtures}/{case}_inputs.npz', **np.load(f'{dumps}/{case}_inputs.npz'))
    print(f'{case}: {len(kept)} of {len(outputs.files)} tensors')


if __name__ == '__main__':
  main(*sys.argv[1:])
