/// Ends the program because of a programmer's mistake, such as shapes that do not fit.
///
/// What comes from files and flags is checked where it is read, and throws; this is the only place that stops. Unlike
/// `precondition`, it prints its message in release builds too.
@usableFromInline
package func programmingError(_ message: String) -> Never {
  fatalError(message)
}

/// Ends the program unless a condition that the caller must guarantee holds.
@inline(__always)
package func programmingError(unless condition: Bool, _ message: @autoclosure () -> String) {
  if !condition { programmingError(message()) }
}
