/// Stops the program because of a programmer's mistake about shapes.
///
/// Shapes that come from files are checked where they are read, and throw; this is the only place that stops.
@usableFromInline
func shapeError(_ message: String) -> Never {
  fatalError(message)
}

/// Checks shapes against patterns such as `"N_seq N_res 256"`, in which a name stands for one size everywhere.
public struct ShapeChecker {
  private var sizes: [Substring: Int] = [:]

  /// A checker that knows no sizes yet.
  public init() {}

  /// Stops with a message unless `tensor` has the shape of `pattern`; remembers the sizes of new names.
  public mutating func check(_ tensor: Tensor, _ pattern: StaticString, _ name: StaticString) {
    let parts = "\(pattern)".split(separator: " ")
    var fits = parts.count == tensor.shape.count
    if fits {
      for (part, size) in zip(parts, tensor.shape) {
        if let number = Int(part) {
          fits = fits && number == size
        } else if let known = sizes[part] {
          fits = fits && known == size
        } else {
          sizes[part] = size
        }
      }
    }
    if !fits {
      let known = sizes.sorted { $0.key < $1.key }.map { "\($0.key) = \($0.value)" }
      shapeError(
        "\(name) must be [\(pattern)] with \(known.joined(separator: ", ")), got \(tensor.shape)")
    }
  }
}
