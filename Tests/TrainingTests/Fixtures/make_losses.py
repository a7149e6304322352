"""Values and gradients of AlphaFold2's losses on a small synthetic case, in double precision.

  python make_losses.py FOLDER losses.json        FOLDER holds af2.py, the project's loader of alphafold 2.0.0 (PyPI)

Environment: Python 3.11, alphafold 2.0.0, jax, dm-haiku as pinned beside af2.py. Seed 7. The functions called are
DeepMind's own; only inputs are made here. Rotations are rounded, as the losses take any nine numbers.
"""
import json
import sys
import unittest.mock

sys.path.insert(0, sys.argv[1])
import af2
import haiku as hk
import jax
import jax.numpy as jnp
import numpy as np

jax.config.update('jax_enable_x64', True)
af = af2.load('deepmind')
rc, aa, folding, modules = af.constants, af.all_atom, af.folding, af.modules
from alphafold.model import r3

rng = np.random.default_rng(7)
AATYPE = np.array([rc.restype_order[c] for c in 'DEFYPGCCRK'] + [20, rc.restype_order['W']])
N, LAYERS, SEQUENCES = len(AATYPE), 2, 3
RESIDUE_INDEX = np.array([0, 1, 2, 3, 4, 5, 6, 7, 10, 11, 12, 13])


def rotation(size):
  """A rotation by a random vector of that mean length (radians)."""
  x, y, z = rng.normal(0, size, 3)
  k = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
  angle = np.linalg.norm([x, y, z]) + 1e-12
  return np.eye(3) + np.sin(angle) / angle * k + (1 - np.cos(angle)) / angle**2 * k @ k


def flat12(rot, trans):
  return np.concatenate([rot.reshape(-1, 9), trans], -1)


def place(frames, torsions):
  rigid = r3.rigids_from_tensor_flat12(jnp.asarray(frames))
  groups = aa.torsion_angles_to_frames(AATYPE, rigid, jnp.asarray(torsions))
  atoms = aa.frames_and_literature_positions_to_atom14_pos(AATYPE, groups)
  return np.asarray(r3.rigids_to_tensor_flat12(groups)), np.asarray(r3.vecs_to_tensor(atoms))


def unit(x):
  return x / np.linalg.norm(x, axis=-1, keepdims=True)


# True structure: a compact walk with random torsions; the prediction is near it, two residues are far off.
steps = rng.normal(0, 1, (N, 3))
trans = np.cumsum(3.6 * unit(steps + [0.4, 0, 0]), 0)
rots = np.stack([rotation(1.0) for _ in range(N)])
torsions = unit(rng.normal(0, 1, (N, 7, 2)))
_, true14 = place(flat12(rots, trans), torsions)
mask = np.zeros((N, 37))
pos = np.zeros((N, 37, 3))
for i, t in enumerate(AATYPE):
  names = rc.restype_name_to_atom14_names[rc.restype_1to3[rc.restypes[t]]] if t < 20 else []
  for j, name in enumerate(names):
    if name: pos[i, rc.atom_order[name]], mask[i, rc.atom_order[name]] = true14[i, j], 1
  if t == 20:
    pos[i, [0, 1, 2, 4]] = rng.normal(0, 1.2, (4, 3)) + trans[i]
    mask[i, [0, 1, 2, 4]] = 1
mask *= rng.random(mask.shape) > 0.04
mask[0, rc.atom_order['OD2']] = 0
mask[5] = 0
pos = np.round(pos * mask[..., None], 3)

layers = []
for size in (0.5, 0.25):
  shift = rng.normal(0, 2 * size, (N, 3))
  shift[[4, 9]] += 9
  layers.append(flat12(np.stack([r @ rotation(size) for r in rots]), trans + shift))
