import BasicTestSupport
import FeaturePipeline
import Foundation
import NumericArrays
import Testing

@Suite("deletions as Uni-Fold writes them")
struct SparseMatrixTests {
  /// A pickle of an alignment of two rows and three columns, and of deletions by their places.
  private func pickle(shape: [Int] = [2, 3], rows: [UInt8], columns: [UInt8], data: [UInt8]) -> Data
  {
    func array(_ values: [UInt8], _ shape: [Int]) -> [UInt8] {
      Array("cnumpy.core.numeric\n_frombuffer\n(C".utf8) + [UInt8(values.count)] + values
        + Array("cnumpy\ndtype\n(Vu1\ntR(\(shape.map { "I\($0)\n" }.joined())tVC\ntR".utf8)
    }
    var bytes: [UInt8] = Array("(dVmsa\n".utf8) + array([0, 1, 2, 3, 4, 5], [2, 3])
    bytes += Array("sVsparse_deletion_matrix_int\n(dVshape\n(".utf8)
    bytes += Array("\(shape.map { "I\($0)\n" }.joined())ts".utf8)
    for (name, values) in [("row", rows), ("col", columns), ("data", data)] {
      bytes += Array("V\(name)\n".utf8) + array(values, [values.count]) + Array("s".utf8)
    }
    return Data([0x80, 2] + bytes + Array("s.".utf8))
  }

  private func read(_ pickle: Data) throws -> AlphaFoldFeatures {
    try withScratchFolder { folder in
      let path = folder + "/features.pkl"
      try pickle.write(to: URL(fileURLWithPath: path))
      return try AlphaFoldFeatures(pickle: path)
    }
  }

  @Test("the values that are not 0 come to their places")
  func dense() throws {
    let features = try read(pickle(rows: [0, 1], columns: [2, 0], data: [7, 9]))
    let expected = NDArray<Int32>(shape: [2, 3], values: [0, 0, 7, 9, 0, 0])
    #expect(features.arrays["deletion_matrix_int"] == .int32(expected))
    #expect(features.arrays["msa"]?.elementName == "uint8")
  }

  @Test("places outside, lists of different lengths and other shapes are refused")
  func wrong() {
    #expect(
      message { _ = try read(pickle(rows: [2], columns: [0], data: [1])) }.contains(
        "'sparse_deletion_matrix_int' is with a value at [2, 0], expected places inside [2, 3]"))
    #expect(
      message { _ = try read(pickle(rows: [0], columns: [3], data: [1])) }.contains("[0, 3]"))
    #expect(
      message { _ = try read(pickle(rows: [0], columns: [], data: [1])) }.contains(
        "of 1 rows, 0 columns and 1 values"))
    #expect(
      message { _ = try read(pickle(shape: [2, 1_000_000], rows: [], columns: [], data: [])) }
        .contains("of shape [2, 1000000], expected shape [2, 3], as 'msa' has"))
  }
}
