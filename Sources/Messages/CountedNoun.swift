/// A number and the noun that it counts, as messages say it: `1 row`, `2 rows`, `1 pass`, `3 passes`.
///
/// - Parameter noun: in the singular; one that ends in s gets "es", any other "s".
package func counted(_ count: Int, _ noun: String) -> String {
  let plural = noun.hasSuffix("s") ? noun + "es" : noun + "s"
  return "\(count) \(count == 1 ? noun : plural)"
}
