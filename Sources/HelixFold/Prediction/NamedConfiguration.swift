import FeaturePipeline
import FoldingCore
import Foundation
import Messages

extension FoldingConfig {
  /// Whether a name is that of a JSON file, which defines the whole network, including its block order.
  public static func isFile(_ name: String?) -> Bool {
    name.map { preset(named: $0) == nil } ?? false
  }

  /// The preset with that name, or the configuration in a JSON file.
  public static func named(_ name: String) throws -> FoldingConfig {
    if let preset = preset(named: name) { return preset }
    guard name.hasSuffix(".json") else { throw UnknownPresetError(name: name) }
    return try read(json: name)
  }

  /// Reads a file that states the differences from a preset.
  public static func read(json path: String) throws -> FoldingConfig {
    try parse(Data(try InputText(path: path).bytes), file: path)
  }
}

/// There is no preset with that name.
public struct UnknownPresetError: ExitStatusError, Hashable, CustomStringConvertible {
  /// The given name.
  public let name: String

  /// AlphaFold2's sets of networks for single chains, values of its `--model_preset`.
  package static let networkSets = [
    "monomer":
      "AlphaFold2's monomer is the presets model_1 to model_5, one file each: --weights params/params_model_?.npz",
    "monomer_ptm":
      "AlphaFold2's monomer_ptm is the presets model_1_ptm to model_5_ptm, one file each: --weights params/params_model_?_ptm.npz",
    "monomer_casp14":
      "AlphaFold2's monomer_casp14 is the presets model_1 to model_5, one file each, with eight draws: --weights params/params_model_?.npz --num-ensemble 8",
  ]

  /// One line: what is wrong, what to give.
  public var description: String {
    if let networks = Self.networkSets[name] { return networks }
    let known = FoldingConfig.presets.map(\.name).joined(separator: ", ")
    return name.contains("multimer")
      ? "'\(name)': multimers are not supported; single chains are predicted by \(known)"
      : "'\(name)' is no preset; known are \(known), or give a .json file"
  }

  /// The status for the shell.
  public var exitStatus: ExitStatus { .usage }
}
