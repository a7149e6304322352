// A process that trains the stand-in, for tests that kill it: training-stand-in STORE FOLDER STEPS [MOST]. After MOST steps of its
// own it only waits to be killed, so that none comes too late, or for the end of its standard input, that of the tests.
import FeaturePipeline
import Foundation
import TrainingData
import TrainingRun
import TrainingTestSupport

let arguments = CommandLine.arguments
guard (4...5).contains(arguments.count), let steps = Int(arguments[3]) else { exit(64) }
let most = arguments.count == 5 ? Int(arguments[4]) : nil
do {
  let config = TrainingConfig.standIn(steps: steps)
  let source = try SampleSource(
    store: FeatureStore(path: arguments[1]), network: config.network, config: config.data,
    seed: config.run.seed)
  let folder = RunFolder(path: arguments[2])
  let trainer = try Trainer(
    config, folder: folder, source: source, engine: StandInEngine(), resumes: folder.hasCheckpoint,
    program: "stand-in")
  var done = 0
  try trainer.run(observe: { event in
    guard case .step = event else { return }
    done += 1
    if done == most {
      while readLine() != nil {}
      exit(1)
    }
  })
} catch {
  FileHandle.standardError.write(Data("\(error)\n".utf8))
  exit(1)
}
