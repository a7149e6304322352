"""Makes openfold_part.pt and helixfold_part.pdparams: some arrays of the `tiny` network in the layouts of others.

python3 make_foreign_fixtures.py (CPython 3.11, numpy 2.4.6, no torch: stand-in classes pickle under torch's names).
Official array number k holds 1000 k + 0, 1, 2 …; the layouts follow OpenFold's import_weights.py (which reads the
official arrays) and HelixFold's modules.py, written out here once more, independently of the Swift tables.
"""
import collections
import os
import pickle
import sys
import types
import zipfile

import numpy as np

C, H, D, BLOCKS = 16, 2, 8, 2
shapes = {
    'row/query_w': (BLOCKS, C, H, D), 'row/key_w': (BLOCKS, C, H, D), 'row/value_w': (BLOCKS, C, H, D),
    'row/gating_b': (BLOCKS, H, D), 'row/output_w': (BLOCKS, H, D, C), 'row/feat_2d': (BLOCKS, C, H),
    'in/left_projection': (BLOCKS, C, C), 'in/right_projection': (BLOCKS, C, C), 'out/left_gate_bias': (BLOCKS, C),
    'opm/output_w': (BLOCKS, 8, 8, C), 'global/key_w': (1, C, D), 'relpos': (65, C), 'points': (2,), 'act_0': (16, 16),
}
official = {
    name: (1000 * k + np.arange(np.prod(shape))).astype(np.float32).reshape(shape)
    for k, (name, shape) in enumerate(shapes.items())
}


def linear(w):
  """OpenFold keeps [out, in]."""
  return np.ascontiguousarray(w.T)


openfold = collections.OrderedDict()
for b in range(BLOCKS):
  block = {name: array[b] for name, array in official.items() if array.shape[0] == BLOCKS and name != 'points'}
  prefix = f'module.evoformer.blocks.{b}.'
  for letter, name in (('q', 'query_w'), ('k', 'key_w'), ('v', 'value_w')):
    openfold[f'{prefix}msa_att_row.mha.linear_{letter}.weight'] = linear(block['row/' + name].reshape(C, H * D))
  openfold[f'{prefix}msa_att_row.mha.linear_g.bias'] = block['row/gating_b'].reshape(-1)
  openfold[f'{prefix}msa_att_row.mha.linear_o.weight'] = linear(block['row/output_w'].reshape(H * D, C))
  openfold[f'{prefix}msa_att_row.linear_z.weight'] = linear(block['row/feat_2d'])
  # version 1 names: 'core.' instead of 'pair_stack.'
  openfold[f'{prefix}core.tri_mul_in.linear_b_p.weight'] = linear(block['in/left_projection'])
  openfold[f'{prefix}core.tri_mul_in.linear_a_p.weight'] = linear(block['in/right_projection'])
  openfold[f'{prefix}core.tri_mul_out.linear_a_g.bias'] = block['out/left_gate_bias']
  openfold[f'{prefix}core.outer_product_mean.linear_out.weight'] = linear(block['opm/output_w'].reshape(64, C))
openfold['module.extra_msa_stack.blocks.0.msa_att_col.global_attention.linear_k.weight'] = linear(official['global/key_w'][0])
openfold['module.input_embedder.linear_relpos.weight'] = linear(official['relpos'])
openfold['module.structure_module.ipa.head_weights'] = official['points']
openfold['module.aux_heads.plddt.linear_1.weight'] = linear(official['act_0'])
openfold['module.something.else'] = np.zeros(3, np.float32)

torch, utils = types.ModuleType('torch'), types.ModuleType('torch._utils')


def rebuild(*_):
  raise NotImplementedError


rebuild.__module__, rebuild.__qualname__, rebuild.__name__ = 'torch._utils', '_rebuild_tensor_v2', '_rebuild_tensor_v2'
utils._rebuild_tensor_v2 = rebuild
torch.FloatStorage = type('FloatStorage', (), {'__module__': 'torch', '__qualname__': 'FloatStorage'})
sys.modules['torch'], sys.modules['torch._utils'] = torch, utils
flat, tensors = [], collections.OrderedDict()


class Storage:
  pass


class Tensor:
  def __init__(self, storage, offset, array):
    strides = tuple(s // 4 for s in array.strides)
    self.args = (storage, offset, array.shape, strides, False, collections.OrderedDict())

  def __reduce__(self):
    return rebuild, self.args


storage, offset = Storage(), 0
for name, array in openfold.items():
  tensors[name] = Tensor(storage, offset, array)
  flat.append(array.reshape(-1))
  offset += array.size
flat = np.concatenate(flat)


class Pickler(pickle.Pickler):
  def persistent_id(self, obj):
    return ('storage', torch.FloatStorage, '0', 'cpu', flat.size) if isinstance(obj, Storage) else None


with open('data.pkl', 'w+b') as f:
  Pickler(f, protocol=2).dump(tensors)
  f.seek(0)
  data = f.read()
os.remove('data.pkl')
with zipfile.ZipFile('openfold_part.pt', 'w', zipfile.ZIP_DEFLATED) as archive:
  for name, content in (('part/data.pkl', data), ('part/data/0', flat.astype('<f4').tobytes())):
    archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)

helixfold = {'StructuredToParameterName@@': {}}
for b in range(BLOCKS):
  prefix = f'alphafold_iteration.evoformer.evoformer_iteration.{b}.'
  # self.qkv_w: stack of query, key and value [3, heads, channels, q_dim]
  qkv = np.stack([np.moveaxis(official['row/' + n][b], 0, -1) for n in ('query_w', 'key_w', 'value_w')])
  helixfold[prefix + 'msa_row_attention_with_pair_bias.attention.qkv_w'] = qkv
  helixfold[prefix + 'msa_row_attention_with_pair_bias.attention.gating_b'] = official['row/gating_b'][b]
  helixfold[prefix + 'triangle_multiplication_outgoing.left_gate.bias'] = ('linear_7.b_0', official['out/left_gate_bias'][b])
helixfold['alphafold_iteration.evoformer.extra_msa_stack.0.msa_column_global_attention.attention.key_w'] = official['global/key_w'][0]
helixfold['alphafold_iteration.predicted_lddt_head.act_0.weight'] = official['act_0']
with open('helixfold_part.pdparams', 'wb') as f:
  pickle.dump(helixfold, f, protocol=4)
