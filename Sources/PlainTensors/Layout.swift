import NumericArrays

// Operations that move elements. Each is a list of indices: the result either reads its elements from them (gather) or adds
// elements to them (scatter). The two are each other's pullback.

/// Elements between neighbours along each axis of a row-major array.
func strides(_ shape: [Int]) -> [Int] {
  var result = [Int](repeating: 1, count: shape.count)
  for axis in shape.indices.dropLast().reversed() {
    result[axis] = result[axis + 1] * shape[axis + 1]
  }
  return result
}

/// Places reached by walking an array of `shape` with the given steps, starting at `start`.
func places(_ shape: [Int], steps: [Int], start: Int = 0) -> [Int] {
  var result = [start]
  result.reserveCapacity(shape.reduce(1, *))
  for (extent, step) in zip(shape, steps) {
    let outer = result
    result.removeAll(keepingCapacity: true)
    for place in outer {
      for index in 0..<extent { result.append(place + index * step) }
    }
  }
  return result
}

extension PlainTensor {
  /// The tensor of `shape` whose elements are read from `places`.
  func gathered(_ shape: [Int], from places: [Int]) -> PlainTensor {
    let count = self.count
    return PlainTensor(shape: shape, values: gather(values, from: places), from: [self]) {
      [scatter($0, to: places, count: count)]
    }
  }

  /// The tensor of `shape` to whose elements those of this one are added at `places`.
  func scattered(_ shape: [Int], to places: [Int]) -> PlainTensor {
    let sums = scatter(values, to: places, count: shape.reduce(1, *))
    return PlainTensor(shape: shape, values: sums, from: [self]) { [gather($0, from: places)] }
  }

  /// The same elements under another shape.
  public func reshaped(_ shape: [Int]) -> PlainTensor {
    PlainTensor(shape: shape, values: values, from: [self]) { [$0] }
  }

  /// The shape with an axis of extent 1 at the end, so that the tensor broadcasts over channels.
  public var lastAxisAdded: PlainTensor { reshaped(shape + [1]) }

  /// The tensor repeated along axes of extent 1 and along new leading axes.
  public func broadcast(to result: [Int]) -> PlainTensor {
    if shape == result { return self }
    let added = result.count - rank
    programmingError(
      unless: added >= 0 && zip(shape, result.dropFirst(added)).allSatisfy { $0 == 1 || $0 == $1 },
      "cannot broadcast \(shape) to \(result)")
    let steps = zip(shape, strides(shape)).map { $0 == 1 ? 0 : $1 }
    return gathered(
      result, from: places(result, steps: [Int](repeating: 0, count: added) + steps))
  }

  /// Axes in another order: axis `k` of the result is axis `order[k]` of this tensor.
  public func permuted(_ order: [Int]) -> PlainTensor {
    programmingError(
      unless: order.sorted() == Array(0..<rank), "\(order) is no order of \(rank) axes")
    let steps = strides(shape)
    let result = order.map { shape[$0] }
    return gathered(result, from: places(result, steps: order.map { steps[$0] }))
  }

  /// Part of the tensor along one axis; a negative axis counts from the last.
  public func slice(_ range: Range<Int>, axis: Int) -> PlainTensor {
    let axis = axis < 0 ? axis + rank : axis
    programmingError(
      unless: range.lowerBound >= 0 && range.upperBound <= shape[axis],
      "\(range) leaves axis \(axis) of \(shape)")
    var result = shape
    result[axis] = range.count
    let steps = strides(shape)
    return gathered(
      result, from: places(result, steps: steps, start: range.lowerBound * steps[axis]))
  }

  /// Entries of the first axis in the given order, possibly repeated or omitted: the rows of an embedding table.
  public func rows(_ indices: [Int]) -> PlainTensor {
    programmingError(
      unless: indices.allSatisfy { shape[0] > $0 && $0 >= 0 },
      "a row is not among the \(shape[0]) of \(shape)")
    let size = shape.dropFirst().reduce(1, *)
    return gathered(
      [indices.count] + shape.dropFirst(),
      from: indices.flatMap { $0 * size..<($0 + 1) * size })
  }

  /// Entry `index` of the first axis.
  public subscript(index: Int) -> PlainTensor {
    rows([index]).reshaped(Array(shape.dropFirst()))
  }

  /// Constant one-hot rows; an index outside `0 ..< classes` gives zeros.
  public static func oneHot(_ indices: [Int], classes: Int) -> PlainTensor {
    var values = [Real](repeating: 0, count: indices.count * classes)
    for (row, index) in indices.enumerated() where index >= 0 && index < classes {
      values[row * classes + index] = 1
    }
    return PlainTensor(shape: [indices.count, classes], values: values, isVariable: false)
  }
}

/// Tensors joined along one axis; a negative axis counts from the last.
public func concatenate<Real>(_ parts: [PlainTensor<Real>], axis: Int) -> PlainTensor<Real> {
  programmingError(unless: !parts.isEmpty, "nothing to concatenate")
  let axis = axis < 0 ? axis + parts[0].rank : axis
  var shape = parts[0].shape
  shape[axis] = parts.reduce(0) { $0 + $1.shape[axis] }
  let steps = strides(shape)
  var start = 0
  var placesOfParts: [[Int]] = []
  for part in parts {
    placesOfParts.append(places(part.shape, steps: steps, start: start * steps[axis]))
    start += part.shape[axis]
  }
  var values = [Real](repeating: 0, count: shape.reduce(1, *))
  for (part, places) in zip(parts, placesOfParts) {
    for (value, place) in zip(part.values, places) { values[place] = value }
  }
  return PlainTensor(shape: shape, values: values, from: parts) { gradient in
    placesOfParts.map { gather(gradient, from: $0) }
  }
}

@_specialize(where Real == Float)
@_specialize(where Real == Double)
private func gather<Real: RealNumber>(_ values: [Real], from places: [Int]) -> [Real] {
  var result: [Real] = []
  result.reserveCapacity(places.count)
  for place in places { result.append(values[place]) }
  return result
}

@_specialize(where Real == Float)
@_specialize(where Real == Double)
private func scatter<Real: RealNumber>(_ values: [Real], to places: [Int], count: Int) -> [Real] {
  var sums = [Real](repeating: 0, count: count)
  for index in places.indices { sums[places[index]] += values[index] }
  return sums
}
