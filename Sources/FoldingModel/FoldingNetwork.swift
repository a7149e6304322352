import FoldingCore
import NeuralNet
import NumericArrays
import TensorCore

/// The whole network: trunk, structure module and heads, with its parameters.
///
/// One value serves any number of predictions; it holds no state between them.
public struct FoldingNetwork: Sendable {
  /// What the network is made of.
  public let config: FoldingConfig
  let input: InputEmbedder
  let template: TemplateEmbedding?
  let extraMSA: ExtraMSAStack
  let evoformer: BlockStack
  let single: Linear
  let structure: StructureModule
  let distogram: DistogramHead
  let maskedMSA: MaskedMSAHead
  let experimentallyResolved: ExperimentallyResolvedHead
  let predictedLDDT: PredictedLDDTHead
  let alignedError: PredictedAlignedErrorHead?
  /// Every parameter under its official key; layers hold views of these tensors.
  ///
  /// Without the matrices of stacks that are kept in 8-bit blocks.
  public let parameters: [String: Tensor]

  /// Root of the official parameter names.
  public static let root = "alphafold/alphafold_iteration"

  /// The network of `config` with parameters from `source`, matrices of the trunk stored as `storage`.
  ///
  /// - Throws: ``ParameterError`` when an array is missing or misshapen, or what reading throws.
  public init(
    _ config: FoldingConfig, parameters source: any ParameterSource, storage: DType,
    pool: BufferPool
  ) throws {
    let store = LoadedParameters(source, pool: pool)
    let root = ParameterScope(store, path: Self.root, matrixType: storage)
    let trunk = root.scope("evoformer")
    let channels = config.channels
    self.config = config
    self.input = try InputEmbedder(trunk, channels)
    self.template = try config.template.map { try TemplateEmbedding(trunk, channels, $0) }
    self.extraMSA = try ExtraMSAStack(trunk, config)
    self.evoformer = try BlockStack(
      trunk.scope("evoformer_iteration"), count: config.evoformer.blocks
    ) { scope in
      try EvoformerBlock(
        scope, .main, msa: channels.msa, pair: channels.pair, config.evoformer,
        order: config.blockOrder)
    }
    self.single = try Linear(
      trunk.scope("single_activations").inFloat32, channels.msa, channels.single)
    self.structure = try StructureModule(root, config)
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

/// What the trunk makes of one draw.
struct TrunkOutput {
  /// Cluster rows, template rows cut off. `[N_clust, N_res, c_m]`
  var msa: Tensor
  /// `[N_res, N_res, c_z]`
  var pair: Tensor
  /// fp32. `[N_res, c_s]`
  var single: Tensor
}

extension FoldingNetwork {
  /// Embedders, template stack, extra-MSA stack and Evoformer stack.
  ///
  /// Lines 5–18 of Algorithm 2 (Jumper et al. 2021, Suppl. 1.4). The recycled pair tensor becomes the new one, in place.
  func trunk(
    _ target: TargetFeatures, _ draw: AlignmentDraw, _ previous: RecycledState,
    _ context: ExecutionContext, _ monitor: PassMonitor, _ probe: Probe?
  ) throws -> TrunkOutput {
    let residues = target.residueCount
    let templates = template?.torsions == nil ? 0 : (target.templates?.count ?? 0)
    let pairMask = AttentionMask(pairsOf: target.residueMask, pool: context.pool)
    let z = input.embedPair(target, previous, context)
    probe?("embedder/pair", z)
    if let template, let features = target.templates {
      template.update(z, features, pairMask: pairMask, context, probe)
      try monitor.finished(.templates, z, context)
    }
    probe?("template/pair", z)
    try extraMSA.update(z, draw, pairMask: pairMask, context, monitor, probe)
    probe?("extra/pair", z)
    let m = context.empty([draw.clusterCount + templates, residues, config.channels.msa])
    let clusters = m[0..<draw.clusterCount]
    input.embedMSA(target, draw, previous, into: clusters, context)
    probe?("embedder/msa", clusters)
    var mask = draw.msaMask
    if templates > 0, let torsions = template?.torsions, let features = target.templates {
      let rows = m[draw.clusterCount..<draw.clusterCount + templates]
      let templateMask = torsions.embed(features, into: rows, context)
      mask = NDArray(shape: [m.shape[0], residues], values: mask.values + templateMask.values)
      probe?("template/msa_rows", rows)
    }
    try evolve(m, z, mask: mask, pairMask: pairMask, context, monitor, probe)
    return TrunkOutput(
      msa: clusters, pair: z, single: single.logits(of: m[0], context))
  }

  /// The Evoformer stack: Algorithm 6 (Jumper et al. 2021, Suppl. 1.6) without the final projection of the first row.
  func evolve(
    _ m: Tensor, _ z: Tensor, mask: NDArray<Float>, pairMask: AttentionMask,
    _ context: ExecutionContext, _ monitor: PassMonitor, _ probe: Probe?
  ) throws {
    let rows = AttentionMask(mask, pool: context.pool)
    let masks = TrunkMasks(
      msaRows: rows, msaColumns: rows.transposed(rows: m.shape[0], pool: context.pool),
      pair: pairMask)
    for index in 0..<evoformer.count {
      let block = try evoformer.block(index)
      let probe = probe?.scoped("evoformer/\(index)")
      context.scoped("evoformer", index).checkpoint([m, z]) { context in
        block.update(m, z, masks, context, probe)
      }
      probe?("msa", m)
      probe?("pair", z)
      try monitor.finished(.evoformer(index), z, context)
    }
  }
}

extension FoldingNetwork {
  /// The first block of the main stack alone, every row and residue visible; for measurements.
  ///
  /// - Shapes: m `[N_seq, N_res, c_m]`, z `[N_res, N_res, c_z]`, both in place
  public func updateFirstBlock(_ m: Tensor, _ z: Tensor, _ context: ExecutionContext) throws {
    let block = try evoformer.block(0)
    let (rows, residues) = (m.shape[0], m.shape[1])
    func all(_ shape: [Int]) -> AttentionMask {
      AttentionMask(NDArray(repeating: 1, shape: shape), pool: context.pool)
    }
    let masks = TrunkMasks(
      msaRows: all([rows, residues]), msaColumns: all([residues, rows]),
      pair: all([residues, residues]))
    context.scoped("evoformer", 0).checkpoint([m, z]) { context in
      block.update(m, z, masks, context, nil)
    }
  }
}
