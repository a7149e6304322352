import BasicTestSupport
import FoldingCore
import Foundation
import NumericArrays
import Testing

/// The file of that name in the fixtures of this target.
func fixture(_ name: String) throws -> String { try Bundle.module.fixture(name) }

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
