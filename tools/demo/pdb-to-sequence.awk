# One-letter sequence of a single-chain PDB file whose residues are numbered from 1 without gaps.
BEGIN {
  split("ALA A ARG R ASN N ASP D CYS C GLN Q GLU E GLY G HIS H ILE I LEU L LYS K MET M PHE F " \
    "PRO P SER S THR T TRP W TYR Y VAL V", pair, " ")
  for (i = 1; i in pair; i += 2) letter[pair[i]] = pair[i + 1]
}
/^ATOM/ {
  number = substr($0, 23, 4) + 0
  if (number == last) next
  if (number != last + 1) { print "gap before residue " number > "/dev/stderr"; exit 1 }
  printf "%s", letter[substr($0, 18, 3)]
  last = number
}
END { print "" }
