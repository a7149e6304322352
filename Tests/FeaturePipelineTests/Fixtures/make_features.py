"""Processed features of AlphaFold2's own pipeline together with the random draws behind them.

    python make_features.py OUT.npz --synthetic RESIDUES ROWS TEMPLATES SEED [options]
    python make_features.py OUT.npz --features features.pkl [options]
    python make_features.py OUT.npz --alignments FILE ... [options]

Needs PyPI packages alphafold-colabfold 2.3.27 (--no-deps, folder in ALPHAFOLD_PATH), jax 0.10.2, scipy, dm-tree,
ml_collections, immutabledict, absl-py. The pipeline is the TensorFlow-free one of that package; its
shuffles are recorded, masked cells and replacements are read off its output. The package does not remove
duplicate rows (AlphaFold2 does): that happens here, before.

With --alignments the files are also copied to OUT without its ending, numbered, so that a test can read them itself.
make_real_cases.sh makes all cases of the data folder. Nothing made of those is committed.

synthetic.npz: python make_features.py synthetic.npz --synthetic 13 40 3 7 --config model_1_ptm --clusters 12 --extra-rows 9 --passes 2
"""
import argparse
import os
import pickle
import shutil
import sys

os.environ.setdefault('JAX_PLATFORMS', 'cpu')
sys.path.insert(0, os.environ['ALPHAFOLD_PATH'])

import numpy as np
from alphafold.common import residue_constants
from alphafold.data import parsers, pipeline
from alphafold.model import config, features
from alphafold.model.tf import np_backend

RAW = ['aatype', 'between_segment_residues', 'residue_index', 'seq_length', 'num_alignments', 'msa',
       'deletion_matrix_int', 'template_aatype', 'template_all_atom_masks', 'template_all_atom_positions',
       'template_sum_probs']


