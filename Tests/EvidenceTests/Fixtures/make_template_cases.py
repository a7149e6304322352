#!/usr/bin/env python3
"""Template cases with the answers of AlphaFold's own code.

    make_template_cases.py synthetic OUT          small made-up chains; OUT is Fixtures/templates
    make_template_cases.py real OUT DATA          DATA holds unpacked cases/ and train/ folders

Needs PyPI alphafold==2.0.0 (for the prefilter) and alphafold-colabfold==2.3.27 (the rest) in the folders named by
ALPHAFOLD_2_0 and ALPHAFOLD_COLABFOLD, biopython 1.88, numpy, and kalign 3.3.5 on PATH. Seed 7.

Each case is a folder: target.fasta, hits.hhr, settings.json (cut-off date), expected.json. Structures are in mmcif/,
release dates in dates.txt, obsolete entries in obsolete.dat, for all cases of OUT.

Differences from the released code, each deliberate and named here:
- the fork of ColabFold switches the prefilter off; the functions of 2.0.0 stand in, with ratio 0.95;
- it knows no modified residues; Biopython's extended table stands in for SCOPData of AlphaFold 2.3;
- residues of a hit without partner after realignment are dropped; AlphaFold maps them to index -1, the last residue.
"""
import ast, datetime, json, os, random, sys
from pathlib import Path

sys.path.insert(0, os.environ["ALPHAFOLD_COLABFOLD"])
from Bio.Data import PDBData
from alphafold.data import parsers, templates

PDBData.protein_letters_3to1.update(
    {k.strip(): v.strip() for k, v in PDBData.protein_letters_3to1_extended.items() if len(v.strip()) == 1})
rng = random.Random(7)
LETTERS = "ACDEFGHIKLMNPQRSTVWY"
THREE = {v: k for k, v in list(PDBData.protein_letters_3to1.items())[:20]}
SIDE = {"R": ["CB", "CG", "CD", "NE", "CZ", "NH1", "NH2"], "G": [], "M": ["CB", "CG", "SD", "CE"]}


def released_prefilter():
    """The prefilter of AlphaFold 2.0.0, compiled into the fork's module."""
    source = Path(os.environ["ALPHAFOLD_2_0"], "alphafold/data/templates.py").read_text()
    tree = ast.parse(source)
    tree.body = [n for n in tree.body if getattr(n, "name", "") in ("_assess_hhsearch_hit", "PdbIdError")]
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr == "HhrHit":
            node.attr = "TemplateHit"
    scope = dict(vars(templates))
    exec(compile(tree, "templates-2.0.0", "exec"), scope)
    return scope["_assess_hhsearch_hit"]


prefilter, extract, realign = released_prefilter(), templates._extract_template_features, templates._realign_pdb_template_to_query
last_error = None


def recorded(function):
    def call(**arguments):
        global last_error
        try:
            return function(**arguments)
        except Exception as error:
            last_error = type(error).__name__
            raise
    return call


def assess(**a):
    a.pop("max_subsequence_ratio")
    return prefilter(query_pdb_code=None, **a)


def realign_without_minus_one(**a):
    sequence, mapping = realign(**a)
    return sequence, {k: v for k, v in mapping.items() if v != -1}


templates._assess_hhsearch_hit = recorded(assess)
templates._extract_template_features = recorded(extract)
templates._realign_pdb_template_to_query = realign_without_minus_one


def answer(out, target, hhr, cutoff):
    """What AlphaFold makes of the hits: a verdict for each, and the templates."""
    global last_error
    dates = templates._parse_release_dates(str(out / "dates.txt"))
    obsolete = templates._parse_obsolete(str(out / "obsolete.dat"))
    result = {"verdicts": [], "templates": []}
    for hit in sorted(parsers.parse_hhr(hhr), key=lambda h: h.sum_probs, reverse=True):
        last_error = None
        try:
            single = templates._process_single_hit(
                query_sequence=target, hit=hit, mmcif_dir=str(out / "mmcif"),
                max_template_date=datetime.datetime.strptime(cutoff, "%Y-%m-%d"), release_dates=dates,
                obsolete_pdbs=obsolete, kalign_binary_path="kalign")
        except Exception as error:
            last_error, single = type(error).__name__, None
        features = single.features if single else None
        if features is None and last_error is None:
            last_error = "Obsolete" if single.warning and "obsolete" in single.warning else "DateError"
        result["verdicts"].append({"hit": hit.index, "error": last_error if features is None else None})
        if features is None or len(result["templates"]) == 20:
            continue
        mask, positions = features["template_all_atom_masks"], features["template_all_atom_positions"]
        result["templates"].append({
            "name": features["template_domain_names"].decode(),
            "sequence": features["template_sequence"].decode(),
            "sum_probs": float(features["template_sum_probs"][0]),
            "atoms": [[int(i), int(a)] + [round(float(x), 3) for x in positions[i, a]]
                      for i, a in zip(*mask.nonzero())]})
    return result


