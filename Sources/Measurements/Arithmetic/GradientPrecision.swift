import FeaturePipeline
import FoldingCore
import FoldingModel
import HelixFold
import TensorCore

/// How far low precision turns the trunk's gradient: the same weights and draw, stored in fp32 and in other ways.
///
/// The loss is the sum of the mean squares of MSA, pair and single representation, without dropout.
public struct GradientPrecision {
  /// One kind of storage compared with fp32.
  public struct Row: Sendable {
    /// Name of the storage.
    public let name: String
    /// Cosine of the angle between both gradients, all parameters side by side.
    public let cosine: Double
    /// Bytes of saved inputs of blocks.
    public let savedBytes: Int
  }

  private let model: ModelDescription
  private let raw: RawFeatures
  private let threads: Int

  /// A comparison on one target.
  public init(_ model: ModelDescription, _ raw: RawFeatures, threads: Int) {
    self.model = model
    self.raw = raw
    self.threads = threads
  }

  /// Runs everything, fp32 first.
  public func run() throws -> [Row] {
    let exact = try gradient(.float32, nil).values
    let variants: [(String, DType, BlockFormat?)] = [
      ("bf16", .bfloat16, nil), ("bf16, saved activations int8", .bfloat16, .int8),
      ("bf16, saved activations fp8", .bfloat16, .fp8),
      ("fp32, saved activations int8", .float32, .int8),
    ]
    return try variants.map { name, storage, format in
      let found = try gradient(storage, format)
      return Row(
        name: name, cosine: Self.cosine(found.values, exact), savedBytes: found.savedBytes)
    }
  }

  private func gradient(
    _ storage: DType, _ format: BlockFormat?
  ) throws -> (values: [Float], savedBytes: Int) {
    let tape = Tape(checkpointFormat: format)
    let context = ExecutionContext(
      workers: WorkerGroup(count: threads), pool: BufferPool(), storage: storage)
    let network = try FoldingNetwork(
      model.config, parameters: model.parameters, storage: storage, pool: context.pool)
    let features = SampledFeatures(raw, config: model.config, seed: 0)
    let output = try network.representations(
      features.target, features.draw(pass: 0, ensemble: 0), context.recording(on: tape))
    let gradients = Gradients(pool: context.pool)
    let backward = context.accumulating(in: gradients)
    for x in [output.msa, output.pair, output.single] {
      let gradient = backward.gradient(of: x).floats
      let share = 2 / Float(x.count)
      for (index, value) in x.array().values.enumerated() { gradient[index] += share * value }
    }
    tape.replay(backward)
    let values = network.parameters.keys.sorted().flatMap { key -> [Float] in
      guard let tensor = network.parameters[key] else { return [] }
      return gradients.contains(tensor)
        ? gradients[tensor].array().values : Array(repeating: 0, count: tensor.count)
    }
    return (values, tape.checkpointBytes)
  }

  private static func cosine(_ a: [Float], _ b: [Float]) -> Double {
    var (product, first, second) = (0.0, 0.0, 0.0)
    for (x, y) in zip(a, b) {
      product += Double(x) * Double(y)
      first += Double(x) * Double(x)
      second += Double(y) * Double(y)
    }
    return product / (first * second).squareRoot()
  }
}
