import BasicTestSupport
import FeaturePipeline
import Testing
import TrainingData
import TrainingTestSupport

@testable import TrainingRun

/// A small store, and folders for runs of the stand-in engine on it.
struct TrainerBench {
  let scratch: ScratchFolder
  let store: String

  init() throws {
    scratch = try ScratchFolder()
    store = scratch.file("store.h5")
    try SyntheticStore.write(to: store)
  }

  /// A run in a folder of the bench.
  ///
  /// - Parameter other: the store, if it is not the bench's.
  func trainer(
    _ config: TrainingConfig, _ folder: String = "run", resumes: Bool = false,
    engine: StandInEngine = StandInEngine(), store other: String? = nil, program: String = "test",
    kernels: String? = nil
  ) throws -> Trainer {
    let source = try SampleSource(
      store: FeatureStore(path: other ?? store), network: config.network, config: config.data,
      seed: config.run.seed)
    return try Trainer(
      config, folder: RunFolder(path: scratch.file(folder)), source: source, engine: engine,
      resumes: resumes, program: program, kernels: kernels)
  }
}
