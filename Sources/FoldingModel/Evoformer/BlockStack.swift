import NeuralNet
import TensorCore

/// The blocks of a stack; blocks whose weights are stored in 8 bits are rebuilt each time they run, so that only the weights of one
/// block are in memory in the type of the activations.
struct BlockStack: Sendable {
  /// Which stack it is.
  let kind: EvoformerBlock.Kind
  /// Number of blocks.
  let count: Int
  /// The blocks; empty if they are built when they run.
  let ready: [EvoformerBlock]
  private let make: (@Sendable (Int) throws -> EvoformerBlock)?

  /// `count` blocks under a scope, each built once here, which checks all parameters.
  init(
    _ stack: ParameterScope, _ kind: EvoformerBlock.Kind, count: Int,
    _ block: @escaping @Sendable (ParameterScope) throws -> EvoformerBlock
  ) throws {
    self.kind = kind
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

  /// Updates m `[N_seq, N_res, c_m]` and the z `[N_res, N_res, c_z]` of each protein of a pack in place.
  ///
  /// The loop of Algorithms 6 and 18 (Jumper et al. 2021, Suppl. 1.6 and 1.7.2), without what comes before and after it.
  func update(
    _ m: Tensor, _ zs: [Tensor], _ masks: TrunkMasks, _ context: ExecutionContext,
    _ monitor: PassMonitor
  ) throws {
    for index in 0..<count {
      let block = try self.block(index)
      let probe = monitor.probe?.scoped("\(kind.probeScope)/\(index)")
      context.scoped(kind.dropoutScope, index).checkpoint([m] + zs) { context in
        block.update(m, zs, masks, context, probe)
      }
      probe?("msa", m)
      if let probe { for z in zs { probe("pair", z) } }
      try monitor.finished(kind.stage(index), zs, context)
    }
  }
}

extension EvoformerBlock.Kind {
  /// What tells its dropout from that of the other stack; part of the key, so another name draws other factors.
  var dropoutScope: String {
    switch self {
    case .main: "evoformer"
    case .extra: "extra_msa"
    }
  }

  /// How a probe calls its blocks.
  fileprivate var probeScope: String {
    switch self {
    case .main: "evoformer"
    case .extra: "extra"
    }
  }

  /// The stage that a block ends.
  fileprivate func stage(_ index: Int) -> PassStage {
    switch self {
    case .main: .evoformer(index)
    case .extra: .extraMSA(index)
    }
  }
}
