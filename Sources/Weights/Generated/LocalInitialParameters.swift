import FoldingCore
import NumericArrays

/// Parameters of an untrained network that attends along the chain from the start.
///
/// Own choice for small networks. As published, a fresh network must first learn that neighbours in the chain matter: its attention is
/// nearly flat. Here eight channels of the pair representation mark which residue is 1 to 4 places before or after, heads of the row
/// attention attend to one of these places each, and half of the channels of the triangle multiplications shift the pair representation by
/// one place, so that a fresh block acts like a convolution. Only the initial values differ; all are trained, and residual branches still
/// end in zeros.
public struct LocalInitialParameters: ParameterSource {
  private let base: InitialParameters
  private let config: FoldingConfig

  /// Fresh parameters of a network.
  public init(_ config: FoldingConfig, seed: UInt64) {
    base = InitialParameters(config, seed: seed)
    self.config = config
  }

  /// The official keys, sorted.
  public var keys: [String] { base.keys }

  /// Shape of an array, nil if the network has none with that key.
  public func shape(of key: String) -> [Int]? { base.shape(of: key) }

  /// The values of an array.
  public func floats(for key: String) throws -> NDArray<Float> {
    var values = try base.floats(for: key)
    guard config.channels.pair > Self.places.count,
      config.channels.maxRelativePosition >= Self.places.count
    else { return values }
    if key.hasSuffix("evoformer/pair_activiations//weights") { markPlaces(&values) }
    if key.hasSuffix("evoformer/left_single//weights")
      || key.hasSuffix("evoformer/right_single//weights")
    {
      clearMarks(&values)
    }
    if key.hasSuffix("msa_row_attention_with_pair_bias//feat_2d_weights") {
      lookAtPlaces(&values, key.contains("/extra_msa_stack/") ? [Self.heads[0]] : Self.heads)
    }
    for (edges, side, sign) in Self.shifts
    where key.contains("/triangle_multiplication_\(edges)/\(side)_") {
      if key.contains("_stack/triangle") || key.contains("_iteration/triangle") {
        shift(&values, key, sign)
      }
    }
    return values
  }

  /// Relative positions, query − key, that have a channel of the pair representation: the first ones, in this order.
  private static let places = [-4, -3, -2, -1, 1, 2, 3, 4]
  /// Places that the first heads of each block attend to, block by block, repeated cyclically.
  private static let heads = [[-1, 1, -2, 2], [-3, 3, -4, 4], [-1, 1], [-4, 4]]
  /// Operand of a triangle multiplication that picks a place, and its direction: `Σ_k a_ki b_kj` and `Σ_k a_ik b_jk`.
  private static let shifts = [("incoming", "left", 1), ("outgoing", "right", -1)]

  /// Height of a mark, about four deviations of the other channels.
  private static let mark: Float = 1.5
  /// Weight of a head's own place: the logit is about 8 above the others.
  private static let look: Float = 2
  /// Factor on the head's other weights.
  private static let rest: Float = 0.3
  /// Weight of the place in a shift, about 1 at the place.
  private static let pick: Float = 0.25
  /// Weight and bias of its gate: open at the place, closed elsewhere.
  private static let gate: (weight: Float, bias: Float) = (2, -4)

  private static func channel(_ place: Int) -> Int { places.firstIndex(of: place) ?? 0 }

  /// Row `d + maxRelativePosition` of `[2 · max + 1, c_z]` belongs to the relative position d.
  private func markPlaces(_ x: inout NDArray<Float>) {
    clearMarks(&x)
    let width = config.channels.pair
    for (channel, place) in Self.places.enumerated() {
      x.values[(place + config.channels.maxRelativePosition) * width + channel] = Self.mark
    }
  }

  /// Zeros in the marked columns of `[…, c_z]`.
  private func clearMarks(_ x: inout NDArray<Float>) {
    let width = config.channels.pair
    for index in x.values.indices where index % width < Self.places.count { x.values[index] = 0 }
  }

  /// Makes every head attend to its place, in biases `[blocks, c_z, heads]`.
  private func lookAtPlaces(_ x: inout NDArray<Float>, _ plan: [[Int]]) {
    let (blocks, width, count) = (x.shape[0], x.shape[1], x.shape[2])
    for block in 0..<blocks {
      for (head, place) in plan[block % plan.count].prefix(count).enumerated() {
        for channel in 0..<width {
          let index = (block * width + channel) * count + head
          x.values[index] *= channel < Self.places.count ? 0 : Self.rest
          if channel == Self.channel(place) { x.values[index] = Self.look }
        }
      }
    }
  }

  /// Half of the channels of a projection or its gate: weights `[blocks, c_z, c]` or bias `[blocks, c]`.
  private func shift(_ x: inout NDArray<Float>, _ key: String, _ sign: Int) {
    let isGate = key.contains("_gate//")
    let count = x.shape[x.shape.count - 1]
    for index in x.values.indices where index % count < count / 2 {
      let place = Self.places[index % count % Self.places.count]
      if key.hasSuffix("//bias") {
        if isGate { x.values[index] = Self.gate.bias }
        continue
      }
      let row = index / count % config.channels.pair
      if row == Self.channel(sign * place) {
        x.values[index] = isGate ? Self.gate.weight : Self.pick
      } else if !isGate {
        x.values[index] = 0
      }
    }
  }
}
