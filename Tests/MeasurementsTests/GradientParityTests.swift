import ArrayFiles
import BasicTestSupport
import FoldingCore
import FoldingModel
import Foundation
import NumericArrays
import TensorCore
import Testing
import Training

@testable import Measurements
@testable import Weights

/// Losses and gradients of the whole network against DeepMind's own code in double precision.
@Suite("Gradients of the whole network equal AlphaFold2's")
struct GradientParityTests {
  /// `gradients.json`: of every gradient the norm and projections on known random directions.
  struct Golden: Decodable {
    let loss: [String: Double]
    let global_norm: Double
    let gradient: [String: [Double]]
  }

  /// Arrays whose gradient is zero but for rounding: each adds a constant to all logits of a softmax, which does not change it.
  static let vanishing = [
    "feat_2d_norm//offset",  // through the pair bias of row attention the same number for every key
    "attention_2d//bias",  // the same number for every key of point attention
  ]

  /// Whether an array may differ in 10⁻⁶ of the global norm only because nothing else of it is left.
  static func vanishes(_ key: String) -> Bool { vanishing.contains { key.hasSuffix($0) } }

  private func fixture(_ name: String) throws -> String { try Bundle.module.fixture(name) }

  private func dump(
    inputs: String, _ config: FoldingConfig, _ parameters: any ParameterSource, recycles: Int,
    _ context: ExecutionContext, recomputes: Bool = true
  ) throws -> [String: AnyNDArray] {
    let features = try ProcessedFeatures(path: inputs, target: config.channels.target)
    let network = try FoldingNetwork(
      config, parameters: parameters, storage: context.storage, pool: context.pool)
    let labels = try ProcessedLabels(path: inputs, features: features, pass: recycles)
    let arrays = try GradientDump(
      network: network, features: features, labels: labels,
      loss: FoldingLoss(.fineTune, heads: config.heads), context: context, recomputes: recomputes
    ).run(recycles: recycles)
    return Dictionary(uniqueKeysWithValues: arrays.map { ($0.name, $0.array) })
  }

  private func context(threads: Int = 1, storage: DType = .float32) -> ExecutionContext {
    ExecutionContext(
      workers: WorkerGroup(count: threads), pool: BufferPool(), storage: storage)
  }

  private func reduced() throws -> FoldingConfig {
    var config = try #require(FoldingConfig.preset(named: "model_1_ptm"))
    config.evoformer.blocks = 1
    config.extraMSA.blocks = 1
    config.template?.blocks = 1
    return config
  }

  private func synthetic(
    threads: Int = 1, storage: DType = .float32, recomputes: Bool = true
  ) throws -> [String: AnyNDArray] {
    let config = try reduced()
    return try dump(
      inputs: fixture("gradients_inputs.npz"), config, RecipeParameters(config, seed: 1),
      recycles: 1,
      context(threads: threads, storage: storage), recomputes: recomputes)
  }

  private func expectLosses(_ expected: [String: Double], _ found: [String: AnyNDArray]) throws {
    // The dump has the terms of the violation loss one by one too; we give their sum as part of the structure's loss.
    let names = found.keys.filter { $0.hasPrefix("loss") }.sorted()
    #expect(names.count == 11)
    for name in names {
      let mine = try #require(found[name]?.floats?.values.first)
      let value = try #require(expected[name], "\(name) is no term of the reference")
      #expect(abs(Double(mine) - value) <= 1e-4 * abs(value), "\(name): \(mine), expected \(value)")
    }
  }

