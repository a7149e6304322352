/// A configuration value and the range it must lie in.
package struct ValueLimit {
  let key: String
  let isSound: Bool
  /// What is wrong, if the value is out of range.
  let reason: String

  private init(
    _ key: String, _ value: some CustomStringConvertible, _ isSound: Bool, _ expected: String
  ) {
    self.key = key
    self.isSound = isSound
    reason = "is \(value), expected \(expected)"
  }

  /// A whole number within a range.
  package static func size(_ key: String, _ value: Int, _ range: ClosedRange<Int>) -> Self {
    Self(key, value, range.contains(value), "\(range.lowerBound) to \(range.upperBound)")
  }

  /// A number above 0.
  package static func positive(_ key: String, _ value: some LimitedNumber) -> Self {
    Self(key, value, value > 0 && value <= 1e18, value > 0 ? "at most 1e18" : "a number above 0")
  }

  /// A number that is not negative.
  package static func weight(_ key: String, _ value: some LimitedNumber) -> Self {
    atLeast(0, key, value)
  }

  /// A number of at least 1.
  package static func factor(_ key: String, _ value: some LimitedNumber) -> Self {
    atLeast(1, key, value)
  }

  /// A number not below another, and finite in single precision.
  package static func atLeast<Number: LimitedNumber>(
    _ least: Number, _ key: String, _ value: Number
  ) -> Self {
    let shown = least == least.rounded() ? "\(Int(least))" : "\(least)"
    return Self(
      key, value, value >= least && value <= 1e18,
      value > least ? "at most 1e18" : "\(shown) or more")
  }

  /// A share of a whole.
  package static func share(_ key: String, _ value: some LimitedNumber) -> Self {
    Self(key, value, value >= 0 && value <= 1, "0 to 1")
  }

  /// A share below 1, such as the decay of a moving average or a dropout rate.
  package static func decay(_ key: String, _ value: some LimitedNumber) -> Self {
    Self(key, value, value >= 0 && value < 1, "0 to below 1")
  }

  /// A distance, Å.
  package static func distance(_ key: String, _ value: some LimitedNumber) -> Self {
    Self(key, value, value >= 0 && value < 1e6, "0 to below 1000000 Å")
  }

  /// The last of several bin edges, which must be above the first.
  package static func edge(
    _ key: String, _ last: some LimitedNumber, above first: some LimitedNumber
  ) -> Self {
    Self(key, last, Double(first) < Double(last), "more than the first, \(first)")
  }
}

/// A number that messages show as it stands in its file.
package typealias LimitedNumber = BinaryFloatingPoint & CustomStringConvertible

extension [ValueLimit] {
  /// The first value outside its range.
  package var objection: (key: String, reason: String)? {
    first { !$0.isSound }.map { ($0.key, $0.reason) }
  }
}
