import Foundation

/// The variable of the environment that names the parameters where a command names none.
enum WeightsVariable {
  /// The given paths; where there are none, the file or folder that `HELIXFOLD_WEIGHTS` names, if it does.
  static func paths(
    _ given: [String],
    environment: [String: String] = ProcessInfo.processInfo.environment
  ) -> [String] {
    if !given.isEmpty { return given }
    return [environment["HELIXFOLD_WEIGHTS"] ?? ""].filter { !$0.isEmpty }
  }
}
