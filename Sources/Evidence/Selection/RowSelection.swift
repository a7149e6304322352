import FeaturePipeline
import NumericArrays
import Protein

/// Keeps some rows of a very deep alignment: `--msa-budget N`.
///
/// Experimental. After NACL (arXiv:2408.03675, Alg. 1), which evicts keys of a language model's cache in one shot:
/// keep a protected part, the best by a score from proxies, and a random share. Here rows are evicted: row 0, the
/// target, is protected; the rest of the budget goes to the highest scores and to rows drawn without replacement with
/// probabilities proportional to the score. NACL's released softmax over scores is nearly uniform, hence plain
/// proportions. When the scores are so flat that more rows matter than the budget holds (effective number
/// exp(entropy) above the budget), picking the highest would be biased, and all are drawn uniformly.
public enum RowSelection {
  /// Which rule chose the rows.
  public enum Rule: String, Hashable, Sendable {
    case everything, uniform, scored
  }

  /// Rows kept, in their order, and the rule.
  public struct Kept: Hashable, Sendable {
    /// Rows of the alignment, ascending, the first is 0.
    public let rows: [Int]
    /// Rule that chose them.
    public let rule: Rule
    /// Number of rows that matter by the scores, exp(entropy); 0 without scores.
    public let effectiveRows: Double
  }

  /// Chooses `budget` rows of `count`, or all if there are no more.
  ///
  /// - Parameters:
  ///   - scores: importance of each row, not negative; nil or nothing above zero chooses uniformly.
  ///   - topShare: part of the budget, after the target, that goes to the highest scores.
  ///   - seed: the same seed gives the same rows.
  public static func choose(
    count: Int, budget: Int, scores: [Float]? = nil, topShare: Double = 0.3, seed: UInt64
  ) -> Kept {
    let budget = max(1, budget)
    guard count > budget else {
      return Kept(rows: Array(0..<max(0, count)), rule: .everything, effectiveRows: 0)
    }
    var kept: Set<Int> = [0]
    let weights = usable(scores, count: count)
    let effective = weights.map(effectiveNumber) ?? 0
    let isScored = weights != nil && effective <= Double(budget)
    let rest = Array(1..<count)
    if let weights, isScored {
      let top = Int((Double(budget - 1) * min(1, max(0, topShare))).rounded())
      let best = rest.sorted {
        weights[$0] == weights[$1] ? $0 < $1 : weights[$0] > weights[$1]
      }
      kept.formUnion(best.prefix(top))
    }
    // Efraimidis & Spirakis 2006: the largest u^(1/w) are a draw without replacement in proportion to w; compared
    // here as log(u)/w. Rows of weight 0 come last, in random order.
    let random = RandomKey(seed: seed).child("rows")
    let drawn = rest.filter { !kept.contains($0) }.map { row in
      let u = random.interior(row)
      let weight = isScored ? Double(weights?[row] ?? 0) : 1
      return (row: row, isPositive: weight > 0, key: weight > 0 ? Double.logarithm(u) / weight : u)
    }.sorted { a, b in
      if a.isPositive != b.isPositive { return a.isPositive }
      return a.key == b.key ? a.row < b.row : a.key > b.key
    }
    kept.formUnion(drawn.prefix(budget - kept.count).map(\.row))
    return Kept(
      rows: kept.sorted(), rule: isScored ? .scored : .uniform, effectiveRows: effective)
  }

  private static func usable(_ scores: [Float]?, count: Int) -> [Float]? {
    guard let scores, scores.count == count else { return nil }
    let clean = scores.map { $0.isFinite ? max(0, $0) : 0 }
    return clean.dropFirst().contains { $0 > 0 } ? clean : nil
  }

  /// exp(entropy) of the scores of all rows except the target.
  private static func effectiveNumber(_ weights: [Float]) -> Double {
    let values = weights.dropFirst().map(Double.init)
    let sum = values.reduce(0, +)
    let entropy = values.reduce(0.0) { total, value in
      let share = value / sum
      return share > 0 ? total - share * Double.logarithm(share) : total
    }
    return Double.exponential(entropy)
  }
}

extension RawFeatures {
  /// The same target with only the kept rows of the alignment.
  public func keepingRows(_ kept: RowSelection.Kept) -> RawFeatures {
    guard kept.rule != .everything else { return self }
    var copy = self
    let n = residueCount
    copy.msa = .init(
      shape: [kept.rows.count, n], values: kept.rows.flatMap { msa.values[$0 * n..<($0 + 1) * n] })
    copy.deletions = .init(
      shape: [kept.rows.count, n],
      values: kept.rows.flatMap { deletions.values[$0 * n..<($0 + 1) * n] })
    if !rowNames.isEmpty { copy.rowNames = kept.rows.map { rowNames[$0] } }
    return copy
  }

  /// Importance of each row without a network: similarity to the target and to evenly spaced rows, one in ten but at most about 64.
  ///
  /// These rows are the proxies. Mean over proxies of softmax over the other rows of 16 · the share of equal cells: what a sharp
  /// column attention would see. A proxy is excluded from its own softmax, of which it would always be the largest term. Rows more
  /// than 80 % identical to a proxy share one weight there, so that copies do not add up.
  public var proxyScores: [Float] {
    let (m, n) = (rowCount, residueCount)
    guard m > 1, n > 0 else { return [Float](repeating: 1, count: m) }
    let step = max(10, m / 64)
    let proxies = Array(stride(from: 0, to: m, by: step))
    var scores = [Float](repeating: 0, count: m)
    for proxy in proxies {
      // Gaps of the proxy equal no cell.
      let letters = msa.values[proxy * n..<(proxy + 1) * n].map {
        $0 == HHblitsAlphabet.gap ? UInt8.max : $0
      }
      let shares = msa.values.withUnsafeBufferPointer { cells in
        letters.withUnsafeBufferPointer { letters -> [Double] in
          guard let cells = cells.baseAddress, let letters = letters.baseAddress else { return [] }
          return (0..<m).map { row in
            Double(ByteRows.equalCount(cells + row * n, letters, n)) / Double(n)
          }
        }
      }
      let copies = Double(shares.indices.count { $0 != proxy && shares[$0] > 0.8 })
      var powers = shares.map {
        Double.exponential(16 * ($0 - 1)) / ($0 > 0.8 ? max(1, copies) : 1)
      }
      powers[proxy] = 0
      let sum = powers.reduce(0, +)
      for row in 0..<m { scores[row] += Float(powers[row] / sum) / Float(proxies.count) }
    }
    return scores
  }
}
