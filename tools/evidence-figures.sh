# Shared by the scripts of tools/evidence.d; `work` is their own folder.

# one ARGUMENTS...: helixfold on the first core alone.
one() { if command -v taskset > /dev/null; then taskset -c 0 "$HELIXFOLD" "$@"; else "$HELIXFOLD" "$@"; fi; }

# figure KEY FILE: the first number under a key, also of "key": { "median": … }.
figure() { awk -v key="\"$1\":" 'index($0, key) { on = 1; sub(/.*:/, "") } on && /[0-9]/ { sub(/.*: /, ""); gsub(/[^0-9.eE+-]/, ""); print; exit }' "$2"; }

# fixed NUMBER DIGITS
fixed() { awk -v x="$1" -v digits="$2" 'BEGIN { printf "%.*f", digits, x }'; }

# holds CONDITION: yes or no, for a condition as awk writes it.
holds() { awk "BEGIN { print ($1) ? \"yes\" : \"no\" }"; }

# mean_loss RUN FROM TO: mean total loss of steps FROM to TO (from 0) of the run in a folder of `work`.
mean_loss() {
  grep '"event":"step"' "$work/$1/log.jsonl" \
    | awk -v from="$2" -v to="$3" '{ match($0, /"step":[0-9]+/); s = substr($0, RSTART + 7, RLENGTH - 7)
        if (!match($0, /"total":[0-9.e+-]+/)) next  # a loss that is not finite
        t = substr($0, RSTART + 8, RLENGTH - 8)
        if (s >= from && s <= to) { n++; sum += t } } END { if (n) printf "%.6f", sum / n; else printf "nan" }'
}

# absent WHAT: ends the script because something that it needs is not at hand; the section stays as it is.
absent() {
  echo "$1" >&2
  exit 3
}

# keep REASON TEXT...: rows whose first cell holds a text cannot be measured this time, and stay as they are.
keep() {
  local text
  for text in "${@:2}"; do printf 'keep\t%s\t%s\n' "$1" "$text"; done
}

# training_store: sets `store` to a store of `dataset build`.
training_store() {
  store=${HELIXFOLD_TRAIN_STORE:-}
  [ -f "$store" ] || absent "HELIXFOLD_TRAIN_STORE names no store"
}

# build_tests: builds what `suite` runs.
build_tests() { swift build --build-tests -c release -Xswiftc -enable-testing --scratch-path .build/testing > /dev/null 2>&1; }

# suite WHAT FILTER REACH: a row of the tests that a filter names. A filter that names none does not hold.
suite() {
  local status=0 line
  swift test -c release -Xswiftc -enable-testing --scratch-path .build/testing --skip-build --filter "$2" > "$work/tests" 2>&1 || status=$?
  line=$(grep -o 'Test run with [0-9]* tests\{0,1\} .*\(passed\|failed\)' "$work/tests" | tail -n 1) || true
  [[ $line =~ 'with '[1-9].*passed$ ]] || status=1
  echo "| \`swift test --filter $2\`: $1 | ${line:-no tests} | $3 | $([ "$status" = 0 ] && echo yes || echo no) |"
}

# forward LIMIT-MIB FLAGS...: a row of the measured and the planned peak of whole passes of one block.
forward() {
  local command="bench forward --blocks 1 --extra-blocks 1 ${*:2}" peak planned within
  "$HELIXFOLD" $command --repeats 1 --no-warm-up --threads 2 --json > "$work/report"
  peak=$(text peak_rss_mib) planned=$(text planned_peak_mib)
  within=$(holds "$planned <= 1.1 * $peak && $planned >= 0.9 * $peak")
  echo "| \`$command\`, bf16, 2 threads | peak $peak MiB, planned $planned MiB ($(text planned_moment)), operands $(text pair_operands); $(fixed "$(text seconds_median)" 1) s | ≤ $1 MiB, plan within 10 % | $([ "$(holds "$peak <= $1")$within" = yesyes ] && echo yes || echo no) |"
}

# text KEY: the value under a key of `report`.
text() { sed -n "s/.*\"$1\": *\"\{0,1\}\([^\"]*[^\",]\).*/\1/p" "$work/report" | head -n 1; }
