import Foundation

/// The environment variable for the parameters if a command names none.
enum WeightsVariable {
  /// The given paths or, if there are none, the file or folder in `HELIXFOLD_WEIGHTS`, if set.
  static func paths(
    _ given: [String],
    environment: [String: String] = ProcessInfo.processInfo.environment
  ) -> [String] {
    if !given.isEmpty { return given }
    return [environment["HELIXFOLD_WEIGHTS"] ?? ""].filter { !$0.isEmpty }
  }
}
