import FoldingCore
import FoldingModel
import HelixFold
import Messages
import NumericArrays
import Protein
import TensorCore

/// Sections that the reports of several benchmarks share.
enum ReportSection {
  typealias Fields = [(String, JSONValue)]

  /// Sizes of the problem, and the depth of the network.
  static func problem(_ size: ProblemSize, _ config: FoldingConfig) -> Fields {
    [
      ("residues", .integer(size.residues)), ("msa", .integer(size.clusters)),
      ("extra", .integer(size.extraRows)), ("templates", .integer(size.templates)),
      ("blocks", .integer(config.evoformer.blocks)),
      ("extra_blocks", .integer(config.extraMSA.blocks)),
    ]
  }

  /// The arithmetic, and the library and threads that do it.
  static func machine(_ storage: DType, _ backend: MatrixBackend, threads: Int) -> Fields {
    [
      ("precision", .string(storage.rawValue)), ("gemm", .string(backend.rawValue)),
      ("isa", .string(ProgramIdentity.kernels)), ("threads", .integer(threads)),
    ]
  }

  /// Median, shortest and longest of the runs, with prefixed names.
  static func spread(_ seconds: [Double], prefix: String = "") -> Fields {
    let sorted = seconds.sorted()
    return [
      ("\(prefix)median", .number(seconds.median)), ("\(prefix)min", .number(sorted[0])),
      ("\(prefix)max", .number(sorted[sorted.count - 1])),
    ]
  }

  /// Speed of one large product, on all threads.
  static func peak(perCore: Double, threads: Int) -> Fields {
    [("gemm_peak_gflop_per_second", .number(perCore * Double(threads) / 1e9))]
  }

  /// Peak memory of the process and of its tensors.
  static func memory(resident: Int, tensors: Int) -> Fields {
    [
      ("peak_rss_mib", .integer(resident >> 20)), ("tensor_peak_mib", .integer(tensors >> 20)),
    ]
  }

  /// `median 1.20 s of 3 runs (1.10 to 1.40)`.
  static func text(_ seconds: [Double]) -> String {
    func two(_ value: Double) -> String { fixed(value, decimals: 2) }
    let sorted = seconds.sorted()
    return
      "median \(two(seconds.median)) s of \(sorted.count) runs (\(two(sorted[0])) to \(two(sorted[sorted.count - 1])))"
  }
}
