/// Stops the program because of a programmer's mistake about shapes.
///
/// Shapes that come from files are checked where they are read, and throw; this is the only place that stops.
@usableFromInline
func shapeError(_ message: String) -> Never {
  fatalError(message)
}
