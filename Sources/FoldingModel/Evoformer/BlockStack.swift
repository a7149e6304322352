import NeuralNet
import TensorCore

/// The blocks of a stack; those with weights in 8 bits are made anew whenever they run, so that only the weights of one block are in
/// memory in the type of the activations.
struct BlockStack: Sendable {
  /// Number of blocks.
  let count: Int
  /// The blocks; empty if they are made when they run.
  let ready: [EvoformerBlock]
  private let make: (@Sendable (Int) throws -> EvoformerBlock)?

  /// `count` blocks under a scope, each made once here, which checks all parameters.
  init(
    _ stack: ParameterScope, count: Int,
    _ block: @escaping @Sendable (ParameterScope) throws -> EvoformerBlock
  ) throws {
    self.count = count
    var ready: [EvoformerBlock] = []
    for index in 0..<count {
      let made = try block(stack.block(index, of: count))
      if stack.store.forRunning == nil { ready.append(made) }
    }
    self.ready = ready
    make = Self.maker(stack, count, block)
  }

  private static func maker(
    _ stack: ParameterScope, _ count: Int,
    _ block: @escaping @Sendable (ParameterScope) throws -> EvoformerBlock
  ) -> (@Sendable (Int) throws -> EvoformerBlock)? {
    guard let store = stack.store.forRunning else { return nil }
    let (path, type) = (stack.path, stack.matrixType)
    return { index in
      try block(ParameterScope(store, path: path, matrixType: type).block(index, of: count))
    }
  }

  /// A block, for one run.
  func block(_ index: Int) throws -> EvoformerBlock { try make?(index) ?? ready[index] }
}
