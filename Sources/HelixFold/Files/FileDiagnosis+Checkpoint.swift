import AtomicFiles
import Evidence
import FoldingCore
import Messages
import TrainingRun

extension FileDiagnosis {
  /// Diagnoses any file that a command reads or resumes from: an input, or the checkpoint or configuration of a training run.
  public init(of path: String) {
    if CheckpointFile.isCheckpoint(path) {
      self = .checkpoint(path)
      return
    }
    self = FileDoctor.examine(path)
    if format == FileDoctor.trainingFormat, PathKind.isReadAgain(path) { examineTraining() }
  }

  private mutating func examineTraining() {
    do throws(ConfigurationError) {
      let config = try TrainingConfig.read(path)
      content = "preset '\(config.preset)', \(counted(config.run.steps, "step"))"
    } catch {
      add(.error, "\(error)", "`train --config mini --show-config` shows all that can be set")
    }
  }

  private static func checkpoint(_ path: String) -> FileDiagnosis {
    var diagnosis = FileDiagnosis(path: path, format: "training checkpoint", content: "")
    do {
      let header = try CheckpointFile.header(of: path)
      diagnosis.content =
        "after step \(header.step) of \(header.config.run.steps), network '\(header.config.network.name)', whole"
    } catch let error as TrainingRunError {
      if case .damaged = error {
        diagnosis.content = "damaged"
        diagnosis.add(
          .error, "\(error)", "train --resume goes on from previous.checkpoint if that is whole")
      } else {
        diagnosis.add(.error, "\(error)", "")
      }
    } catch {
      diagnosis.add(.error, "\(path): \(error)", "")
    }
    return diagnosis
  }
}
