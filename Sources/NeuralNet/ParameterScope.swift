import TensorCore

/// Where layers take their parameters from: official key and shape in, tensor out.
///
/// The stacked arrays of a block stack are one tensor; each block sees a slice of it.
public protocol ParameterStore {
  /// The array under an official key such as `alphafold/…/left_projection//weights`.
  ///
  /// - Throws: when the array is missing or has another shape.
  func parameter(_ key: String, shape: [Int], dtype: DType) throws -> Tensor

  /// What one block sees of a stacked array.
  func block(_ index: Int, of key: String, shape: [Int], dtype: DType) throws -> Tensor

  /// The parameters read so far, from which blocks are rebuilt for every run; nil if blocks are built once and kept.
  var forRunning: (any ParameterStore & Sendable)? { get }
}

extension ParameterStore {
  /// A slice that shares the memory of the whole.
  public func block(
    _ index: Int, of key: String, shape: [Int], dtype: DType
  ) throws -> Tensor { try parameter(key, shape: shape, dtype: dtype)[index] }

  /// Blocks are built once and kept.
  public var forRunning: (any ParameterStore & Sendable)? { nil }
}

/// A place in the tree of official parameter names.
///
/// Layers read their parameters through it in their initializers, one line each, with the official name spelled out;
/// the same walk therefore loads and checks them. The configuration lists them apart, for those who have no network; a test
/// compares the two.
public struct ParameterScope {
  /// Where parameters come from.
  public let store: any ParameterStore
  /// Official name of the place.
  public let path: String
  let stack: (index: Int, count: Int)?
  /// Storage of matrices; vectors (biases, norms) are always fp32.
  public let matrixType: DType

  /// The root of a tree.
  public init(_ store: any ParameterStore, path: String, matrixType: DType) {
    self.init(store: store, path: path, stack: nil, matrixType: matrixType)
  }

  private init(
    store: any ParameterStore, path: String, stack: (index: Int, count: Int)?, matrixType: DType
  ) {
    self.store = store
    self.path = path
    self.stack = stack
    self.matrixType = matrixType
  }

  /// A scope inside this one.
  public func scope(_ name: String) -> ParameterScope {
    ParameterScope(store: store, path: path + "/" + name, stack: stack, matrixType: matrixType)
  }

  /// This scope as block `index` of a stack of `count` that share their arrays.
  public func block(_ index: Int, of count: Int) -> ParameterScope {
    ParameterScope(
      store: store, path: path, stack: (index, count), matrixType: matrixType)
  }

  /// This scope with matrices in fp32 whatever the storage: structure module and heads.
  public var inFloat32: ParameterScope {
    ParameterScope(store: store, path: path, stack: stack, matrixType: .float32)
  }

  /// A matrix (weights of linear layers and attention).
  public func matrix(_ name: String, _ shape: [Int]) throws -> Tensor {
    try read(name, shape, matrixType)
  }

  /// A vector (bias, scale, offset), fp32.
  public func vector(_ name: String, _ shape: [Int]) throws -> Tensor {
    try read(name, shape, .float32)
  }

  private func read(_ name: String, _ shape: [Int], _ dtype: DType) throws -> Tensor {
    let key = path + "//" + name
    guard let stack else { return try store.parameter(key, shape: shape, dtype: dtype) }
    return try store.block(stack.index, of: key, shape: [stack.count] + shape, dtype: dtype)
  }
}
