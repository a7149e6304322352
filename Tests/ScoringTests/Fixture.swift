import Foundation
import Protein
import StructureIO

/// Files beside the tests.
enum Fixture {
  static func url(_ name: String) -> URL? {
    Bundle.module.url(forResource: "Fixtures/\(name)", withExtension: nil)
  }

  static func structure(_ name: String) throws -> Structure {
    guard let url = url(name) else {
      throw StructureIOError.unexpectedContent(path: name, message: "no such fixture")
    }
    return try StructureFile.read(url.path)
  }

  /// The five structures of the grid by name.
  static func gridStructures() throws -> [String: Structure] {
    var found: [String: Structure] = [:]
    for name in ["2gtl_A", "1a8o_A", "4cup_A", "1gbt_A", "6wqa_A"] {
      found[name] = try structure("\(name).pdb.gz")
    }
    return found
  }
}
