# Stockholm alignment to A3M: columns where the first row has a residue are match columns; residues in
# other columns become lower case. Rows equal to an earlier one are dropped.
/^#/ || /^\/\// || NF != 2 { next }
{
  if (!($1 in row)) name[++rows] = $1
  row[$1] = row[$1] $2
}
END {
  query = row[name[1]]
  for (r = 1; r <= rows; r++) {
    text = row[name[r]]
    line = ""
    for (i = 1; i <= length(query); i++) {
      letter = substr(text, i, 1)
      if (substr(query, i, 1) ~ /[A-Za-z]/) line = line (letter == "." ? "-" : toupper(letter))
      else if (letter ~ /[A-Za-z]/) line = line tolower(letter)
    }
    if (!seen[line]++) print ">" name[r] "\n" line
  }
}
