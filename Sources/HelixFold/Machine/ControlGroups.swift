import Foundation

/// The control groups of this process, by which containers and batch systems limit it (cgroups(7)).
enum ControlGroups {
  /// Where files of a controller are.
  struct Place: Hashable {
    /// Path of the group's folder.
    let folder: String
    /// Whether the group is one of version 2, which has all controllers in one tree.
    let isUnified: Bool
  }

  /// The groups of this process as the kernel lists them; empty if there are none.
  static var own: String {
    (try? String(contentsOfFile: "/proc/self/cgroup", encoding: .utf8)) ?? ""
  }

  /// Folders of a controller for a process of the given groups: those of its groups and of all above them, in version 2
  /// (`0::/path`) and in version 1 (`4:memory:/path`).
  static func places(of controller: String, in text: String) -> [Place] {
    text.split(separator: "\n").flatMap { line -> [Place] in
      let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard parts.count == 3 else { return [] }
      let isUnified = parts[1].isEmpty
      guard isUnified || parts[1].split(separator: ",").contains(where: { $0 == controller }) else {
        return []
      }
      // A container sees its own group at the root, whatever the path says.
      var folders = ["/sys/fs/cgroup" + (isUnified ? "" : "/" + controller)]
      for part in parts[2].split(separator: "/") where part != ".." {
        folders.append(folders[folders.count - 1] + "/" + part)
      }
      return folders.map { Place(folder: $0, isUnified: isUnified) }
    }
  }
}