traj = np.round(np.stack(layers), 6)
unnormalized = np.round(torsions + rng.normal(0, 0.5, (LAYERS, N, 7, 2)), 4)
angles = np.round(unit(unnormalized), 6)
group_frames, atom14 = place(traj[-1], angles[-1])
group_frames, atom14 = np.round(group_frames, 6), np.round(atom14, 6)
logits = lambda *shape: np.round(rng.normal(0, 1.5, shape), 2)
true_msa = rng.integers(0, 23, (SEQUENCES, N))
bert_mask = (rng.random((SEQUENCES, N)) < 0.4).astype(float)
heads = {'masked_msa': logits(SEQUENCES, N, 23), 'distogram': logits(N, N, 64), 'resolved': logits(N, 37),
         'confidence': logits(N, 50), 'aligned_error': logits(N, N, 64)}

with unittest.mock.patch.object(np, 'float32', np.float64):      # labels are cast to it at the end
  batch = af2.make_labels(af, AATYPE, pos, mask)
to37 = np.zeros((21, 14), int)
exists14, exists37 = np.zeros((21, 14)), np.zeros((21, 37))
for r, letter in enumerate(rc.restypes):
  for j, name in enumerate(rc.restype_name_to_atom14_names[rc.restype_1to3[letter]]):
    if name: to37[r, j], exists14[r, j], exists37[r, rc.atom_order[name]] = rc.atom_order[name], 1, 1
seq_mask = np.ones(N)
seq_mask[5] = 0
batch.update(aatype=AATYPE, residue_index=RESIDUE_INDEX, seq_mask=seq_mask, atom14_atom_exists=exists14[AATYPE],
             residx_atom14_to_atom37=to37[AATYPE], atom37_atom_exists=exists37[AATYPE], true_msa=true_msa,
             bert_mask=bert_mask)
cfg = af.config.model_config('model_1_ptm').model
sm = cfg.heads.structure_module
truth = r3.rigids_from_tensor_flat12(jnp.asarray(batch['rigidgroups_gt_frames'][:, 0]))


def backbone(traj, clamped):
  rigids = r3.rigids_from_tensor_flat12(traj)
  f = jax.vmap(lambda r: aa.frame_aligned_point_error(
      r, truth, batch['backbone_affine_mask'], r.trans, truth.trans, batch['backbone_affine_mask'],
      sm.fape.loss_unit_distance, sm.fape.clamp_distance if clamped else None))
  return f(rigids)


def side_chain(frames, atoms):
  value = {'sidechains': {'frames': r3.rigids_from_tensor_flat12(frames[None]),
                          'atom_pos': r3.vecs_from_tensor(atoms[None])}}
  value.update(folding.compute_renamed_ground_truth(batch, jax.lax.stop_gradient(atoms)))
  return folding.sidechain_loss(batch, value, sm)['loss']


def torsion(angles, unnormalized):
  ret = {'loss': 0.}
  folding.supervised_chi_loss(ret, batch, {'sidechains': {
      'angles_sin_cos': angles, 'unnormalized_angles_sin_cos': unnormalized}}, sm)
  return ret


def violations(atoms):
  v = folding.find_structural_violations(batch, atoms, sm)
  ret = {'loss': 0.}
  folding.structural_violation_loss(ret, batch, {'violations': v}, sm)
  return ret['loss'], v


def head(cls, config, value):
  f = hk.transform(lambda: cls(config, cfg.global_config).loss(value, batch)['loss'])
  return f.apply({}, None)


rot = np.asarray(traj[-1][:, :9]).reshape(N, 3, 3)
quat = np.asarray(af.quat_affine.rot_to_quat(jnp.asarray(rot), unstack_inputs=True))
pred37 = np.zeros((N, 37, 3))
pred37[:, 1] = atom14[:, 1]
structure = {'final_atom_positions': pred37}
affine = jnp.asarray(np.concatenate([quat, traj[-1][:, 9:] / 10], -1))     # translations in 10 A, as in the network


@jax.jit
def aligned_error(x, affine):
  """Compiled with the scaling to A inside, as in the network: a residue's error in its own frame is then the rounding
  of that product, above 0, while eager evaluation gives exactly 0 and another bin."""
  final = affine * jnp.array([1.] * 4 + [sm.position_scale] * 3)
  return head(modules.PredictedAlignedErrorHead, h.predicted_aligned_error, {
      'predicted_aligned_error': {'logits': x, 'breaks': breaks}, 'structure_module': {'final_affines': final}})


