"""One pass of OpenFold, or one of its Evoformer blocks, on random inputs; prints seconds and memory as JSON."""
import contextlib
import sys

import peer


def block(a, torch):
  from openfold.config import model_config
  from openfold.model.evoformer import EvoformerBlock
  stack = dict(model_config('model_1').model.evoformer_stack)
  for key in ('no_blocks', 'c_s', 'blocks_per_ckpt', 'clear_cache_between_blocks', 'tune_chunk_size'): stack.pop(key, None)
  layer = EvoformerBlock(**stack).eval()
  n, s = a.residues, a.msa
  inputs = dict(m=torch.randn(s, n, 256), z=torch.randn(n, n, 128), msa_mask=torch.ones(s, n), pair_mask=torch.ones(n, n))
  return lambda: layer(inputs['m'], inputs['z'], inputs['msa_mask'], inputs['pair_mask'], chunk_size=None)


def forward(a, torch):
  from openfold.config import model_config
  from openfold.model.model import AlphaFold
  config = model_config('model_1')
  config.model.evoformer_stack.no_blocks, config.model.extra_msa.extra_msa_stack.no_blocks = a.blocks, a.extra_blocks
  config.globals.chunk_size = None
  network = AlphaFold(config).eval()
  n, s, e, t = a.residues, a.msa, a.extra, a.templates
  batch = {'aatype': torch.randint(0, 20, (n,)), 'residue_index': torch.arange(n), 'target_feat': torch.randn(n, 22),
           'seq_mask': torch.ones(n), 'msa_feat': torch.randn(s, n, 49), 'msa_mask': torch.ones(s, n),
           'extra_msa': torch.randint(0, 21, (e, n)), 'extra_has_deletion': torch.zeros(e, n),
           'extra_deletion_value': torch.zeros(e, n), 'extra_msa_mask': torch.ones(e, n),
           'template_mask': torch.ones(t), 'template_aatype': torch.randint(0, 20, (t, n)),
           'template_all_atom_positions': torch.randn(t, n, 37, 3) * 10, 'template_all_atom_mask': torch.ones(t, n, 37),
           'template_pseudo_beta': torch.randn(t, n, 3) * 10, 'template_pseudo_beta_mask': torch.ones(t, n),
           'template_torsion_angles_sin_cos': torch.randn(t, n, 7, 2), 'template_torsion_angles_mask': torch.ones(t, n, 7),
           'template_alt_torsion_angles_sin_cos': torch.randn(t, n, 7, 2), 'atom37_atom_exists': torch.ones(n, 37),
           'residx_atom37_to_atom14': torch.zeros(n, 37, dtype=torch.long)}
  batch = {key: value[..., None] for key, value in batch.items()}
  return lambda: network(dict(batch))


def main():
  a = peer.arguments()
  try:
    import torch
    import openfold
    run = (block if a.work == 'block' else forward)(a, torch)
  except ImportError as error:
    sys.exit(f'missing: Python package {error.name or error} (Benchmarks/compare/setup.sh --torch)')
  torch.set_num_threads(1)
  precision = torch.autocast('cpu', dtype=torch.bfloat16) if a.bf16 else contextlib.nullcontext()
  with torch.no_grad(), precision:
    peer.report(run, a.repeats)


if __name__ == '__main__':
  main()
