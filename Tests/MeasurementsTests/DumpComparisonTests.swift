import ArrayFiles
import BasicTestSupport
import Measurements
import NumericArrays
import Testing

@Suite("Comparison of dumps")
struct DumpComparisonTests {
  /// Two glycines on the x axis: the distance bins are cut at 3.25, 4.5, … Å.
  private static func positions(_ distance: Float) -> AnyNDArray {
    var values = [Float](repeating: 0, count: 2 * 37 * 3)
    values[(37 + 1) * 3] = distance
    return .float32(NDArray(shape: [2, 37, 3], values: values))
  }

  @Test(
    "a tensor of the reference that is missing or of another shape is named, whatever it is called")
  func missing() throws {
    let folder = try ScratchFolder()
    func values(_ count: Int) -> AnyNDArray {
      .float32(NDArray(shape: [count], values: Array(repeating: 1, count: count)))
    }
    let names = ["pass0/distogram/bin_edges", "pass0/plddt", "pass0/prev_pair", "pass0/ptm"]
    try NumpyArchive.write(names.map { ($0, values(2)) }, to: folder.file("a.npz"))
    try NumpyArchive.write(
      [("pass0/plddt", values(3)), ("pass0/ptm", values(2))], to: folder.file("b.npz"))
    let comparison = try DumpComparison(
      reference: folder.file("a.npz"), found: folder.file("b.npz"), inputs: nil)
    let found = try comparison.deviations(selection: nil)
    #expect(found.map(\.name) == names)
    #expect(
      found.map(\.problem) == ["missing", "float32 [3], expected [2]", "missing", nil])
    #expect(found.map { $0.relative.isFinite } == [false, false, false, true])
  }

  @Test(
    "a distance that crosses the edge of a bin is counted for both orders of the pair",
    arguments: [
      (4.4999, 4.5001, 2), (4.4, 4.49, 0), (3.2, 3.3, 2), (30, 40, 0),
    ] as [(Float, Float, Int)])
  func flippedBins(_ first: Float, _ second: Float, _ flipped: Int) throws {
    let folder = try ScratchFolder()
    let name = "pass0/structure_module/final_atom_positions"
    try NumpyArchive.write([(name, Self.positions(first))], to: folder.file("a.npz"))
    try NumpyArchive.write([(name, Self.positions(second))], to: folder.file("b.npz"))
    let aatype = AnyNDArray.int32(NDArray(shape: [1, 2], values: [7, 7]))
    try NumpyArchive.write([("aatype", aatype)], to: folder.file("in.npz"))
    let comparison = try DumpComparison(
      reference: folder.file("a.npz"), found: folder.file("b.npz"), inputs: folder.file("in.npz"))
    let found = try comparison.flippedBins()
    #expect(found.map(\.pairs) == [4])
    #expect(found.map(\.flipped) == [flipped])
    let without = try DumpComparison(
      reference: folder.file("a.npz"), found: folder.file("b.npz"), inputs: nil)
    #expect(try without.flippedBins().isEmpty)
  }
}
