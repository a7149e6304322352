import CLibrary

/// A value with the superposition at which it is reached, so that a reader can verify it.
public struct SuperposedValue: Sendable, Hashable {
  /// The value.
  public var value: Double
  /// Motion of the model onto the reference.
  public var superposition: Superposition
}

/// TM-score and the fractions of the global distance test, each at its own best superposition.
public struct SuperpositionScores: Sendable, Hashable {
  /// TM-score, normalised by the length of the reference.
  public var tmScore: SuperposedValue
  /// Largest fraction of reference residues within 0.5, 1, 2, 4 and 8 Å, each maximised separately.
  public var fractions: [SuperposedValue]

  /// Mean of the fractions within 1, 2, 4 and 8 Å.
  public var gdtTS: Double { (1...4).reduce(0) { $0 + fractions[$1].value } / 4 }
  /// Mean of the fractions within 0.5, 1, 2 and 4 Å.
  public var gdtHA: Double { (0...3).reduce(0) { $0 + fractions[$1].value } / 4 }
}

/// Searches superpositions of paired C-alphas for the largest TM-score and GDT fractions.
///
/// The residue-matched search of the TM-score program (Zhang & Skolnick 2004): fragments of length L, L/2, … 4 at every place are
/// superposed, then the pairs that end up close are superposed again until the set no longer changes. Three additions: a set of
/// close pairs that was met before ends its path (the rest would be the same); each GDT distance below the search's own has its own
/// search; and the best superpositions are refined, for the TM-score by least squares weighted with its own derivative, for each
/// distance by superposing the pairs within it.
public struct SuperpositionSearch: Sendable {
  private let scanner: PairScanner
  private let model, reference: [SIMD3<Double>]
  private let targetLength: Int
  private let d0: Double

  /// Distance scale of the TM-score for a target length, Å: `1.24 ∛(L − 15) − 1.8`, at least 0.5.
  public static func d0(targetLength: Int) -> Double {
    targetLength <= 21 ? 0.5 : max(0.5, 1.24 * cbrt(Double(targetLength - 15)) - 1.8)
  }

  /// Pairs of C-alphas, Å, and the number of residues of the target, those that the model lacks included.
  public init(model: [SIMD3<Double>], reference: [SIMD3<Double>], targetLength: Int) {
    self.model = model
    self.reference = reference
    self.targetLength = targetLength
    d0 = Self.d0(targetLength: targetLength)
    scanner = PairScanner(model, reference)
  }

  /// Runs the search; all values are 0 if there is no pair.
  public func run() -> SuperpositionScores {
    guard !model.isEmpty else {
      let none = SuperposedValue(value: 0, superposition: .identity)
      return SuperpositionScores(tmScore: none, fractions: Array(repeating: none, count: 5))
    }
    var best = Candidates()
    let wide = min(max(d0, 4.5), 8)
    // The TM-score program searches twice, first with a scale larger by 0.8 Å; once is enough if both are clamped.
    for selection in Set([wide, min(max(d0 + 0.8, 4.5), 8)]).sorted() {
      search(selection: selection, into: &best)
    }
    for cutoff in PairScanner.cutoffs where Double(cutoff) < wide {
      searchNarrow(selection: Double(cutoff), into: &best)
    }
    return refined(best)
  }

  // MARK: Search

  /// The best superpositions so far, about the centroids.
  private struct Candidates {
    var score: Float = -1
    var scoreSuperposition = Superposition.identity
    var counts = SIMD8<Int32>(repeating: -1)
    var countSuperpositions = [Superposition](repeating: .identity, count: 5)

    mutating func consider(_ result: PairScanner.Result, _ superposition: Superposition) {
      if result.score > score {
        score = result.score
        scoreSuperposition = superposition
      }
      for index in 0..<5 where result.counts[index] > counts[index] {
        counts[index] = result.counts[index]
        countSuperpositions[index] = superposition
      }
    }
  }

  /// Lengths of the first fragments: all pairs, a half, …, at least 4, six lengths at most.
  private var fragmentLengths: [Int] {
    let shortest = min(4, model.count)
    var lengths: [Int] = []
    for halving in 0..<5 {
      let length = max(shortest, model.count >> halving)
      lengths.append(length)
      if length == shortest { return lengths }
    }
    return lengths + [shortest]
  }

  /// Fragments start at every place up to this many pairs; longer chains take every second, third, … place.
  private static let densePlaces = 2000

  private func search(selection: Double, into best: inout Candidates) {
    var visited: Set<UInt64> = []
    let step = 1 + model.count / (Self.densePlaces + 1)
    for length in fragmentLengths {
      forEachStart(length: length, step: step) { start in
        follow(
          scanner.superposition(of: start..<start + length), first: selection - 1,
          then: selection + 1, visited: &visited, into: &best)
      }
    }
  }

