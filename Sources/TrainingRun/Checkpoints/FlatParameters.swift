import FoldingCore
import NumericArrays
import Training
import Weights

/// Parameters in one flat buffer, handed out by official key.
public struct FlatParameters: ParameterSource {
  /// Where each array lies.
  public let layout: ParameterLayout
  /// All values.
  public let values: [Float]
  private let place: [String: Int]

  /// The parameters of a buffer with that layout.
  public init(layout: ParameterLayout, values: [Float]) {
    self.layout = layout
    self.values = values
    place = Dictionary(
      layout.segments.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
  }

  /// Flattens a source in the order of a layout.
  public static func values(
    of source: any ParameterSource, layout: ParameterLayout
  ) throws -> [Float] {
    try values(layout: layout) { _ in source }
  }

  /// Flattens arrays of several sources in the order of a layout.
  ///
  /// - Parameter source: where the array of a key is.
  static func values(
    layout: ParameterLayout, from source: (_ key: String) -> any ParameterSource
  ) throws -> [Float] {
    var values: [Float] = []
    values.reserveCapacity(layout.count)
    for segment in layout.segments {
      let array = try source(segment.name).floats(for: segment.name)
      guard array.shape == segment.shape else {
        throw WeightsError.misshapen(
          file: "parameters", name: segment.name, found: array.shape, expected: "\(segment.shape)")
      }
      values += array.values
    }
    return values
  }

  /// The official keys, sorted.
  public var keys: [String] { layout.segments.map(\.name) }

  /// Shape of an array; nil if there is none with that key.
  public func shape(of key: String) -> [Int]? { place[key].map { layout.segments[$0].shape } }

  /// The values of an array.
  public func floats(for key: String) throws -> NDArray<Float> {
    guard let index = place[key] else {
      throw WeightsError.noSuchArray(file: "parameters", key: key)
    }
    let segment = layout.segments[index]
    return NDArray(shape: segment.shape, values: Array(values[segment.range]))
  }
}
