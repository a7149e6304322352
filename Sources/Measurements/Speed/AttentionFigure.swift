import Messages
import Protein
import Reports
import TensorCore

/// Times attention on packs of a growing number of equal proteins, and plots time against the share of skipped pairs.
public struct AttentionFigure: Sendable {
  /// One pack.
  public struct Row: Sendable {
    /// Proteins side by side.
    public let proteins: Int
    /// Share of the pairs that is skipped.
    public let skippedShare: Double
    /// Time relative to the same attention with nothing skipped.
    public let forward, backward: Double

    /// Upper bound on the time: FlashMask's time falls in proportion to the visited share, plus a twentieth for the rest.
    public var bound: Double { 1.15 * (1 - skippedShare) + 0.05 }
  }

  /// Proteins of the packs; lengths that do not fill the positions leave some hidden.
  static let counts = [1, 2, 3, 4, 6, 8, 12, 16]

  /// The measurements, by number of proteins.
  public let rows: [Row]
  private let positions: Int

  /// Measures packs of the sizes in `plan`.
  public init(_ plan: AttentionBenchmark) {
    positions = plan.positions
    rows = Self.counts.filter { $0 <= plan.positions }.map { count in
      var plan = plan
      plan.lengths = [Int](repeating: plan.positions / count, count: count)
      let report = plan.run()
      return Row(
        proteins: count, skippedShare: report.skippedShare,
        forward: report.shareOfDense.forward, backward: report.shareOfDense.backward)
    }
  }

  /// Time against skipped share, with the bound.
  public var figure: Figure {
    func series(_ name: String, _ value: (Row) -> Double) -> Series {
      Series(name, rows.map { Point($0.skippedShare, value($0)) })
    }
    return Plot.lines(
      title: "Attention on packed proteins, \(positions) positions",
      summary:
        "time relative to attention that skips nothing, against the share of pairs that is skipped",
      x: "share of pairs that is skipped", y: "time, share of dense",
      [
        series("forward", \.forward), series("backward", \.backward),
        series("1.15 × visited share + 0.05", \.bound),
      ], includingZero: true)
  }

  /// The rows for people.
  public var text: String {
    rows.map { row in
      "\(row.proteins) proteins, skipped share \(fixed(row.skippedShare, decimals: 3)): forward \(fixed(row.forward, decimals: 3)) of dense, backward \(fixed(row.backward, decimals: 3)), bound \(fixed(row.bound, decimals: 3))"
    }.joined(separator: "\n")
  }
}
