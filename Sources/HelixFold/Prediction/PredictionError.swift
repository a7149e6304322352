import Messages

/// Why a prediction cannot be made.
public enum PredictionError: Error, Hashable, CustomStringConvertible, ExitStatusError {
  /// A prediction needs more memory than allowed, or than the machine has.
  case memory(needed: Int, allowed: Int, moment: String, isMachine: Bool)
  /// Two inputs claim one target.
  case ambiguousInput(String)
  /// Features waiting for their turn cannot be written or read.
  case deferredFeatures(String)
  /// Another process writes to the folder of a target.
  case busy(folder: String)
  /// The folder of a target holds results of another program, which would be overwritten.
  case foreign(folder: String, file: String)
  /// A run that goes on would replace results that were made in another way.
  case differing(folder: String, results: [String], differences: [String])
  /// Another process keeps the tables of all targets locked.
  case tablesBusy(folder: String)

  /// One line: what is wrong, what to try.
  public var description: String {
    switch self {
    case .memory(let needed, let available, let moment, true):
      "needs \(ByteCount(needed)) at its peak (\(moment)), this machine can give this process \(ByteCount(available)); \(Self.advice(moment))try all the same with --max-memory \(ByteCount(needed).flag)"
    case .memory(let needed, let allowed, let moment, false):
      "needs \(ByteCount(needed)) at its peak (\(moment)), only \(ByteCount(allowed)) is allowed; \(Self.advice(moment))raise --max-memory"
    case .ambiguousInput(let problem): problem
    case .deferredFeatures(let problem):
      "the file in the folder of results where features wait for their turn \(problem)"
    case .busy(let folder):
      "\(folder): another process predicts in this folder; wait for it or choose another folder"
    case .foreign(let folder, let file):
      "\(folder): holds \(file) of another program, which helixfold would overwrite; choose another folder with -o"
    case .differing(let folder, let results, let differences):
      "\(folder): \(results.joined(separator: ", ")) \(results.count > 1 ? "were" : "was") made with \(differences.joined(separator: ", ")); --resume goes on with the inputs, weights and options of then; --replace computes anew, and another folder with -o keeps both"
    case .tablesBusy(let folder):
      "\(folder): another process keeps this folder, so that summary.tsv and failures.json lack targets of this run; their results are there, and the same command with --resume lists them"
    }
  }

  /// How to reduce the memory of a moment.
  private static func advice(_ moment: String) -> String {
    switch moment {
    // The size of parameters and results is fixed, whatever the alignment and the threads.
    case "loading", "results", "choosing_rows": ""
    case "raw_outputs": "leave out --save-raw, or "
    case "drawing": "give fewer rows with --msa-budget, or "
    default:
      "lower --max-msa or --threads, keep an operand in blocks with --pair-storage int8, or "
    }
  }

  /// The status for the shell.
  public var exitStatus: ExitStatus {
    switch self {
    case .memory: .memory
    case .ambiguousInput: .badInput
    case .busy, .foreign, .differing: .cannotCreate
    case .deferredFeatures, .tablesBusy: .cannotWrite
    }
  }
}
