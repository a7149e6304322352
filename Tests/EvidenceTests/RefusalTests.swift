import Evidence
import FeaturePipeline
import Testing

/// What is said of records that are left out, and of searches that cannot be run.
@Suite("Refused evidence")
struct RefusalTests {
  @Test(
    "a hit that is left out is told with its line and the reason",
    arguments: [
      (
        "Q toy   1 MKVLA    5 (5)\n", 4,
        "target and template are aligned over 5 and 0 columns; the file seems to be cut short"
      ),
      ("", 4, "the hit has no alignment"),
    ])
  func hhr(_ alignment: String, _ line: Int, _ reason: String) throws {
    let text = """
      Query         toy
      Match_columns 5

      No 1
      >1abc_A first
      Probab=99.84  E-value=2.1e-25  Score=158.41  Aligned_cols=4  Identities=71%  Similarity=1.106  Sum_probs=3.5  Template_Neff=10.900

      \(alignment)
      """
    let file = try HHRFile.parse(InputText(name: "x.hhr", text))
    #expect(file.hits.isEmpty)
    #expect(file.skipped.map(\.description) == ["x.hhr:\(line): \(reason)"])
  }

  @Test(
    "a row of hmmsearch that does not fit the target is left out",
    arguments: [
      ("MK", " has 2 columns, the target 6 residues; was this file made for another sequence?"),
      ("------", " has no aligned residue"),
    ])
  func hmmsearch(_ letters: String, _ reason: String) throws {
    let text = InputText(name: "x.sto", "# STOCKHOLM 1.0\n\n1abc_A/1-2 \(letters)\n//\n")
    let file = try HmmsearchHits.parse(text, target: "MKAYAR")
    #expect(file.hits.isEmpty && file.skipped.count == 1)
    #expect(file.skipped.first?.description.hasPrefix("x.sto:3: ") == true)
    #expect(file.skipped.first?.reason.hasSuffix(reason) == true, "\(file.skipped)")
  }

  @Test("a line without a release date is told, the others are read")
  func dates() {
    var dates = EntryDates()
    dates.addReleaseDates(InputText(name: "d.txt", "1abc 2000\n2xyz:2001-02-30\n3ABC:2001-02-03\n"))
    #expect(dates.released == ["3abc": "2001-02-03"])
    let expected = "expected an entry and a date such as 1abc:2000-01-31, found"
    #expect(
      dates.skipped.map(\.description)
        == ["d.txt:1: \(expected) '1abc 2000'", "d.txt:2: \(expected) '2xyz:2001-02-30'"])
  }

  @Test(
    "why a search cannot be run is one line that says what to try",
    arguments: [
      (
        .toolMissing(.hhblits),
        "hhblits is not installed; install the Debian package hhsuite or give --hhblits PATH"
      ),
      (.toolNotExecutable(.jackhmmer, path: "./none"), "--jackhmmer ./none: no executable file"),
      (
        .database(name: "u", problem: "u.fasta: the file is empty"),
        "database u: u.fasta: the file is empty"
      ),
    ] as [(SearchFailure, String)])
  func failures(_ failure: SearchFailure, _ line: String) {
    #expect(failure.description == line)
  }
}
