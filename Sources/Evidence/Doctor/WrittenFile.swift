import FeaturePipeline
import Foundation

/// Files that helixfold writes for people and other programs but never reads as input.
enum WrittenFile {
  /// Number of first bytes that identify a file.
  static let startBytes = 64

  /// The kind of a file by its first bytes; nil if helixfold does not write such files.
  ///
  /// A page or drawing must also have the right ending: under the name of an input it is a failed download.
  static func format(_ start: [UInt8], path: String) -> String? {
    let text = String(decoding: start, as: UTF8.self)
    let name = path.lowercased()
    if start.starts(with: [0x89, 0x50, 0x4E, 0x47]), name.hasSuffix(".png") {
      return "PNG drawing"
    }
    if text.contains("brain.Event:2") { return "TensorBoard event file" }
    if name.hasSuffix(".html"), text.lowercased().hasPrefix("<!doctype html") { return "HTML page" }
    if name.hasSuffix(".svg"), text.hasPrefix("<svg") { return "SVG drawing" }
    return tables.first { text.hasPrefix($0.header) }?.format
  }

  private static let tables: [(header: String, format: String)] = [
    ("target\tstate\tresidues\t", "table of targets"),
    ("hit\tname\tsum_probs\t", "table of templates"),
    ("search\tprogram\tstate\t", "table of searches"),
    ("rows\tcount\ttflop_per_pass\t", "table of row budgets"),
    ("path\ttargets\tchecksum\n", "table of a training store"),
    ("tensor\tsteps\tclipped\n", "table of clipped gradients"),
    ("rank\tprocess\thost\n", "table of processes"),
    ("chain\tstatus\treason\t", "report of a data set"),
    ("chain\tcluster\tresidues\t", "table of validation scores"),
  ]

  /// Longest line of a training log to examine.
  private static let longestLogLine = 100_000

  /// Whether a text is the log of a training run, by its first line.
  static func isTrainingLog(_ text: InputText) -> Bool {
    guard let line = text.byteLines.first, line.count <= longestLogLine,
      let record = try? JSONSerialization.jsonObject(with: Data(line)) as? [String: Any]
    else { return false }
    return Set(["event", "step", "loss", "seconds"]).isSubset(of: record.keys)
  }
}
