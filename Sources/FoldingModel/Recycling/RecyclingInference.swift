import FoldingCore
import NeuralNet
import NumericArrays
import Protein
import TensorCore

/// State of a prediction between two passes: all that is needed to continue or to report it.
public struct RecyclingState: Sendable {
  /// Confidence of the structure after a pass, and how far it moved.
  public struct Record: Sendable, Hashable {
    /// Mean pLDDT, 0 … 100.
    public var meanPLDDT: Float
    /// Predicted TM-score, 0 … 1; nil if the network does not predict it.
    public var ptm: Float?
    /// Root mean square change of all Cα–Cα distances since the previous pass, Å; nil after the first.
    public var change: Float?

    /// The given numbers.
    public init(meanPLDDT: Float, ptm: Float? = nil, change: Float?) {
      self.meanPLDDT = meanPLDDT
      self.ptm = ptm
      self.change = change
    }
  }

  /// What the next pass starts from.
  public var recycled: PreviousPass
  /// pLDDT logits of the last pass. `[N_res, bins]`
  public var lddtLogits: NDArray<Float>
  /// One record per finished pass.
  public var history: [Record]
  /// Whether no pass is left.
  public var isFinished: Bool

  /// The given state.
  public init(
    recycled: PreviousPass, lddtLogits: NDArray<Float>, history: [Record], isFinished: Bool
  ) {
    self.recycled = recycled
    self.lddtLogits = lddtLogits
    self.history = history
    self.isFinished = isFinished
  }
}

/// Runs a network several times, each pass starting from the result of the one before.
///
/// Algorithm 30 (Jumper et al. 2021, Suppl. 1.10).
///
/// - Departure: with `tolerance`, passes end early once the structure stops changing (the rule of AlphaFold-Multimer: root mean
///   square change of all Cα–Cα distances), off by default.
public struct RecyclingInference: Sendable {
  let network: FoldingNetwork
  let features: any Features
  /// Passes after the first.
  let recycles: Int
  let tolerance: Float?
  let ensembles: Int
  let dropoutKey: RandomKey?

  /// A run of `network` on `features`; every pass draws its own dropout masks from the key, if there is one.
  public init(
    _ network: FoldingNetwork, _ features: any Features, recycles: Int, tolerance: Float? = nil,
    ensembles: Int = 1, dropoutKey: RandomKey? = nil
  ) {
    self.network = network
    self.features = features
    self.recycles = recycles
    self.tolerance = tolerance
    self.ensembles = ensembles
    self.dropoutKey = dropoutKey
  }

  /// Runs the passes that are left.
  ///
  /// - Parameters:
  ///   - state: where an earlier run stopped; nil to begin.
  ///   - observe: called after each stage with the pass and the stage; what it throws ends the run.
  public func run(
    from state: RecyclingState?, _ context: ExecutionContext,
    observe: @escaping (Int, PassStage) throws -> Void = { _, _ in }
  ) throws -> RecyclingState {
    var state = state
    while state?.isFinished != true {
      let pass = state?.history.count ?? 0
      state = try Self.advance([(self, state)], context) { try observe(pass, $0) }[0]
    }
    guard let state else { throw PassError.noOutput }
    return state
  }

  /// One more pass of each of several runs of one network, all of them in one pack.
  ///
  /// - Precondition: at least one run. Several runs have the same network with the same parameters, since that of the first is run
  ///   for all, and must use one draw per pass: a run with an ensemble or with dropout must be the only one. Recycles and
  ///   tolerances may differ.
  public static func advance(
    _ runs: [(recycling: RecyclingInference, state: RecyclingState?)], _ context: ExecutionContext,
    observe: @escaping (PassStage) throws -> Void = { _ in }
  ) throws -> [RecyclingState] {
    let monitor = PassMonitor(observe)
    let before = runs.map { $0.state?.recycled.positions }
    let outputs: [PassOutput]
    if runs.count == 1 {
      let (recycling, state) = runs[0]
      outputs = [
        try recycling.network.pass(
          recycling.features.target, drawCount: max(1, recycling.ensembles),
          { try recycling.draw($0, after: state) }, recycling.start(state, context),
          context.droppingOut(by: recycling.dropoutKey).scoped("pass", state?.history.count ?? 0),
          monitor)
      ]
    } else {
      let inputs = try runs.map { recycling, state in
        PassInput(
          recycling.features.target, try recycling.draw(0, after: state),
          recycling.start(state, context))
      }
      outputs = try runs[0].recycling.network.passes(inputs, context, monitor)
    }
    return zip(runs, zip(before, outputs)).map { run, result in
      run.recycling.state(after: run.state, positionsBefore: result.0, result.1, context)
    }
  }

  private func draw(_ ensemble: Int, after state: RecyclingState?) throws -> AlignmentDraw {
    try features.draw(pass: state?.history.count ?? 0, ensemble: ensemble)
  }

  private func start(_ state: RecyclingState?, _ context: ExecutionContext) -> PreviousPass {
    state?.recycled ?? network.initialState(features.target, context)
  }

  private func state(
    after state: RecyclingState?, positionsBefore: NDArray<Float>?, _ output: PassOutput,
    _ context: ExecutionContext
  ) -> RecyclingState {
    let change = positionsBefore.map { distanceChange($0, output.recycled.positions) }
    let plddt = PredictedLDDTHead.expectation(output.lddtLogits)
    let record = RecyclingState.Record(
      meanPLDDT: Float(plddt.mean),
      ptm: network.alignedError?.summarize(output.recycled.pair, context).ptm, change: change)
    var isConverged = false
    if let tolerance, let change { isConverged = change < tolerance }
    let history = (state?.history ?? []) + [record]
    return RecyclingState(
      recycled: output.recycled, lddtLogits: output.lddtLogits, history: history,
      isFinished: history.count > recycles || isConverged)
  }

  /// The prediction of a state.
  public func prediction(_ state: RecyclingState, _ context: ExecutionContext) -> Prediction {
    network.prediction(
      state.recycled, lddtLogits: state.lddtLogits, features.target.aatype,
      passes: state.history.count, context)
  }

  /// Root mean square difference of all Cα distances of two structures, Å.
  private func distanceChange(_ a: NDArray<Float>, _ b: NDArray<Float>) -> Float {
    let first = alphaCarbons(a)
    let second = alphaCarbons(b)
    var sum = 0.0
    for i in first.indices {
      for j in first.indices {
        let p = first[i] - first[j]
        let q = second[i] - second[j]
        let difference = Double((p * p).sum().squareRoot() - (q * q).sum().squareRoot())
        sum += difference * difference
      }
    }
    return Float((sum / Double(max(1, first.count * first.count))).squareRoot())
  }

  private func alphaCarbons(_ positions: NDArray<Float>) -> [SIMD3<Float>] {
    (0..<positions.shape[0]).map { residue in
      let start = (residue * AtomName.count + AtomName.ca.index) * 3
      return SIMD3(
        positions.values[start], positions.values[start + 1], positions.values[start + 2])
    }
  }
}
