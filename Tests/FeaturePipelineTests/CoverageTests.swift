import FeaturePipeline
import Foundation
import NumericArrays
import Protein
import Testing

@Suite("Coverage and depth of alignments")
struct CoverageTests {
  @Test("the summary counts rows, effective rows and mean depth")
  func summary() throws {
    let text = ">q\nACDEF\n>copy\nACDEF\n>half\nAC---\n>other\n-WWWW\n"
    let alignment = try Alignment.parse(InputText(name: "x.a3m", text))
    let raw = try RawFeatures(
      id: "q", sequence: try ProteinSequence("ACDEF"), alignments: [alignment])
    // The copy is the same aligned row as the target and counts once; 'half' agrees with the target where it is, so the
    // two weigh 1/2 each; 'other' weighs 1. Residues: 5 + 2 + 4 in 5 columns.
    #expect(MSAStatistics(raw.msa).summary == "3 rows, Neff 2.0, mean depth 2.2")
  }

  @Test("rows are told apart by the share of the target's residues that they repeat")
  func bands() throws {
    let alignment = try Alignment.parse(
      InputText(name: "x.a3m", ">q\nACDEF\n>a\nA----\n>b\nACWWW\n>c\n--WWW\n"))
    let raw = try RawFeatures(
      id: "q", sequence: try ProteinSequence("ACDEF"), alignments: [alignment])
    let statistics = MSAStatistics(raw.msa)
    #expect(statistics.depths.map(\.leastIdentity) == [0.8, 0.6, 0.4, 0.2, 0])
    #expect(
      statistics.depths.map(\.depth) == [
        [2, 1, 1, 1, 1], [0, 0, 0, 0, 0], [1, 1, 1, 1, 1], [0, 0, 0, 0, 0], [0, 0, 1, 1, 1],
      ])
    #expect(statistics.depth == [3, 2, 3, 3, 3])
  }

  @Test("of more than 10,000 rows a part is counted, and the summary says so")
  func manyRows() throws {
    let raw = try randomFeatures(residues: 3, rows: 10_001, seed: 5)
    #expect(MSAStatistics(raw.msa).summary.contains(" of 10000 rows, mean depth"))
  }

  @Test("an alignment cut to its first rows keeps their cells, and never loses the target")
  func prefix() throws {
    let alignment = try Alignment.parse(
      InputText(name: "x.a3m", ">q\nACD\n>a\nA-aD\n>b\nAW-\n"))
    #expect(alignment.prefix(2).names == ["q", "a"])
    #expect(alignment.prefix(2).deletions == [0, 0, 0, 0, 0, 1])
    #expect(alignment.prefix(0).rows == 1)
    #expect(alignment.prefix(9) == alignment)
  }

  @Test("an alignment of the target alone is read, and has depth 1")
  func singleRow() throws {
    let alignment = try Alignment.parse(InputText(name: "x.a3m", ">q\nACD\n"))
    let raw = try RawFeatures(
      id: "q", sequence: try ProteinSequence("ACD"), alignments: [alignment])
    #expect(MSAStatistics(raw.msa).summary == "1 row, Neff 1.0, mean depth 1.0")
  }
}
