import FoldingCore
import NeuralNet
import NumericArrays
import PlainTensors
import TensorCore
import TestSupport
import Testing

@testable import FoldingModel

@Suite("Hand-written derivatives of the trunk equal those of the plain twins")
struct TrunkBackwardTests {
  static let layers =
    LayerCase.pairBiases + LayerCase.pairLayers.prefix(4) + LayerCase.outerProducts
    + LayerCase.msaLayers

  /// Odd widths that differ from each other; wide enough that no norm divides by nearly nothing.
  static let uneven: FoldingConfig = {
    var config = FoldingConfig.tiny
    config.name = "uneven"
    config.channels.msa = 11
    config.channels.pair = 10
    config.channels.extraMSA = 9
    for stack in [\FoldingConfig.evoformer, \FoldingConfig.extraMSA] {
      config[keyPath: stack].msaHeadChannels = 5
      config[keyPath: stack].pairHeadChannels = 7
      config[keyPath: stack].triangleChannels = 13
      config[keyPath: stack].outerProductChannels = 6
    }
    return config
  }()

  /// Lengths around tile edges, odd widths, more pairs than a chunk, released widths.
  static let sizes: [LayerSize] =
    [1, 2, 9].map { LayerSize(residues: $0) }
    + [2, 9, 33].map { LayerSize(residues: $0, sequences: 5, hasHoles: true) }
    + [1, 7, 17].map {
      LayerSize(residues: $0, sequences: 3, hasHoles: true, config: uneven)
    } + [
      LayerSize(residues: 65),
      LayerSize(residues: 3, sequences: 3, config: TrunkTwinTests.released),
    ]

  /// No sequences, one, and more than fill a chunk.
  static let depths: [LayerSize] =
    [0, 1, 2, 130].map { LayerSize(residues: 5, sequences: $0, hasHoles: true) }
    + [LayerSize(residues: 19, sequences: 260, hasHoles: true, config: uneven)]

  private func compare(
    _ layer: LayerCase, _ size: LayerSize, storages: [DType] = [.float32, .bfloat16],
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    for storage in storages {
      let context = ExecutionContext.forTest(threads: 2, storage: storage)
      for (name, error, deviation) in try LayerGradients(layer, size, context).deviations() {
        #expect(
          error <= gradientTolerance(storage), "\(storage) \(name): \(deviation)",
          sourceLocation: sourceLocation)
      }
    }
  }

  @Test("gradients of every layer equal the twin's at every length", arguments: layers, sizes)
  func everyLength(layer: LayerCase, size: LayerSize) throws { try compare(layer, size) }

  @Test(
    "gradients of layers that read the MSA equal the twin's at every depth, also without sequences",
    arguments: LayerCase.outerProducts + LayerCase.msaLayers, depths)
  func everyDepth(layer: LayerCase, size: LayerSize) throws { try compare(layer, size) }

  /// In bfloat16 the rectifiers of a block switch at other inputs than the twin's, so that only fp32 is compared.
  @Test(
    "fp32 gradients of a block equal the twin's in all three orders", arguments: LayerCase.blocks,
    [
      LayerSize(residues: 9, sequences: 5, hasHoles: true),
      LayerSize(residues: 7, sequences: 3, config: uneven),
    ])
  func blocks(block: LayerCase, size: LayerSize) throws {
    try compare(block, size, storages: [.float32])
  }

  @Test("threads and tiles change no bit of a derivative", arguments: layers + LayerCase.blocks)
  func partitions(layer: LayerCase) throws {
    let size = LayerSize(residues: 33, sequences: 5, hasHoles: true)
    for storage in [DType.float32, .bfloat16] {
      let one = try LayerGradients(layer, size, .forTest(storage: storage))
      for (threads, tileRows) in [(3, 128), (2, 7)] {
        let context = ExecutionContext.forTest(
          threads: threads, storage: storage, tileRows: tileRows)
        let other = try LayerGradients(layer, size, context)
        for (a, b) in zip(one.fast, other.fast) {
          #expect(a.gradient.values == b.gradient.values, "\(a.name), \(threads) threads")
        }
      }
    }
  }
}
