import FeaturePipeline
import NumericArrays
import Protein
import StructureIO

/// Makes a training store from structures and alignments, one chain after the other.
public struct DatasetBuilder: Sendable {
  /// Limits.
  public var filter = DatasetFilter()
  /// Clusters and barred chains; without a table chains of the same sequence are a cluster, named after the alphabetically first.
  public var clusters: ClusterTable?
  /// Named in the provenance of each chain.
  public var program: String

  /// A builder with default limits and no table of clusters.
  public init(program: String) { self.program = program }

  /// Writes all chains that pass the filter to a store.
  ///
  /// - Parameter observe: called with each file before it is read, and how many came before.
  /// - Throws: what writing throws, or ``InputError`` when no chain is left.
  public func build(
    _ sources: [ChainSource], to path: String,
    observe: (_ source: ChainSource, _ done: Int) throws -> Void = { _, _ in }
  ) throws -> DatasetReport {
    var report = DatasetReport()
    var pending: [TargetRecord] = []
    var next = 0
    var kept: Set<String> = []
    var families = SequenceFamilies()
    try FeatureStore.write(
      to: path, cluster: clusters == nil ? { families.cluster(of: $0) } : nil
    ) {
      while pending.isEmpty, next < sources.count {
        try observe(sources[next], next)
        for candidate in candidates(sources[next]) {
          report.rows.append(row(candidate, &kept))
          if case .success(let record) = candidate.record, report.rows.last?.rejection == nil {
            families.add(candidate.id, record.features.aatype)
            pending.append(record)
          }
        }
        next += 1
      }
      if kept.isEmpty {
        throw InputError.content(
          file: path, problem: "no chain is left: \(report.rejections), so no store is written")
      }
      return pending.isEmpty ? nil : pending.removeFirst()
    }
    if clusters == nil {
      for index in report.rows.indices where report.rows[index].rejection == nil {
        report.rows[index].cluster = families.cluster(of: report.rows[index].id)
      }
    }
    return report
  }

  /// Chains of the same sequence.
  private struct SequenceFamilies {
    private var sequences: [String: [UInt8]] = [:]
    private var firsts: [[UInt8]: String] = [:]

    mutating func add(_ id: String, _ sequence: [UInt8]) {
      sequences[id] = sequence
      firsts[sequence] = min(id, firsts[sequence] ?? id)
    }

    /// The alphabetically first chain of the same sequence.
    func cluster(of id: String) -> String { sequences[id].flatMap { firsts[$0] } ?? id }
  }

  private struct Candidate {
    var id: String
    var record: Result<TargetRecord, RejectionReason>
  }

  /// The line of the report of a candidate, judged by the filter.
  private func row(_ candidate: Candidate, _ kept: inout Set<String>) -> DatasetReport.Row {
    let cluster = clusters?.cluster(of: candidate.id) ?? candidate.id
    var row = DatasetReport.Row(
      id: candidate.id, cluster: cluster, namedSplit: clusters?.splits[cluster])
    switch candidate.record {
    case .failure(let reason): row.rejection = reason
    case .success(let record):
      row.residues = record.features.residueCount
      row.alignmentRows = record.features.rowCount
      row.resolution = record.labels?.resolution
      row.releaseDate = record.labels?.releaseDate
      if let labels = record.labels {
        row.rejection = filter.objection(
          aatype: record.features.aatype, rows: record.features.rowCount, mask: labels.mask,
          resolution: labels.resolution)
      }
      if row.rejection == nil, !kept.insert(candidate.id).inserted { row.rejection = .duplicate }
    }
    return row
  }

  private func isBarred(_ chain: String) -> Bool { clusters?.excluded.contains(chain) == true }

  private func candidates(_ source: ChainSource) -> [Candidate] {
    if isBarred(source.id) {
      return [Candidate(id: source.id, record: .failure(.excluded))]
    }
    do {
      switch source.format {
      case .backbone:
        let chain = Chain(id: "A", residues: try BackboneFile.read(source.path))
        return [candidate(source.id, chain, source, resolution: nil, date: nil)]
      case .structure:
        let structure = try StructureFile.read(source.path)
        let chains = Self.proteins(structure)
        if chains.isEmpty { return [Candidate(id: source.id, record: .failure(.noProtein))] }
        return chains.map { chain in
          candidate(
            chains.count == 1 ? source.id : TargetName.sanitized("\(source.id)_\(chain.id)"), chain,
            source, resolution: source.resolution ?? structure.resolution.map { Float($0) },
            date: structure.releaseDate)
        }
      }
    } catch {
      return [Candidate(id: source.id, record: .failure(.unreadable("\(error)")))]
    }
  }

  /// Chains of the first model with amino acids; a single amino acid is one only if there is nothing else.
  ///
  /// Free amino acids are chains of their own in mmCIF files, and some programs number them as polymers.
  private static func proteins(_ structure: Structure) -> [Chain] {
    let chains = structure.models.first?.chains ?? []
    let longest = chains.map(\.aminoAcidResidues.count).max() ?? 0
    return chains.filter { $0.aminoAcidResidues.count >= min(2, max(1, longest)) }
  }

  private func candidate(
    _ id: String, _ chain: Chain, _ source: ChainSource, resolution: Float?, date: String?
  ) -> Candidate {
    do throws(RejectionReason) {
      if isBarred(id) { throw .excluded }
      let residues = chain.aminoAcidResidues
      var features = try features(id, chain, residues, source)
      features.id = id
      let sequence = ProteinSequence(
        features.aatype.map { AminoAcid(index: Int($0)) ?? .unknown })
      let (positions, mask) = try ChainLabels.place(residues, of: chain, on: sequence)
      // A sequence of observed residues only says nothing of the missing ones between them.
      if sequence.residues == residues.map(\.aminoAcid), chain.polymerTypes != sequence.residues,
        features.residueIndex.elementsEqual(features.residueIndex.indices.map(Int32.init))
      {
        features.residueIndex = ChainContinuity.numbers(of: residues).map(Int32.init)
      }
      let labels = TargetLabels(
        positions: positions, mask: mask, resolution: resolution, releaseDate: date,
        cluster: clusters?.cluster(of: id),
        split: clusters.flatMap { $0.splits[$0.cluster(of: id)]?.rawValue })
      var notes = ["structure": source.path.split(separator: "/").last.map(String.init) ?? ""]
      if source.format == .backbone { notes["atoms"] = "N, CA, C as given, CB ideal" }
      let provenance = Provenance(program: program, alignments: features.sources, notes: notes)
      return Candidate(
        id: id,
        record: .success(
          TargetRecord(features: features, labels: labels, provenance: provenance)))
    } catch {
      return Candidate(id: id, record: .failure(error))
    }
  }

  /// Alignment and templates as found on disk; without any, the chain's own sequence.
  private func features(
    _ id: String, _ chain: Chain, _ residues: [Residue], _ source: ChainSource
  ) throws(RejectionReason) -> RawFeatures {
    guard let evidence = source.evidence(for: id) else {
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
