import FoldingCore
import NeuralNet
import NumericArrays
import PlainTensors
import TensorCore
import TestSupport
import Testing

@testable import FoldingModel

/// Sizes of one comparison of a layer with its twin.
struct LayerSize: Sendable, CustomTestStringConvertible {
  var residues: Int
  var sequences = 2
  var hasHoles = false
  var config = FoldingConfig.tiny

  var testDescription: String {
    "N_res \(residues), N_seq \(sequences)\(hasHoles ? ", holes" : ""), \(config.name)"
  }
}

/// Random inputs of a layer, the same for every context, and the masks in both forms.
struct LayerInputs {
  let m, z: Tensor
  let msaMask, pairMask: NDArray<Float>
  let residueMask: [Float]
  let pool: BufferPool

  init(_ size: LayerSize, msa: Int, _ context: ExecutionContext) {
    let (sequences, residues) = (size.sequences, size.residues)
    pool = context.pool
    m = Tensor(randomArray([sequences, residues, msa], "m"), context.storage, pool: pool)
    z = Tensor(
      randomArray([residues, residues, size.config.channels.pair], "z"), context.storage,
      pool: pool)
    residueMask = randomMask([residues], "residues", holes: size.hasHoles).values
    var cells = randomMask([sequences, residues], "cells", holes: size.hasHoles)
    for index in cells.values.indices { cells.values[index] *= residueMask[index % residues] }
    msaMask = cells
    pairMask = NDArray(
      shape: [residues, residues],
      values: residueMask.flatMap { [residueMask] i in residueMask.map { i * $0 } })
  }

  var pack: ProteinPack { ProteinPack([residueMask.count]) }
  var msaRows: PositionMask { PositionMask(msaMask, pool: pool) }
  var msaColumns: PositionMask { msaRows.transposed(rows: msaMask.shape[0], pool: pool) }
  var pairs: PositionMask { PositionMask(pairsOf: residueMask, pool: pool) }
  var masks: TrunkMasks { TrunkMasks(pack, rows: [msaMask], pairs: [pairs], pool: pool) }

  func plain(_ mask: NDArray<Float>) -> PlainTensor<Double> { PlainTensor(mask, isVariable: false) }
}

/// A layer in both forms: what the fast one makes of the inputs, and the twin, ready to be evaluated again and again.
struct LayerCase: Sendable, CustomTestStringConvertible {
  struct Both {
    /// Representations that the layer reads, before it runs.
    let inputs: [Tensor]
    /// Runs the fast layer; gives what it made or updated.
    let run: () throws -> [Tensor]
    /// The same results, side by side if there are several.
    let twin: () -> PlainTensor<Double>

    /// The results of the fast layer, side by side if there are several.
    func fast() throws -> Tensor {
      let results = try run()
      if results.count == 1 { return results[0] }
      let values = results.flatMap { $0.array().values }
      return Tensor(NDArray(shape: [values.count], values: values), pool: BufferPool())
    }
  }

  let name: String
  let make: @Sendable (LayerSize, ParameterScope, ExecutionContext) throws -> Both

  var testDescription: String { name }

  /// Both forms with random parameters, matrices stored like activations.
  func callAsFunction(_ size: LayerSize, _ context: ExecutionContext) throws -> Both {
    try make(size, RandomParameters.scope(context.storage, context.pool), context)
  }

  /// The fast result as it is stored.
  func fast(_ size: LayerSize, _ context: ExecutionContext) throws -> NDArray<Float> {
    try self(size, context).fast().array()
  }

  /// A layer that updates the pair tensor.
  static func pair(
    _ name: String,
    _ make:
      @escaping @Sendable (ParameterScope, FoldingConfig) throws -> (
        fast: (LayerInputs, ExecutionContext) -> Void,
        twin: (PlainTensor<Double>, LayerInputs) -> PlainTensor<Double>
      )
  ) -> LayerCase {
    LayerCase(name: name) { size, scope, context in
      let inputs = LayerInputs(size, msa: size.config.channels.msa, context)
      let layer = try make(scope, size.config)
      let z = PlainTensor<Double>(inputs.z)
      return Both(
        inputs: [inputs.z],
        run: {
          layer.fast(inputs, context)
          return [inputs.z]
        }, twin: { z + layer.twin(z, inputs) })
    }
  }

