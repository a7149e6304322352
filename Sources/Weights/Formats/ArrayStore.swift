import ArrayFiles
import NumericArrays

/// Arrays of a file under official keys, whatever the file calls them.
protocol ArrayStore: Sendable {
  /// The file, as messages name it.
  var path: String { get }
  /// Shapes of all arrays by official key; unknown foreign names stay as they are.
  var shapes: [String: [Int]] { get }
  /// Names of the parts that the file lacks, such as those of one block, by the key of the array.
  var absent: [String: [String]] { get }
  /// Element type of an array, as ``inspect`` prints it.
  func elementName(of key: String) -> String
  /// The array of a key, in its stored type.
  func array(for key: String) throws -> AnyNDArray
}

extension ArrayStore {
  var absent: [String: [String]] { [:] }
}

/// A `.npz` file with official keys: DeepMind's, the oracle's, and ours when exported.
struct NumpyStore: ArrayStore {
  let path: String
  let shapes: [String: [Int]]
  private let archive: NumpyArchive
  private let elementNames: [String: String]

  init(path: String) throws {
    archive = try NumpyArchive(path: path)
    var shapes: [String: [Int]] = [:], elementNames: [String: String] = [:]
    for name in archive.names {
      let header = try archive.header(of: name)
      shapes[name] = header.shape
      elementNames[name] = header.elementName
    }
    self.path = path
    self.shapes = shapes
    self.elementNames = elementNames
  }

  func elementName(of key: String) -> String { elementNames[key] ?? "" }

  func array(for key: String) throws -> AnyNDArray { try archive.array(named: key) }
}
