import ArrayFiles
import AtomicFiles

/// The weights in a folder written by `helixfold train`, which belong to one network.
public enum RunWeights {
  /// Files that identify the folder of a run: both exist from its first step on.
  private static let marks = ["config.json", "log.jsonl"]
  /// Weights of a run, the better ones first.
  private static let names = ["best.h5", "weights.h5"]

  /// The file that the folder of a run stands for: `best.h5`, or else `weights.h5`; nil for other folders and files.
  public static func file(in folder: String) throws -> String? {
    func path(_ name: String) -> String {
      folder.hasSuffix("/") ? folder + name : "\(folder)/\(name)"
    }
    guard marks.allSatisfy({ PathKind(of: path($0)) == .file }) else { return nil }
    if let name = names.first(where: { PathKind(of: path($0)) == .file }) { return path(name) }
    throw ArrayFileError.cannotRead(
      file: folder,
      reason:
        "a training run that holds neither best.h5 nor weights.h5 yet; they come with its first checkpoint"
    )
  }

  /// The file that a path stands for: the one in a run's folder, or the path itself.
  public static func file(at path: String) throws -> String { try file(in: path) ?? path }
}
