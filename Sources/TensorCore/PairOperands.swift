/// How triangle multiplications hold their two operands, each the size of the pair tensor.
public enum PairOperands: Sendable, Hashable {
  /// Both whole: fastest.
  case whole
  /// One whole, in 8-bit blocks if a format is given; the other made for a few lines of the pair tensor at a time.
  ///
  /// Without a format the bits are those of `whole`. Passes that are differentiated or shared by processes hold both whole.
  case streamed(lines: Int, BlockFormat?)

  /// Lines of an operand at a time; nil for all.
  public var lines: Int? {
    if case .streamed(let lines, _) = self { return lines }
    return nil
  }

  /// The choice in words.
  package var text: String {
    switch self {
    case .whole: "whole"
    case .streamed(let lines, let format):
      "streamed, \(lines) lines\(format.map { ", \($0.rawValue) blocks" } ?? "")"
    }
  }
}
