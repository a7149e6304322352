import Foundation
import HDF5Files
import NumericArrays

/// Names and version of the store's layout, specified in docs/file-formats.md.
enum StoreSchema {
  static let format = "helixfold-targets"
  static let version = 1
  /// The format name that parameter files have in the same place.
  private static let parameterFormat = "helixfold-parameters"
  static let alphabet = "ARNDCQEGHILKMFPSTWYVX-"

  /// Group of a target.
  static func group(_ id: String) -> String { "targets/" + id }

  /// Marks a new file.
  static func mark(_ file: HDF5File) throws {
    try file.setAttribute("format", to: .text(format))
    try file.setAttribute("version", to: .integer(version))
  }

  /// Throws unless the file is marked as a store of a supported version.
  static func check(_ file: HDF5File) throws {
    let found = try? file.text("format")
    if found == parameterFormat {
      throw InputError.content(
        file: file.path, problem: "holds network parameters; pass it with --weights")
    }
    guard found == format else {
      throw InputError.content(
        file: file.path, problem: "is an HDF5 file, but no helixfold store (no format attribute)")
    }
    let foundVersion = try file.integer("version")
    guard foundVersion == version else {
      let text = foundVersion.map(String.init) ?? "none"
      throw InputError.content(
        file: file.path,
        problem: "has store version \(text), this program reads version \(version)")
    }
  }

  /// Writes the table of all targets.
  static func writeIndex(_ entries: [StoreEntry], to file: HDF5File) throws {
    let shape = [entries.count]
    func strings(_ name: String, _ values: [String]) throws {
      try file.write(
        .string(NDArray(shape: shape, values: values)), to: "index/" + name, layout: .compressed)
    }
    func numbers(_ name: String, _ values: [Int]) throws {
      try file.write(
        NDArray(shape: shape, values: values.map { Int32(clamping: $0) }), to: "index/" + name,
        layout: .compressed)
    }
    try strings("id", entries.map(\.id))
    try numbers("residues", entries.map(\.residues))
    try numbers("rows", entries.map(\.rows))
    try numbers("templates", entries.map(\.templates))
    try numbers("labels", entries.map { $0.hasLabels ? 1 : 0 })
    try file.write(
      NDArray(shape: shape, values: entries.map { $0.resolution ?? .nan }), to: "index/resolution",
      layout: .compressed)
    try strings("release_date", entries.map { $0.releaseDate ?? "" })
    try strings("cluster", entries.map { $0.cluster ?? "" })
    if entries.contains(where: { $0.split != nil }) {
      try strings("split", entries.map { $0.split ?? "" })
    }
  }

  /// Reads the table of all targets.
  static func readIndex(_ file: HDF5File) throws -> [StoreEntry] {
    let ids = try strings("id", nil, file)
    // Names are used as names of folders and files.
    if let place = ids.firstIndex(where: { !TargetName.isSafe($0) }) {
      throw InputError.array(
        file: file.path, name: "index/id", found: "'\(ids[place].prefix(80))' in row \(place + 1)",
        expected: "names that can be names of files, such as '\(TargetName.sanitized(ids[place]))'")
    }
    // Repeated names take almost no space in a file, but the code below takes memory for each.
    var taken: Set<String> = []
    if let twice = ids.first(where: { !taken.insert($0).inserted }) {
      throw InputError.array(
        file: file.path, name: "index/id", found: "with '\(twice)' twice", expected: "unique names")
    }
    func numbers(_ name: String) throws -> [Int] {
      try require("index/" + name, file.info(of: "index/" + name).shape, [ids.count], file)
      let values = try file.read("index/" + name, as: Int32.self)
      return values.values.map(Int.init)
    }
    let (residues, rows) = (try numbers("residues"), try numbers("rows"))
    let (templates, labels) = (try numbers("templates"), try numbers("labels"))
    try require("index/resolution", file.info(of: "index/resolution").shape, [ids.count], file)
    let resolution = try file.read("index/resolution", as: Float.self)
    let dates = try strings("release_date", ids.count, file)
    let clusters = try strings("cluster", ids.count, file)
    let splits =
      try file.exists("index/split")
      ? strings("split", ids.count, file) : [String](repeating: "", count: ids.count)
    return ids.indices.map { i in
      StoreEntry(
        id: ids[i], residues: residues[i], rows: rows[i], templates: templates[i],
        hasLabels: labels[i] != 0,
        resolution: resolution.values[i].isNaN ? nil : resolution.values[i],
        releaseDate: dates[i].isEmpty ? nil : dates[i],
        cluster: clusters[i].isEmpty ? nil : clusters[i],
        split: splits[i].isEmpty ? nil : splits[i])
    }
  }

  private static func strings(
    _ name: String, _ count: Int?, _ file: HDF5File
  ) throws -> [String] {
    if let count {
      try require("index/" + name, file.info(of: "index/" + name).shape, [count], file)
    }
    let array = try file.read("index/" + name)
    guard case .string(let values) = array, values.shape.count == 1 else {
      throw InputError.array(
        file: file.path, name: "index/" + name, found: "\(array.elementName) \(array.shape)",
        expected: "a list of strings")
    }
    return values.values
  }

  /// Throws unless a shape is the expected one.
  static func require(
    _ name: String, _ found: [Int], _ expected: [Int], _ file: HDF5File
  ) throws {
    if found != expected {
      throw InputError.array(
        file: file.path, name: name, found: "of shape \(found)", expected: "shape \(expected)")
    }
  }
}
