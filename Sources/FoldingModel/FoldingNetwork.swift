import FoldingCore
import NeuralNet
import NumericArrays
import TensorCore

/// The whole network: trunk, structure module and heads, with its parameters.
///
/// One value serves any number of predictions; it holds no state between them.
public struct FoldingNetwork: Sendable {
  /// Sizes and settings of the network.
  public let config: FoldingConfig
  let inputEmbedder: InputEmbedder
  let templateEmbedding: TemplateEmbedding?
  let extraMSA: ExtraMSAStack
  let evoformer: BlockStack
  let singleProjection: Linear
  let structureModule: StructureModule
  let distogram: DistogramHead
  let maskedMSA: MaskedMSAHead
  let experimentallyResolved: ExperimentallyResolvedHead
  let predictedLDDT: PredictedLDDTHead
  let alignedError: PredictedAlignedErrorHead?
  /// Every parameter under its official key; layers hold views of these tensors.
  ///
  /// Matrices of stacks that are kept in 8-bit blocks are not among them.
  public let parameters: [String: Tensor]

  /// The network of `config` with parameters from `source`, the trunk's matrices stored as `storage`.
  ///
  /// - Throws: ``ParameterError`` when an array is missing or misshapen, or what reading throws.
  public init(
    _ config: FoldingConfig, parameters source: any ParameterSource, storage: DType,
    pool: BufferPool
  ) throws {
    let store = LoadedParameters(source, pool: pool)
    let root = ParameterScope(store, path: ParameterSpec.root, matrixType: storage)
    let trunk = root.scope("evoformer")
    let channels = config.channels
    self.config = config
    self.inputEmbedder = try InputEmbedder(trunk, channels)
    self.templateEmbedding = try config.template.map { try TemplateEmbedding(trunk, channels, $0) }
    self.extraMSA = try ExtraMSAStack(trunk, config)
    self.evoformer = try BlockStack(
      trunk.scope("evoformer_iteration"), .main, count: config.evoformer.blocks
    ) { scope in
      try EvoformerBlock(
        scope, .main, msa: channels.msa, pair: channels.pair, config.evoformer,
        order: config.blockOrder)
    }
    self.singleProjection = try Linear(
      trunk.scope("single_activations").inFloat32, channels.msa, channels.single)
    self.structureModule = try StructureModule(root, config)
    self.distogram = try DistogramHead(root, pair: channels.pair, config.heads)
    self.maskedMSA = try MaskedMSAHead(root, msa: channels.msa, config.heads)
    self.experimentallyResolved = try ExperimentallyResolvedHead(root, single: channels.single)
    self.predictedLDDT = try PredictedLDDTHead(root, single: channels.single, config.heads)
    self.alignedError = try config.heads.alignedError.map {
      try PredictedAlignedErrorHead(root, pair: channels.pair, $0)
    }
    self.parameters = store.loaded
  }
}

extension FoldingNetwork {
  /// The first block of the main stack alone, every row and residue visible; for measurements.
  ///
  /// - Shapes: m `[N_seq, N_res, c_m]`, z `[N_res, N_res, c_z]`, both in place
  package func updateFirstBlock(_ m: Tensor, _ z: Tensor, _ context: ExecutionContext) throws {
    let (rows, residues) = (m.shape[0], m.shape[1])
    try updateFirstBlock(m, [z], ProteinPack([residues]), rows: [rows], context)
  }

  /// The same for a pack of proteins that share m `[N_seq, positions, c_m]`, each with its own rows and pair tensor.
  package func updateFirstBlock(
    _ m: Tensor, _ zs: [Tensor], _ pack: ProteinPack, rows: [Int], _ context: ExecutionContext
  ) throws {
    let block = try evoformer.block(0)
    let masks = TrunkMasks(
      pack,
      rows: zip(rows, pack.places).map { NDArray(repeating: 1, shape: [$0, $1.count]) },
      pairs: pack.places.map { place in
        PositionMask(
          NDArray(repeating: 1, shape: [place.count, place.count]), pool: context.pool)
      }, pool: context.pool)
    context.scoped(evoformer.kind.dropoutScope, 0).checkpoint([m] + zs) { context in
      block.update(m, zs, masks, context, nil)
    }
  }
}
