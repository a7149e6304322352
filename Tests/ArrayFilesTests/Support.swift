import Foundation
import Testing

/// The file of that name in the fixtures of this target.
func fixture(_ name: String) throws -> String {
  try #require(Bundle.module.resourceURL).appendingPathComponent("Fixtures/\(name)").path
}

/// Calls `body` with the path of a folder that vanishes afterwards.
func withScratchFolder<Result>(_ body: (String) throws -> Result) throws -> Result {
  let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  return try body(folder.path)
}

func bytes(of path: String) throws -> [UInt8] {
  [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
}

func write(_ bytes: [UInt8], to path: String) throws {
  try Data(bytes).write(to: URL(fileURLWithPath: path))
}

/// The single line that an error prints; records an issue when it is not one line or nothing is thrown.
func message(_ body: () throws -> Void) -> String {
  do {
    try body()
    Issue.record("nothing was thrown")
    return ""
  } catch {
    let text = "\(error)"
    #expect(!text.contains("\n"))
    return text
  }
}
