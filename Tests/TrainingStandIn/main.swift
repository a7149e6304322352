// A process that trains the stand-in, for tests that kill it: training-stand-in STORE FOLDER STEPS.
import FeaturePipeline
import Foundation
import TrainingData
import TrainingRun
import TrainingTestSupport

let arguments = CommandLine.arguments
guard arguments.count == 4, let steps = Int(arguments[3]) else { exit(64) }
do {
  let config = TrainingConfig.standIn(steps: steps)
  let source = try SampleSource(
    store: FeatureStore(path: arguments[1]), network: config.network, config: config.data,
    seed: config.run.seed)
  let folder = RunFolder(path: arguments[2])
  let trainer = try Trainer(
    config, folder: folder, source: source, engine: StandInEngine(), resumes: folder.hasCheckpoint,
    program: "stand-in")
  try trainer.run()
} catch {
  FileHandle.standardError.write(Data("\(error)\n".utf8))
  exit(1)
}
