/// Paired points laid out for fast scans: each pass moves the model, measures all distances, sums what every score needs
/// and collects the pairs from which the next superposition is made.
///
/// Single precision around the centroids (errors near 10⁻⁵ Å); final values are computed again in double precision.
struct PairScanner {
  /// The result of one scan over all pairs.
  struct Result {
    /// `Σ 1 / (1 + d²/d0²)`.
    var score: Float = 0
    /// Pairs closer than each of `PairScanner.cutoffs`.
    var counts = SIMD8<Int32>()
    /// Pairs closer than the selection distance.
    var selectedCount = 0
    /// Fingerprint of the set of selected pairs.
    var fingerprint: UInt64 = 0
    /// Sums over the selected pairs.
    var sums = PairSums()
  }

  /// Distances at which pairs are counted, Å.
  static let cutoffs: [Float] = [0.5, 1, 2, 4, 8]

  let count: Int
  private let blocks: Int
  private let coordinates: [SIMD8<Float>]
  private let keys: [SIMD8<UInt32>]
  private let prefix: [PairSums]
  private let modelCentre, referenceCentre: SIMD3<Double>

  /// Pairs `model[i]`, `reference[i]`; at least one.
  init(_ model: [SIMD3<Double>], _ reference: [SIMD3<Double>]) {
    count = model.count
    blocks = (count + 7) / 8
    let size = Double(max(1, count))
    modelCentre = model.reduce(.zero, +) / size
    referenceCentre = reference.reduce(.zero, +) / size
    // Padding lies far apart, so that it is never close, never selected and adds nothing measurable.
    var lanes = [SIMD8<Float>](repeating: .zero, count: blocks * 6)
    var keys = [SIMD8<UInt32>](repeating: .zero, count: blocks * 2)
    var prefix = [PairSums()]
    prefix.reserveCapacity(count + 1)
    var state: UInt64 = 0x9E37_79B9_7F4A_7C15
    for index in 0..<(blocks * 8) {
      let (block, lane) = (index / 8, index % 8)
      guard index < count else {
        lanes[block * 6][lane] = 1e15
        continue
      }
      let m = model[index] - modelCentre
      let r = reference[index] - referenceCentre
      for axis in 0..<3 {
        lanes[block * 6 + axis][lane] = Float(m[axis])
        lanes[block * 6 + 3 + axis][lane] = Float(r[axis])
      }
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      keys[block * 2][lane] = UInt32(truncatingIfNeeded: state >> 32)
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      keys[block * 2 + 1][lane] = UInt32(truncatingIfNeeded: state >> 32)
      var sums = prefix[index]
      sums.add(m, r, weight: 1)
      prefix.append(sums)
    }
    coordinates = lanes
    self.keys = keys
    self.prefix = prefix
  }

  /// Least-squares superposition (about the centroids) of a run of pairs, from prefix sums.
  func superposition(of range: Range<Int>) -> Superposition {
    (prefix[range.upperBound] - prefix[range.lowerBound]).superposition
  }

  /// The superposition in the frame of the given points.
  func uncentred(_ superposition: Superposition) -> Superposition {
    var result = superposition
    let moved = superposition.apply(-modelCentre) + referenceCentre
    result.translation = [moved.x, moved.y, moved.z]
    return result
  }

  /// Moves the model and measures all pairs.
  ///
  /// - Parameters:
  ///   - superposition: about the centroids, as from `superposition(of:)` and `Result.sums`.
  ///   - inverseD0Squared: `1 / d0²` of the score.
  ///   - selection: pairs closer than this are selected, Å.
  func scan(
    _ superposition: Superposition, inverseD0Squared: Float, selection: Float
  ) -> Result {
    let motion = BlockMotion(superposition)
    let scale = SIMD8<Float>(repeating: inverseD0Squared)
    let limit = SIMD8<Float>(repeating: selection * selection)
    var sums = BlockSums()
    coordinates.withUnsafeBufferPointer { points in
      keys.withUnsafeBufferPointer { keys in
        for block in 0..<blocks {
          let model = BlockPoint(points, at: block * 6)
          let reference = BlockPoint(points, at: block * 6 + 3)
          let d2 = motion.squaredDistance(model, reference)
          sums.score += 1 / (1 + d2 * scale)
          sums.count(d2)
          sums.select(d2 .>= limit, model, reference, keys[block * 2], keys[block * 2 + 1])
        }
      }
    }
    return sums.result
  }
}

/// Eight points, one axis per vector.
private struct BlockPoint {
  let x, y, z: SIMD8<Float>

  init(_ points: UnsafeBufferPointer<SIMD8<Float>>, at index: Int) {
    x = points[index]
    y = points[index + 1]
    z = points[index + 2]
  }
}

/// A superposition with each number in eight lanes.
private struct BlockMotion {
  private let row0, row1, row2: (SIMD8<Float>, SIMD8<Float>, SIMD8<Float>, SIMD8<Float>)

