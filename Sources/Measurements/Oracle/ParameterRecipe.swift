import ArrayFiles
import FeaturePipeline
import Foundation
import NumericArrays
import Weights

/// A list of parameters that are functions of their names and a seed, as the numerical oracle writes beside its dumps.
public struct ParameterRecipe: Decodable, Sendable {
  private struct Entry: Decodable {
    let name: String
    let shape: [Int]

    var isReasonable: Bool {
      var count = 1
      for size in shape {
        let (product, overflow) = count.multipliedReportingOverflow(by: size)
        if size < 1 || overflow || product > 1 << 30 { return false }
        count = product
      }
      return true
    }
  }

  private let seed: UInt64
  private let parameters: [Entry]

  /// Reads a recipe.
  public init(path: String) throws {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw InputError.missing(file: path)
    }
    do {
      self = try JSONDecoder().decode(ParameterRecipe.self, from: data)
    } catch {
      throw InputError.content(
        file: path,
        problem: "not a recipe, expected JSON with 'seed' and 'parameters' of 'name' and 'shape'")
    }
    for entry in parameters where !entry.isReasonable {
      throw InputError.array(
        file: path, name: entry.name, found: "of shape \(entry.shape)",
        expected: "positive sizes and at most 2³⁰ elements")
    }
  }

  /// Writes the parameters as npz under their official keys.
  public func write(to path: String) throws {
    let arrays = parameters.map { entry in
      (
        name: entry.name,
        array: AnyNDArray.float32(
          RecipeParameters.array(key: entry.name, shape: entry.shape, seed: seed))
      )
    }
    try NumpyArchive.write(arrays, to: path)
  }
}
