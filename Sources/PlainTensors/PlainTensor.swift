import NumericArrays

/// A row-major array that remembers how it was computed: the plain twins of layers are written with it.
///
/// Each operation is a new tensor that keeps its inputs and its pullback, the map from the gradient of a loss with respect to
/// the result to the gradients with respect to the inputs. Nothing is fast; everything is short and in one precision.
public final class PlainTensor<Real: RealNumber> {
  /// Extent of each axis, outermost first.
  ///
  /// Empty for a scalar.
  public let shape: [Int]
  /// The elements, last axis fastest.
  ///
  /// Difference quotients change those of leaves between evaluations.
  public var values: [Real]
  /// Whether gradients are followed through this tensor.
  public let isVariable: Bool
  let inputs: [PlainTensor]
  let pullback: ([Real]) -> [[Real]]

  private init(
    shape: [Int], values: [Real], isVariable: Bool, inputs: [PlainTensor],
    pullback: @escaping ([Real]) -> [[Real]]
  ) {
    programmingError(
      unless: shape.reduce(1, *) == values.count,
      "\(values.count) values do not fill the shape \(shape)")
    self.shape = shape
    self.values = values
    self.isVariable = isVariable
    self.inputs = inputs
    self.pullback = pullback
  }

  /// A leaf: a parameter or an input, or a constant if it is not a variable.
  public convenience init(shape: [Int], values: [Real], isVariable: Bool = true) {
    self.init(shape: shape, values: values, isVariable: isVariable, inputs: []) { _ in [] }
  }

  /// A leaf with the values of an array.
  public convenience init(_ array: NDArray<Float>, isVariable: Bool = true) {
    self.init(shape: array.shape, values: array.values.map { Real($0) }, isVariable: isVariable)
  }

  /// A constant of one value.
  public convenience init(repeating value: Real, shape: [Int]) {
    let count = shape.reduce(1, *)
    self.init(shape: shape, values: Array(repeating: value, count: count), isVariable: false)
  }

  /// The result of an operation.
  ///
  /// - Parameter pullback: given the gradient with respect to the result, those with respect to the inputs, in order.
  convenience init(
    shape: [Int], values: [Real], from inputs: [PlainTensor],
    pullback: @escaping ([Real]) -> [[Real]]
  ) {
    let isVariable = inputs.contains { $0.isVariable }
    self.init(
      shape: shape, values: values, isVariable: isVariable, inputs: isVariable ? inputs : [],
      pullback: pullback)
  }

  /// Number of elements.
  public var count: Int { values.count }
  /// Number of axes.
  public var rank: Int { shape.count }

  /// The values in single precision.
  public func array() -> NDArray<Float> { NDArray(shape: shape, values: values.map { Float($0) }) }

  /// The same values, through which no gradient flows.
  public func withoutGradient() -> PlainTensor {
    PlainTensor(shape: shape, values: values, isVariable: false)
  }
}

extension PlainTensor {
  /// Variables that this tensor was computed from, in the order in which a walk finds them.
  public var leaves: [PlainTensor] {
    computationOrder.filter { $0.inputs.isEmpty && $0.isVariable }
  }

  /// This tensor and all variables it depends on, inputs before results.
  fileprivate var computationOrder: [PlainTensor] {
    var order: [PlainTensor] = []
    var seen: Set<ObjectIdentifier> = [ObjectIdentifier(self)]
    var stack: [(tensor: PlainTensor, next: Int)] = [(self, 0)]
    while let (tensor, next) = stack.popLast() {
      if next == tensor.inputs.count {
        order.append(tensor)
        continue
      }
      stack.append((tensor, next + 1))
      let input = tensor.inputs[next]
      if input.isVariable && seen.insert(ObjectIdentifier(input)).inserted {
        stack.append((input, 0))
      }
    }
    return order
  }
}

/// Gradients of a scalar with respect to some of the tensors it was computed from, by reverse-mode differentiation.
///
/// A tensor on which `loss` does not depend gets zeros.
public func gradient<Real>(
  of loss: PlainTensor<Real>, withRespectTo tensors: [PlainTensor<Real>]
) -> [PlainTensor<Real>] {
  programmingError(
    unless: loss.count == 1, "a gradient is that of one number, not of the shape \(loss.shape)")
  var gradients: [ObjectIdentifier: [Real]] = [ObjectIdentifier(loss): [1]]
  for tensor in loss.computationOrder.reversed() where !tensor.inputs.isEmpty {
    guard let gradient = gradients[ObjectIdentifier(tensor)] else { continue }
    for (input, part) in zip(tensor.inputs, tensor.pullback(gradient)) where input.isVariable {
      gradients[ObjectIdentifier(input), default: Array(repeating: 0, count: input.count)]
        .add(part)
    }
  }
  return tensors.map { tensor in
    PlainTensor(
      shape: tensor.shape,
      values: gradients[ObjectIdentifier(tensor)] ?? Array(repeating: 0, count: tensor.count),
      isVariable: false)
  }
}

extension Array where Element: AdditiveArithmetic {
  fileprivate mutating func add(_ other: [Element]) {
    for index in indices { self[index] += other[index] }
  }
}
