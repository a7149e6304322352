import HDF5Files
import Messages
import NumericArrays

/// A file of one target, or of thousands with an index.
///
/// The one format for features, templates, labels and provenance; specified in docs/file-formats.md.
///
/// Reading is safe from several processes at once. Files are written under a temporary name and renamed.
public struct FeatureStore: Sendable {
  /// Path of the file.
  public let path: String
  /// Entries of the index, in the order of the file.
  public let entries: [StoreEntry]

  private let file: HDF5File
  private let place: [String: Int]

  /// Opens a store and reads its index.
  public init(path: String) throws {
    self.path = path
    file = try HDF5File.open(path: path)
    try StoreSchema.check(file)
    entries = try StoreSchema.readIndex(file)
    place = Dictionary(
      entries.enumerated().map { ($1.id, $0) }, uniquingKeysWith: { first, _ in first })
  }

  /// Names of the targets.
  public var ids: [String] { entries.map(\.id) }

  /// Sequence, alignment and templates of a target; throws if their numbers differ from the index.
  public func features(of id: String) throws -> RawFeatures {
    let (entry, raw) = (try entry(id), try group(id).readFeatures())
    let found = [raw.residueCount, raw.rowCount, raw.templates.count]
    let expected = [entry.residues, entry.rows, entry.templates]
    if found != expected {
      throw InputError.array(
        file: path, name: StoreSchema.group(id), found: Self.counts(found),
        expected: "\(Self.counts(expected)), as the index says")
    }
    return raw
  }

  private static func counts(_ counts: [Int]) -> String {
    "of "
      + zip(counts, ["residue", "row", "template"]).map { counted($0, $1) }
      .joined(separator: ", ")
  }

  /// Labels of a target, nil if it has none.
  public func labels(of id: String) throws -> TargetLabels? {
    try group(id).readLabels(residues: entry(id).residues)
  }

  /// Everything about a target; throws where it is not what the index says.
  public func record(of id: String) throws -> TargetRecord {
    let (entry, group) = (try entry(id), try group(id))
    let record = TargetRecord(
      features: try features(of: id), labels: try group.readLabels(residues: entry.residues),
      provenance: try group.readProvenance())
    guard StoreEntry(record) == entry else {
      throw InputError.content(file: path, problem: "'\(id)' is not what the index says")
    }
    return record
  }

  /// The index entry of a target.
  public func entry(_ id: String) throws -> StoreEntry {
    guard let index = place[id] else {
      let known = ids.prefix(3).joined(separator: ", ")
      throw InputError.content(
        file: path,
        problem: "holds no target '\(id)'; it holds \(entries.count), such as \(known)")
    }
    return entries[index]
  }

  private func group(_ id: String) throws -> TargetGroup {
    TargetGroup(file: file, id: try entry(id).id)
  }

  /// Reads every target; returns one line for each that is damaged or differs from the index.
  public func problems() -> [String] {
    entries.compactMap { entry in
      do {
        _ = try record(of: entry.id)
        return nil
      } catch {
        return "\(error)"
      }
    }
  }

  // MARK: Writing

  /// Writes records to one file, replacing an existing one.
  public static func write(
    _ records: [TargetRecord], to path: String, rowNames: Bool = true
  ) throws {
    try refuseDuplicates(records.map(\.features.id), path)
    try HDF5File.write(to: path) { file in
      try StoreSchema.mark(file)
      for record in records {
        try TargetGroup(file: file, id: record.features.id).write(record, rowNames: rowNames)
      }
      try StoreSchema.writeIndex(records.map(StoreEntry.init), to: file)
    }
  }

  /// Writes records made one after the other, so that only one is in memory.
  ///
  /// - Parameter place: cluster and split of a target with labels, called when all are written; nil to take them from its record.
  public static func write(
    to path: String, rowNames: Bool = true,
    place: (_ id: String) -> (cluster: String, split: String?)? = { _ in nil },
    records: () throws -> TargetRecord?
  ) throws {
    try HDF5File.write(to: path) { file in
      try StoreSchema.mark(file)
      var entries: [StoreEntry] = []
      var taken: Set<String> = []
      while let record = try records() {
        guard taken.insert(record.features.id).inserted else {
          throw duplicate(record.features.id, path)
        }
        try TargetGroup(file: file, id: record.features.id).write(record, rowNames: rowNames)
        entries.append(StoreEntry(record))
      }
      for index in entries.indices where entries[index].hasLabels {
        guard let (cluster, split) = place(entries[index].id) else { continue }
        let labels = StoreSchema.group(entries[index].id) + "/labels"
        try file.setAttribute("cluster", to: .text(cluster), on: labels)
        if let split { try file.setAttribute("split", to: .text(split), on: labels) }
        (entries[index].cluster, entries[index].split) = (cluster, split)
      }
      try StoreSchema.writeIndex(entries, to: file)
    }
  }

  /// Joins the targets of several stores into one, reading and writing one after the other.
  ///
  /// Throws if a target is damaged or differs from its store's index.
  ///
  /// - Parameter observe: called with each target before it is read, and the number before it; what it throws ends the work, and no file
  ///   is left.
  public static func pack(
    _ stores: [FeatureStore], to path: String,
    observe: (_ id: String, _ done: Int) throws -> Void = { _, _ in }
  ) throws {
    let entries = stores.flatMap(\.entries)
    try refuseDuplicates(entries.map(\.id), path)
    try HDF5File.write(to: path) { file in
      try StoreSchema.mark(file)
      var done = 0
      for store in stores {
        for entry in store.entries {
          try observe(entry.id, done)
          done += 1
          let record = try store.record(of: entry.id)
          try TargetGroup(file: file, id: entry.id).write(record, rowNames: true)
        }
      }
      try StoreSchema.writeIndex(entries, to: file)
    }
  }

  private static func refuseDuplicates(_ ids: [String], _ path: String) throws {
    var taken: Set<String> = []
    for id in ids where !taken.insert(id).inserted { throw duplicate(id, path) }
  }

  private static func duplicate(_ id: String, _ path: String) -> InputError {
    .content(file: path, problem: "target '\(id)' comes twice; names in a store are unique")
  }
}
