"""Makes the fixtures of the scoring tests: five real structures, 200 described models, and reference scores.

Versions: tmtools 0.3.0 and biopython 1.88 source packages (coordinates of PDB entries, CC0), biotite 1.6.0, numpy,
OpenStructure 2.3.1 (`lddt -l LIBRARY`), the TM-score reference of tmscore_reference.py.

The models are not stored. Each is described in grid.json by a seed and a list of changes, which `apply` below and
GridModel.swift carry out with the same arithmetic, rounded to the three decimals of a PDB file.

Usage: make_reference.py TMTOOLS_FOLDER BIOPYTHON_FOLDER TMSCORE_REFERENCE_PROGRAM COMPOUND_LIBRARY [STRUCTURE]
With a structure's name (or "none") only its models are made anew, the others stay as they are in grid.json.
"""
import gzip
import json
import math
import os
import re
import subprocess
import sys
import tempfile

import biotite.structure as struc
import biotite.structure.io.pdb as pdbio
import biotite.structure.io.pdbx as pdbx
import numpy as np

tmtools, biopython, tmscore_program, library = sys.argv[1:5]
only = sys.argv[5] if len(sys.argv) > 5 else None
here = os.path.dirname(os.path.abspath(__file__))
STRUCTURES = [
    ("2gtl_A", f"{tmtools}/tmtools/data/2gtl.cif", "A"),
    ("1a8o_A", f"{biopython}/Tests/PDB/1A8O.cif", "A"),
    ("4cup_A", f"{biopython}/Tests/PDB/4CUP.cif", "A"),
    ("1gbt_A", f"{biopython}/Tests/PDB/1GBT.cif", "A"),
    ("6wqa_A", f"{biopython}/Tests/PDB/6WQA.cif", "A"),
]
SWAPS = {
    "ASP": [("OD1", "OD2")], "GLU": [("OE1", "OE2")], "ARG": [("NH1", "NH2")], "VAL": [("CG1", "CG2")],
    "LEU": [("CD1", "CD2")], "PHE": [("CD1", "CD2"), ("CE1", "CE2")], "TYR": [("CD1", "CD2"), ("CE1", "CE2")],
}
MASK = (1 << 64) - 1


class Random:
    """SplitMix64."""

    def __init__(self, seed):
        self.state = seed

    def uniform(self):
        self.state = (self.state + 0x9E3779B97F4A7C15) & MASK
        z = self.state
        z = ((z ^ z >> 30) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ z >> 27) * 0x94D049BB133111EB) & MASK
        return ((z ^ z >> 31) >> 11) * 2.0**-53

    def normal(self):
        total = 0.0
        for _ in range(12):
            total += self.uniform()
        return total - 6


def read(path, chain, terminal=False):
    """Heavy atoms of the amino acids of one chain, the most occupied locations; the terminal oxygen if asked for."""
    atoms = pdbx.get_structure(
        pdbx.CIFFile.read(path), model=1, altloc="occupancy", extra_fields=["occupancy", "b_factor"],
        use_author_fields=True)
    atoms = atoms[(atoms.chain_id == chain) & struc.filter_amino_acids(atoms)]
    atoms = atoms[(atoms.element != "H") & (atoms.element != "D")]
    if not terminal:
        atoms = atoms[atoms.atom_name != "OXT"]
    return atoms[np.isin(atoms.res_id, atoms.res_id[atoms.atom_name == "CA"])]


def residues(atoms):
    """Index of the residue of each atom, counted from 0."""
    starts = struc.get_residue_starts(atoms)
    index = np.zeros(len(atoms), int)
    index[starts[1:]] = 1
    return np.cumsum(index)


def rotation(random):
    q = [(random.uniform() - 0.5) * 4 for _ in range(4)]
    n = math.sqrt(q[0] * q[0] + q[1] * q[1] + q[2] * q[2] + q[3] * q[3])
    w, x, y, z = (c / n for c in q)
    return [
        [w * w + x * x - y * y - z * z, 2 * (x * y - w * z), 2 * (x * z + w * y)],
        [2 * (x * y + w * z), w * w - x * x + y * y - z * z, 2 * (y * z - w * x)],
        [2 * (x * z - w * y), 2 * (y * z + w * x), w * w - x * x - y * y + z * z],
    ]


def apply(atoms, model):
    """Mirror, hinges, noise, exchanged names, dropped residues, in this order; numbers last."""
    random = Random(model["seed"])
    result = atoms.copy()
    index = residues(atoms)
    coord = [[float(round(float(c) * 1000)) / 1000 for c in row] for row in atoms.coord]
    if model["mirror"]:
        for row in coord:
            row[0] = -row[0]
    for hinge in model["hinges"]:
        r = rotation(random)
        pivot = list(coord[int(np.flatnonzero((index == hinge) & (atoms.atom_name == "CA"))[0])])
        for i in np.flatnonzero(index >= hinge):
            d = [coord[i][k] - pivot[k] for k in range(3)]
            coord[i] = [r[k][0] * d[0] + r[k][1] * d[1] + r[k][2] * d[2] + pivot[k] for k in range(3)]
    for row in coord:
        for k in range(3):
            row[k] = row[k] + model["noise"] * random.normal()
            row[k] = float(round(row[k] * 1000)) / 1000
    result.coord = np.array(coord)
    if model["swap"]:
        for i in range(len(result)):
            for a, b in SWAPS.get(result.res_name[i], []):
                if atoms.atom_name[i] in (a, b):
                    result.atom_name[i] = b if atoms.atom_name[i] == a else a
    keep = np.ones(len(result), bool)
    for first, last in model["drop"]:
        keep &= (index < first) | (index >= last)
    return result[keep], coord, keep