  /// One recycle, two templates.
  ///
  /// A projection on numbers of variance 1/3 finds an error of norm ε as ε/√3 times a normal number; four deviations count.
  @Test(
    "every loss of a synthetic target equals the dump to 1e-4, every gradient to 1e-3 of its norm and 1e-6 of all, large ones by a digest"
  )
  func syntheticTarget() throws {
    let golden = try JSONDecoder().decode(
      Golden.self, from: Data(contentsOf: URL(fileURLWithPath: fixture("gradients.json"))))
    let found = try synthetic()
    try expectLosses(golden.loss, found)
    #expect(golden.gradient.count == 338)
    for (key, digest) in golden.gradient {
      let gradient = try #require(found["grad/" + key]?.floats, "\(key)").values.map { Double($0) }
      let norm = gradient.reduce(0) { $0 + $1 * $1 }.squareRoot()
      if digest[0] == 0 {
        #expect(norm == 0, "\(key) must be exactly zero")
        continue
      }
      let bound = 1e-3 * digest[0] + 1e-6 * golden.global_norm
      #expect(abs(norm - digest[0]) <= bound, "\(key): norm \(norm), expected \(digest[0])")
      #expect(Self.vanishes(key) == (digest[0] <= 1e-12 * golden.global_norm), "\(key)")
      for (index, expected) in digest.dropFirst().enumerated() {
        let stream = RandomKey(array: "projection\(index)//\(key)", seed: 1)
        let projection = gradient.indices.reduce(0) { $0 + gradient[$1] * stream.symmetric($1) }
        #expect(
          abs(projection - expected) <= 4 / 3.0.squareRoot() * bound,
          "\(key): projection \(projection), expected \(expected)")
      }
    }
  }

  @Test(
    "threads change no bit of a gradient, nor does computing blocks again",
    arguments: [
      DType.float32, .bfloat16,
    ])
  func bits(storage: DType) throws {
    let reference = try synthetic(storage: storage)
    for (threads, recomputes) in [(3, true), (1, false)] {
      let other = try synthetic(threads: threads, storage: storage, recomputes: recomputes)
      for (name, array) in reference {
        #expect(
          array.floats?.values.map(\.bitPattern) == other[name]?.floats?.values.map(\.bitPattern),
          "\(name): \(threads) threads, recomputes: \(recomputes)")
      }
    }
  }

  /// The oracle's golden file, small gradients whole, of large ones the norm and 32 elements; nil when the tests run without data.
  private static let oracle = ProcessInfo.processInfo.environment["HELIXFOLD_TEST_DATA"]
    .map { $0 + "/oracle/golden/gradients_model_1_ptm" }

  /// Unpacks the outputs.
  private func unpack(_ path: String, to file: URL) throws {
    try Data().write(to: file)
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["xz", "-dc", path]
    process.standardOutput = try FileHandle(forWritingTo: file)
    try process.run()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0, "xz cannot unpack \(path)")
  }

  @Test(
    "every loss of T1026 equals the dump to 1e-4, every gradient to 1e-3 of its norm and 1e-6 of all, large ones by a digest",
    .enabled(if: oracle != nil, "set HELIXFOLD_TEST_DATA to a folder with oracle/golden"))
  func oracleTarget() throws {
    let path = try #require(Self.oracle)
    let folder = try ScratchFolder()
    try unpack(path + "_outputs.npz.xz", to: folder.url("outputs.npz"))
    let reference = try NumpyArchive(path: folder.file("outputs.npz"))
    func values(_ name: String) throws -> [Double] {
      try #require(reference.array(named: name).floats).values.map { Double($0) }
    }
    var config = try reduced()
    config.evoformer.blocks = 2
    let found = try dump(
      inputs: path + "_inputs.npz", config, RecipeParameters(config, seed: 1), recycles: 1,
      context())
    let losses = reference.names.filter { $0.hasPrefix("loss") }
    try expectLosses(
      Dictionary(uniqueKeysWithValues: losses.map { ($0, try values($0)[0]) }), found)
    let total = try values("grad_global_norm")[0]
    var compared = 0
    for (name, array) in found where name.hasPrefix("grad/") {
      let key = String(name.dropFirst("grad/".count))
      let gradient = try #require(array.floats).values.map { Double($0) }
      func norm(_ x: [Double]) -> Double { x.reduce(0) { $0 + $1 * $1 }.squareRoot() }
      let (error, expected): (Double, Double)
      if reference.contains(name) {
        let whole = try values(name)
        (error, expected) = (norm(zip(gradient, whole).map { $0 - $1 }), norm(whole))
      } else {
        let picks = try zip(values("grad_pick_index/" + key), values("grad_pick/" + key))
        expected = try values("grad_norm/" + key)[0]
        error = max(
          abs(norm(gradient) - expected), norm(picks.map { gradient[Int($0)] - $1 }))
      }
      compared += 1
      #expect(error <= 1e-3 * expected + 1e-6 * total, "\(key): off by \(error) of \(expected)")
      #expect(expected > 0 || error == 0, "\(key) must be exactly zero")
    }
    #expect(compared == 338)
  }
}
