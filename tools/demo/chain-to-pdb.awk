# Protein atoms of chain A of an mmCIF file as PDB records, numbered by label_seq_id.
# Of alternate conformations the first one (A) is kept.
BEGIN {
  print "REMARK   1 PDB ENTRY 4CUP, CHAIN A. RESIDUE NUMBERS FOLLOW THE SEQUENCE FROM 1."
  print "REMARK   1 ALTERNATE CONFORMATION A. COORDINATES FROM THE PDB ARCHIVE (CC0)."
}
$1 ~ /^_atom_site\./ { sub(/^_atom_site\./, "", $1); column[$1] = ++columns; next }
$1 != "ATOM" { next }
$(column["label_asym_id"]) != "A" { next }
$(column["label_alt_id"]) !~ /^[.A]$/ { next }
{
  atom = $(column["label_atom_id"])
  printf "ATOM  %5d %-4s %3s A%4d    %8.3f%8.3f%8.3f%6.2f%6.2f          %2s\n", ++serial,
    " " atom, $(column["label_comp_id"]), $(column["label_seq_id"]), $(column["Cartn_x"]),
    $(column["Cartn_y"]), $(column["Cartn_z"]), $(column["occupancy"]),
    $(column["B_iso_or_equiv"]), $(column["type_symbol"])
  name = $(column["label_comp_id"])
  number = $(column["label_seq_id"])
}
END {
  printf "TER   %5d      %3s A%4d\nEND\n", ++serial, name, number
}
