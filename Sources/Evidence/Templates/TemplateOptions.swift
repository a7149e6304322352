import FeaturePipeline
import Protein

/// Sources of a target's templates; shared by the commands that use templates.
public struct TemplateOptions: Hashable, Sendable {
  /// Rules for hits.
  public var settings = TemplateSettings()
  /// Folder of structures of the entries that hits name; nil if hits can only name the user's structures.
  public var structureFolder: String?
  /// File of release dates, lines `1abc:2000-01-31`.
  public var releaseDateFile: String?
  /// The PDB's list of obsolete entries.
  public var obsoleteFile: String?
  /// The user's structure files, or folders of them; they come before hits.
  public var userPaths: [String] = []

  /// No templates.
  public init() {}

  /// Templates of a target, and the outcome for every hit and structure.
  ///
  /// `hitFiles` are hhr files, or Stockholm files of hmmsearch; a malformed record becomes a row of the table.
  public func templates(
    for sequence: ProteinSequence, hitFiles: [String]
  ) throws -> (structures: TemplateStructures, table: TemplateTable) {
    let target = sequence.letters
    var files: [String] = []
    for path in userPaths { files += try UserTemplates.files(at: path) }
    var (templates, table) = UserTemplates(settings: settings).templates(for: target, files: files)
    if structureFolder != nil || !hitFiles.isEmpty {
      let dates = try entryDates()
      for path in hitFiles {
        let text = try InputText(path: path)
        let isStockholm = Self.isStockholm(text)
        let hits =
          isStockholm
          ? try HmmsearchHits.parse(text, target: target) : try HHRFile.parse(text)
        var builder = TemplateBuilder(
          structures: StructureFolder(path: structureFolder, own: files), settings: settings,
          dates: dates)
        builder.settings.maximumCount = max(0, settings.maximumCount - templates.count)
        builder.settings.removesDuplicates = isStockholm
        let found = builder.templates(for: target, hits: hits.hits)
        table.append(found.table, skipped: hits.skipped, offset: templates.count)
        templates += found.templates
      }
    }
    return (TemplateStructures(templates, residueCount: sequence.count), table)
  }

  /// Whether a file of hits is one of hmmsearch, and not of HH-suite.
  package static func isStockholm(_ text: InputText) -> Bool {
    text.byteLines.first { !$0.words.isEmpty }?.begins(with: "#") ?? true
  }

  private func entryDates() throws(InputError) -> EntryDates {
    var dates = EntryDates()
    if let releaseDateFile { dates.addReleaseDates(try InputText(path: releaseDateFile)) }
    if let obsoleteFile { dates.addObsolete(try InputText(path: obsoleteFile)) }
    return dates
  }
}

extension TemplateTable {
  /// Adds rows whose templates follow `offset` others, and a row for each malformed record.
  mutating func append(_ other: TemplateTable, skipped: [SkippedRecord], offset: Int) {
    rows += other.rows.map { row in
      var row = row
      row.template = row.template.map { $0 + offset }
      return row
    }
    rows += skipped.map { record in
      Row(
        hit: 0, name: record.file, sumOfProbabilities: nil, alignedColumns: 0, template: nil,
        atoms: 0, reason: record.description, kind: "not understood")
    }
  }
}
