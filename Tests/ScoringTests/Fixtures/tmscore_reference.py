"""Builds a reference for TM-score and GDT from the TM-align source in PyPI's tmtools 0.3.0 source package.

TM-align holds the TM-score program's superposition search (TMscore8_search_standard, then TMscore8_search). This
script adds the counting of pairs within 0.5, 1, 2, 4 and 8 A, at the places where TMscore counts them, and a main
that calls the two searches on residue pairs that are given, with TMscore's parameters, so that nothing is re-aligned.
Nothing of that source is part of this repository.

Usage: tmscore_reference.py TMALIGN.CPP OUTPUT_PROGRAM
Program input: target length, number of pairs, then per pair x y z of the model and of the reference.
Program output: TM-score, GDT-TS, GDT-HA.
"""
import re
import subprocess
import sys
import tempfile

source = open(sys.argv[1]).read()
source = source.replace("int main(int argc, char *argv[])", "int tmalign_main(int argc, char *argv[])")

COUNTERS = """
double pairs_near[5], most_near[5];
void count_near(double di) {
  const double limit[5] = {0.25, 1, 4, 16, 64};
  for (int k = 0; k < 5; k++) if (di < limit[k]) pairs_near[k]++;
}
void keep_most() {
  for (int k = 0; k < 5; k++) if (pairs_near[k] > most_near[k]) most_near[k] = pairs_near[k];
}
"""
start = source.index("int score_fun8( double **xa")
head, tail = source[:start], source[start:]


def body(name):
    """The text of one function, from its name to the closing brace in column 0."""
    begin = re.search(r"^\w+ " + name + r"\(", tail, re.M).start()
    return tail[begin:tail.index("\n}\n", begin) + 3]


for name in ("score_fun8", "score_fun8_standard"):
    old = body(name)
    new = re.sub(r"(di = dist\(xa\[i\], ya\[i\]\);)", r"\1 count_near(di);", old)
    new = re.sub(r"(n_cut ?= ?0;\n)", r"\1 for (int k = 0; k < 5; k++) pairs_near[k] = 0;\n", new)
    tail = tail.replace(old, new)
old = body("TMscore8_search_standard")
tail = tail.replace(old, re.sub(r"(if \(score>score_max\))", r"keep_most(); \1", old))
old = body("TMscore8_search")
# In the last search TMscore counts at the first superposition of each fragment only.
tail = tail.replace(old, old.replace("if(score>score_max)", "keep_most(); if(score>score_max)", 1))

MAIN = """
int main() {
  int length, n;
  while (scanf("%d %d", &length, &n) == 2) {
    double **x, **y, **xt, **r1, **r2;
    NewArray(&x, n, 3); NewArray(&y, n, 3); NewArray(&xt, n, 3); NewArray(&r1, n, 3); NewArray(&r2, n, 3);
    for (int i = 0; i < n; i++)
      if (scanf("%lf %lf %lf %lf %lf %lf", &x[i][0], &x[i][1], &x[i][2], &y[i][0], &y[i][1], &y[i][2]) != 6) return 1;
    for (int k = 0; k < 5; k++) most_near[k] = 0;
    double d0_min, norm, d8, d0, d0_search, dcu0, rmsd, t[3], u[3][3];
    parameter_set4search(n, length, d0_min, norm, d8, d0, d0_search, dcu0);
    TMscore8_search_standard(r1, r2, x, y, xt, n, t, u, 1, 8, &rmsd, d0_search, d8, d0);
    parameter_set4final(length, d0_min, norm, d0, d0_search, 0);
    double tm = TMscore8_search(r1, r2, x, y, xt, n, t, u, 1, 0, &rmsd, d0_search, norm, d8, d0);
    double *m = most_near;
    printf("%.6f %.6f %.6f\\n", tm, (m[1] + m[2] + m[3] + m[4]) / (4 * length), (m[0] + m[1] + m[2] + m[3]) / (4 * length));
    fflush(stdout);
  }
}
"""
with tempfile.NamedTemporaryFile("w", suffix=".cpp", delete=False) as file:
    file.write(head + COUNTERS + tail + MAIN)
subprocess.check_call(["g++", "-O2", "-w", "-o", sys.argv[2], file.name])
