"""One pass of AlphaFold2's JAX network, or one Evoformer block, on synthetic features; prints seconds and memory as JSON.

The network is DeepMind's as packaged for ColabFold, whose feature code needs no TensorFlow. Parameters are random.
"""
import sys

import numpy as np

import peer

LETTERS = 'ARNDCQEGHILKMFPSTWYV'


def configure(a, config):
  c = config.model_config('model_1')
  with c.unlocked():
    embed, general = c.model.embeddings_and_evoformer, c.model.global_config
    embed.evoformer_num_block, embed.extra_msa_stack_num_block = a.blocks, a.extra_blocks
    c.data.eval.max_msa_clusters, c.data.common.max_extra_msa = a.msa, a.extra
    c.data.common.reduce_msa_clusters_by_max_templates = False
    c.data.eval.max_templates = embed.template.max_templates = a.templates
    c.data.common.num_recycle = c.model.num_recycle = 0
    c.model.resample_msa_in_recycling = c.data.common.resample_msa_in_recycling = False
    general.deterministic, general.use_remat, general.bfloat16 = True, False, a.bf16
    general.subbatch_size = embed.template.subbatch_size = 4
  return c


def example(a):
  """Raw features: a random alignment and random templates."""
  n, rows, t = a.residues, a.msa + a.extra, a.templates
  random = np.random.default_rng(1)
  msa = random.integers(0, 21, (rows, n)).astype(np.int32)
  position = np.cumsum(random.normal(0, 2.2, (n, 3)), 0)[None, :, None] + random.normal(0, 1.5, (t, n, 37, 3))
  sequence = ''.join(LETTERS[i] for i in random.integers(0, 20, n))
  kind = np.eye(21, dtype=np.int32)[[LETTERS.index(x) for x in sequence]]
  return {'aatype': kind, 'between_segment_residues': np.zeros(n, np.int32), 'domain_name': np.array([b'x'], object),
          'residue_index': np.arange(n, dtype=np.int32), 'seq_length': np.full(n, n, np.int32),
          'sequence': np.array([sequence.encode()], object), 'msa': msa, 'deletion_matrix_int': np.zeros_like(msa),
          'num_alignments': np.full(n, rows, np.int32), 'template_all_atom_positions': position.astype(np.float32),
          'template_all_atom_masks': np.ones((t, n, 37), np.float32),
          'template_aatype': np.eye(22, dtype=np.float32)[random.integers(0, 20, (t, n))],
          'template_sum_probs': np.ones((t, 1), np.float32), 'template_domain_names': np.array([b't'] * t, object)}


def forward(a, config, features, modules, hk):
  c = configure(a, config)
  batch = {k: np.asarray(v)[0] for k, v in features.np_example_to_features(example(a), c, random_seed=0).items()}
  n = a.residues
  prev = {'prev_pos': np.zeros((n, 37, 3), np.float32), 'prev_msa_first_row': np.zeros((n, 256), np.float32),
          'prev_pair': np.zeros((n, n, 128), np.float32)}
  def network(batch, prev):
    body = modules.AlphaFoldIteration(c.model, c.model.global_config)
    return body({k: v[None] for k, v in batch.items()}, prev, is_training=False, compute_loss=False,
                ensemble_representations=False)
  return hk.transform(network), (batch, prev)


def block(a, config, modules, hk):
  c = configure(a, config)
  n, s, kind = a.residues, a.msa, np.float32
  random = np.random.default_rng(1)
  activations = {'msa': random.normal(size=(s, n, 256)).astype(kind), 'pair': random.normal(size=(n, n, 128)).astype(kind)}
  masks = {'msa': np.ones((s, n), kind), 'pair': np.ones((n, n), kind)}
  def network(activations, masks):
    layer = modules.EvoformerIteration(c.model.embeddings_and_evoformer.evoformer, c.model.global_config, is_extra_msa=False)
    return layer(activations, masks, is_training=False)
  return hk.transform(network), (activations, masks)


def main():
  a = peer.arguments()
  try:
    import haiku as hk
    import jax
    from alphafold.model import config, features, modules
  except ImportError as error:
    sys.exit(f'missing: Python package {error.name or error} (Benchmarks/compare/setup.sh)')
  f, inputs = forward(a, config, features, modules, hk) if a.work == 'forward' else block(a, config, modules, hk)
  shapes = jax.eval_shape(f.init, jax.random.PRNGKey(0), *inputs)
  random = np.random.default_rng(2)
  params = jax.tree_util.tree_map(
      lambda x: (random.normal(size=x.shape) / np.sqrt(max(1, int(np.prod(x.shape[-2:-1]))))).astype(x.dtype), shapes)
  run = jax.jit(f.apply)
  peer.report(lambda: jax.block_until_ready(run(params, jax.random.PRNGKey(0), *inputs)), a.repeats)


if __name__ == '__main__':
  main()