  /// A layer that reads and writes the MSA representation.
  static func msa(
    _ name: String, isExtra: Bool = false,
    _ make:
      @escaping @Sendable (ParameterScope, FoldingConfig) throws -> (
        fast: (LayerInputs, ExecutionContext) -> Void,
        twin: (PlainTensor<Double>, PlainTensor<Double>, LayerInputs) -> PlainTensor<Double>
      )
  ) -> LayerCase {
    LayerCase(name: name) { size, scope, context in
      let channels = size.config.channels
      let inputs = LayerInputs(size, msa: isExtra ? channels.extraMSA : channels.msa, context)
      let layer = try make(scope, size.config)
      let (m, z) = (PlainTensor<Double>(inputs.m), PlainTensor<Double>(inputs.z))
      return Both(
        inputs: [inputs.m, inputs.z],
        run: {
          layer.fast(inputs, context)
          return [inputs.m]
        }, twin: { m + layer.twin(m, z, inputs) })
    }
  }
}

extension LayerCase {
  /// Layers of the MSA track.
  static let msaLayers: [LayerCase] = [
    .msa("row attention with pair bias") { scope, config in
      let layer = try MSARowAttentionWithPairBias(
        scope, msa: config.channels.msa, pair: config.channels.pair, config.evoformer)
      let twin = PlainMSARowAttentionWithPairBias<Double>(layer)
      return (
        { inputs, context in
          let bias = layer.pairBias(inputs.z, .queryFirst, context)
          layer.update(inputs.m, bias: bias, mask: inputs.msaRows, context)
        }, { m, z, inputs in twin(m, z, mask: inputs.plain(inputs.msaMask)) }
      )
    },
    .msa("column attention") { scope, config in
      let layer = try MSAColumnAttention(scope, msa: config.channels.msa, config.evoformer)
      let twin = PlainMSAColumnAttention<Double>(layer)
      return (
        { inputs, context in layer.update(inputs.m, mask: inputs.msaColumns, context) },
        { m, _, inputs in twin(m, mask: inputs.plain(inputs.msaMask)) }
      )
    },
    .msa("global column attention", isExtra: true) { scope, config in
      let layer = try MSAColumnGlobalAttention(
        scope, msa: config.channels.extraMSA, config.extraMSA)
      let twin = PlainMSAColumnGlobalAttention<Double>(layer)
      return (
        { inputs, context in layer.update(inputs.m, mask: inputs.msaColumns, context) },
        { m, _, inputs in twin(m, mask: inputs.plain(inputs.msaMask)) }
      )
    },
  ]

  /// Layers of the pair track.
  static let pairLayers: [LayerCase] = [
    triangleMultiplication(.outgoing), triangleMultiplication(.incoming),
    triangleAttention(.starting), triangleAttention(.ending),
    LayerCase(name: "template pointwise attention") { size, scope, context in
      let template = size.config.template ?? TemplateConfig()
      let inputs = LayerInputs(size, msa: size.config.channels.msa, context)
      let layer = try TemplatePointwiseAttention(scope, pair: size.config.channels.pair, template)
      let twin = PlainTemplatePointwiseAttention<Double>(layer)
      let shape = [3, size.residues, size.residues, template.channels]
      let templates = Tensor(randomArray(shape, "templates"), context.storage, pool: context.pool)
      let (z, t) = (PlainTensor<Double>(inputs.z), PlainTensor<Double>(templates))
      let mask = PlainTensor<Double>(shape: [3], values: [1, 0, 1], isVariable: false)
      return Both(
        inputs: [inputs.z, templates],
        run: {
          layer.update(inputs.z, (0..<3).map { templates[$0] }, mask: [1, 0, 1], context)
          return [inputs.z]
        }, twin: { z + twin(z, t, mask: mask) })
    },
  ]

