import FoldingCore
import NeuralNet
import NumericArrays
import TensorCore
import TestSupport
import Testing

@testable import FoldingModel

@Suite("Layers of the trunk equal their plain twins")
struct TrunkTwinTests {
  static let storages: [DType] = [.float32, .bfloat16]
  static let residueCounts = [1, 2, 3, 7, 8, 9, 31, 33, 65]

  static let released: FoldingConfig = {
    var config = FoldingConfig()
    config.name = "released widths"
    return config
  }()

  /// Lengths around tile edges, with and without masked residues, then the released widths.
  static let sizes: [LayerSize] =
    residueCounts.map { LayerSize(residues: $0) }
    + [2, 9, 33].map { LayerSize(residues: $0, sequences: 5, hasHoles: true) }
    + [LayerSize(residues: 3, sequences: 3, hasHoles: true, config: released)]

  static let depths: [LayerSize] =
    [0, 1, 2, 5, 9, 33].flatMap { sequences in
      [false, true].map { LayerSize(residues: 5, sequences: sequences, hasHoles: $0) }
    }

  private func compare(
    _ layer: LayerCase, _ size: LayerSize, _ storage: DType, tolerance: Double? = nil
  ) throws {
    let context = ExecutionContext.forTest(threads: 2, storage: storage)
    let both = try layer(size, context)
    let expected = both.twin()
    let deviation = Deviation(try both.fast().array(), from: expected)
    #expect(deviation.relative <= tolerance ?? TestSupport.tolerance(storage), "\(deviation)")
  }

  @Test("every MSA layer equals its twin at every length", arguments: LayerCase.msaLayers, sizes)
  func msaLayers(layer: LayerCase, size: LayerSize) throws {
    for storage in Self.storages { try compare(layer, size, storage) }
  }

  @Test(
    "every MSA layer equals its twin at every depth, also without sequences",
    arguments: LayerCase.msaLayers, depths)
  func msaDepths(layer: LayerCase, size: LayerSize) throws {
    for storage in Self.storages { try compare(layer, size, storage) }
  }

  @Test("every pair layer equals its twin at every length", arguments: LayerCase.pairLayers, sizes)
  func pairLayers(layer: LayerCase, size: LayerSize) throws {
    for storage in Self.storages { try compare(layer, size, storage) }
  }

  @Test(
    "the outer product mean equals its twin at every length and depth", arguments: sizes + depths)
  func outerProductMean(size: LayerSize) throws {
    for layer in LayerCase.outerProducts {
      for storage in Self.storages { try compare(layer, size, storage) }
    }
  }

  /// A block chains nine layers, so that rounding errors add: four times the tolerance of one layer.
  @Test(
    "a block equals its twin in all three orders, within four times a layer's tolerance",
    arguments: LayerCase.blocks,
    [
      LayerSize(residues: 1, sequences: 1), LayerSize(residues: 9, sequences: 5, hasHoles: true),
      LayerSize(residues: 33, sequences: 3),
    ])
  func blocks(block: LayerCase, size: LayerSize) throws {
    for storage in Self.storages {
      try compare(block, size, storage, tolerance: 4 * tolerance(storage))
    }
  }

  @Test("without sequences the outer product mean adds a thousand times its bias")
  func noSequences() throws {
    let context = ExecutionContext.forTest()
    let scope = RandomParameters.scope(.float32, context.pool)
    let layer = try OuterProductMean(scope, msa: 8, pair: 4, channels: 3)
    let z = context.zeros([2, 2, 4])
    let mask = PositionMask(NDArray(repeating: 1, shape: [0, 2]), pool: context.pool)
    layer.update(
      z, from: context.zeros([0, 2, 8]), mask: mask, context)
    let bias = layer.outputBias.array().values
    for (index, value) in z.array().values.enumerated() {
      #expect(abs(value - 1000 * bias[index % 4]) <= 1e-3 * abs(value))
    }
  }
}

@Suite("Derivatives of the trunk's plain twins")
struct TrunkGradientTests {
  /// Channels of a few numbers: the difference quotients need hundreds of evaluations.
  static let small: FoldingConfig = {
    var config = FoldingConfig.tiny
    config.name = "small"
    config.channels.msa = 5
    config.channels.pair = 4
    config.channels.extraMSA = 3
    for stack in [\FoldingConfig.evoformer, \FoldingConfig.extraMSA] {
      config[keyPath: stack].msaHeadChannels = 3
      config[keyPath: stack].pairHeadChannels = 2
      config[keyPath: stack].triangleChannels = 3
      config[keyPath: stack].outerProductChannels = 2
    }
    config.template?.channels = 3
    config.template?.pointwiseHeadChannels = 2
    return config
  }()

  @Test(
    "derivatives with respect to inputs and parameters equal 4-point differences",
    arguments: LayerCase.msaLayers + LayerCase.pairLayers + LayerCase.outerProducts, [false, true])
  func derivatives(layer: LayerCase, hasHoles: Bool) throws {
    let context = ExecutionContext.forTest()
    let size = LayerSize(residues: 3, sequences: 2, hasHoles: hasHoles, config: Self.small)
    let (error, place) = worstGradientError(samples: 6, of: try layer(size, context).twin)
    #expect(error <= 1e-6, "\(place)")
  }

  @Test("derivatives of whole blocks equal 4-point differences", arguments: LayerCase.blocks)
  func blocks(block: LayerCase) throws {
    let size = LayerSize(residues: 3, sequences: 2, hasHoles: true, config: Self.small)
    let twin = try block(size, .forTest()).twin
    let (error, place) = worstGradientError(samples: 1, of: twin)
    #expect(error <= 1e-6, "\(place)")
  }
}

@Suite("Bits of the trunk's layers")
struct TrunkBitTests {
  static let layers =
    LayerCase.msaLayers + LayerCase.pairLayers + LayerCase.outerProducts + LayerCase.blocks
  static let size = LayerSize(residues: 33, sequences: 5, hasHoles: true)

  @Test(
    "threads and tiles change no bit, with either backend", arguments: layers, testBackends)
  func partitions(layer: LayerCase, backend: MatrixBackend) throws {
    for storage in [DType.float32, .bfloat16] {
      let one = try layer.fast(
        Self.size, .forTest(threads: 1, storage: storage, backend: backend, tileRows: 128))
      for (threads, tileRows) in [(1, 1), (2, 128), (3, 7), (2, 64), (3, 100_000)] {
        let other = try layer.fast(
          Self.size,
          .forTest(threads: threads, storage: storage, backend: backend, tileRows: tileRows))
        #expect(other.values == one.values, "\(threads) threads, tiles of \(tileRows) rows")
      }
    }
  }

  @Test("OpenBLAS agrees with the native kernels", .needsOpenBLAS, arguments: layers)
  func backends(layer: LayerCase) throws {
    for storage in [DType.float32, .bfloat16] {
      let context = ExecutionContext.forTest(threads: 2, storage: storage, backend: .openblas)
      let both = try layer(Self.size, context)
      let expected = both.twin()
      let deviation = Deviation(try both.fast().array(), from: expected)
      #expect(deviation.relative <= 4 * tolerance(storage), "\(deviation)")
    }
  }
}
