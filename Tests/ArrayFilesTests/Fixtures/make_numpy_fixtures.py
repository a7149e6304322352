"""Makes types.npz: one array of every element type and layout that the reader claims.

python3 make_numpy_fixtures.py (numpy 2.4.6). Values are small facts that the tests restate.
"""
import io
import zipfile

import numpy as np


def npy(array, version=(1, 0)):
  buffer = io.BytesIO()
  np.lib.format.write_array(buffer, array, version=version)
  return buffer.getvalue()


arrays = {}
for name in ('f2', 'f4', 'f8', 'i1', 'i2', 'i4', 'i8', 'u1', 'u2', 'u4', 'u8'):
  arrays[name] = npy(np.array([[0, 1, 2], [3, 4, 100]], dtype='<' + name))
arrays['big_f4'] = npy(np.array([1.5, -2.25], dtype='>f4'))
arrays['big_i8'] = npy(np.array([1, -2], dtype='>i8'))
arrays['half_edges'] = npy(np.array([6e-8, -0.0, 65504, np.inf, 1 / 3], dtype='<f2'))
arrays['bool'] = npy(np.array([True, False, True]))
arrays['bytes'] = npy(np.array([b'A', b'BCD', b''], dtype='S3'))
arrays['text'] = npy(np.array(['Å', 'helix', ''], dtype='<U5'))
arrays['bfloat16'] = npy(np.array([0x3F80, 0xC000], dtype='<u2').view('V2'))
arrays['fortran'] = npy(np.asfortranarray(np.arange(24, dtype='<i4').reshape(2, 3, 4)))
arrays['scalar'] = npy(np.float64(0.5))
arrays['empty'] = npy(np.zeros((0, 7), dtype='<f4'))
arrays['version2'] = npy(np.array([7], dtype='<i4'), (2, 0))
arrays['version3'] = npy(np.array([8], dtype='<i4'), (3, 0))
arrays['u8_large'] = npy(np.array([2**63], dtype='<u8'))
arrays['structured'] = npy(np.zeros(2, dtype=[('x', '<f4'), ('y', '<i4')]))
arrays['object'] = npy(np.array([None, 'x'], dtype=object))
arrays['complex'] = npy(np.zeros(2, dtype='<c8'))

with zipfile.ZipFile('types.npz', 'w', zipfile.ZIP_DEFLATED) as archive:
  for name, data in sorted(arrays.items()):
    archive.writestr(zipfile.ZipInfo(name + '.npy', (1980, 1, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)
