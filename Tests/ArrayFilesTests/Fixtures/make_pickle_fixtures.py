"""Makes features_p*.pkl, parameters.pdparams and tensors.pt.

python3 make_pickle_fixtures.py (CPython 3.11, numpy 2.4.6). torch is not needed: a .pt file is a zip of a
pickle and raw storages, so stand-in classes that pickle under torch's names give the same bytes.
"""
import collections
import pickle
import sys
import types
import zipfile

import numpy as np

features = {
    'aatype': np.eye(3, 21, dtype=np.int32),
    'msa': np.asfortranarray(np.arange(6, dtype=np.int32).reshape(2, 3)),
    'domain_name': np.array([b'T1026'], dtype=object),
    'sequence': np.array(['MKÅ'], dtype=object),
    'template_sum_probs': np.zeros((0, 1), dtype='>f4'),
    'bytes256': bytes(range(256)),
    'nothing': None, 'yes': True, 'no': False, 'half': 0.5, 'minus': -3, 'large': 2**40, 'negative': -2**40,
    'scalar': np.float64(1.25), 'empty': b'', 'nested': {'list': [1, [2, (3,)]]},
}
shared = [1, 2]
features['shared'] = [shared, shared]
for protocol in range(6):
  with open(f'features_p{protocol}.pkl', 'wb') as f:
    pickle.dump(features, f, protocol=protocol)

paddle = collections.OrderedDict()
paddle['evoformer.linear.weight'] = np.arange(6, dtype=np.float32).reshape(2, 3)
paddle['evoformer.linear.bias'] = ('linear_0.b_0', np.array([1, -1], dtype=np.float32))
paddle['evoformer.half'] = np.array([0x3F80, 0xC000], dtype=np.uint16)
paddle['StructuredToParameterName@@'] = {'evoformer.linear.weight': 'linear_0.w_0'}
with open('parameters.pdparams', 'wb') as f:
  pickle.dump(dict(paddle), f, protocol=4)


class Storage:
  def __init__(self, kind, data):
    self.kind, self.data = kind, data


def rebuild(*_):
  raise NotImplementedError


rebuild.__module__, rebuild.__qualname__, rebuild.__name__ = 'torch._utils', '_rebuild_tensor_v2', '_rebuild_tensor_v2'
torch, utils = types.ModuleType('torch'), types.ModuleType('torch._utils')
utils._rebuild_tensor_v2 = rebuild
for kind in ('FloatStorage', 'BFloat16Storage'):
  setattr(torch, kind, type(kind, (), {'__module__': 'torch', '__qualname__': kind}))
sys.modules['torch'], sys.modules['torch._utils'] = torch, utils


class Tensor:
  def __init__(self, storage, offset, size, stride):
    self.args = (storage, offset, size, stride, False, collections.OrderedDict())

  def __reduce__(self):
    return rebuild, self.args


class Pickler(pickle.Pickler):
  def __init__(self, file, storages):
    super().__init__(file, protocol=2)
    self.storages = storages

  def persistent_id(self, obj):
    if isinstance(obj, Storage):
      if obj not in self.storages:
        self.storages.append(obj)
      width = 4 if obj.kind == 'FloatStorage' else 2
      return ('storage', getattr(torch, obj.kind), str(self.storages.index(obj)), 'cpu', len(obj.data) // width)
    return None


base = Storage('FloatStorage', np.arange(6, dtype='<f4').tobytes())
half = Storage('BFloat16Storage', np.array([0x3F80, 0xC000], dtype='<u2').tobytes())
params = collections.OrderedDict()
params['module.a.weight'] = Tensor(base, 0, (2, 3), (3, 1))
params['module.a.transposed'] = Tensor(base, 0, (3, 2), (1, 3))
params['module.a.row'] = Tensor(base, 3, (3,), (1,))
params['module.b'] = Tensor(half, 0, (2,), (1,))
with zipfile.ZipFile('tensors.pt', 'w', zipfile.ZIP_STORED) as archive:
  storages = []
  def add(name, data):
    archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data)
  with open('data.pkl', 'w+b') as f:
    Pickler(f, storages).dump({'ema': {'params': params, 'decay': 0.999}, 'step': 7})
    f.seek(0)
    add('archive/data.pkl', f.read())
  for index, storage in enumerate(storages):
    add(f'archive/data/{index}', storage.data)
  add('archive/version', b'3\n')
import os
os.remove('data.pkl')
