import FeaturePipeline
import FoldingCore
import FoldingModel
import TensorCore

/// One network in memory, which turns features into coordinates and confidence without writing a file.
///
/// The numbers are those of a ``FoldingPipeline`` with the same network and options, at the first seed; options about files have no
/// effect. One prediction runs at a time.
///
/// ```swift
/// import HelixFold
///
/// var options = PredictionOptions()
/// options.weights = ["params_model_1_ptm.npz"]
/// options.threads = 8
/// let predictor = try StructurePredictor(ModelDescription.open(options)[0], options)
/// for target in try PredictionTarget.collect(fasta: ["t.a3m"], alignments: [], features: []) {
///   let prediction = try predictor.predict(target.features.get().load())
///   print(target.id, prediction.meanPLDDT, prediction.positions.shape)
/// }
/// ```
public struct StructurePredictor {
  private let options: PredictionOptions
  private let run: PredictionRun
  private let context: ExecutionContext
  private let network: FoldingNetwork

  /// Loads a network.
  public init(
    _ model: ModelDescription, _ options: PredictionOptions = PredictionOptions()
  ) throws {
    self.options = options
    run = PredictionRun(model, seedIndex: 0, options)
    context = ExecutionContext(options)
    network = try model.network(context)
  }

  /// The network's prediction for a protein after all passes.
  ///
  /// - Parameter observe: called after each stage of each pass; what it throws ends the prediction.
  /// - Throws: ``PredictionError`` if more memory is needed than allowed, before anything is computed; `PassError` if numbers stop
  ///   being finite.
  public func predict(
    _ features: RawFeatures,
    observe: @escaping (_ pass: Int, _ stage: PassStage) throws -> Void = { _, _ in }
  ) throws -> Prediction {
    let limit = MemoryLimit(allowed: options.memoryLimit)
    let plan = run.plan(features.counts, options, limit: limit)
    try plan.requireFit(in: limit)
    defer { self.context.pool.releaseKept() }
    let context = self.context.following(plan)
    let recycling = run.recycling(features, network, options)
    let state = try recycling.run(from: nil, context, observe: observe)
    return recycling.prediction(state, context)
  }
}
