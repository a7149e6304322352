import FeaturePipeline
import Messages
import NumericArrays
import Protein
import StructureIO

/// No chain passed the filter, so there is no store.
public struct EmptyDatasetError: Error, CustomStringConvertible, ExitStatusError {
  /// The store that was to be written.
  public let path: String
  /// The outcome for each chain.
  public let report: DatasetReport

  /// One line: how many chains were rejected for which reason.
  public var description: String {
    "\(path): no chain is left, so no store is written; rejected: \(report.rejections)"
  }

  /// The status for the shell: the inputs are at fault.
  public var exitStatus: ExitStatus { .badInput }
}

/// Makes a training store from structures and alignments, one chain after the other.
public struct DatasetBuilder: Sendable {
  /// Limits.
  public var filter = DatasetFilter()
  /// Clusters and barred chains.
  ///
  /// A chain that the table does not name joins the cluster of a named chain with the same sequence. All other chains are clustered
  /// by equal sequence and named after the alphabetically first.
  public var clusters: ClusterTable?
  /// Name of the program in the provenance of each chain.
  public var program: String

  /// A builder with default limits and no table of clusters.
  public init(program: String) { self.program = program }

  /// Writes all chains that pass the filter to a store.
  ///
  /// - Parameter observe: called with each file before it is read, and the number of files before it.
  /// - Throws: what writing throws, ``EmptyDatasetError`` when no chain is left, ``InputError`` when the table names none of the
  ///   chains.
  public func build(
    _ sources: [ChainSource], to path: String,
    observe: (_ source: ChainSource, _ done: Int) throws -> Void = { _, _ in }
  ) throws -> DatasetReport {
    var report = DatasetReport()
    var pending: [TargetRecord] = []
    var next = 0
    var kept: Set<String> = []
    var families = SequenceFamilies(clusters)
    let barred = barredSequences(sources)
    try FeatureStore.write(
      to: path, place: { families.place(of: $0).map { ($0.cluster, $0.split?.rawValue) } }
    ) {
      while pending.isEmpty, next < sources.count {
        try observe(sources[next], next)
        for candidate in candidates(sources[next], barred) {
          report.rows.append(row(candidate, &kept))
          guard case .success(let record) = candidate.record else { continue }
          let isKept = report.rows.last?.rejection == nil
          families.add(candidate.id, record.features.aatype, isKept: isKept)
          if isKept { pending.append(record) }
        }
        next += 1
      }
      if kept.isEmpty {
        throw EmptyDatasetError(path: path, report: report)
      }
      if !pending.isEmpty { return pending.removeFirst() }
      try clusters?.requireUse(by: report.rows.map(\.id))
      return nil
    }
    for index in report.rows.indices where report.rows[index].rejection == nil {
      guard let place = families.place(of: report.rows[index].id) else { continue }
      report.rows[index].cluster = place.cluster
      report.rows[index].namedSplit = place.split
      if clusters != nil { report.unlistedCount += 1 }
    }
    return report
  }

  /// Chains by sequence, to cluster those that no table names.
  private struct SequenceFamilies {
    private let table: ClusterTable?
    private var sequences: [String: [UInt8]] = [:]
    private var firsts: [[UInt8]: String] = [:]
    /// The alphabetically first chain of a sequence that the table names.
    private var listed: [[UInt8]: String] = [:]

    init(_ table: ClusterTable?) { self.table = table }

    /// Registers a chain; one that the table names counts even if it is not in the store.
    mutating func add(_ id: String, _ sequence: [UInt8], isKept: Bool) {
      if table?.clusters[id] != nil {
        listed[sequence] = min(id, listed[sequence] ?? id)
      } else if isKept {
        sequences[id] = sequence
        firsts[sequence] = min(id, firsts[sequence] ?? id)
      }
    }

    /// Cluster and named split of a chain; nil if the table names the chain.
    func place(of id: String) -> (cluster: String, split: DataSplit?)? {
      guard let sequence = sequences[id] else { return nil }
      let cluster = listed[sequence].flatMap { table?.clusters[$0] } ?? firsts[sequence] ?? id
      return (cluster, table?.splits[cluster])
    }
  }

  private struct Candidate {
    var id: String
    var record: Result<TargetRecord, RejectionReason>
    /// Alignments or feature file that were found.
    var evidence: [String] = []
    /// Number of templates dropped because they are of the chain's own entry.
    var ownTemplates = 0
  }

  /// Filters a candidate and makes its line of the report.
  private func row(_ candidate: Candidate, _ kept: inout Set<String>) -> DatasetReport.Row {
    let cluster = clusters?.clusters[candidate.id] ?? candidate.id
    var row = DatasetReport.Row(
      id: candidate.id, cluster: cluster, namedSplit: clusters?.splits[cluster])
    row.evidence = candidate.evidence
    switch candidate.record {
    case .failure(let reason): row.rejection = reason
    case .success(let record):
      row.residues = record.features.residueCount
      row.alignmentRows = record.features.rowCount
      row.templates = record.features.templates.count
      row.ownTemplates = candidate.ownTemplates
      row.resolution = record.labels?.resolution
      row.releaseDate = record.labels?.releaseDate
      if let labels = record.labels {
        row.rejection = filter.objection(
          aatype: record.features.aatype, rows: record.features.rowCount, mask: labels.mask,
          resolution: labels.resolution, release: labels.releaseDate)
      }
      if row.rejection == nil, !kept.insert(candidate.id).inserted { row.rejection = .duplicate }
    }
    return row
  }

