import FoldingCore
import NumericArrays

/// Cross-entropy of the binned distances between pseudo-betas.
///
/// Suppl. 1.9.8.
///
/// - Parameters:
///   - logits: `[N_res, N_res, bins]`
///   - bins: the distance bins.
@_specialize(where Real == Float)
@_specialize(where Real == Double)
public func distogramLoss<Real: RealNumber>(
  logits: [Real], labels: StructureLabels<Real>, bins: DistogramBins
) -> LossTerm<Real, [Real]> {
  let weights = outerProduct(labels.pseudoBetaMask)
  return softmaxCrossEntropy(
    logits: logits, classes: bins.count, labels: distanceClasses(labels, bins: bins),
    weights: weights, denominator: 1e-6 + total(weights))
}

/// Bins of the distogram: below the first break, between neighbours, above the last.
///
/// Suppl. 1.9.8.
public struct DistogramBins: Codable, Hashable, Sendable {
  /// Number of bins.
  public var count = 64
  /// First break, Å.
  public var firstBreak = 2.3125
  /// Last break, Å.
  public var lastBreak = 21.6875

  /// The released bins.
  public init() {}

  /// The bins of a network.
  public init(_ heads: HeadConfig) {
    count = heads.distogramBins
    firstBreak = Double(heads.distogramFirstBreak)
    lastBreak = Double(heads.distogramLastBreak)
  }

  /// Number of bins that lie wholly below a distance (Å).
  public func countBelow(_ distance: Double) -> Int {
    let step = (lastBreak - firstBreak) / Double(max(count - 2, 1))
    return (0..<count - 1).filter { firstBreak + step * Double($0) <= distance }.count
  }
}

/// Bin of the true distance of every pair of pseudo-betas. `[N_res, N_res]`
func distanceClasses<Real: RealNumber>(
  _ labels: StructureLabels<Real>, bins: DistogramBins
) -> [Int] {
  let breaks = squaredBreaks(
    from: Real(bins.firstBreak), to: Real(bins.lastBreak), count: bins.count - 1)
  let points = (0..<labels.count).map { Vector3(labels.pseudoBeta, at: $0) }
  return points.flatMap { a in
    points.map { b in bin(of: (a - b).squaredLength, breaks: breaks) }
  }
}

/// Squares of `count` evenly spaced numbers.
func squaredBreaks<Real: RealNumber>(from first: Real, to last: Real, count: Int) -> [Real] {
  (0..<count).map { k in
    let value = first + (last - first) * Real(k) / Real(max(count - 1, 1))
    return value * value
  }
}

/// Number of breaks below a value.
func bin<Real: RealNumber>(of value: Real, breaks: [Real]) -> Int {
  var (low, high) = (0, breaks.count)
  while low < high {
    let middle = (low + high) / 2
    if value > breaks[middle] { low = middle + 1 } else { high = middle }
  }
  return low
}

/// `m_i m_j`. `[N, N]`
func outerProduct<Real: RealNumber>(_ mask: [Real]) -> [Real] {
  mask.flatMap { a in mask.map { a * $0 } }
}