  /// Short fragments, extended by the pairs within a small distance: finds rigid cores that the wide search blurs.
  private func searchNarrow(selection: Double, into best: inout Candidates) {
    var visited: Set<UInt64> = []
    for length in fragmentLengths {
      let step = max(1, length / 8, model.count / 500)
      forEachStart(length: length, step: step) { start in
        follow(
          scanner.superposition(of: start..<start + length), first: selection + 1,
          then: selection, visited: &visited, into: &best)
      }
    }
  }

  private func forEachStart(length: Int, step: Int, _ body: (Int) -> Void) {
    let last = model.count - length
    var start = 0
    while start < last {
      body(start)
      start += step
    }
    body(last)
  }

  /// Superposes close pairs repeatedly until they are the same as before, or as on an earlier path.
  private func follow(
    _ start: Superposition, first: Double, then: Double, visited: inout Set<UInt64>,
    into best: inout Candidates
  ) {
    var superposition = start
    var result = scan(superposition, selection: first)
    best.consider(result, superposition)
    for _ in 0..<20 {
      guard visited.insert(result.fingerprint).inserted else { return }
      superposition = result.sums.superposition
      result = scan(superposition, selection: then)
      best.consider(result, superposition)
    }
  }

  /// Scans with a selection distance that grows by 0.5 Å until three pairs are within it.
  private func scan(_ superposition: Superposition, selection: Double) -> PairScanner.Result {
    let inverse = Float(1 / (d0 * d0))
    var distance = selection
    while true {
      let result = scanner.scan(
        superposition, inverseD0Squared: inverse, selection: Float(distance))
      if result.selectedCount >= min(3, model.count) { return result }
      distance = max(distance + 0.5, distance * 1.25)
      if distance > 1e6 { return result }
    }
  }

  // MARK: Refinement

  private func refined(_ best: Candidates) -> SuperpositionScores {
    var score = SuperposedValue(value: -1, superposition: .identity)
    for start in [best.scoreSuperposition] + best.countSuperpositions {
      let found = climb(from: scanner.uncentred(start))
      if found.value > score.value { score = found }
    }
    let fractions = PairScanner.cutoffs.indices.map { index in
      let starts = best.countSuperpositions.map(scanner.uncentred) + [score.superposition]
      return largestFraction(within: Double(PairScanner.cutoffs[index]), from: starts)
    }
    return SuperpositionScores(tmScore: score, fractions: fractions)
  }

  /// Climbs to a maximum of the TM-score: least squares with weights `1 / (1 + d²/d0²)²`, its derivative by d².
  private func climb(from start: Superposition) -> SuperposedValue {
    var best = SuperposedValue(value: tmScore(start), superposition: start)
    for _ in 0..<50 {
      let weights = model.indices.map { index -> Double in
        let term = 1 / (1 + squaredDistance(index, best.superposition) / (d0 * d0))
        return term * term
      }
      let next = Superposition.leastSquares(model, onto: reference, weights: weights)
      let value = tmScore(next)
      guard value > best.value + 1e-9 else {
        return value > best.value ? SuperposedValue(value: value, superposition: next) : best
      }
      best = SuperposedValue(value: value, superposition: next)
    }
    return best
  }

  private func tmScore(_ superposition: Superposition) -> Double {
    let sum = model.indices.reduce(0.0) {
      $0 + 1 / (1 + squaredDistance($1, superposition) / (d0 * d0))
    }
    return sum / Double(targetLength)
  }

  private func squaredDistance(_ index: Int, _ superposition: Superposition) -> Double {
    let difference = superposition.apply(model[index]) - reference[index]
    return (difference * difference).sum()
  }

  /// The largest fraction of target residues within a distance, from the starts and by superposing close pairs.
  private func largestFraction(
    within cutoff: Double, from starts: [Superposition]
  ) -> SuperposedValue {
    var bestCount = -1
    var best = Superposition.identity
    func consider(_ superposition: Superposition) -> [Double] {
      let distances = model.indices.map { squaredDistance($0, superposition) }
      let count = distances.reduce(0) { $0 + ($1 < cutoff * cutoff ? 1 : 0) }
      if count > bestCount {
        bestCount = count
        best = superposition
      }
      return distances
    }
    for start in starts {
      for widening in [1.0, 1.15, 1.3, 1.5] {
        var superposition = start
        for _ in 0..<6 {
          let limit = cutoff * cutoff * widening * widening
          let weights = consider(superposition).map { $0 < limit ? 1.0 : 0 }
          guard weights.reduce(0, +) >= 3 else { break }
          superposition = .leastSquares(model, onto: reference, weights: weights)
        }
        _ = consider(superposition)
      }
    }
    return SuperposedValue(
      value: Double(bestCount) / Double(max(1, targetLength)), superposition: best)
  }
}
