import FoldingCore
import Foundation
import Testing

@Suite("Configurations from files")
struct ConfigLimitsTests {
  /// Every number of a configuration with all optional parts, as a path of keys.
  private static func numbers(_ object: [String: Any], _ path: [String] = []) -> [[String]] {
    object.sorted { $0.key < $1.key }.flatMap { key, value -> [[String]] in
      if let inner = value as? [String: Any] { return numbers(inner, path + [key]) }
      return value is NSNumber ? [path + [key]] : []
    }
  }

  /// A JSON object that states one value.
  private static func text(_ path: [String], _ value: String) -> String {
    path.reversed().reduce(value) { "{\"\($1)\": \($0)}" }
  }

  @Test(
    "no number of a configuration makes the list of parameters trap: it is refused, or it is sound")
  func anyNumber() throws {
    let complete = FoldingConfig().complete
    let paths = Self.numbers(try ConfigOverlay.dictionary(complete))
    #expect(paths.count > 60)
    var refused = 0
    for path in paths {
      for value in ["-1", "0", "1", "2", "4611686018427387904", "-9223372036854775808", "1e300"] {
        let text = Self.text(path, value)
        do throws(ConfigurationError) {
          let config = try FoldingConfig.parse(Data(text.utf8), file: "net.json")
          #expect(config.parameterManifest.allSatisfy { $0.count > 0 }, "\(text)")
        } catch {
          guard case .badValue(_, let key, _) = error else {
            Issue.record("\(text): \(error)")
            continue
          }
          #expect(key == path.joined(separator: "."), "\(text): \(error)")
          #expect(!error.description.contains("\n"))
          refused += 1
        }
      }
    }
    // -1 and the largest numbers are never sound.
    #expect(refused >= 4 * paths.count)
  }

  @Test(
    "a text that is no configuration says why",
    arguments: [
      ("{\"recycles\": 1", "is no valid JSON: "), ("{\"recycles\": 1e400}", "1e400"),
      ("[1]", "is not a JSON object"),
      ("{\"recycles\": 1e30}", "'recycles' is 1e+30, expected at most 1e18"),
      ("{\"recycle\": 1}", "unknown key 'recycle'; known here are "),
      ("{\"base\": \"mini\"}", "name, preset, recycles"),
      ("{\"preset\": \"huge\"}", "'preset' is not a preset; known are model_1, "),
    ])
  func unreadable(_ text: String, _ part: String) {
    let error = #expect(throws: ConfigurationError.self) {
      try FoldingConfig.parse(Data(text.utf8), file: "net.json")
    }
    let message = error?.description ?? ""
    #expect(message.hasPrefix("net.json: ") && message.contains(part), "\(message)")
    #expect(!message.contains("\n"))
  }

  @Test("the presets are within the limits")
  func presets() {
    for config in FoldingConfig.presets { #expect(config.objection == nil, "\(config.name)") }
  }

  @Test("a configuration in a parameter file is held to the same limits")
  func stored() {
    #expect(throws: ConfigurationError.self) {
      try FoldingConfig.stored("{\"structure\": {\"transitionLayers\": -1}}", file: "w.h5")
    }
  }
}
