import ArrayFiles
import AtomicFiles
import FoldingCore

/// A folder that stands for the parameter files in it, such as AlphaFold2's unpacked archive.
public enum ParameterFolder {
  /// The weights of a training run if the folder belongs to one (``RunWeights``); else the parameter files in it or in its
  /// `params`, where AlphaFold2's scripts put them.
  ///
  /// Ordered by the number of the preset in their names, with pTM before without; others last, by name. Networks for multimers are
  /// skipped.
  ///
  /// - Parameter preset: takes only the files whose names contain it; `model_1_ptm` is not `model_1`. Does not apply to files of a
  ///   run.
  public static func files(in folder: String, preset: String? = nil) throws -> [String] {
    if let file = try RunWeights.file(in: folder) { return [file] }
    let places = [folder, folder.hasSuffix("/") ? folder + "params" : folder + "/params"]
    for place in places {
      let names = try parameterFiles(in: place, ifPresent: place != folder)
      if names.isEmpty { continue }
      let wanted = names.filter { preset == nil || self.preset(in: $0) == preset }
      if wanted.isEmpty {
        let shown = names.prefix(3).joined(separator: ", ") + (names.count > 3 ? ", …" : "")
        throw ArrayFileError.cannotRead(
          file: folder,
          reason: "no file in this folder is named after \(preset ?? "") (\(shown)); name the file")
      }
      return wanted.map { place.hasSuffix("/") ? place + $0 : place + "/" + $0 }
    }
    throw ArrayFileError.cannotRead(
      file: folder,
      reason:
        "the folder holds no parameters of single chains (.npz, .pdparams, .pt or .h5, here or in params)"
    )
  }

  private static func parameterFiles(in folder: String, ifPresent: Bool) throws -> [String] {
    let names = try FolderContents.names(in: folder, ifPresent: ifPresent) { name in
      !name.hasPrefix(".") && !name.contains("multimer")
        && (try? ParameterFormat(path: name)) != nil
    }
    return names.sorted { (rank($0), $0) < (rank($1), $1) }
  }

  private static let order = (1...5).flatMap { ["model_\($0)_ptm", "model_\($0)"] }

  private static func rank(_ name: String) -> Int {
    preset(in: name).flatMap { order.firstIndex(of: $0) } ?? order.count
  }

  /// The longest preset name contained in a file name.
  private static func preset(in name: String) -> String? {
    FoldingConfig.presets.map(\.name).filter { name.contains($0) }.max { $0.count < $1.count }
  }
}
