"""Template cases of real structures; see make_template_cases.py, which runs this. Nothing made here is committed."""
import json, random
from pathlib import Path

import make_template_cases as cases
from Bio.PDB import MMCIFParser, PDBParser
from Bio.Data.PDBData import protein_letters_3to1 as LETTER

rng = random.Random(11)


def relative(sequence):
    """A made-up relative of a chain and their alignment: 35 % of letters changed, a few gaps on both sides."""
    query, template, i = "", "", 0
    while i < len(sequence):
        draw = rng.random()
        if draw < 0.01 and 5 < i < len(sequence) - 8:
            gap = rng.randint(1, 4)
            query += "-" * gap
            template += sequence[i:i + gap]
            i += gap
            continue
        if draw < 0.02 and 5 < i < len(sequence) - 5:
            gap = rng.randint(1, 4)
            query += "".join(rng.choice(cases.LETTERS) for _ in range(gap))
            template += "-" * gap
        query += rng.choice(cases.LETTERS) if rng.random() < 0.35 else sequence[i].replace("X", "A")
        template += sequence[i]
        i += 1
    return query, template


def three_hits(entry, chain, sequence):
    """The chain as it is, with another name, and with one changed residue in 15, which forces a realignment."""
    query, template = relative(sequence)
    changed = "".join(rng.choice(cases.LETTERS) if c != "-" and i % 15 == 7 else c for i, c in enumerate(template))
    target = query.replace("-", "")
    return target, [
        (f"{entry.upper()}_{chain} exact", 30.0, query, 1, template, 1),
        (f"{entry.upper()}_{'Z' if chain != 'Z' else 'Y'} wrong chain", 20.0, query, 1, template, 1),
        (f"{entry.upper()}_{chain} changed", 10.0, query, 1, changed, 1)]


def real(out, data):
    (out / "mmcif").mkdir(parents=True, exist_ok=True)
    (out / "dates.txt").write_text("")
    (out / "obsolete.dat").write_text("")
    chains = []
    for path in sorted(Path(data, "cases").glob("*/*.cif")):
        parsed = cases.templates.mmcif_parsing.parse(file_id=path.stem, mmcif_string=path.read_text()).mmcif_object
        if parsed is None or "release_date" not in parsed.header:
            print("left out by AlphaFold's parser:", path.name)
            continue
        entry = path.stem[:4].lower()
        (out / "mmcif" / f"{entry}.cif").write_text(path.read_text())
        chains += [(entry, name, s) for name, s in list(parsed.chain_to_seqres.items())[:3] if len(s) >= 12]
    for path in sorted(Path(data, "train/pdb").glob("*.pdb"))[::70][:24]:
        chain = next(PDBParser(QUIET=True).get_structure("", path).get_chains())
        residues = [("MSE" if "SE" in r else r.get_resname(), {a.get_name(): a.get_coord() for a in r if a.element != "H"}) for r in chain]
        entry = f"9{len(chains):03d}"
        (out / "mmcif" / f"{entry}.cif").write_text(cases.cif_text(entry, {"A": residues}, "2001-01-01"))
        chains.append((entry, "A", "".join(LETTER.get(code, "X") for code, _ in residues)))
    pairs = used = 0
    for entry, name, sequence in chains:
        target, hits = three_hits(entry, name, sequence)
        result = cases.write_case(out, f"{entry}_{name}", target, hits, "2030-01-01")
        pairs += len(hits)
        used += len(result["templates"])
    print(f"{len(chains)} chains, {pairs} hits, {used} templates")