  private func isBarred(_ chain: String) -> Bool { clusters?.excluded.contains(chain) == true }

  /// Sequences of the barred chains among the sources: a copy that the table does not name is barred like them.
  private func barredSequences(_ sources: [ChainSource]) -> Set<[UInt8]> {
    guard let excluded = clusters?.excluded, !excluded.isEmpty else { return [] }
    var reader = self
    reader.clusters = nil
    let found = sources.filter { source in
      excluded.contains { $0 == source.id || $0.hasPrefix(source.id + "_") }
    }.flatMap { reader.candidates($0, []) }
    return Set(
      found.filter { excluded.contains($0.id) }.compactMap {
        try? $0.record.get().features.aatype
      })
  }

  private func candidates(_ source: ChainSource, _ barred: Set<[UInt8]>) -> [Candidate] {
    if isBarred(source.id) {
      return [Candidate(id: source.id, record: .failure(.excluded))]
    }
    do {
      switch source.format {
      case .backbone:
        let chain = Chain(id: "A", residues: try BackboneFile.read(source.path))
        return [candidate(source.id, chain, source, barred, of: Structure(models: []))]
      case .structure:
        let structure = try StructureFile.read(source.path)
        let chains = Self.proteins(structure)
        if chains.isEmpty { return [Candidate(id: source.id, record: .failure(.noProtein))] }
        return chains.map { chain in
          candidate(
            chains.count == 1 ? source.id : TargetName.sanitized("\(source.id)_\(chain.id)"), chain,
            source, barred, of: structure)
        }
      }
    } catch {
      return [Candidate(id: source.id, record: .failure(.unreadable("\(error)")))]
    }
  }

  /// Chains of the first model with amino acids; a single amino acid counts as a chain only if there is no other.
  ///
  /// Free amino acids are chains of their own in mmCIF files, and some programs number them as polymers.
  private static func proteins(_ structure: Structure) -> [Chain] {
    let chains = structure.models.first?.chains ?? []
    let longest = chains.map(\.aminoAcidResidues.count).max() ?? 0
    return chains.filter { $0.aminoAcidResidues.count >= min(2, max(1, longest)) }
  }

  private func candidate(
    _ id: String, _ chain: Chain, _ source: ChainSource, _ barred: Set<[UInt8]>,
    of structure: Structure
  ) -> Candidate {
    var evidence: [String] = []
    do throws(RejectionReason) {
      if isBarred(id) { throw .excluded }
      let residues = chain.aminoAcidResidues
      let found = try self.evidence(id, source)
      evidence = found?.paths ?? []
      var features = try features(id, chain, residues, found)
      features.id = id
      let templates = features.templates
      features.templates = templates.apart(fromEntries: [id, structure.name])
      if clusters?.clusters[id] == nil, barred.contains(features.aatype) { throw .excluded }
      let sequence = ProteinSequence(
        features.aatype.map { AminoAcid(index: Int($0)) ?? .unknown })
      let (positions, mask) = try ChainLabels.place(residues, of: chain, on: sequence)
      // A sequence of only the observed residues does not show the missing ones between them.
      if sequence.residues == residues.map(\.aminoAcid), chain.polymerTypes != sequence.residues,
        features.residueIndex.elementsEqual(features.residueIndex.indices.map(Int32.init))
      {
        features.residueIndex = ChainContinuity.numbers(of: residues).map(Int32.init)
      }
      let cluster = clusters?.clusters[id]
      let labels = TargetLabels(
        positions: positions, mask: mask,
        resolution: source.resolution ?? structure.resolution.map { Float($0) },
        releaseDate: structure.releaseDate, cluster: cluster,
        split: cluster.flatMap { clusters?.splits[$0]?.rawValue })
      var notes = ["structure": source.path.split(separator: "/").last.map(String.init) ?? ""]
      if source.format == .backbone { notes["atoms"] = "N, CA, C as given, CB ideal" }
      let provenance = Provenance(program: program, alignments: features.sources, notes: notes)
      return Candidate(
        id: id,
        record: .success(
          TargetRecord(features: features, labels: labels, provenance: provenance)),
        evidence: evidence, ownTemplates: templates.count - features.templates.count)
    } catch {
      return Candidate(id: id, record: .failure(error), evidence: evidence)
    }
  }

  /// Files of the alignment or the features of a chain; nil if there are none.
  private func evidence(
    _ id: String, _ source: ChainSource
  ) throws(RejectionReason) -> FeatureImport.Source? {
    do {
      return try source.evidence(for: id)
    } catch {
      throw .unreadable("\(error)")
    }
  }

  /// Alignment and templates as found on disk; without any, the chain's own sequence.
  private func features(
    _ id: String, _ chain: Chain, _ residues: [Residue], _ found: FeatureImport.Source?
  ) throws(RejectionReason) -> RawFeatures {
    guard let evidence = found else {
      let polymer = chain.polymerTypes
      return RawFeatures(
        id: id,
        sequence: ProteinSequence(polymer.isEmpty ? residues.map(\.aminoAcid) : polymer))
    }
    do {
      if let record = try FeatureImport.records(of: evidence).first { return record.features }
    } catch {
      throw .unreadable("\(error)")
    }
    throw .unreadable("\(evidence.paths.first ?? id): holds no target")
  }
}
