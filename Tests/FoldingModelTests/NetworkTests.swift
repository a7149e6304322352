import FoldingCore
import Foundation
import NumericArrays
import PlainTensors
import TensorCore
import TestSupport
import Testing

@testable import FoldingModel

/// One prediction problem of the tiny network.
struct Problem: Sendable, CustomTestStringConvertible {
  var residues = 9
  var templates = 2
  var clusters = 4
  var extra = 5

  var testDescription: String {
    "N_res \(residues), N_templ \(templates), N_clust \(clusters), N_extra \(extra)"
  }

  var target: TargetFeatures { .random(residues: residues, templates: templates) }
  func draw(_ name: String = "draw") -> AlignmentDraw {
    .random(clusters: clusters, extra: extra, residues: residues, name: name)
  }
}

@Suite("The whole network on random parameters")
struct NetworkTests {
  @Test(
    "a recorded pass that is dropped without a replay gives back all that it held",
    arguments: [true, false])
  func dropped(recomputes: Bool) throws {
    let context = ExecutionContext.forTest(threads: 2)
    _ = try Self.run(Problem(), context.recording(on: Tape(recomputes: recomputes)))
    #expect(context.pool.statistics.peak > 0)
    #expect(context.pool.statistics.live == 0)
  }

  /// Configurations that differ in which parameters there are.
  static let configurations: [FoldingConfig] = {
    var withoutTemplates = FoldingConfig.tiny
    withoutTemplates.template = nil
    var withoutTorsions = FoldingConfig.tiny
    withoutTorsions.template?.embedsTorsions = false
    var withoutAlignedError = FoldingConfig.tiny
    withoutAlignedError.heads.alignedError = nil
    var withCovariance = FoldingConfig.tiny
    withCovariance.evoformer.outerProduct = .covariance
    withCovariance.extraMSA.outerProduct = .covariance
    return [.tiny, withoutTemplates, withoutTorsions, withoutAlignedError, withCovariance]
  }()

  @Test(
    "the network asks for the arrays that the configuration lists", arguments: configurations)
  func manifest(config: FoldingConfig) throws {
    let found = try FoldingNetwork.random(config).parameters.mapValues(\.shape)
    let expected = Dictionary(
      uniqueKeysWithValues: config.parameterManifest.map { ($0.key, $0.shape) })
    #expect(found == expected)
  }

  static let problems = [
    Problem(), Problem(templates: 0), Problem(templates: 1), Problem(extra: 0),
    Problem(residues: 1), Problem(residues: 2, templates: 1, clusters: 1, extra: 0),
    Problem(residues: 33, clusters: 2),
  ]

