# Rows of a new section. usage: awk -f tools/evidence-rows.awk OLD-SECTION ROWS
#
# `keep<TAB>REASON<TAB>TEXT` among the rows stands for what could not be measured this time: the rows of the old section whose first
# cell holds the text take its place, with their own date, commit and machine, or a row that says why there is none.
function cell(row) {
  sub(/^\| /, "", row)
  return substr(row, 1, index(row, " | ") - 1)
}

FILENAME == ARGV[1] {
  # The line under the title says where and when: without cores, system and compiler, which say nothing of one row.
  if (/^[0-9]+-[0-9]+-[0-9]+, commit /) { stamp = $0; sub(/, [0-9]+ cores.*/, "", stamp) }
  if (/^\| / && !/^\| command / && !/^\| ---/) old[++count] = $0
  next
}

/^keep\t/ {
  split($0, part, "\t")
  found = last = 0
  for (i = 1; i <= count; i++) {
    first = cell(old[i])
    # A row `the same, …` belongs to the one above.
    if (!index(first, part[3]) && !(last == i - 1 && last && first ~ /^the same/)) continue
    if (i in kept || index(old[i], " | not measured: ")) continue
    kept[i] = found = last = i
    row = old[i]
    if (!index(row, " (measured ")) {
      rest = substr(row, length(first) + 6)
      figure = substr(rest, 1, index(rest, " | ") - 1)
      row = "| " first " | " figure " (measured " stamp ")" substr(rest, length(figure) + 1)
    }
    print row
  }
  if (!found) printf "| %s | not measured: %s | | |\n", part[3], part[2]
  next
}
{ print }
