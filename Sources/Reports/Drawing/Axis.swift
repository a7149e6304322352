import CLibrary

/// An axis of a plot: the values that it covers and its ticks.
public struct Axis: Sendable, Hashable {
  /// Quantity and unit.
  public var label: String
  /// Values at both ends.
  public var range: ClosedRange<Double>
  /// Whether the scale is logarithmic.
  public var isLogarithmic = false
  /// Whether values are counts, so that only whole numbers get ticks.
  public var isCounted = false

  /// A linear axis over given values.
  ///
  /// - Parameter isCounted: whether the values are counts.
  public init(_ label: String, _ range: ClosedRange<Double>, isCounted: Bool = false) {
    self.label = label
    self.range = Self.usable(range)
    self.isCounted = isCounted
  }

  /// An axis with the residues of a chain, half a residue wider on both sides.
  ///
  /// - Parameter numbers: residue numbers; if they are not consecutive, or nil, positions in the sequence are counted instead, and the
  ///   label says so.
  static func residues(_ count: Int, numbers: [Int]?, label: String = "residue") -> Axis {
    let isOrdinal = zip(numbers ?? [], (numbers ?? []).dropFirst()).contains { $1 != $0 + 1 }
    let first = isOrdinal ? 1 : Double(numbers?.first ?? 1)
    return Axis(
      isOrdinal ? "\(label), by its position in the sequence" : label,
      first - 0.5...first + Double(max(1, count)) - 0.5, isCounted: true)
  }

  /// An axis that covers the finite values of data, with round ends; 0 … 1 without data.
  ///
  /// - Parameters:
  ///   - isLogarithmic: ignored when a value is not positive.
  ///   - isCounted: whether the values are counts.
  public init(
    _ label: String, covering values: some Sequence<Double>, including: [Double] = [],
    isLogarithmic: Bool = false, isCounted: Bool = false
  ) {
    let finite = (Array(values) + including).filter(\.isFinite)
    let low = finite.min() ?? 0
    let high = finite.max() ?? 1
    self.label = label
    self.isCounted = isCounted
    if isLogarithmic, low > 0, high < 1e300 {
      self.isLogarithmic = true
      range = Self.usable(low...max(high, low * 1.0001))
      return
    }
    guard (high - low).isFinite else {
      range = 0...1
      return
    }
    let step = Self.step(over: high - low > 0 ? high - low : max(abs(high), 1))
    range = Self.usable((low / step).rounded(.down) * step...(high / step).rounded(.up) * step)
  }

  private static func usable(_ range: ClosedRange<Double>) -> ClosedRange<Double> {
    guard range.lowerBound.isFinite, range.upperBound.isFinite else { return 0...1 }
    if range.lowerBound < range.upperBound { return range }
    return range.lowerBound...range.lowerBound + max(1, abs(range.lowerBound))
  }

  /// 1, 2 or 5 times a power of ten, about a sixth of a span.
  private static func step(over span: Double) -> Double {
    let rough = max(span / 6, 1e-300)
    let power = pow(10, log10(rough).rounded(.down))
    let factor = rough / power
    return power * (factor <= 1 ? 1 : factor <= 2 ? 2 : factor <= 5 ? 5 : 10)
  }

  /// Position of a value, 0 at the lower and 1 at the upper end.
  public func share(_ value: Double) -> Double {
    if isLogarithmic {
      let low = log(range.lowerBound)
      return (log(max(value, range.lowerBound)) - low) / (log(range.upperBound) - low)
    }
    return (value - range.lowerBound) / (range.upperBound - range.lowerBound)
  }

  /// Round values within the range.
  public var ticks: [Double] {
    if isLogarithmic { return logarithmicTicks }
    let step = max(
      Self.step(over: range.upperBound - range.lowerBound), isCounted ? 1 : 0)
    let first = (range.lowerBound / step - 1e-9).rounded(.up)
    let last = (range.upperBound / step + 1e-9).rounded(.down)
    guard last >= first, last - first < 50 else { return [range.lowerBound, range.upperBound] }
    return stride(from: first, through: last, by: 1).map { $0 * step }
  }

  private var logarithmicTicks: [Double] {
    let decades = log10(range.lowerBound).rounded(.down)...log10(range.upperBound).rounded(.up)
    let factors: [Double] = decades.upperBound - decades.lowerBound <= 2 ? [1, 2, 5] : [1]
    let all = stride(from: decades.lowerBound, through: decades.upperBound, by: 1).flatMap {
      decade in factors.map { $0 * pow(10, decade) }
    }
    let inside = all.filter { range.contains($0) }
    if inside.count >= 3 { return inside }
    // Over less than a factor of two, linear ticks are fine.
    var linear = self
    linear.isLogarithmic = false
    return linear.ticks.filter { range.contains($0) }
  }

  /// A tick's number as text for people.
  public static func text(_ value: Double) -> String {
    let magnitude = abs(value)
    if magnitude < 1e-12 { return "0" }
    if magnitude >= 1e6 || magnitude < 1e-3 {
      let power = log10(magnitude).rounded(.down)
      return "\(compact(value / pow(10, power)))e\(Int(power))"
    }
    return compact(value)
  }

  /// At most four significant decimals, without trailing zeros.
  private static func compact(_ value: Double) -> String {
    let scaled = (abs(value) * 1e4).rounded()
    guard scaled < 1e15 else { return "\(value)" }
    let digits = Int(scaled)
    var fraction = String(digits % 10_000)
    fraction = String(repeating: "0", count: 4 - fraction.count) + fraction
    while fraction.last == "0" { fraction.removeLast() }
    let sign = value < 0 && digits > 0 ? "-" : ""
    return "\(sign)\(digits / 10_000)" + (fraction.isEmpty ? "" : ".\(fraction)")
  }
}
