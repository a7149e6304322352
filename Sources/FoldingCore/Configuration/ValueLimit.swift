/// A configuration value and the range it must lie in.
package struct ValueLimit {
  let key: String
  let isSound: Bool
  /// What is wrong, if it is not sound.
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

  /// A number from 1 on.
  package static func factor(_ key: String, _ value: some LimitedNumber) -> Self {
    atLeast(1, key, value)
  }

  /// A number that is not below another; arithmetic in single precision must be able to hold it.
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

  /// A share that leaves something: what a moving average keeps, or what dropout leaves out.
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

/// A number that messages show as its file states it.
package typealias LimitedNumber = BinaryFloatingPoint & CustomStringConvertible

extension [ValueLimit] {
  /// The first value that is not what it may be.
  package var objection: (key: String, reason: String)? {
    first { !$0.isSound }.map { ($0.key, $0.reason) }
  }
}
