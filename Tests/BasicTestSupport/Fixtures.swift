import Foundation

extension Bundle {
  /// Path of a file under the `Fixtures` of a test target, whose bundle this is.
  public func fixture(_ name: String) throws -> String {
    guard let url = url(forResource: "Fixtures/" + name, withExtension: nil) else {
      throw MissingFixture(name: name)
    }
    return url.path
  }
}

/// A file that a test needs and its target does not have.
struct MissingFixture: Error, CustomStringConvertible {
  let name: String

  var description: String { "no fixture '\(name)' in the test bundle" }
}