def hhr_text(hits):
    """hits: (name, sum_probs, aligned query with gaps, query start, aligned template, template start)."""
    text = "Query         target\nMatch_columns 1\nCommand       made by make_template_cases.py\n\n No Hit\n\n"
    for number, (name, sums, q, qs, t, ts) in enumerate(hits, 1):
        columns = sum(a != "-" and b != "-" for a, b in zip(q, t))
        text += f"No {number}\n>{name}\nProbab=99.00  E-value=1e-20  Score=100.00  Aligned_cols={columns}  " \
                f"Identities=50%  Similarity=0.800  Sum_probs={sums}  Template_Neff=5.000\n\n"
        for start in range(0, len(q), 80):
            for label, s, first in (("Q target", q, qs), ("T " + name.split()[0][:13], t, ts)):
                before = len(s[:start].replace("-", ""))
                block = s[start:start + 80]
                end = before + len(block.replace("-", "")) + first - 1
                text += f"{label:<16} {before + first:4d} {block} {end:4d} ({first + len(s) + 50})\n"
            text += "\n\n"
    return text


def cif_text(entry, chains, date):
    """chains: name -> list of (three-letter code, {atom: xyz} or None). Date None leaves the history out."""
    rows, poly, asym = [], [], []
    serial = 0
    for number, (name, residues) in enumerate(chains.items(), 1):
        label = chr(64 + number)
        asym.append(f"{label} {number}")
        for i, (code, atoms) in enumerate(residues, 1):
            poly.append(f"{number} {i} {code}")
            for atom, (x, y, z) in (atoms or {}).items():
                serial += 1
                element = "SE" if atom == "SE" else atom[0]
                group = "HETATM" if code == "MSE" else "ATOM"
                rows.append(f"{group} {serial} {element} {atom} . {code} {label} {number} {i} ? {x:.3f} {y:.3f} {z:.3f} "
                            f"1.00 10.00 {i + 100} {code} {name} {atom} 1")
    codes = sorted({c for residues in chains.values() for c, _ in residues})
    parts = [f"data_{entry.upper()}\n_entry.id {entry.upper()}\n_exptl.method 'X-RAY DIFFRACTION'\n#"]
    if date:
        parts.append(f"_pdbx_audit_revision_history.ordinal 1\n_pdbx_audit_revision_history.revision_date {date}\n#")
    def loop(category, items, lines):
        return "loop_\n" + "\n".join(f"_{category}.{i}" for i in items) + "\n" + "\n".join(lines) + "\n#"
    parts.append(loop("chem_comp", ["id", "type"], [f"{c} 'L-peptide linking'" if c not in ("DA", "DG") else f"{c} 'DNA linking'" for c in codes]))
    parts.append(loop("struct_asym", ["id", "entity_id"], asym))
    parts.append(loop("entity_poly_seq", ["entity_id", "num", "mon_id"], poly))
    parts.append(loop("atom_site", ["group_PDB", "id", "type_symbol", "label_atom_id", "label_alt_id", "label_comp_id",
        "label_asym_id", "label_entity_id", "label_seq_id", "pdbx_PDB_ins_code", "Cartn_x", "Cartn_y", "Cartn_z",
        "occupancy", "B_iso_or_equiv", "auth_seq_id", "auth_comp_id", "auth_asym_id", "auth_atom_id",
        "pdbx_PDB_model_num"], rows))
    return "\n".join(parts) + "\n"


def made_up(sequence, missing=(), stretch=None):
    """A chain along x with random side atoms; residues in `missing` have no atoms; `stretch` breaks it by 200 Å."""
    residues = []
    for i, letter in enumerate(sequence):
        code = "MSE" if letter == "m" else THREE[letter]
        x = 3.8 * i + (200 if stretch is not None and i >= stretch else 0)
        names = ["N", "CA", "C", "O"] + SIDE.get(letter.upper(), ["CB"])
        names = ["SE" if code == "MSE" and n == "SD" else n for n in names]
        atoms = {n: (x + 1.2 * k + rng.uniform(-.3, .3), rng.uniform(-2, 2), rng.uniform(-2, 2)) for k, n in enumerate(names)}
        residues.append((code, None if i in missing else atoms))
    return residues


