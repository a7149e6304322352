import Messages
import TensorCore

/// Why a pass stopped.
public enum PassError: Error, Hashable, CustomStringConvertible, ExitStatusError {
  /// A representation, stored as `storage`, holds infinities or NaN after a stage.
  case notFinite(stage: PassStage, storage: DType)
  /// There was no draw to run on.
  case noDraws
  /// A pass ended without its output: a bug in the program.
  case noOutput
  /// Derivatives were requested for an ensemble, whose mean records none.
  case ensembleOnTape(draws: Int)

  /// One line: where, what was found, what to try.
  public var description: String {
    switch self {
    case .notFinite(let stage, let storage):
      "\(stage): the representation is no longer finite; "
        + (storage == .float32 ? "" : "try --precision fp32, and ")
        + "check the weights with 'helixfold weights inspect'"
    case .noDraws: "a pass needs at least one draw from the alignment"
    case .noOutput: "the pass gave no output; this is an error of the program, please report it"
    case .ensembleOnTape(let draws):
      "derivatives are recorded for one draw per pass, got \(draws); train without an ensemble"
    }
  }

  /// The status for the shell: finite weights are read without complaint, so that a pass is the first to find them unusable.
  public var exitStatus: ExitStatus {
    switch self {
    case .notFinite: .badInput
    case .noDraws, .noOutput, .ensembleOnTape: .internalError
    }
  }
}

/// The stages of a pass, in the order in which they end.
public enum PassStage: Hashable, Sendable, CustomStringConvertible {
  case templates
  case extraMSA(Int)
  case evoformer(Int)
  case structure

  /// Name of the stage, blocks counted from 1.
  public var description: String {
    switch self {
    case .templates: "templates"
    case .extraMSA(let block): "extra MSA block \(block + 1)"
    case .evoformer(let block): "Evoformer block \(block + 1)"
    case .structure: "structure module"
    }
  }
}

/// Follows a pass: checks after each stage that numbers are finite, and reports that the stage is done.
public struct PassMonitor {
  /// What sees the tensors on the way; nil for nobody.
  let probe: Probe?
  private let observe: (PassStage) throws -> Void

  /// A monitor that calls `observe` after each stage; what it throws ends the pass.
  public init(
    probe: Probe? = nil, _ observe: @escaping (PassStage) throws -> Void = { _ in }
  ) {
    self.probe = probe
    self.observe = observe
  }

  /// The same monitor without its probe.
  var withoutProbe: PassMonitor { PassMonitor(observe) }

  func finished(_ stage: PassStage, _ tensors: [Tensor], _ context: ExecutionContext) throws {
    for tensor in tensors where !context.isFinite(tensor) {
      throw PassError.notFinite(stage: stage, storage: context.storage)
    }
    try observe(stage)
  }
}
