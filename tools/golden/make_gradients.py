"""Makes the golden gradients: make_gradients.py ORACLE FIXTURES

ORACLE    folder of gradients.py and af2.py, drivers that run DeepMind's own network and losses in double precision
FIXTURES  folder of model_1_ptm_inputs.npz, made by make-golden.sh

A synthetic target is added to those inputs: a compact walk of residues with random torsions, some atoms and one residue
unresolved. Of every gradient the norm and four projections are kept, on the uniform numbers of the streams
`projection<k>//` + key, seed 1 (README.md there says how they are drawn). Seed of the target: 11.
"""
import json
import os
import subprocess
import sys
import tempfile

import numpy as np

oracle, fixtures = sys.argv[1:]
sys.path.insert(0, oracle)
import af2
import jax
import jax.numpy as jnp

jax.config.update('jax_enable_x64', True)
af = af2.load('deepmind')
rc, aa = af.constants, af.all_atom
from alphafold.model import r3

PROJECTIONS = 4
LABELS = ('all_atom_positions', 'all_atom_mask', 'resolution')


def rotation(rng):
  """A rotation by a random vector of about one radian."""
  x, y, z = rng.normal(0, 1, 3)
  k = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
  angle = np.linalg.norm([x, y, z])
  return np.eye(3) + np.sin(angle) / angle * k + (1 - np.cos(angle)) / angle**2 * k @ k


def target(aatype):
  """Atoms [N, 37, 3] in Å and their mask."""
  rng = np.random.default_rng(11)
  n = len(aatype)
  unit = lambda x: x / np.linalg.norm(x, axis=-1, keepdims=True)
  trans = np.cumsum(3.6 * unit(rng.normal(0, 1, (n, 3)) + [0.4, 0, 0]), 0)
  frames = np.concatenate([np.stack([rotation(rng) for _ in range(n)]).reshape(n, 9), trans], -1)
  groups = aa.torsion_angles_to_frames(
      aatype, r3.rigids_from_tensor_flat12(jnp.asarray(frames)), jnp.asarray(unit(rng.normal(0, 1, (n, 7, 2)))))
  atoms = np.asarray(r3.vecs_to_tensor(aa.frames_and_literature_positions_to_atom14_pos(aatype, groups)))
  pos, mask = np.zeros((n, 37, 3)), np.zeros((n, 37))
  for i, t in enumerate(aatype):
    for j, name in enumerate(rc.restype_name_to_atom14_names[rc.restype_1to3[rc.restypes[t]]] if t < 20 else []):
      if name: pos[i, rc.atom_order[name]], mask[i, rc.atom_order[name]] = atoms[i, j], 1
  mask *= rng.random(mask.shape) > 0.04
  mask[5] = 0
  return np.round(pos * mask[..., None], 3).astype(np.float32), mask.astype(np.float32)


def digest(name, gradient):
  flat = gradient.ravel().astype(np.float64)
  dots = [flat @ af2.uniform(f'projection{k}//{name}', flat.size, 1) for k in range(PROJECTIONS)]
  return [float(f'{x:.9g}') for x in [np.linalg.norm(flat), *dots]]


def main():
  inputs = dict(np.load(f'{fixtures}/model_1_ptm_inputs.npz'))
  aatype = inputs['aatype'][0]
  labels = af2.make_labels(af, aatype, *target(aatype))
  labels['use_clamped_fape'] = np.float32(1)
  repeat = lambda v: np.repeat(np.asarray(v)[None], len(inputs['aatype']), 0)
  with tempfile.TemporaryDirectory() as work:
    np.savez(f'{work}/in.npz', **inputs, **{k: repeat(v) for k, v in labels.items()})
    subprocess.run(
        [sys.executable, f'{oracle}/gradients.py', '--config', 'model_1_ptm', '--inputs', f'{work}/in.npz', '--seed', '1',
         '--evoformer', '1', '--extra', '1', '--template-blocks', '1', '--recycles', '1', '--x64', '--zero-pre-omega',
         '--no-params', '--out', f'{work}/g'], check=True, env={**os.environ, 'OMP_NUM_THREADS': '1'})
    outputs = np.load(f'{work}/g_outputs.npz')
    golden = {
        'loss': {name: float(outputs[name]) for name in sorted(outputs) if name.startswith('loss')},
        'global_norm': float(outputs['grad_global_norm']),
        'gradient': {name[5:]: digest(name[5:], outputs[name]) for name in sorted(outputs) if name.startswith('grad/')}}
  kept = {k: repeat(labels[k]) for k in (*LABELS, 'use_clamped_fape')}
  np.savez_compressed(f'{fixtures}/gradients_inputs.npz', **inputs, **kept)
  with open(f'{fixtures}/gradients.json', 'w') as file: json.dump(golden, file, indent=0)
  print(f"{len(golden['gradient'])} gradients, loss {golden['loss']['loss']}")


if __name__ == '__main__':
  main()
