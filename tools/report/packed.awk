# Copies of a protein side by side, as one chain in mmCIF: awk -v count=1000 -v wave=2 -f packed.awk PROTEIN.pdb
# Serves to time scoring on atoms as dense as those of a folded chain; `wave` is the amplitude in Å of a slow distortion.
/^ATOM/ {
  residue = substr($0, 23, 5)
  if (residue != last) { residues++; last = residue }
  atoms++
  place[atoms] = residues
  name[atoms] = substr($0, 13, 4); gsub(/ /, "", name[atoms])
  type[atoms] = substr($0, 18, 3)
  for (k = 1; k <= 3; k++) {
    at[atoms, k] = substr($0, 23 + 8 * k, 8) + 0
    if (atoms == 1 || at[atoms, k] < low[k]) low[k] = at[atoms, k]
    if (atoms == 1 || at[atoms, k] > high[k]) high[k] = at[atoms, k]
  }
}
END {
  print "data_packed\nloop_"
  split("group_PDB id type_symbol label_atom_id label_alt_id label_comp_id label_asym_id label_entity_id label_seq_id" \
    " pdbx_PDB_ins_code Cartn_x Cartn_y Cartn_z occupancy B_iso_or_equiv auth_seq_id auth_comp_id auth_asym_id" \
    " auth_atom_id pdbx_PDB_model_num", names, " ")
  for (i = 1; i in names; i++) print "_atom_site." names[i]
  # Copies fill a cube, nearer than their boxes, whose corners are empty.
  copies = int((count + residues - 1) / residues)
  for (side = 1; side ^ 3 < copies; side++);
  for (copy = 0; copy < copies; copy++) {
    cell[1] = copy % side; cell[2] = int(copy / side) % side; cell[3] = int(copy / side / side)
    for (a = 1; a <= atoms; a++) {
      number = copy * residues + place[a]
      if (number > count) break
      for (k = 1; k <= 3; k++) p[k] = at[a, k] - low[k] + 0.85 * (high[k] - low[k]) * cell[k]
      n++
      printf "ATOM %d %s %s . %s A 1 %d ? %.3f %.3f %.3f 1.00 50.00 %d %s A %s 1\n", n, substr(name[a], 1, 1), name[a], \
        type[a], number, p[1], p[2], p[3] + wave * sin(number / 37), number, type[a], name[a]
    }
  }
}
