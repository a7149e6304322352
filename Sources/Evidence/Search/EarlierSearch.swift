import Foundation

/// Files of an earlier search in the folder of a target: `searches.tsv` and results in `msas/`.
public enum EarlierSearch {
  /// Removes them, except files made since; results of other programs, which have no such table, stay.
  ///
  /// - Parameter made: paths within the folder.
  public static func remove(from folder: String, besides made: Set<String> = []) {
    let table = folder + "/searches.tsv"
    guard FileManager.default.fileExists(atPath: table) else { return }
    let results = folder + "/msas"
    for name in (try? FileManager.default.contentsOfDirectory(atPath: results)) ?? []
    where name.wholeMatch(of: /.*_hits\.(?:a3m|sto|hhr)/) != nil && !made.contains("msas/\(name)") {
      unlink(results + "/" + name)
    }
    rmdir(results)
    if !made.contains("searches.tsv") { unlink(table) }
  }
}
