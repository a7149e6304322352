import FoldingCore
import NumericArrays

@testable import Weights

extension ForeignNaming {
  /// The arrays of a network as the other program would save them, by its names.
  ///
  /// The inverse of reading them, so that tests have whole files to read: the same table, the transforms turned round.
  static func exported(
    _ source: some ParameterSource, config: FoldingConfig
  ) throws -> [String: NDArray<Float>] {
    var result: [String: NDArray<Float>] = [:]
    var parts: [String: [Int: NDArray<Float>]] = [:]
    for spec in config.parameterManifest {
      let array = try source.floats(for: spec.key)
      for block in 0..<(spec.isStacked ? spec.shape[0] : 1) {
        let official = spec.isStacked ? array.slice(block) : array
        let key = OfficialKey(spec.key)
        guard
          let place = places(of: key, block: spec.isStacked ? block : nil, inputs: config)
        else { continue }
        let foreign = place.transform.inverted(official, inputAxes: spec.inputAxes)
        if case .merged(let part) = place.transform {
          parts[place.name, default: [:]][part] = foreign
        } else {
          result[place.name] = foreign
        }
      }
    }
    for (name, part) in parts {
      let pieces = (0..<3).compactMap { part[$0] }
      guard let first = pieces.first else { continue }
      result[name] = NDArray(
        shape: [pieces.count] + first.shape.dropFirst(), values: pieces.flatMap(\.values))
    }
    return result
  }

  /// The usual place of a block; separate where queries and keys have different inputs.
  private static func places(
    of key: OfficialKey, block: Int?, inputs config: FoldingConfig
  ) -> ForeignArray? {
    let places = places(of: key, block: block)
    let isSeparate =
      key.scope.contains("column_global_attention")
      || key.scope.hasSuffix("template_embedding/attention")
        && config.channels.pair != config.template?.channels
    return isSeparate ? places.last : places.first
  }
}

extension ArrayTransform {
  /// Source values of an official array whose first `inputAxes` axes are inputs; merged parts come separately.
  fileprivate func inverted(_ array: NDArray<Float>, inputAxes: Int) -> NDArray<Float> {
    let rows = array.shape.prefix(inputAxes).reduce(1, *)
    let columns = array.shape.dropFirst(inputAxes).reduce(1, *)
    let transposed = (0..<rows * columns).map {
      array.values[$0 % rows * columns + $0 / rows]
    }
    switch self {
    case .copied: return array
    case .transposed: return NDArray(shape: [columns, rows], values: transposed)
    case .merged:
      return NDArray(shape: [1] + array.shape.dropFirst() + [rows], values: transposed)
    }
  }
}
