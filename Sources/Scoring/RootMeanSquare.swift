/// Root mean square deviations of paired C-alphas.
public enum RootMeanSquare {
  /// Deviation after least-squares superposition of all pairs, Å; nil without pairs.
  public static func deviation(
    model: [SIMD3<Double>], reference: [SIMD3<Double>]
  ) -> SuperposedValue? {
    guard !model.isEmpty else { return nil }
    let superposition = Superposition.leastSquares(model, onto: reference)
    let distances = squaredDistances(model, reference, superposition)
    let mean = distances.reduce(0, +) / Double(model.count)
    return SuperposedValue(value: mean.squareRoot(), superposition: superposition)
  }

  /// Deviation over the 95 % of pairs that fit best, Å; nil without pairs.
  ///
  /// Five rounds of superposing and keeping the nearest 95 % (Jumper et al. 2021, Methods).
  public static func deviation95(
    model: [SIMD3<Double>], reference: [SIMD3<Double>]
  ) -> SuperposedValue? {
    guard !model.isEmpty else { return nil }
    let keep = max(1, Int((0.95 * Double(model.count)).rounded(.down)))
    var superposition = Superposition.leastSquares(model, onto: reference)
    for _ in 0..<5 {
      let distances = squaredDistances(model, reference, superposition)
      let nearest = distances.indices.sorted { (distances[$0], $0) < (distances[$1], $1) }
        .prefix(keep)
      superposition = .leastSquares(nearest.map { model[$0] }, onto: nearest.map { reference[$0] })
    }
    let kept = squaredDistances(model, reference, superposition).sorted().prefix(keep)
    let mean = kept.reduce(0, +) / Double(keep)
    return SuperposedValue(value: mean.squareRoot(), superposition: superposition)
  }

  private static func squaredDistances(
    _ model: [SIMD3<Double>], _ reference: [SIMD3<Double>], _ superposition: Superposition
  ) -> [Double] {
    zip(model, reference).map { m, r in
      let difference = superposition.apply(m) - r
      return (difference * difference).sum()
    }
  }
}
