import Foundation

/// What an earlier search left in the folder of a target: `searches.tsv` and results in `msas/`.
public enum EarlierSearch {
  /// Removes it; results of other programs, which leave no such table, stay.
  public static func remove(from folder: String) {
    let table = folder + "/searches.tsv"
    guard FileManager.default.fileExists(atPath: table) else { return }
    let results = folder + "/msas"
    for name in (try? FileManager.default.contentsOfDirectory(atPath: results)) ?? []
    where name.wholeMatch(of: /.*_hits\.(?:a3m|sto|hhr)/) != nil {
      unlink(results + "/" + name)
    }
    rmdir(results)
    unlink(table)
  }
}