def describe(structure, length):
    """Forty models of one structure."""
    random = Random(length)
    models = []

    def add(kind, noise=0.0, hinges=(), drop=(), mirror=False, swap=False, offset=0):
        models.append(dict(
            structure=structure, kind=kind, seed=1000 * length + len(models), noise=noise, hinges=list(hinges),
            drop=[list(d) for d in drop], mirror=mirror, swap=swap, offset=offset))

    for noise in (0.1, 0.25, 0.5, 0.75, 1.0, 1.5, 2.5, 4.0):
        add("perturbed", noise)
    for part in (0.1, 0.3, 0.5, 0.7):
        cut = int(part * length)
        add("truncated", 0.5, drop=[(0, cut)])
        add("truncated", 0.5, drop=[(length // 3, length // 3 + cut // 2), (length - cut // 3, length)])
    for k in range(8):
        add("hinged", 0.3, hinges=[int((0.15 + 0.7 * random.uniform()) * length)])
    for noise in (0.0, 0.3, 1.0, 2.0):
        add("mirrored", noise, mirror=True)
    for offset in (10, -3, 100, 1000, 1, -40):
        add("renumbered", 0.5, hinges=[length // 2] if offset in (1, 100) else [], offset=offset)
    for noise in (0.0, 0.5, 1.0):
        add("swapped", noise, swap=True)
    for k in range(3):
        add("two hinges", 0.4, hinges=[length // 3, 2 * length // 3], drop=[(0, 5 * k)])
    return models


def write_pdb(atoms, path):
    file = pdbio.PDBFile()
    file.set_structure(atoms)
    file.write(path)


def write_packed(atoms, path):
    file = pdbio.PDBFile()
    file.set_structure(atoms)
    with open(path, "wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as packed:
        packed.write((str(file) + "\n").encode())


def plain(atoms, numbers):
    """What OpenStructure is given: selenomethionine as methionine, residues numbered from 1 without insertion codes.

    It would leave selenomethionine out, and take residues that differ by their insertion code only for one residue.
    """
    result = atoms.copy()
    result.res_id = numbers + 1
    result.ins_code[:] = ""
    modified = result.res_name == "MSE"
    result.atom_name[modified & (result.atom_name == "SE")] = "SD"
    result.element[modified & (result.element == "SE")] = "S"
    result.res_name[modified] = "MET"
    result.hetero[modified] = False
    return result


def lddt(model, reference, keep, alpha, folder):
    numbers = residues(reference)
    write_pdb(plain(model, numbers[keep]), f"{folder}/model.pdb")
    write_pdb(plain(reference, numbers), f"{folder}/reference.pdb")
    command = ["lddt", "-l", library, "-v", "0"] + (["-c"] if alpha else [])
    text = subprocess.run(
        command + [f"{folder}/model.pdb", f"{folder}/reference.pdb"], capture_output=True, text=True, check=True).stdout
    kept, total = re.search(r"\((\d+) conserved distances out of (\d+) checked", text).groups()
    return int(kept) / int(total)


def superposition_scores(model, model_keep, reference, length):
    alphas = reference.atom_name == "CA"
    chosen = np.flatnonzero(alphas & model_keep)
    rows = [" ".join(f"{c:.3f}" for c in [*model[i], *reference.coord[i]]) for i in chosen]
    text = f"{length} {len(rows)}\n" + "\n".join(rows) + "\n"
    out = subprocess.run([tmscore_program], input=text, capture_output=True, text=True, check=True).stdout
    return [float(v) for v in out.split()]


grid = []
if only:
    with open(f"{here}/grid.json") as file:
        known = json.load(file)
with tempfile.TemporaryDirectory() as folder:
    for name, path, chain in STRUCTURES:
        if only and name != only:
            grid += [m for m in known if m["structure"] == name]
            continue
        atoms = read(path, chain)
        write_packed(atoms, f"{here}/{name}.pdb.gz")
        length = int(residues(atoms)[-1]) + 1
        for model in describe(name, length):
            changed, coord, keep = apply(atoms, model)
            tm, ts, ha = superposition_scores(coord, keep, atoms, length)
            model.update(
                tm=tm, gdtTS=ts, gdtHA=ha, lddt=lddt(changed, atoms, keep, False, folder),
                lddtCA=lddt(changed, atoms, keep, True, folder))
            grid.append(model)
            print(model, flush=True)
    # The table of models of 2GTL: Gaussian noise by NumPy, the other models follow from these two files.
    atoms = read(STRUCTURES[0][1], "A", terminal=True)
    noise = atoms.copy()
    noise.coord = noise.coord + np.random.default_rng(0).normal(0, 0.5, noise.coord.shape)
    write_packed(atoms, f"{here}/2gtl_A_full.pdb.gz")
    write_packed(noise, f"{here}/2gtl_A_noise.pdb.gz")
with open(f"{here}/grid.json", "w") as file:
    file.write("[\n" + ",\n".join(json.dumps(m) for m in grid) + "\n]\n")
