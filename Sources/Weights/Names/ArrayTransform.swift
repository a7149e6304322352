import NumericArrays

/// How an array of another program becomes an official one.
enum ArrayTransform: Hashable, Sendable {
  /// The same order of values; at most the shape differs.
  case copied
  /// A matrix `[out, in]`, as PyTorch keeps it, whose axes may be flattened heads.
  case transposed
  /// One of three projections merged as `[3, heads, channels, in]`: 0 query, 1 key, 2 value.
  case merged(part: Int)

  /// Official shape of one block when the source has `shape`; `expected` resolves flattened axes.
  ///
  /// Nil if no arrangement of the source has the expected shape, or if none can be inferred without it.
  func officialShape(from shape: [Int], expected: [Int]?) -> [Int]? {
    switch self {
    case .copied:
      guard let expected, product(expected) == product(shape) else { return shape }
      return expected
    case .transposed:
      guard shape.count == 2 else { return nil }
      if let expected, splits(expected, rows: shape[1], columns: shape[0]) { return expected }
      return [shape[1], shape[0]]
    case .merged:
      guard shape.count == 4, shape[0] == 3 else { return nil }
      return [shape[3], shape[1], shape[2]]
    }
  }

  /// The official values, row-major, of a source array.
  func applied<T>(to array: NDArray<T>) -> [T] {
    switch self {
    case .copied: return array.values
    case .transposed: return Self.transposed(array.values[...], rows: array.shape[0])
    case .merged(let part):
      let size = array.count / 3
      return Self.transposed(
        array.values[part * size..<(part + 1) * size], rows: array.shape[1] * array.shape[2])
    }
  }

  /// A row-major matrix with `rows` rows, its axes exchanged.
  private static func transposed<T>(_ values: ArraySlice<T>, rows: Int) -> [T] {
    let columns = rows > 0 ? values.count / rows : 0
    return values.withUnsafeBufferPointer { source in
      var result: [T] = []
      result.reserveCapacity(source.count)
      for column in 0..<columns {
        for row in 0..<rows { result.append(source[row * columns + column]) }
      }
      return result
    }
  }

  /// Whether leading axes of `shape` make `rows` and the others `columns`.
  private func splits(_ shape: [Int], rows: Int, columns: Int) -> Bool {
    (1...max(1, shape.count)).contains { axes in
      product(Array(shape.prefix(axes))) == rows && product(Array(shape.dropFirst(axes))) == columns
    }
  }

  private func product(_ shape: [Int]) -> Int { shape.reduce(1, *) }
}

/// Location of one block of an official array in another program's file.
struct ForeignArray: Hashable, Sendable {
  let name: String
  let transform: ArrayTransform
}

/// The naming of another program, as data.
protocol ForeignNaming {
  /// The possible locations of one block of an official array, the usual one first; empty if there are none.
  static func places(of key: OfficialKey, block: Int?) -> [ForeignArray]
}
