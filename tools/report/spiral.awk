# Backbones of glycines on a wide spiral, as mmCIF: awk -v count=1000 -v wave=2 -f spiral.awk
# Serves to try scoring; `wave` is the amplitude in Å of a slow distortion.
BEGIN {
  print "data_spiral\nloop_"
  split("group_PDB id type_symbol label_atom_id label_alt_id label_comp_id label_asym_id label_entity_id label_seq_id" \
    " pdbx_PDB_ins_code Cartn_x Cartn_y Cartn_z occupancy B_iso_or_equiv auth_seq_id auth_comp_id auth_asym_id" \
    " auth_atom_id pdbx_PDB_model_num", names, " ")
  for (i = 1; i in names; i++) print "_atom_site." names[i]
  split("N CA C O", atoms, " ")
  split("-1.2 0 1.1 1.5", dx, " ")
  split("0.6 0 0.8 1.9", dy, " ")
  split("-0.4 0 0.5 0.2", dz, " ")
  for (i = 0; i < count; i++) {
    # Turns of a spiral that winds around a torus, so that distant residues meet.
    a = i * 0.9; b = i * 6.283185 / count * 7; r = 20 + 0.0015 * count
    x = (r + 7 * cos(a)) * cos(b); y = (r + 7 * cos(a)) * sin(b); z = 7 * sin(a) + 6 * b + wave * sin(i / 37)
    for (k = 1; k <= 4; k++) {
      n++
      printf "ATOM %d %s %s . GLY A 1 %d ? %.3f %.3f %.3f 1.00 50.00 %d GLY A %s 1\n", n, substr(atoms[k], 1, 1), \
        atoms[k], i + 1, x + dx[k], y + dy[k], z + dz[k], i + 1, atoms[k]
    }
  }
}
