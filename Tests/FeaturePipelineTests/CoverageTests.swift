import FeaturePipeline
import Foundation
import NumericArrays
import Protein
import Testing

#if canImport(FoundationXML)
  import FoundationXML
#endif

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
    #expect(CoveragePlot(raw).summary == "3 rows, Neff 2.0, mean depth 2.2")
  }

  @Test("the picture is well-formed XML for any size and name", arguments: [1, 2, 7, 300])
  func wellFormed(residues: Int) throws {
    var raw = try randomFeatures(residues: residues, rows: residues, seed: 3)
    raw.id = "<a> & b"
    let svg = CoveragePlot(raw).svg
    let parser = XMLParser(data: Data(svg.utf8))
    #expect(parser.parse(), "\(svg.prefix(300))")
    #expect(svg.contains("&lt;a&gt; &amp; b: \(residues) row\(residues == 1 ? "" : "s"), Neff "))
    #expect(svg.components(separatedBy: "<path fill=\"#").count == 6)
    #expect(!svg.contains("nan") && !svg.contains("inf"))
    #expect(svg == CoveragePlot(raw).svg)
  }

  @Test("the highest step of the upper edge is the depth of the deepest column")
  func highest() throws {
    let alignment = try Alignment.parse(
      InputText(name: "x.a3m", ">q\nACD\n>a\nA--\n>b\nAW-\n>c\nG--\n"))
    let raw = try RawFeatures(
      id: "q", sequence: try ProteinSequence("ACD"), alignments: [alignment])
    let svg = CoveragePlot(raw).svg
    #expect(svg.contains(">4</text>"))  // the axis ends at 4 rows
    #expect(svg.contains("M60.0 40.0L"))  // and column 1 reaches it
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
    #expect(CoveragePlot(raw).summary == "1 row, Neff 1.0, mean depth 1.0")
  }
}
