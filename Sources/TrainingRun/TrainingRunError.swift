import Messages
import Training

/// Why training cannot start or continue.
public enum TrainingRunError: Error, Hashable, CustomStringConvertible, ExitStatusError {
  /// A file of a run cannot be read, or is empty.
  case unreadable(file: String, reason: String)
  /// A checkpoint is damaged.
  case damaged(file: String, reason: String)
  /// A checkpoint was written by a version of the program with another format.
  case otherVersion(file: String)
  /// A checkpoint of another network or of other settings.
  case otherRun(file: String, reason: String)
  /// A checkpoint of a run on another store.
  case otherStore(file: String, found: StoreMark, expected: StoreMark)
  /// A checkpoint has weights that are not finite, as earlier versions could write.
  case notFinite(file: String, step: Int)
  /// A sample cannot be made from the store.
  case sample(step: Int, sample: Int, id: String, reason: String)
  /// The run's folder already holds a run.
  case exists(folder: String)
  /// The run's folder holds files of a run, but not its checkpoint.
  case remainder(folder: String, file: String)
  /// The run has done more steps than requested.
  case finished(folder: String, steps: Int, asked: Int)
  /// Another process writes to the run's folder.
  case busy(folder: String)
  /// There is nothing to resume.
  case nothingToResume(folder: String)
  /// The user asked to stop; the state is saved.
  case interrupted(step: Int, folder: String)
  /// Too many steps in a row were skipped; `last` is why the last of them was.
  case diverged(step: Int, skipped: Int, last: StepDecision)

  /// One line: where, what was found, what was expected, what to try.
  public var description: String {
    switch self {
    case .unreadable(let file, let reason): "\(file): \(reason)"
    case .damaged(let file, let reason):
      "\(file): \(reason); the file is damaged, start again from weights.h5 or best.h5 of the run with --weights and another --output"
    case .otherVersion(let file):
      "\(file): was written by another version of helixfold, whose checkpoints this one cannot read; resume with that version, or start again from weights.h5 of the run with --weights and another --output"
    case .otherRun(let file, let reason):
      "\(file): \(reason); resume with the configuration that the run was started with, such as config.json in its folder"
    case .otherStore(let file, let found, let expected):
      "\(file): belongs to a run on the store \(expected.path) (\(counted(expected.targets, "target")), checksum \(expected.checksum)), not \(found.path) (\(counted(found.targets, "target")), checksum \(found.checksum)); resume with the store that the run was started with"
    case .notFinite(let file, let step):
      "\(file): holds weights that are not finite, after step \(step); \(Self.newRun)"
    case .sample(let step, let sample, let id, let reason):
      "step \(step + 1), sample \(sample + 1), chain '\(id)': \(reason); 'helixfold store verify' lists all such chains: mend the store and add --resume, or leave the chain out with \"data\": {\"exclude\": [\"\(id)\"]} and --resume"
    case .exists(let folder):
      "\(folder): holds a run already; add --resume to go on with it or choose another folder"
    case .remainder(let folder, let file):
      "\(folder): holds \(file) of a run whose checkpoint is gone; choose another folder with --output, or remove this one"
    case .finished(let folder, let steps, let asked):
      "\(folder): has done \(steps) steps, \(asked) are asked for; ask for more, or take weights.h5 as it is"
    case .busy(let folder):
      "\(folder): another process trains in this folder; stop it first or choose another folder"
    case .nothingToResume(let folder):
      "\(folder): holds no checkpoint (last.checkpoint), so there is nothing to resume"
    case .interrupted(let step, let folder):
      "interrupted, saved after step \(step); the same command with --resume goes on in \(folder)"
    case .diverged(let step, let skipped, .spike):
      "step \(step + 1): \(counted(skipped, "step")) in a row were left out, the last one because its loss was far above the recent ones; the checkpoint from before them is kept; \(Self.newRun), and a higher optimizer.guarding.spikeFactor or a lower maxConsecutiveSpikes"
    case .diverged(let step, let skipped, _):
      "step \(step + 1): \(counted(skipped, "step")) in a row were left out, the last one because its loss, its gradient or what it would make of the weights was not finite; the checkpoint from before them is kept; \(Self.newRun), and a lower optimizer.schedule.peak"
    }
  }

  /// Advice if the settings of a run must change, which is not allowed when resuming.
  private static let newRun =
    "begin a new run with --weights (best.h5, weights.h5 or a snapshot of this one), another --output"

  /// Whether a file is damaged or missing, so that an earlier one may replace it.
  var isDamage: Bool {
    switch self {
    case .damaged: true
    case .unreadable(let file, _): ExitStatus.refusal(of: file) == .missingInput
    default: false
    }
  }

  /// The file and what is wrong with it, without what to try.
  var place: String {
    switch self {
    case .damaged(let file, let reason), .unreadable(let file, let reason): "\(file): \(reason)"
    default: description
    }
  }

  /// The status for the shell; a number of steps already done is a usage error, and a file that cannot be opened is missing input.
  public var exitStatus: ExitStatus {
    switch self {
    case .finished: .usage
    case .unreadable(let file, _): .refusal(of: file)
    case .damaged, .otherVersion, .otherRun, .otherStore, .notFinite, .sample: .badInput
    case .nothingToResume: .missingInput
    case .diverged: .internalError
    case .exists, .remainder, .busy: .cannotCreate
    case .interrupted: .interrupted
    }
  }
}