  static let outerProducts: [LayerCase] = OuterProductKind.allCases.map { kind in
    LayerCase(name: "outer product, \(kind)") { size, scope, context in
      let (channels, evoformer) = (size.config.channels, size.config.evoformer)
      let inputs = LayerInputs(size, msa: channels.msa, context)
      let layer = try OuterProductMean(
        scope, msa: channels.msa, pair: channels.pair, channels: evoformer.outerProductChannels,
        kind: kind)
      let twin = PlainOuterProductMean<Double>(layer)
      let (m, z) = (PlainTensor<Double>(inputs.m), PlainTensor<Double>(inputs.z))
      return Both(
        inputs: [inputs.m, inputs.z],
        run: {
          layer.update(inputs.z, from: inputs.m, mask: inputs.msaRows, context)
          return [inputs.z]
        }, twin: { z + twin(m, mask: inputs.plain(inputs.msaMask)) })
    }
  }

  /// Blocks in every order; the result is m and z side by side.
  static let blocks: [LayerCase] = BlockOrder.allCases.flatMap { order in
    [EvoformerBlock.Kind.main, .extra].map { kind in
      LayerCase(name: "\(kind) block, \(order)") { size, scope, context in
        let channels = size.config.channels
        let msa = kind == .main ? channels.msa : channels.extraMSA
        let inputs = LayerInputs(size, msa: msa, context)
        let block = try EvoformerBlock(
          scope, kind, msa: msa, pair: channels.pair,
          kind == .main ? size.config.evoformer : size.config.extraMSA, order: order)
        let twin = PlainEvoformerBlock<Double>(block)
        let (m, z) = (PlainTensor<Double>(inputs.m), PlainTensor<Double>(inputs.z))
        return Both(
          inputs: [inputs.m, inputs.z],
          run: {
            block.update(inputs.m, [inputs.z], inputs.masks, context, nil)
            return [inputs.m, inputs.z]
          },
          twin: {
            let output = twin(
              m, z, mask: inputs.plain(inputs.msaMask), pairMask: inputs.plain(inputs.pairMask))
            return concatenate(
              [output.m.reshaped([output.m.count]), output.z.reshaped([output.z.count])], axis: 0)
          })
      }
    }
  }

  /// The bias for attention along rows and along columns.
  static let pairBiases: [LayerCase] = [PairBias.Orientation.queryFirst, .keyFirst].map {
    orientation in
    LayerCase(name: "pair bias, \(orientation)") { size, scope, context in
      let (channels, heads) = (size.config.channels, size.config.evoformer.pairHeads)
      let inputs = LayerInputs(size, msa: channels.msa, context)
      let layer = PairBias(
        norm: try LayerNorm(scope.scope("norm"), channels.pair),
        weights: try scope.matrix("weights", [channels.pair, heads]))
      let twin = PlainPairBias<Double>(layer)
      let z = PlainTensor<Double>(inputs.z)
      return Both(
        inputs: [inputs.z], run: { [layer(inputs.z, orientation, context)] },
        twin: { twin(orientation == .queryFirst ? z : z.permuted([1, 0, 2])) })
    }
  }

  private static func triangleMultiplication(_ edges: TriangleMultiplication.Edges) -> LayerCase {
    .pair("triangle multiplication, \(edges)") { scope, config in
      let layer = try TriangleMultiplication(
        scope, edges, pair: config.channels.pair, channels: config.evoformer.triangleChannels,
        dropoutRate: config.evoformer.pairDropout)
      let twin = PlainTriangleMultiplication<Double>(layer)
      return (
        { inputs, context in layer.update(inputs.z, mask: inputs.pairs, context) },
        { z, inputs in twin(z, mask: inputs.plain(inputs.pairMask)) }
      )
    }
  }

  private static func triangleAttention(_ node: TriangleAttention.Node) -> LayerCase {
    .pair("triangle attention, \(node) node") { scope, config in
      let layer = try TriangleAttention(
        scope, node, pair: config.channels.pair, heads: config.evoformer.pairHeads,
        headChannels: config.evoformer.pairHeadChannels, dropoutRate: config.evoformer.pairDropout)
      let twin = PlainTriangleAttention<Double>(layer)
      return (
        { inputs, context in layer.update(inputs.z, mask: inputs.pairs, context) },
        { z, inputs in twin(z, mask: inputs.plain(inputs.pairMask)) }
      )
    }
  }
}
