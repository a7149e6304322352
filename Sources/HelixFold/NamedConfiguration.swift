import FeaturePipeline
import FoldingCore
import Foundation

extension FoldingConfig {
  /// Whether a name is that of a JSON file, which states the whole network, its block order too.
  public static func isFile(_ name: String?) -> Bool {
    name.map { preset(named: $0) == nil } ?? false
  }

  /// The preset of that name, or the configuration in a JSON file.
  public static func named(_ name: String) throws -> FoldingConfig {
    if let preset = preset(named: name) { return preset }
    guard name.hasSuffix(".json") else {
      throw PredictionError.unknownPreset(name)
    }
    return try read(json: name)
  }

  /// Reads a file that states what differs from a preset.
  public static func read(json path: String) throws -> FoldingConfig {
    try parse(Data(try InputText(path: path).bytes), file: path)
  }
}