def write_case(out, name, target, hits, cutoff):
    folder = out / name
    folder.mkdir(parents=True, exist_ok=True)
    hhr = hhr_text(hits)
    (folder / "target.fasta").write_text(f">{name}\n{target}\n")
    (folder / "hits.hhr").write_text(hhr)
    (folder / "settings.json").write_text(json.dumps({"cutoff": cutoff}) + "\n")
    result = answer(out, target, hhr, cutoff)
    (folder / "expected.json").write_text(json.dumps(result, separators=(",", ":")) + "\n")
    return result


def synthetic(out):
    (out / "mmcif").mkdir(parents=True, exist_ok=True)
    target = "MKRAYIRWQNLEDSTVGHPC"
    part = "mKRAYIRWQNLEDSTV"
    plain = part.upper()
    relative = "RRWYLIRWQNVEDAAV"
    files = {
        "1aaa": ({"A": made_up(relative)}, "2001-01-01"), "1aab": ({"A": made_up("GG" + part + "GG", missing=(3, 8))}, "2001-01-01"),
        "1aac": ({"A": made_up(relative), "B": made_up("P" * 20)}, "2001-01-01"),
        "1aad": ({"A": made_up("W" * 12), "B": made_up("C" * 12)}, "2001-01-01"),
        "1aae": ({"A": made_up("GA" + relative + "AG")}, "2020-01-01"), "1aaf": ({"A": made_up(relative)}, None),
        "1aag": ({"A": made_up(relative, stretch=8)}, "2001-01-01"),
        "1aah": ({"A": made_up(relative, missing=range(16))}, "2001-01-01"),
        "1aai": ({"A": [("DA", {"P": (0, 0, 0)}), ("DG", {"P": (5, 0, 0)})]}, "2001-01-01"),
        "1aaj": ({"A": made_up(relative[:6] + "K" + relative[7:])}, "2001-01-01"),
        "1aak": ({"A": [("UNK" if i in (2, 5) else c, a) for i, (c, a) in enumerate(made_up(relative))]}, "2001-01-01"),
    }
    # All atoms of 1aah are missing but one, so that the chain exists.
    files["1aah"][0]["A"][15] = ("VAL", {"CA": (1., 2., 3.)})
    for entry, (chains, date) in files.items():
        (out / "mmcif" / f"{entry}.cif").write_text(cif_text(entry, chains, date))
    (out / "dates.txt").write_text("1aal:2021-05-05\n1aaa:2001-01-01\n")
    (out / "obsolete.dat").write_text(
        " LIST OF OBSOLETE COORDINATE ENTRIES AND SUCCESSORS\nOBSLTE    06-NOV-19 9ZZZ\nOBSLTE    31-JUL-94 9ZZY     1AAA\n")
    q = target[:16]
    def hit(name, sums, t=relative, query=q, qs=1, ts=1):
        return (name, sums, query, qs, t, ts)
    hits = [
        hit("1AAA_A plain", 20.0), hit("1AAB_A selenium, missing residues", 19.0, t=plain, ts=3),
        hit("1AAC_B other chain", 18.0), hit("1AAC_C no such chain, sequence found", 17.0),
        hit("1AAD_Q no such chain", 16.0), hit("1AAD_A other sequence", 15.5), hit("1AAE_A newer than the cut-off", 15.0),
        hit("1AAF_A no date", 14.0), hit("1AAG_A broken", 13.0), hit("1AAH_A one atom", 12.0), hit("1AAI_A nucleic acid", 11.0),
        hit("1AAJ_A one residue differs", 10.0), hit("1AAK_A unknown residues", 9.0), hit("1AAL_A new in the list", 8.0),
        hit("9ZZZ_A withdrawn", 7.0), hit("9ZZY_A replaced", 6.0), hit("1AAM_A no file", 5.0),
        hit("1AAA_A two columns", 4.0, t=relative[:2], query=q[:2]), hit("1AAA_A the target itself", 3.0, t=target, query=target),
        hit("1AAA_A nine residues", 2.0, t=relative[:9], query=q[:9]),
        hit("1AAA_A gaps and a later start", 1.5, t=relative[4:8] + "--" + relative[8:], query=q[2:6] + q[6:9] + "-" + q[9:15], qs=3, ts=5),
        hit("nonsense", 1.0), hit("1AAA_A plain, same sum", 1.0),
    ]
    print(json.dumps(write_case(out, "every_reason", target, hits, "2010-01-01")["verdicts"]))


if __name__ == "__main__":
    sys.modules["make_template_cases"] = sys.modules[__name__]


def main():
    mode, out = sys.argv[1], Path(sys.argv[2])
    if mode == "synthetic":
        synthetic(out)
    else:
        from make_real_template_cases import real
        real(out, Path(sys.argv[3]))


if __name__ == "__main__":
    main()
