import BasicTestSupport
import FeaturePipeline
import FoldingCore
import FoldingModel
import Foundation
import HelixFold
import NumericArrays
import Protein
import TensorCore
import Testing
import Weights

@testable import Measurements

@Suite("Low precision of a whole network")
struct LowPrecisionTests {
  /// Decoded numbers of a source that keeps blocks, as if it had never kept any.
  private struct Decoded: ParameterSource {
    let base: any ParameterSource
    var keys: [String] { base.keys }
    func shape(of key: String) -> [Int]? { base.shape(of: key) }
    func floats(for key: String) throws -> NDArray<Float> { try base.floats(for: key) }
  }

  private static let config: FoldingConfig = {
    var config = FoldingConfig.tiny
    config.evoformer.blocks = 3
    return config
  }()

  /// Everything that a pass leaves behind, and the bytes of the parameters.
  private func pass(
    _ parameters: any ParameterSource, storage: DType
  ) throws -> (values: [Float], bytes: Int) {
    let pool = BufferPool()
    let context = ExecutionContext(
      workers: WorkerGroup(count: 2), pool: BufferPool(), storage: storage)
    let network = try FoldingNetwork(
      Self.config, parameters: parameters, storage: storage, pool: pool)
    let bytes = pool.statistics.live
    let features = SyntheticFeatures(
      ProblemSize(residues: 17, clusters: 5, extraRows: 6, templates: 2), config: Self.config)
    let output = try network.pass(
      features.target, draws: [features.draw(pass: 0, ensemble: 0)],
      network.initialState(features.target, context), context)
    let tensors = [output.single, output.msa, output.recycled.pair]
    return (tensors.flatMap { $0.array().values } + output.recycled.positions.values, bytes)
  }

  @Test(
    "weights kept in blocks give the bits of the same weights decoded, in less memory",
    arguments: [DType.bfloat16, .float32])
  func weights(storage: DType) throws {
    let eight = EightBitParameters(RecipeParameters(Self.config, seed: 3), config: Self.config)
    let kept = try pass(eight, storage: storage)
    let decoded = try pass(Decoded(base: eight), storage: storage)
    let exact = try pass(RecipeParameters(Self.config, seed: 3), storage: storage)
    #expect(kept.values.allSatisfy { $0.isFinite })
    #expect(kept.values == decoded.values)
    #expect(kept.values != exact.values)
    #expect(kept.bytes < decoded.bytes)
  }

  @Test("predict reads an int8 file: the same structure as from the source rounded so")
  func file() throws {
    let folder = try ScratchFolder()
    let path = folder.file("a.h5")
    let source = RecipeParameters(Self.config, seed: 3)
    try ParameterWriter.write(
      source, config: Self.config,
      provenance: ParameterProvenance(source: "recipe", licence: "none", isRandom: true),
      precision: .int8, to: path)
    let file = try ParameterFile(path: path)
    #expect(
      try pass(file, storage: .bfloat16).values
        == pass(EightBitParameters(source, config: Self.config), storage: .bfloat16).values)
    let footprint = ParameterFootprint(file)
    #expect(footprint.inBlocks > footprint.count / 4)
  }

  /// A target of 48 residues and the weights that come with the program.
  private static func network(_ file: String = "weights/default.h5") throws -> (
    model: ModelDescription, raw: RawFeatures
  ) {
    let model = try ModelDescription.open(path: SourceTree.file(file), preset: nil)
    let letters = "MKTAYIAKQRQISFVKSHFSRQLEERLGLIEVQAPILSRVGDGTQDNL"
    let rows = [letters, String(letters.reversed()), String(repeating: "A", count: letters.count)]
    let text = rows.enumerated().map { ">\($0.offset)\n\($0.element)\n" }.joined()
    let raw = try RawFeatures(
      id: "toy", sequence: try ProteinSequence(letters),
      alignments: [try Alignment.parse(InputText(name: "toy.a3m", text))])
    return (model, raw)
  }

  /// The survey's bounds for saved activations in 8 bits.
  ///
  /// They hold for a network that starts from a helix; the shipped one starts from torsions, along which rounding adds up.
  @Test(
    "gradients of a small trained network keep their direction, activations saved in blocks or not")
  func gradients() throws {
    let (model, raw) = try Self.network("Tests/Fixtures/small-network.h5")
    let rows = try GradientPrecision(model, raw, threads: 2).run()
    let least = [0.9995, 0.999, 0.99, 0.999]
    #expect(rows.count == least.count)
    for (row, bound) in zip(rows, least) {
      #expect(row.cosine >= bound && row.cosine < 1, "\(row.name): \(row.cosine)")
    }
    #expect(Double(rows[1].savedBytes) <= 0.54 * Double(rows[0].savedBytes))
  }

  /// The survey's bounds for a small trained network; fp8 has none, and is held to that of int8.
  @Test(
    "structures of a made-up chain of 48 residues stay within 0.1 Å in bf16 and 0.2 Å with every option"
  )
  func structures() throws {
    let (model, raw) = try Self.network()
    let rows = try PrecisionComparison(model, raw, recycles: 1, threads: 2).run()
    #expect(rows.first?.name == "bf16" && rows.count >= 4)
    for row in rows {
      #expect(row.rmsd <= (row.name == "bf16" ? 0.1 : 0.2), "\(row.name): \(row.rmsd) Å")
      #expect(row.lddt >= 0.99, "\(row.name): \(row.lddt)")
      #expect(row.logits.allSatisfy { $0.error <= 0.03 }, "\(row.name): \(row.logits)")
    }
  }
}
