"""Compares gradient dumps: compare_gradients.py REFERENCE.npz MINE.npz [FP32.npz]; exit status 1 if they differ.

REFERENCE  outputs of the oracle's gradients.py, whole or with --digest
MINE       output of `helixfold dev gradients` on the same inputs and parameters
FP32       outputs of gradients.py without --x64: where these differ more from REFERENCE, three times that is the bound

Loss terms: relative 1e-4. Arrays: |g - ref| <= 1e-3 |ref| + 1e-6 (global norm); arrays that are exactly zero must be. Digests
(norm, 32 elements) can only be consistent with that bound.
"""
import sys

import numpy as np

VANISHING = {  # a constant added to all logits of a softmax: zero but for rounding
    'feat_2d_norm//offset': 'enters the logits of row attention as the same number for every key',
    'attention_2d//bias': 'adds the same number to the logits of point attention for every key',
}


LOSSES = ['loss'] + ['loss/' + name for name in (
    'distogram/loss', 'experimentally_resolved/loss', 'masked_msa/loss', 'predicted_aligned_error/loss', 'predicted_lddt/loss',
    'structure_module/angle_norm_loss', 'structure_module/chi_loss', 'structure_module/fape', 'structure_module/loss',
    'structure_module/sidechain_fape')]


def ranked(error):
  """What is no number counts as the worst."""
  return np.inf if np.isnan(error) else error


def compare_losses(reference, mine):
  worst = (-1.0, 'no loss')
  for name in LOSSES:
    if name not in reference: continue  # a head that the network lacks
    expected, found = float(reference[name]), float(mine[name]) if name in mine else np.nan
    error = ranked(abs(found - expected) / max(abs(expected), 1e-30))
    worst = max(worst, (error, name))
    print(f'{error:.1e}  {found:.9f}  {expected:.9f}  {name}')
  return worst


def distance(reference, mine, key):
  """(|g - ref|, |ref|); from a digest a lower bound of the first."""
  gradient = mine['grad/' + key].astype(np.float64).ravel()
  if 'grad/' + key in reference:
    expected = reference['grad/' + key].astype(np.float64).ravel()
    return np.linalg.norm(gradient - expected), np.linalg.norm(expected)
  norm = float(reference['grad_norm/' + key])
  picked = gradient[reference['grad_pick_index/' + key]] - reference['grad_pick/' + key]
  return max(abs(np.linalg.norm(gradient) - norm), np.linalg.norm(picked)), norm


def main(reference, mine, single=None):
  reference, mine = np.load(reference), np.load(mine)
  single = np.load(single) if single else None
  worst_loss = compare_losses(reference, mine)
  total = float(reference['grad_global_norm'])
  keys = [name.split('/', 1)[1] for name in reference if name.startswith(('grad/', 'grad_norm/'))]
  bad, worst, widened = [], (-1.0, 'none'), 0
  for key in keys:
    if 'grad/' + key not in mine:
      bad.append((np.inf, key))
      continue
    error, norm = distance(reference, mine, key)
    bound = 1e-3 * norm + 1e-6 * total
    if single is not None:
      rounding = 3 * distance(reference, single, key)[0]
      widened += bound < error <= rounding
      bound = max(bound, rounding)
    ratio = ranked(error / bound)
    worst = max(worst, (ratio, key))
    if not ratio <= 1 or (norm == 0 and error != 0): bad.append((ratio, key))
    note = next((reason for name, reason in VANISHING.items() if key.endswith(name)), '')
    if note: print(f'{error / total:.1e} of the global norm: {key}: {note}')
  for ratio, key in sorted(bad, reverse=True): print(f'{ratio:10.2f} times the bound: {key}')
  whole = sum('grad/' + key in reference for key in keys)
  counts = f'{len(keys)} gradients' if whole == len(keys) else f'{whole} gradients and {len(keys) - whole} digests of them'
  of_jax = '' if single is None else f', {widened} within them only by the difference of JAX in fp32'
  print(f'{counts}, {len(bad)} beyond their bounds{of_jax}, worst {worst[0]:.3f} of it ({worst[1]}); '
        f'losses within {worst_loss[0]:.1e} ({worst_loss[1]})')
  return int(bool(bad) or not keys or not 0 <= worst_loss[0] <= 1e-4)


if __name__ == '__main__':
  sys.exit(main(*sys.argv[1:]))
