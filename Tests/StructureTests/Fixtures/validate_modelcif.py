"""Reads a ModelCIF file with PyPI's ihm and modelcif and checks what a viewer needs. Usage: validate_modelcif.py FILE"""
import sys

import modelcif.reader

with open(sys.argv[1]) as file:
    (system,) = modelcif.reader.read(file, warn_unknown_category=True, warn_unknown_keyword=True)
(model,) = [m for g in system.model_groups for m in g]
atoms = list(model.get_atoms())
local = [q for q in model.qa_metrics if hasattr(q, "residue")]
print("entry", system.id, "software", [s.name for s in system.software], "model", model.name)
print("entities", [len(e.sequence) for e in system.entities], "atoms", len(atoms))
print("metrics", len(model.qa_metrics), "local", len(local))
assert atoms and len(local) == len(system.entities[0].sequence)
assert all(0 <= q.value <= 100 for q in local)