  init(_ superposition: Superposition) {
    let r = superposition.rotation.map { SIMD8(repeating: Float($0)) }
    let t = superposition.translation.map { SIMD8(repeating: Float($0)) }
    row0 = (r[0], r[1], r[2], t[0])
    row1 = (r[3], r[4], r[5], t[1])
    row2 = (r[6], r[7], r[8], t[2])
  }

  func squaredDistance(_ m: BlockPoint, _ r: BlockPoint) -> SIMD8<Float> {
    let dx = row0.0 * m.x + row0.1 * m.y + row0.2 * m.z + row0.3 - r.x
    let dy = row1.0 * m.x + row1.1 * m.y + row1.2 * m.z + row1.3 - r.y
    let dz = row2.0 * m.x + row2.1 * m.y + row2.2 * m.z + row2.3 - r.z
    return dx * dx + dy * dy + dz * dz
  }
}

/// Running sums of a scan, eight lanes each.
private struct BlockSums {
  var score = SIMD8<Float>()
  /// `PairScanner.cutoffs` squared.
  private let squares: SIMD8<Float> = {
    var squares = SIMD8<Float>()
    for (lane, cutoff) in PairScanner.cutoffs.enumerated() { squares[lane] = cutoff * cutoff }
    return squares
  }()
  private var near0 = SIMD8<Int32>()
  private var near1 = SIMD8<Int32>()
  private var near2 = SIMD8<Int32>()
  private var near3 = SIMD8<Int32>()
  private var near4 = SIMD8<Int32>()
  private var selected = SIMD8<Int32>()
  private var keyLow = SIMD8<UInt32>()
  private var keyHigh = SIMD8<UInt32>()
  private var model: (SIMD8<Float>, SIMD8<Float>, SIMD8<Float>) = (.zero, .zero, .zero)
  private var reference: (SIMD8<Float>, SIMD8<Float>, SIMD8<Float>) = (.zero, .zero, .zero)
  private var productsX: (SIMD8<Float>, SIMD8<Float>, SIMD8<Float>) = (.zero, .zero, .zero)
  private var productsY: (SIMD8<Float>, SIMD8<Float>, SIMD8<Float>) = (.zero, .zero, .zero)
  private var productsZ: (SIMD8<Float>, SIMD8<Float>, SIMD8<Float>) = (.zero, .zero, .zero)

  /// Counts the pairs within each of `PairScanner.cutoffs`.
  mutating func count(_ d2: SIMD8<Float>) {
    let one = SIMD8<Int32>(repeating: 1)
    near0 &+= one.replacing(with: 0, where: d2 .>= squares[0])
    near1 &+= one.replacing(with: 0, where: d2 .>= squares[1])
    near2 &+= one.replacing(with: 0, where: d2 .>= squares[2])
    near3 &+= one.replacing(with: 0, where: d2 .>= squares[3])
    near4 &+= one.replacing(with: 0, where: d2 .>= squares[4])
  }

  /// Adds the pairs that are not outside to the sums of selected pairs.
  mutating func select(
    _ outside: SIMDMask<SIMD8<Int32>>, _ m: BlockPoint, _ r: BlockPoint, _ low: SIMD8<UInt32>,
    _ high: SIMD8<UInt32>
  ) {
    selected &+= SIMD8<Int32>(repeating: 1).replacing(with: 0, where: outside)
    keyLow &+= low.replacing(with: 0, where: outside)
    keyHigh &+= high.replacing(with: 0, where: outside)
    let x = m.x.replacing(with: 0, where: outside)
    let y = m.y.replacing(with: 0, where: outside)
    let z = m.z.replacing(with: 0, where: outside)
    model.0 += x
    model.1 += y
    model.2 += z
    reference.0 += r.x.replacing(with: 0, where: outside)
    reference.1 += r.y.replacing(with: 0, where: outside)
    reference.2 += r.z.replacing(with: 0, where: outside)
    productsX.0 += x * r.x
    productsX.1 += x * r.y
    productsX.2 += x * r.z
    productsY.0 += y * r.x
    productsY.1 += y * r.y
    productsY.2 += y * r.z
    productsZ.0 += z * r.x
    productsZ.1 += z * r.y
    productsZ.2 += z * r.z
  }

  /// The sums over all lanes.
  var result: PairScanner.Result {
    func total(_ v: (SIMD8<Float>, SIMD8<Float>, SIMD8<Float>)) -> SIMD3<Double> {
      SIMD3(Double(v.0.sum()), Double(v.1.sum()), Double(v.2.sum()))
    }
    var result = PairScanner.Result()
    result.score = score.sum()
    result.counts = [
      near0.wrappedSum(), near1.wrappedSum(), near2.wrappedSum(), near3.wrappedSum(),
      near4.wrappedSum(), 0, 0, 0,
    ]
    result.selectedCount = Int(selected.wrappedSum())
    result.fingerprint = UInt64(keyLow.wrappedSum()) | UInt64(keyHigh.wrappedSum()) << 32
    result.sums = PairSums(
      weight: Double(result.selectedCount), model: total(model), reference: total(reference),
      products: (total(productsX), total(productsY), total(productsZ)))
    return result
  }
}
