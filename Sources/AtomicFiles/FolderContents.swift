import CLibrary
import Messages

/// The contents of a folder; an unreadable folder is an error, not an empty one.
public enum FolderContents {
  /// Names in a folder, sorted; without pipes and devices, which may never end.
  ///
  /// - Parameters:
  ///   - ifPresent: whether a missing folder counts as empty.
  ///   - isWanted: selects names.
  public static func names(
    in folder: String, ifPresent: Bool = false, where isWanted: (String) -> Bool = { _ in true }
  ) throws(FolderError) -> [String] {
    guard let entries = opendir(folder) else {
      if ifPresent, [ENOENT, ENOTDIR].contains(errno) { return [] }
      throw FolderError(path: folder, code: errno)
    }
    defer { closedir(entries) }
    var names: [String] = []
    errno = 0
    while let entry = readdir(entries) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) { String(cString: $0) }
      }
      if name != ".", name != "..", isWanted(name), !PathKind.isStream("\(folder)/\(name)") {
        names.append(name)
      }
      errno = 0
    }
    guard errno == 0 else { throw FolderError(path: folder, code: errno) }
    return names.sorted()
  }
}

/// A folder that could not be read, with the system's reason.
public struct FolderError: Error, Hashable, CustomStringConvertible, ExitStatusError {
  /// Path of the folder.
  public let path: String
  /// The system's error number (`errno`).
  public let code: Int32

  /// The reason in words.
  public var reason: String { String(cString: strerror(code)) }

  /// One line: the path and the reason.
  public var description: String { "\(path): cannot be read: \(reason)" }

  /// The status for the shell.
  public var exitStatus: ExitStatus { .missingInput }
}
