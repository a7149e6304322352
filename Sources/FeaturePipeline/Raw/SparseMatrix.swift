import ArrayFiles
import NumericArrays

/// An integer matrix stored by its non-zero entries: `{shape, row, col, data}`, as Uni-Fold writes it.
struct SparseMatrix {
  private let name: String
  private let file: String
  private let shape: [Int]
  private let rows: [Int32]
  private let columns: [Int32]
  private let values: [Int32]

  /// The matrix that a dictionary describes.
  init(_ value: PickleValue, name: String, file: String) throws {
    func numbers(_ key: String) throws -> [Int32] {
      guard let array = try value[key]?.array?.read(), array.shape.count == 1,
        let numbers = array.integers
      else {
        throw InputError.array(
          file: file, name: name, found: "without a list of integers '\(key)'",
          expected: "shape, row, col and data")
      }
      return numbers.values
    }
    self.name = name
    self.file = file
    shape = (value["shape"]?.items ?? []).map { item in
      if case .int(let extent) = item { extent } else { -1 }
    }
    rows = try numbers("row")
    columns = try numbers("col")
    values = try numbers("data")
    guard rows.count == values.count, columns.count == values.count else {
      throw wrong(
        "of \(rows.count) rows, \(columns.count) columns and \(values.count) values",
        "as many of each")
    }
  }

  /// The full matrix, which must have the expected shape.
  func dense(shape expected: [Int]) throws -> NDArray<Int32> {
    guard shape == expected, shape.count == 2 else {
      throw wrong("of shape \(shape)", "shape \(expected), as 'msa' has")
    }
    var matrix = NDArray<Int32>(repeating: 0, shape: shape)
    for (place, value) in values.enumerated() {
      let (row, column) = (Int(rows[place]), Int(columns[place]))
      guard 0..<shape[0] ~= row, 0..<shape[1] ~= column else {
        throw wrong("with a value at [\(row), \(column)]", "places inside \(shape)")
      }
      matrix.values[row * shape[1] + column] = value
    }
    return matrix
  }

  private func wrong(_ found: String, _ expected: String) -> InputError {
    .array(file: file, name: name, found: found, expected: expected)
  }
}
