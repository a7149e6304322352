import BasicTestSupport
import Foundation
import Protein
import StructureIO

/// Files beside the tests.
enum Fixture {
  static func data(_ name: String) throws -> Data {
    try Data(contentsOf: URL(fileURLWithPath: Bundle.module.fixture(name)))
  }

  static func structure(_ name: String) throws -> Structure {
    try StructureFile.read(Bundle.module.fixture(name))
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