def synthetic(n, rows, templates, seed):
  """A random family with gaps, deletions, X, repeated residues, and templates with missing residues."""
  rng = np.random.default_rng(seed)
  query = rng.integers(0, 20, n)
  msa = np.tile(query, (rows, 1))
  change = rng.random(msa.shape) < rng.uniform(0.1, 0.9, (rows, 1))
  change[0] = False
  msa = np.where(change, rng.integers(0, 22, msa.shape), msa)
  deletions = np.where(rng.random(msa.shape) < 0.2, rng.integers(1, 300, msa.shape), 0)
  deletions[0] = 0
  letters = [residue_constants.ID_TO_HHBLITS_AA[i] for i in range(22)]
  sequence = ''.join(letters[i] for i in query)
  raw = dict(pipeline.make_sequence_features(sequence, 'synthetic', n))
  raw['residue_index'] = (np.arange(n) + 5 * (np.arange(n) > n // 2)).astype(np.int32)
  raw['msa'] = msa.astype(np.int32)
  raw['deletion_matrix_int'] = deletions.astype(np.int32)
  raw['num_alignments'] = np.full(n, rows, np.int32)
  mask = (rng.random((templates, n, 37)) < 0.8) * (rng.random((templates, n, 1)) < 0.8)
  positions = np.round(rng.normal(0, 20, (templates, n, 37, 3)), 3) * mask[..., None]
  types = np.where(mask.any(-1), rng.integers(0, 21, (templates, n)), 21)
  raw['template_aatype'] = np.eye(22, dtype=np.float32)[types]
  raw['template_all_atom_masks'] = mask.astype(np.float32)
  raw['template_all_atom_positions'] = positions.astype(np.float32)
  raw['template_sum_probs'] = rng.uniform(10, 90, (templates, 1)).astype(np.float32)
  raw['template_domain_names'] = np.array([b'syn_%d' % i for i in range(templates)], object)
  return raw


def from_alignments(paths):
  """Rows of several files in order, duplicates of the aligned string removed, first row = query."""
  msas = []
  for path in paths:
    text = open(path).read()
    msas.append(parsers.parse_stockholm(text) if path.endswith('.sto') else parsers.parse_a3m(text))
  seen, kept = set(), []
  for msa in msas:
    keep = [i for i, s in enumerate(msa.sequences) if not (s in seen or seen.add(s))]
    if keep:
      kept.append(parsers.Msa(*[[f[i] for i in keep] for f in (msa.sequences, msa.deletion_matrix, msa.descriptions)]))
  query = msas[0].sequences[0]
  raw = dict(pipeline.make_sequence_features(query, os.path.basename(os.path.dirname(paths[0])), len(query)))
  raw.update(pipeline.make_msa_features(kept))
  return raw


def main():
  p = argparse.ArgumentParser()
  p.add_argument('out')
  p.add_argument('--synthetic', nargs=4, type=int, metavar=('RESIDUES', 'ROWS', 'TEMPLATES', 'SEED'))
  p.add_argument('--features')
  p.add_argument('--alignments', nargs='+')
  p.add_argument('--config', default='model_1_ptm')
  p.add_argument('--clusters', type=int)
  p.add_argument('--extra-rows', type=int)
  p.add_argument('--passes', type=int, default=1)
  p.add_argument('--seed', type=int, default=0)
  a = p.parse_args()
  if a.synthetic: raw = synthetic(*a.synthetic)
  elif a.features: raw = pickle.load(open(a.features, 'rb'))
  else: raw = from_alignments(a.alignments)
  raw.pop('msa_species_identifiers', None)
  if 'template_all_atom_mask' in raw:              # OpenFold's spelling
    raw['template_all_atom_masks'] = raw.pop('template_all_atom_mask')
  n = int(raw['seq_length'][0])
  c = config.model_config(a.config)
  templates = c.model.embeddings_and_evoformer.template.enabled
  if templates and 'template_aatype' not in raw:
    raw.update(template_all_atom_positions=np.zeros((0, n, 37, 3), np.float32),
               template_all_atom_masks=np.zeros((0, n, 37), np.float32),
               template_aatype=np.zeros((0, n, 22), np.float32),
               template_sum_probs=np.zeros((0, 1), np.float32), template_domain_names=np.array([], object))
  with c.unlocked():
    if a.clusters: c.data.eval.max_msa_clusters = a.clusters
    if a.extra_rows is not None: c.data.common.max_extra_msa = a.extra_rows
    c.data.common.num_recycle = a.passes - 1
    c.data.common.resample_msa_in_recycling = True
  shuffles, original = [], np_backend.random_shuffle
  np_backend.random_shuffle = lambda *args, **named: shuffles.append(original(*args, **named)) or shuffles[-1]
  out = features.np_example_to_features(raw, c, random_seed=a.seed)
  # One call of the transforms comes before the mapped ones when there are several passes.
  shuffles = shuffles[-2 * a.passes:]
  flat = {'raw/' + k: np.asarray(raw[k]) for k in RAW if k in raw}
  clusters, extra = int(out['msa_row_mask'][0].sum()), int(out['extra_msa_row_mask'][0].sum())
  for k, v in out.items():                         # without the padding of rows
    if v.dtype == object: continue
    if k.startswith('extra_'): v = v[:, :extra]
    elif 'msa' in k or k == 'bert_mask': v = v[:, :clusters]
    flat['out/' + k] = v
  for k in range(a.passes):
    flat[f'draw/{k}/row_order'] = np.concatenate([[0], shuffles[2 * k]]).astype(np.int32)
    flat[f'draw/{k}/extra_order'] = shuffles[2 * k + 1][:c.data.common.max_extra_msa].astype(np.int32)
  flat['size'] = np.array([c.data.eval.max_msa_clusters, c.data.common.max_extra_msa, int(templates)], np.int32)
  for name in list(flat):                          # float32 and int32 only, so that every reader takes it
    if flat[name].dtype in (np.float64, np.int64, bool): flat[name] = flat[name].astype(np.float32 if flat[name].dtype == np.float64 else np.int32)
  np.savez_compressed(a.out, **flat)
  if a.alignments:
    folder = os.path.splitext(a.out)[0]
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    for i, path in enumerate(a.alignments): shutil.copy(path, f'{folder}/{i}_{os.path.basename(path)}')
  print(a.out, 'residues', n, 'rows', len(raw['msa']), 'clusters', clusters, 'extra rows', extra)


main()
