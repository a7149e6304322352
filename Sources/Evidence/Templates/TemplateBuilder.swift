import FeaturePipeline
import Protein

/// Makes templates from search hits as AlphaFold's monomer pipeline does.
///
/// Suppl. 1.2.3.
///
/// A hit that names one of the user's files uses that file, whatever its date.
///
/// Each hit is checked on its own: a rejected one is listed with the reason, and the next is tried.
public struct TemplateBuilder: Sendable {
  /// Rules for hits.
  public var settings: TemplateSettings
  /// Structures of the entries.
  public var structures: StructureFolder
  /// Release dates and successors of entries.
  public var dates: EntryDates

  /// A builder.
  public init(
    structures: StructureFolder, settings: TemplateSettings = TemplateSettings(),
    dates: EntryDates = EntryDates()
  ) {
    self.structures = structures
    self.settings = settings
    self.dates = dates
  }

  /// Templates of a target, best first, and the outcome for every hit.
  ///
  /// Hits with sums of probabilities are tried from the largest down, with ties and all other hits in file order.
  public func templates(
    for target: String, hits: [TemplateHit]
  ) -> (templates: [AlignedTemplate], table: TemplateTable) {
    let target = Array(target.utf8)
    var templates: [AlignedTemplate] = []
    var table = TemplateTable()
    for hit in sorted(hits) {
      do throws(TemplateRejection) {
        guard templates.count < settings.maximumCount else {
          throw .notNeeded(maximum: settings.maximumCount)
        }
        let (template, note) = try self.template(for: target, hit)
        if settings.removesDuplicates,
          let earlier = templates.first(where: { $0.sequence == template.sequence })
        {
          throw .duplicateOfTemplate(earlier.name)
        }
        templates.append(template)
        table.rows.append(.init(hit, used: template, place: templates.count, note: note))
      } catch {
        table.rows.append(.init(hit, rejected: error))
      }
    }
    return (templates, table)
  }

  private func sorted(_ hits: [TemplateHit]) -> [TemplateHit] {
    guard hits.first?.sumOfProbabilities != nil else { return hits }
    return hits.enumerated().sorted { first, second in
      let (a, b) = (first.element.sumOfProbabilities ?? 0, second.element.sumOfProbabilities ?? 0)
      return a == b ? first.offset < second.offset : a > b
    }.map(\.element)
  }

  /// The template of a hit and a remark, or the reason against it.
  func template(
    for target: [UInt8], _ hit: TemplateHit
  ) throws(TemplateRejection) -> (AlignedTemplate, note: String?) {
    let own = structures.ownFile(of: hit.name)
    let entry: String
    let chainName: String
    if let own {
      (entry, chainName) = (own.stem, own.chain)
    } else {
      let (named, chain) = try Self.entryAndChain(hit.name)
      (entry, chainName) = (try dates.current(named), chain)
    }
    try prefilter(hit, released: own == nil ? dates.released[entry] : nil, target: target)
    let pairs = try Self.indexPairs(hit, target: target)
    let structure: Structure
    if let own {
      structure = try StructureFolder.read(own.path)
    } else {
      structure = try structures.structure(of: entry)
      try checkDate(structure, entry: entry)
    }
    let letters = hit.templateResidues
    let match = try ChainMatch.find(
      letters, chain: chainName, in: TemplateChain.chains(of: structure), settings: settings)
    try match.chain.checkCoordinates(neighbourLimit: settings.maximumNeighbourDistance)
    let template = AlignedTemplate(
      name: "\(entry)_\(match.chain.id)", targetLength: target.count, chain: match.chain,
      pairs: pairs.compactMap { pair in
        match.places[pair.template].map { (pair.target, $0, match.letters[pair.template]) }
      },
      sumOfProbabilities: Float(hit.sumOfProbabilities ?? 0))
    guard template.atoms >= settings.minimumAtoms else { throw .tooFewAtoms(template.atoms) }
    return (template, match.note)
  }

  /// `1FAW_A GRAYLAG GOOSE …` → `1faw` and `A`.
  static func entryAndChain(_ name: String) throws(TemplateRejection) -> (String, chain: String) {
    let bytes = Array(name.utf8)
    func isAlphanumeric(_ byte: UInt8) -> Bool {
      (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte & 0xDF)
    }
    let chain = bytes.dropFirst(5).prefix { isAlphanumeric($0) || $0 == UInt8(ascii: ".") }
    guard bytes.count > 5, bytes[4] == UInt8(ascii: "_"), !chain.isEmpty,
      bytes.prefix(4).allSatisfy(isAlphanumeric)
    else { throw .nameNotUnderstood(name) }
    return (bytes.prefix(4).text.lowercased(), chain.text)
  }

  /// AlphaFold's prefilter (`_assess_hhsearch_hit`), which needs no structure.
  private func prefilter(
    _ hit: TemplateHit, released: String?, target: [UInt8]
  ) throws(TemplateRejection) {
    if let cutoff = settings.cutoff, let released, released > cutoff {
      throw .tooNew(released: released, cutoff: cutoff)
    }
    let length = Double(target.count)
    guard Double(hit.alignedColumns) > settings.minimumAlignedShare * length else {
      throw .alignsTooLittle(columns: hit.alignedColumns, targetLength: target.count)
    }
    let letters = hit.templateResidues
    if Double(letters.count) / length > settings.maximumDuplicateShare,
      Self.offset(of: letters, in: target) != nil
    {
      throw .duplicateOfTarget(length: letters.count, targetLength: target.count)
    }
    guard letters.count >= settings.minimumLength else {
      throw .tooShort(length: letters.count, minimum: settings.minimumLength)
    }
  }

  /// Throws if the structure is newer than the cut-off date, or has no valid date.
  func checkDate(_ structure: Structure, entry: String) throws(TemplateRejection) {
    guard let cutoff = settings.cutoff else { return }
    // Damaged dates may sort anywhere, even before the cut-off.
    let known = [structure.releaseDate, dates.released[entry]].compactMap(\.self)
    guard let released = known.first(where: ReleaseDate.isValid) else {
      throw .noReleaseDate(entry: entry)
    }
    if released > cutoff { throw .tooNew(released: released, cutoff: cutoff) }
  }

  /// Aligned positions in the target and among the residues of the hit, both from 0.
  ///
  /// The numbers in a file count from the start of the searched sequence, so the position of the aligned part in the target is
  /// looked up, as in AlphaFold (`_build_query_to_hit_index_mapping`).
  static func indexPairs(
    _ hit: TemplateHit, target: [UInt8]
  ) throws(TemplateRejection) -> [(target: Int, template: Int)] {
    let query = hit.query.filter { $0 != UInt8(ascii: "-") }
    guard let offset = offset(of: query, in: target),
      let firstQuery = hit.queryIndices.filter({ $0 >= 0 }).min(),
      let firstTemplate = hit.templateIndices.filter({ $0 >= 0 }).min()
    else { throw .notOfThisTarget }
    let count = hit.templateResidues.count
    return zip(hit.queryIndices, hit.templateIndices).compactMap { i, j in
      guard i >= 0, j >= 0 else { return nil }
      let pair = (target: i - firstQuery + offset, template: j - firstTemplate)
      return pair.target < target.count && pair.template < count ? pair : nil
    }
  }

  /// Where the letters first occur in a sequence.
  private static func offset(of letters: [UInt8], in sequence: [UInt8]) -> Int? {
    guard !letters.isEmpty, letters.count <= sequence.count else { return nil }
    return (0...sequence.count - letters.count).first { start in
      sequence[start..<start + letters.count].elementsEqual(letters)
    }
  }
}
