/// A domain: one or more ranges of residue numbers of the reference.
public struct DomainRange: Sendable, Hashable {
  /// Name, `D1`, `D2`, … in the order given.
  public var name: String
  /// Residue numbers, both ends included.
  public var ranges: [ClosedRange<Int>]

  /// A domain.
  public init(name: String, ranges: [ClosedRange<Int>]) {
    self.name = name
    self.ranges = ranges
  }

  /// Whether a residue number belongs to the domain.
  public func contains(_ number: Int) -> Bool { ranges.contains { $0.contains(number) } }

  /// The ranges as they are written, such as `2-50+80-194`.
  public var label: String {
    ranges.map { "\($0.lowerBound)-\($0.upperBound)" }.joined(separator: "+")
  }

  /// Reads domains separated by commas, segments of one domain joined by `+`: `2-194,203-406`, `2-50+80-194`.
  public static func parse(_ text: String) throws(ScoringError) -> [DomainRange] {
    var domains: [DomainRange] = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      var ranges: [ClosedRange<Int>] = []
      for segment in part.split(separator: "+", omittingEmptySubsequences: false) {
        guard let range = range(segment) else { throw .badRange(text) }
        ranges.append(range)
      }
      domains.append(DomainRange(name: "D\(domains.count + 1)", ranges: ranges))
    }
    return domains
  }

  /// `first-last`, where either may be negative, or a single number.
  private static func range(_ text: Substring) -> ClosedRange<Int>? {
    let text = text.filter { !$0.isWhitespace }
    if let single = Int(text) { return single...single }
    guard let dash = text.dropFirst().firstIndex(of: "-"), let first = Int(text[..<dash]),
      let last = Int(text[text.index(after: dash)...]), first <= last
    else { return nil }
    return first...last
  }
}
