/// A dense row-major array of plain values: what files hold and what data and network exchange.
///
/// Nothing here computes; the network works on `Tensor`.
public struct NDArray<Element: Sendable>: Sendable {
  /// Extent of each axis, outermost first.
  ///
  /// Empty for a scalar.
  public let shape: [Int]
  /// The elements, last axis fastest.
  public var values: [Element]

  /// An array of `shape` holding `values`.
  ///
  /// - Precondition: the product of `shape` equals the number of values.
  public init(shape: [Int], values: [Element]) {
    programmingError(
      unless: shape.reduce(1, *) == values.count, "NDArray: shape does not fit the values")
    self.shape = shape
    self.values = values
  }

  /// An array of `shape` filled with one value.
  public init(repeating value: Element, shape: [Int]) {
    self.shape = shape
    self.values = Array(repeating: value, count: shape.reduce(1, *))
  }

  /// Number of elements.
  public var count: Int { values.count }

  /// Offset of the element at `indices`.
  @inlinable
  public func offset(_ indices: [Int]) -> Int {
    var result = 0
    for (axis, index) in indices.enumerated() { result = result * shape[axis] + index }
    return result
  }

  /// The element at the given indices, one per axis.
  @inlinable
  public subscript(_ indices: Int...) -> Element {
    get { values[offset(indices)] }
    set { values[offset(indices)] = newValue }
  }

  /// The same values with another shape of the same size.
  public func reshaped(_ shape: [Int]) -> NDArray {
    NDArray(shape: shape, values: values)
  }

  /// The values converted one by one.
  public func map<Other: Sendable>(
    _ transform: (Element) throws -> Other
  ) rethrows -> NDArray<Other> {
    NDArray<Other>(shape: shape, values: try values.map(transform))
  }

  /// Slice `index` of the first axis.
  public func slice(_ index: Int) -> NDArray {
    let size = shape.dropFirst().reduce(1, *)
    return NDArray(
      shape: Array(shape.dropFirst()), values: Array(values[index * size..<(index + 1) * size]))
  }
}

extension NDArray: Equatable where Element: Equatable {}
extension NDArray: Hashable where Element: Hashable {}
