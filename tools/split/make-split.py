#!/usr/bin/env python3
"""Divides chains into training, validation and test by sequence cluster; writes data/split.tsv.

    tools/split/make-split.py --chains chains.tsv --backbones cgdms_backbone \
        --exclude T1026.fasta T1037.fasta data/demo/4cup_A.fasta -o data/split.tsv

Rule, fixed before the first training run:
1. All chains of both sets are clustered together by mmseqs2: connected components of the graph whose edges are
   alignments of at least 40 % identity that cover half of the shorter or the longer chain (--min-seq-id 0.4 -c 0.5
   --cov-mode 1, both directions, --cluster-mode 1, -s 7.5). Loose on purpose: related chains end up together.
2. CRC32 (zlib) of the alphabetically first chain name of the cluster, mod 10: 0 test, 1 validation, others training.
3. Clusters with a chain similar to a protein of --exclude (mmseqs2 search, -s 7.5, e <= 0.01), or with a chain named
   in EXCLUDED, belong to none: "excluded".

Needs mmseqs2 (Debian 14-7e284) and Python 3; writes names only, no sequences and no coordinates.
"""

import argparse
import os
import subprocess
import tempfile
import zlib

# Structures of the demo protein's fold that were known to be in the training sets.
EXCLUDED = {"3jvl_A", "3aad_A"}


def read_chains(path):
    """Name and sequence of the chains of a table with a header."""
    with open(path) as file:
        header = file.readline().rstrip("\n").split("\t")
        name, sequence = header.index("name"), header.index("sequence")
        for line in file:
            cells = line.rstrip("\n").split("\t")
            yield cells[name], cells[sequence]


def read_backbones(folder):
    """Name and sequence (first line) of the files of a folder."""
    for entry in sorted(os.listdir(folder)):
        with open(os.path.join(folder, entry)) as file:
            yield entry.removesuffix(".txt"), file.readline().strip()


def write_fasta(path, chains):
    with open(path, "w") as file:
        for name, sequence in chains:
            file.write(f">{name}\n{sequence}\n")


def run(*arguments):
    subprocess.run(["mmseqs", *arguments], check=True, stdout=subprocess.DEVNULL)


def clusters(fasta, folder):
    """Clusters as sorted lists of names."""
    prefix = os.path.join(folder, "clusters")
    run("easy-cluster", fasta, prefix, os.path.join(folder, "tmp"), "--min-seq-id", "0.4", "-c", "0.5",
        "--cov-mode", "1", "--cluster-mode", "1", "-s", "7.5", "--single-step-clustering", "1", "--threads", "2")
    found = {}
    with open(prefix + "_cluster.tsv") as file:
        for line in file:
            representative, member = line.split()
            found.setdefault(representative, []).append(member)
    return sorted(sorted(members) for members in found.values())


def similar(queries, fasta, folder):
    """Names of the chains that a search with the excluded proteins finds."""
    joined = os.path.join(folder, "exclude.fasta")
    with open(joined, "w") as out:
        for path in queries:
            with open(path) as file:
                out.write(file.read().rstrip("\n") + "\n")
    hits = os.path.join(folder, "hits.tsv")
    run("easy-search", joined, fasta, hits, os.path.join(folder, "tmp2"), "-s", "7.5", "-e", "0.01", "--threads", "2")
    with open(hits) as file:
        return {line.split("\t")[1] for line in file}


def is_known(name):
    """Whether the part of a name before a checksum is in EXCLUDED."""
    return "_".join(name.split("_")[:2]).lower() in {known.lower() for known in EXCLUDED}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--chains", required=True, help="table with columns name and sequence")
    parser.add_argument("--backbones", required=True, help="folder of files whose first line is a sequence")
    parser.add_argument("--exclude", nargs="+", required=True, help="FASTA files of proteins to keep out")
    parser.add_argument("-o", "--output", required=True)
    options = parser.parse_args()
    first = list(read_chains(options.chains))
    second = list(read_backbones(options.backbones))
    sets = {name: "chains" for name, _ in first}
    clashes = sets.keys() & {name for name, _ in second}
    if clashes:
        raise SystemExit(f"{len(clashes)} names are in both sets, such as {min(clashes)}")
    sets.update({name: "backbones" for name, _ in second})
    with tempfile.TemporaryDirectory() as folder:
        fasta = os.path.join(folder, "all.fasta")
        write_fasta(fasta, first + second)
        found = clusters(fasta, folder)
        excluded = similar(options.exclude, fasta, folder)
    excluded |= {name for name in sets if is_known(name)}
    counts = {}
    with open(options.output, "w") as out:
        out.write("chain\tset\tcluster\tcrc32_mod_10\tsplit\n")
        for members in found:
            digit = zlib.crc32(members[0].encode()) % 10
            split = {0: "test", 1: "validation"}.get(digit, "training")
            if excluded & set(members):
                split = "excluded"
            for name in members:
                out.write(f"{name}\t{sets[name]}\t{members[0]}\t{digit}\t{split}\n")
            for key in (split, f"{split} clusters"):
                counts[key] = counts.get(key, 0) + (1 if key.endswith("clusters") else len(members))
    print(f"{len(sets)} chains, {len(found)} clusters, largest {max(map(len, found))}")
    print("similar to excluded proteins:", ", ".join(sorted(excluded)))
    for key in sorted(counts):
        print(f"{key}: {counts[key]}")


main()
