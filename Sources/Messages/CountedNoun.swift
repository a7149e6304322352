/// A number with its noun, for messages: `1 row`, `2 rows`, `1 pass`, `3 passes`.
///
/// - Parameter noun: in the singular; the plural adds "es" after an s, else "s".
package func counted(_ count: Int, _ noun: String) -> String {
  let plural = noun.hasSuffix("s") ? noun + "es" : noun + "s"
  return "\(count) \(count == 1 ? noun : plural)"
}
