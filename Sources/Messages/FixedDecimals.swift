/// Text of a number with a fixed count of decimals, in files and in reports.
///
/// The number times a power of ten is rounded to an integer, ties to even. `printf` rounds the exact binary value, which differs if
/// the product is a tie: for 0.165 it writes 0.17, this function 0.16. Values of 10¹⁹ and more after the multiplication, and those
/// that are not finite, are written in Swift's format; callers that must avoid this check beforehand.
package func fixed(_ value: Double, decimals: Int) -> String {
  var unit = 1.0
  for _ in 0..<decimals { unit *= 10 }
  let scaled = (value.magnitude * unit).rounded(.toNearestOrEven)
  guard let total = UInt64(exactly: scaled) else { return "\(value)" }
  let sign = value < 0 && total > 0 ? "-" : ""
  guard decimals > 0 else { return "\(sign)\(total)" }
  let whole = total / UInt64(unit)
  let fraction = String(total % UInt64(unit))
  return "\(sign)\(whole)." + String(repeating: "0", count: decimals - fraction.count) + fraction
}
