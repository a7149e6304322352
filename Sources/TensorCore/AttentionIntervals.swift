import CKernels
import NumericArrays

/// Which queries do not attend to a key: at most two runs of queries per key, so that memory grows only with the number of keys.
///
/// FlashMask (arXiv:2410.01359): blocks of pairs that are entirely hidden are never computed, which changes no bit. Departure from
/// AlphaFold2: a query that attends to no key gets 0, not the mean of all values.
public struct AttentionIntervals: Sendable, Hashable {
  /// First and one past the last query of the run below the diagonal, then of the one above. `[4, keys]`
  let runs: [Int32]

  /// Number of keys.
  public var keys: Int { runs.count / 4 }

  /// The mask in which the queries `lower[key]` and `upper[key]` do not attend to a key.
  ///
  /// - Precondition: `lower` and `upper` are equally long; query indices fit 32 bits.
  public init(lower: [Range<Int>], upper: [Range<Int>]) {
    programmingError(
      unless: lower.count == upper.count,
      "AttentionIntervals: runs of \(lower.count) and \(upper.count) keys")
    func numbers(_ ranges: [Range<Int>], _ end: (Range<Int>) -> Int) -> [Int32] {
      ranges.map { Int32(clamping: end($0)) }
    }
    runs =
      numbers(lower, \.lowerBound) + numbers(lower, \.upperBound) + numbers(upper, \.lowerBound)
      + numbers(upper, \.upperBound)
  }

  /// Proteins one after the other, each attending only to itself; positions after the last are masked out.
  public static func packed(_ lengths: [Int], positions: Int) -> AttentionIntervals {
    var start = 0
    let places = lengths.map { length in
      defer { start += length }
      return start..<start + length
    }
    return segments(places, positions: max(positions, start))
  }

  /// Proteins at the given places, in order, each attending only to itself; other positions are masked out.
  public static func segments(_ places: [Range<Int>], positions: Int) -> AttentionIntervals {
    var lower = [Range<Int>](repeating: 0..<positions, count: positions)
    var upper = [Range<Int>](repeating: 0..<0, count: positions)
    for place in places {
      for key in place {
        lower[key] = place.upperBound..<positions
        upper[key] = 0..<place.lowerBound
      }
    }
    return AttentionIntervals(lower: lower, upper: upper)
  }

  /// The first place at or after `position` where attention sums a protein's keys in the same order as for the protein alone.
  ///
  /// The kernel cuts keys into tiles, and tiles into units that it skips: a protein begins where a unit does, and lies within one
  /// tile or begins where one does. The unit is the largest of all instruction sets, so that places are the same on all machines.
  public static func firstPlace(from position: Int, for length: Int) -> Int {
    let (unit, tile) = (largestUnit, Int(hf_attention_key_tile()))
    func rounded(_ position: Int, _ step: Int) -> Int { (position + step - 1) / step * step }
    let start = rounded(position, unit)
    return start % tile + length <= tile ? start : rounded(start, tile)
  }

  /// Largest number of keys, over all instruction sets, that attention skips together.
  package static let largestUnit = 64

  /// Whether a query does not attend to a key.
  public func hides(_ key: Int, from query: Int) -> Bool {
    let q = Int32(clamping: query)
    return (runs[key]..<max(runs[key], runs[keys + key])).contains(q)
      || (runs[2 * keys + key]..<max(runs[2 * keys + key], runs[3 * keys + key])).contains(q)
  }

  /// Share of all pairs of query and key that is hidden.
  package func hiddenShare(queries: Int) -> Double {
    var hidden = 0
    for key in 0..<keys { for query in 0..<queries where hides(key, from: query) { hidden += 1 } }
    return Double(hidden) / Double(max(1, keys * queries))
  }

  /// Share of all pairs of query and key that attention skips, since the query attends to no key of the same unit.
  ///
  /// - Parameter unit: keys that are skipped together; nil for those of the instruction set in use.
  package func skippedShare(queries: Int, unit: Int? = nil) -> Double {
    let unit = unit ?? Int(hf_attention_key_unit())
    var skipped = 0
    for start in stride(from: 0, to: keys, by: unit) {
      let unit = start..<min(start + unit, keys)
      for query in 0..<queries where unit.allSatisfy({ hides($0, from: query) }) {
        skipped += unit.count
      }
    }
    return Double(skipped) / Double(max(1, keys * queries))
  }
}
