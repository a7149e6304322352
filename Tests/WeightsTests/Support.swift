import FoldingCore
import Foundation
import NumericArrays
import Testing

/// The file of that name in the fixtures of this target.
func fixture(_ name: String) throws -> String {
  try #require(Bundle.module.resourceURL).appendingPathComponent("Fixtures/\(name)").path
}

/// Calls `body` with the path of a folder that vanishes afterwards.
func withScratchFolder<Result>(_ body: (String) throws -> Result) throws -> Result {
  let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  return try body(folder.path)
}

/// The single line that an error prints; records an issue when it is not one line or nothing is thrown.
func message(_ body: () throws -> Void) -> String {
  do {
    try body()
    Issue.record("nothing was thrown")
    return ""
  } catch {
    #expect(!"\(error)".contains("\n"))
    return "\(error)"
  }
}

/// A source with some arrays replaced, added or removed.
struct ChangedParameters: ParameterSource {
  var base: any ParameterSource
  var changes: [String: NDArray<Float>] = [:]
  var removed: Set<String> = []

  var keys: [String] {
    Set(base.keys).union(changes.keys).subtracting(removed).sorted()
  }

  func shape(of key: String) -> [Int]? { changes[key]?.shape ?? base.shape(of: key) }

  func floats(for key: String) throws -> NDArray<Float> {
    try changes[key] ?? base.floats(for: key)
  }
}

let root = "alphafold/alphafold_iteration/"
