import BasicTestSupport
import Foundation
import Testing

/// The file of that name in the fixtures of this target.
func fixture(_ name: String) throws -> String { try Bundle.module.fixture(name) }

func bytes(of path: String) throws -> [UInt8] {
  [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
}

func write(_ bytes: [UInt8], to path: String) throws {
  try Data(bytes).write(to: URL(fileURLWithPath: path))
}