  /// Everything that passes over a problem leave behind, as one list of numbers.
  static func run(
    _ problem: Problem, _ context: ExecutionContext, draws: [String] = ["draw"], passes: Int = 1,
    shift: Int = 0
  ) throws -> (output: PassOutput, values: [Float]) {
    let network = try FoldingNetwork.random(.tiny, storage: context.storage)
    var target = problem.target
    for index in target.residueIndex.indices { target.residueIndex[index] += shift }
    var state = network.initialState(target, context)
    var last: PassOutput?
    for _ in 0..<passes {
      let output = try network.pass(target, draws: draws.map { problem.draw($0) }, state, context)
      state = output.recycled
      last = output
    }
    let output = try #require(last)
    let prediction = network.prediction(
      output.recycled, lddtLogits: output.lddtLogits, target.aatype, passes: passes, context)
    let values =
      [
        output.recycled.positions, output.lddtLogits, output.single.array(), output.msa.array(),
        output.recycled.pair.array(), try #require(prediction.contactProbability),
        try #require(prediction.alignedError),
      ].flatMap(\.values) + prediction.plddt
    return (output, values + [try #require(prediction.ptm)])
  }

  /// Some forty layers in a row: rounding adds up to ten times that of one layer.
  @Test("one pass in fp32 equals the plain network in Double", arguments: problems)
  func twin(problem: Problem) throws {
    let context = ExecutionContext.forTest(threads: 2)
    let output = try Self.run(problem, context).output
    let network = try FoldingNetwork.random(.tiny)
    let channels = network.config.channels
    let residues = problem.residues
    let zeros = PlainPreviousPass<Double>(
      positions: NDArray(repeating: 0, shape: [residues, 37, 3]),
      msaFirstRow: PlainTensor(repeating: 0, shape: [residues, channels.msa]),
      pair: PlainTensor(repeating: 0, shape: [residues, residues, channels.pair]))
    let expected = PlainFoldingNetwork<Double>(network)(problem.target, problem.draw(), zeros)
    let layer = try #require(expected.structure.last)
    let aatype = problem.target.aatype
    let atoms = AtomPlacement.atom37Positions(aatype: aatype, atom14: layer.atom14(aatype: aatype))
    for (name, deviation) in [
      ("msa", Deviation(output.msa.array(), from: expected.msa)),
      ("pair", Deviation(output.recycled.pair.array(), from: expected.pair)),
      ("single", Deviation(output.single.array(), from: expected.single)),
      ("pLDDT", Deviation(output.lddtLogits, from: try #require(expected.lddtLogits))),
      (
        "atoms",
        Deviation(
          output.recycled.positions,
          from: PlainTensor<Double>(shape: [residues, 37, 3], values: atoms))
      ),
    ] {
      #expect(deviation.relative <= 5e-5, "\(name): \(deviation)")
    }
  }

  @Test("passes are finite and say what they should, in either storage", arguments: problems)
  func shapes(problem: Problem) throws {
    for storage in [DType.float32, .bfloat16] {
      let (output, values) = try Self.run(
        problem, .forTest(threads: 2, storage: storage), passes: 2)
      #expect(values.allSatisfy { $0.isFinite })
      #expect(output.msa.shape == [problem.clusters, problem.residues, 16])
      #expect(output.recycled.positions.shape == [problem.residues, 37, 3])
      #expect(output.lddtLogits.shape == [problem.residues, 50])
    }
  }

  @Test("threads and tiles change no bit of three passes", arguments: [DType.float32, .bfloat16])
  func bits(storage: DType) throws {
    let one = try Self.run(Problem(), .forTest(storage: storage), passes: 3).values
    for (threads, tileRows) in [(1, 128), (2, 1), (3, 7), (2, 64)] {
      let context = ExecutionContext.forTest(threads: threads, storage: storage, tileRows: tileRows)
      #expect(try Self.run(Problem(), context, passes: 3).values == one)
    }
  }

  @Test("an ensemble of two equal draws is one draw, bit for bit")
  func equalDraws() throws {
    let one = try Self.run(Problem(), .forTest()).values
    #expect(try Self.run(Problem(), .forTest(), draws: ["draw", "draw"]).values == one)
  }

  @Test("an ensemble of two draws averages pair, single and the first MSA row, in either order")
  func drawOrder() throws {
    let runs = try [["a", "b"], ["b", "a"]].map {
      try Self.run(Problem(), .forTest(), draws: $0).output
    }
    let averages = runs.map { output in
      [output.recycled.positions, output.lddtLogits]
        + [output.recycled.pair, output.single, output.recycled.msaFirstRow].map { $0.array() }
    }
    #expect(averages[0] == averages[1])
    let alone = try ["a", "b"].map { try Self.run(Problem(), .forTest(), draws: [$0]).output }
    for part in [\PassOutput.recycled.pair, \.single, \.recycled.msaFirstRow] {
      let (a, b) = (alone[0][keyPath: part].array(), alone[1][keyPath: part].array())
      let means = zip(a.values, b.values).map { ($0 + $1) / 2 }
      #expect(runs[0][keyPath: part].array().values == means)
    }
  }

  // Rows of two draws are of other sequences: 'msa' leaves the loop of AlphaFoldIteration in DeepMind's modules.py.
  @Test("an ensemble keeps the MSA representation of its first draw")
  func ensembleMSA() throws {
    let alone = try Self.run(Problem(), .forTest(), draws: ["a"]).output.msa.array()
    #expect(
      try Self.run(Problem(), .forTest(), draws: ["a", "b"]).output.msa.array() == alone)
  }

  @Test("only differences of residue numbers count")
  func residueNumbers() throws {
    let here = try Self.run(Problem(), .forTest()).values
    #expect(try Self.run(Problem(), .forTest(), shift: 1000).values == here)
  }

  // d₀ = 1.24 ∛(L − 15) − 1.8 Å with L at least 19 (Jumper et al. 2021, Suppl. 1.9.7, and the released code).
  @Test("pTM takes d₀ of at least 19 residues", arguments: [1, 2, 18, 19, 20, 40])
  func scale(residues: Int) throws {
    let context = ExecutionContext.forTest()
    let network = try FoldingNetwork.random(.tiny)
    let head = try #require(network.alignedError)
    // Where the pair representation is 0 the logits are the biases, of all pairs alike.
    let z = context.zeros([residues, residues, network.config.channels.pair])
    let ptm = head.summarize(z, context).ptm
    let logits = try #require(head.logits.bias).array().values.map { Double($0) }
    let total = logits.reduce(0) { $0 + exp($1) }
    let d0 = 1.24 * cbrt(Double(max(residues, 19)) - 15) - 1.8
    // Bins of 0.5 Å up to 31 Å, and one beyond.
    let expected = logits.enumerated().reduce(0) { sum, entry in
      let error = 0.25 + 0.5 * Double(entry.offset)
      return sum + exp(entry.element) / total / (1 + error * error / (d0 * d0))
    }
    #expect(abs(Double(ptm) - expected) < 1e-6)
  }

  private struct Drawn: Features {
    let problem: Problem
    /// Draws of one name are equal.
    var name: @Sendable (_ pass: Int, _ ensemble: Int) -> String = { _, _ in "draw" }
    var target: TargetFeatures { problem.target }
    func draw(pass: Int, ensemble: Int) -> AlignmentDraw { problem.draw(name(pass, ensemble)) }
  }

  @Test("every pass of a run averages as many draws as it was told, each of its own")
  func ensembles() throws {
    let (network, problem) = (try FoldingNetwork.random(.tiny), Problem(residues: 7))
    let context = ExecutionContext.forTest()
    let run = RecyclingInference(
      network, Drawn(problem: problem) { "\($0)/\($1)" }, recycles: 1, ensembles: 2)
    let state = try run.run(from: nil, context)
    var expected = network.initialState(problem.target, context)
    for pass in 0...1 {
      let draws = (0...1).map { problem.draw("\(pass)/\($0)") }
      expected = try network.pass(problem.target, draws: draws, expected, context).recycled
    }
    #expect(state.recycled.positions == expected.positions)
    #expect(state.recycled.pair.array() == expected.pair.array())
  }

  @Test("passes and draws of an ensemble that see the same differ by their dropout masks only")
  func dropout() throws {
    let network = try FoldingNetwork.random(.tiny)
    let features = Drawn(problem: Problem(residues: 7))
    /// The pair representation of a pass that starts from nothing.
    func pair(after passes: Int = 0, ensembles: Int = 1, _ dropout: RandomKey?) throws -> [Float] {
      let recycling = RecyclingInference(
        network, features, recycles: 3, ensembles: ensembles, dropoutKey: dropout)
      let context = ExecutionContext.forTest()
      let start = RecyclingState(
        recycled: network.initialState(features.target, context),
        lddtLogits: NDArray(repeating: 0, shape: [7, 50]),
        history: Array(repeating: .init(meanPLDDT: 0, change: nil), count: passes),
        isFinished: false)
      return try RecyclingInference.advance([(recycling, start)], context)[0].recycled.pair.array()
        .values
    }
    let key = RandomKey(seed: 4)
    let plain = try pair(nil)
    #expect(try pair(ensembles: 2, nil) == plain)
    let dropped = try pair(key)
    #expect(dropped != plain)
    #expect(try pair(key) == dropped)
    #expect(try pair(RandomKey(seed: 5)) != dropped)
    #expect(try pair(after: 1, key) != dropped)
    #expect(try pair(ensembles: 2, key) != dropped)
  }

  // The measure of ColabFold's --recycle-early-stop-tolerance.
  @Test("the change of a pass is the root mean square over all pairs of C-alpha distances")
  func change() throws {
    let network = try FoldingNetwork.random(.tiny)
    let problem = Problem(residues: 7)
    let recycling = RecyclingInference(network, Drawn(problem: problem), recycles: 1)
    let first = try RecyclingInference.advance([(recycling, nil)], .forTest())[0]
    let state = try RecyclingInference.advance([(recycling, first)], .forTest())[0]
    let places = [first, state].map { state in
      let values = state.recycled.positions.values
      return (0..<7).map { residue in
        let start = (residue * 37 + 1) * 3
        return SIMD3((0..<3).map { Double(values[start + $0]) })
      }
    }
    var sum = 0.0
    func distance(_ a: SIMD3<Double>, _ b: SIMD3<Double>) -> Double {
      ((a - b) * (a - b)).sum().squareRoot()
    }
    for i in 0..<7 {
      for j in 0..<7 {
        let difference =
          distance(places[0][i], places[0][j]) - distance(places[1][i], places[1][j])
        sum += difference * difference
      }
    }
    #expect(state.history.map { $0.change == nil } == [true, false])
    let change = try #require(state.history.last?.change)
    #expect(abs(Double(change) - (sum / 49).squareRoot()) < 1e-3 * Double(change))
  }

  @Test("a pass without draws is an error")
  func noDraws() throws {
    #expect(throws: PassError.noDraws) { try Self.run(Problem(), .forTest(), draws: []) }
  }

  @Test(
    "finite weights that are far too large end the pass after their block; fp32 is not advised to fp32",
    arguments: [
      (
        DType.bfloat16,
        "Evoformer block 2: the representation is no longer finite; try --precision fp32, and check the weights with 'helixfold weights inspect'"
      ),
      (
        .float32,
        "Evoformer block 2: the representation is no longer finite; check the weights with 'helixfold weights inspect'"
      ),
    ])
  func overflow(storage: DType, line: String) throws {
    let context = ExecutionContext.forTest(storage: storage)
    let network = try FoldingNetwork.random(.tiny, storage: storage)
    for layer in ["transition1", "transition2"] {
      let key = "evoformer_iteration/msa_transition/\(layer)//bias"
      let bias = try #require(network.parameters.first { $0.key.hasSuffix(key) }?.value)
      for index in bias.count / 2..<bias.count { bias.floats[index] = 3e38 }
    }
    let problem = Problem(residues: 5, templates: 0)
    let error = #expect(throws: PassError.self) {
      try network.pass(
        problem.target, draws: [problem.draw()], network.initialState(problem.target, context),
        context)
    }
    #expect(error == .notFinite(stage: .evoformer(1), storage: storage))
    #expect(error?.description == line)
  }
}
