/// Ends the program because of a programmer's mistake, such as shapes that do not fit.
///
/// What comes from files and flags is checked where it is read, and throws; this is the only place that stops. Other than
/// with `precondition`, release builds say why.
@usableFromInline
package func programmingError(_ message: String) -> Never {
  fatalError(message)
}

/// Ends the program unless what a caller must see to holds.
@inline(__always)
package func programmingError(unless condition: Bool, _ message: @autoclosure () -> String) {
  if !condition { programmingError(message()) }
}
