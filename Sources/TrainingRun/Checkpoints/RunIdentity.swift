import AtomicFiles
import FeaturePipeline
import Weights

/// The parameter file that a run began with; its terms of use also apply to the weights trained from it.
public struct StartingWeights: Codable, Hashable, Sendable {
  /// Name of the file.
  public var file: String
  /// Checksum of its parameters.
  public var checksum: String
  /// Terms of use stated in the file; nil in files of other programs.
  public var licence: String?

  /// The identity of a file.
  init(_ file: ParameterFile) throws {
    self.file = file.path.split(separator: "/").last.map(String.init) ?? file.path
    checksum = try file.checksum()
    licence = file.provenance?.licence
  }
}

/// A store, and what distinguishes it from others wherever it lies.
public struct StoreMark: Codable, Hashable, Sendable {
  /// Path when the run began.
  public var path: String
  /// Number of targets.
  public var targets: Int
  /// CRC-64 of its index: name, residues, alignment rows, cluster and split of every target.
  public var checksum: String
  /// CRC-64 of the contents of some targets, spread over the store; nil in checkpoints of earlier builds.
  public var contents: String?

  /// The mark of a store.
  init(_ store: FeatureStore) {
    let index = store.entries.map {
      "\($0.id)\t\($0.residues)\t\($0.rows)\t\($0.cluster ?? "")\t\($0.split ?? "")\n"
    }.joined()
    var check = CyclicRedundancyCheck64()
    Array(index.utf8).withUnsafeBytes { check.update($0) }
    (path, targets, checksum) = (store.path, store.entries.count, check.text)
    contents = Self.contents(of: store)
  }

  /// Targets whose contents are checked: enough to notice a store that was rebuilt differently, few enough to take no time.
  private static let probes = 32

  private static func contents(of store: FeatureStore) -> String {
    let count = store.entries.count
    let probed = (0..<min(probes, count)).map { store.entries[$0 * count / min(probes, count)].id }
    var check = CyclicRedundancyCheck64()
    for id in probed {
      // A damaged target is reported when a sample is made from it.
      guard let record = try? store.record(of: id) else { continue }
      record.features.aatype.withUnsafeBytes { check.update($0) }
      record.features.msa.values.withUnsafeBytes { check.update($0) }
      record.features.residueIndex.withUnsafeBytes { check.update($0) }
      record.features.templates.positions.values.withUnsafeBytes { check.update($0) }
      record.labels?.positions.values.withUnsafeBytes { check.update($0) }
      record.labels?.mask.values.withUnsafeBytes { check.update($0) }
      [record.labels?.resolution ?? 0].withUnsafeBytes { check.update($0) }
    }
    return check.text
  }

  /// Whether both have the same targets, whatever their paths.
  func isSame(as other: StoreMark) -> Bool {
    targets == other.targets && checksum == other.checksum
  }
}

/// Program, kernels and store of a run: together with the configuration they determine every bit of the result.
struct RunIdentity {
  /// Program and version.
  let program: String
  /// Instruction set of the kernels; nil if unknown.
  let kernels: String?
  /// The store.
  let store: StoreMark

  /// Differences from the run that wrote a checkpoint that will change the bits of the result: one line each.
  func cautions(_ header: Checkpoint.Header, file: String) -> [String] {
    var lines = [programCaution(header, file: file)].compactMap { $0 }
    if let then = header.store?.contents, then != store.contents {
      lines.append(
        "\(file): was written by a run on \(header.store?.path ?? "a store") when the targets of these names held other structures or alignments than \(store.path) does now; the run goes on, but not to the bits that it would have had"
      )
    }
    return lines
  }

  private func programCaution(_ header: Checkpoint.Header, file: String) -> String? {
    var parts: [(then: String, now: String)] = []
    if header.program != program { parts.append((header.program, program)) }
    if let then = header.kernels, let now = kernels, then != now {
      parts.append(("--isa \(then)", "--isa \(now)"))
    }
    if parts.isEmpty { return nil }
    let (then, now) = (parts.map(\.then), parts.map(\.now))
    return
      "\(file): was written by \(then.joined(separator: " with ")), this is \(now.joined(separator: " with ")); the run goes on, but not to the bits that it would have had"
  }

  /// Throws if a checkpoint is of a run on another store.
  func requireStore(of header: Checkpoint.Header, file: String) throws(TrainingRunError) {
    guard let then = header.store, !then.isSame(as: store) else { return }
    throw .otherStore(file: file, found: store, expected: then)
  }
}