h = cfg.heads
breaks = jnp.linspace(0., h.predicted_aligned_error.max_error_bin, 63)
head_losses = {
    'masked_msa': lambda x: head(modules.MaskedMsaHead, h.masked_msa, {'logits': x}),
    'distogram': lambda x: modules._distogram_log_loss(x, jnp.linspace(2.3125, 21.6875, 63), batch, 64)['loss'],
    'resolved': lambda x: head(modules.ExperimentallyResolvedHead, h.experimentally_resolved, {'logits': x}),
    'confidence': lambda x: head(modules.PredictedLDDTHead, h.predicted_lddt,
                                 {'predicted_lddt': {'logits': x}, 'structure_module': structure}),
    'aligned_error': lambda x: aligned_error(x, affine)}

loss, grad = {}, {}
for name, clamped in (('clamped', True), ('unclamped', False)):
  loss['backbone_' + name] = backbone(traj, clamped)
  grad['backbone_' + name] = jax.grad(lambda t: jnp.mean(backbone(t, clamped)))(jnp.asarray(traj))
loss['side_chain'], (grad['side_chain_frames'], grad['side_chain_atoms']) = jax.value_and_grad(
    side_chain, (0, 1))(jnp.asarray(group_frames.reshape(-1, 12)), jnp.asarray(atom14))
both = torsion(jnp.asarray(angles), jnp.asarray(unnormalized))
loss['chi'], loss['angle_norm'] = both['chi_loss'], both['angle_norm_loss']
grad['chi'] = jax.grad(lambda x: torsion(x, unnormalized)['chi_loss'])(jnp.asarray(angles))
grad['angle_norm'] = jax.grad(lambda x: torsion(angles, x)['angle_norm_loss'])(jnp.asarray(unnormalized))
loss['violation'], parts = violations(jnp.asarray(atom14))
grad['violation'] = jax.grad(lambda x: violations(x)[0])(jnp.asarray(atom14))
between = parts['between_residues']
loss.update(bond=between['bonds_c_n_loss_mean'], angle_at_c=between['angles_ca_c_n_loss_mean'],
            angle_at_n=between['angles_c_n_ca_loss_mean'], clash=jnp.sum(between['clashes_per_atom_loss_sum']),
            within=jnp.sum(parts['within_residues']['per_atom_loss_sum']))
loss['renamed'] = folding.compute_renamed_ground_truth(batch, jnp.asarray(atom14))['alt_naming_is_better']
for name, f in head_losses.items():
  loss[name], g = jax.value_and_grad(f)(jnp.asarray(heads[name]))
  grad[name] = np.asarray(g).ravel()[::37]                       # every 37th element

keep = ('rigidgroups_gt_frames', 'rigidgroups_alt_gt_frames', 'rigidgroups_gt_exists', 'atom14_gt_positions',
        'atom14_gt_exists', 'atom14_alt_gt_positions', 'atom14_alt_gt_exists', 'chi_angles', 'chi_mask',
        'pseudo_beta', 'pseudo_beta_mask')
with_torsions = aa.atom37_to_torsion_angles(AATYPE[None], pos[None], mask[None])
case = {
    'inputs': {'aatype': AATYPE, 'residue_index': RESIDUE_INDEX, 'seq_mask': seq_mask, 'positions': pos, 'mask': mask,
               'trajectory': traj, 'angles': angles, 'unnormalized': unnormalized, 'group_frames': group_frames,
               'atom14': atom14, 'true_msa': true_msa, 'bert_mask': bert_mask, **heads},
    'labels': {**{k: batch[k] for k in keep}, 'torsions': with_torsions['torsion_angles_sin_cos'][0],
               'alt_torsions': with_torsions['alt_torsion_angles_sin_cos'][0],
               'torsion_mask': with_torsions['torsion_angles_mask'][0]},
    'loss': loss, 'gradient': grad}


def plain(x):
  return [float(f'{v:.13g}') for v in np.asarray(x, np.float64).ravel()]


with open(sys.argv[2], 'w') as file:
  json.dump({part: {k: plain(v) for k, v in values.items()} for part, values in case.items()}, file)
for k, v in loss.items(): print(k, np.round(np.asarray(v), 6))
