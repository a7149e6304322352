import ArgumentParser
import Evidence
import FeaturePipeline
import HelixFold

/// Flags for templates.
struct TemplateArguments: ParsableArguments {
  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "Structures to use as templates: PDB or mmCIF files of any name, or folders of them.",
      valueName: "file-or-dir"))
  var template: [String] = []

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "Results of template searches: hhr, or Stockholm of hmmsearch; folders hold ID.hhr or ID/*.hhr. Hits called STEM_CHAIN are of the file STEM.* given to --template.",
      valueName: "file-or-dir"))
  var templateHits: [String] = []

  @Option(
    name: [.customLong("template-mmcif-dir"), .customLong("template-structures")],
    help: "Folder with the structures that hits name, such as pdb_mmcif/mmcif_files.")
  var templateStructures: String?

  @Option(help: "Take no template of a hit that was released after this date, YYYY-MM-DD.")
  var maxTemplateDate: String?

  @Option(help: "Release dates of entries, lines such as 1abc:2000-01-31.")
  var releaseDates: String?

  @Option(
    name: [.customLong("obsolete-pdbs-path"), .customLong("obsolete")],
    help: "The PDB's list of obsolete entries, obsolete.dat.")
  var obsolete: String?

  func validate() throws {
    if let maxTemplateDate, TemplateSettings(cutoff: maxTemplateDate) == nil {
      throw ValidationError("--max-template-date is '\(maxTemplateDate)', expected YYYY-MM-DD")
    }
  }

  /// The options from the flags; `setStructures` is the folder of a database set, used if no other is named.
  func options(
    search: SearchOptions? = nil, setStructures: String? = nil
  ) throws -> EvidenceOptions {
    let structures = templateStructures ?? setStructures
    if structures == nil && template.isEmpty && !templateHits.isEmpty {
      throw ValidationError(
        "--template-hits needs --template-mmcif-dir, the folder of the structures, or --template with the files that hits name"
      )
    }
    var options = EvidenceOptions()
    options.search = search
    options.templates.userPaths = template
    options.templates.structureFolder = structures
    options.templates.releaseDateFile = releaseDates
    options.templates.obsoleteFile = obsolete
    if let settings = maxTemplateDate.flatMap({ TemplateSettings(cutoff: $0) }) {
      options.templates.settings = settings
    }
    options.hitPaths = templateHits
    return options
  }
}

/// Flags for the choice of alignment rows.
struct RowArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Experimental: keep this many alignment rows, the target, rows like others, and a random share.",
      valueName: "rows"))
  var msaBudget: Int?

  @Flag(
    inversion: .prefixedNo,
    help: "Measure what --msa-budget changes, with two first passes with all rows and two with few."
  )
  var msaBudgetCheck = true

  func validate() throws {
    if let msaBudget, !(1...1_000_000).contains(msaBudget) {
      throw ValidationError("--msa-budget is \(msaBudget), expected 1 to 1000000")
    }
  }
}
