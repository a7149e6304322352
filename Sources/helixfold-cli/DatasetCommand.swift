import ArgumentParser
import HelixFold
import TrainingData

/// `helixfold dataset`: data to train on.
struct DatasetCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dataset", abstract: "Make stores of structures and alignments to train on.",
    subcommands: [Build.self])

  /// `helixfold dataset build`.
  struct Build: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Make one training store from structures, alignments and templates.",
      discussion: """
        SRC is a PDB or mmCIF file, a folder of them, or a folder with chains.tsv, pdb/ and a3m/. For a structure \
        NAME, features come from NAME.h5, .pkl (also .gz), .npz (alignment and templates), .a3m, .sto or NAME/ beside it, in a3m/, \
        msa/ or a folder given with --msa; a chain without any is its own alignment. Chains of structures with several \
        are called NAME_CHAIN.

        The split follows from the cluster's name: CRC32 mod 10 is 0 for test, 1 for validation, else training. Every \
        chain that is left out is listed with its reason in the report.
        """)

    @Argument(help: "Structure files or folders.")
    var sources: [String]

    @Option(name: [.short, .long], help: "The store to write (.h5).")
    var output: String

    @Option(help: "Folder of alignments or feature files; may be given several times.")
    var msa: [String] = []

    @Option(
      help: """
        Table with columns 'chain' and 'cluster' and maybe 'split' ('excluded' bars a chain), such as data/split.tsv; \
        without it, and of chains that it does not name, only those of identical sequence are kept together, as a cluster \
        named after the alphabetically first.
        """)
    var clusters: String?

    @Option(help: "Report of all chains; beside the store by default.")
    var report: String?

    @Option(help: "Fewest residues.")
    var minLength = DatasetFilter().minimumLength

    @Option(help: "Most residues.")
    var maxLength = DatasetFilter().maximumLength

    @Option(help: "Worst resolution, Å.")
    var maxResolution = DatasetFilter().maximumResolution

    @Option(
      help: "Last day of release, YYYY-MM-DD; structures that do not tell theirs are left out, too."
    )
    var maxReleaseDate: String?

    @Option(help: "Largest share of one residue type.")
    var maxResidueShare = DatasetFilter().maximumResidueShare

    @Option(help: "Smallest share of residues with N, CA and C.")
    var minResolved = DatasetFilter().minimumResolvedShare

    @Option(help: "Fewest alignment rows.")
    var minRows = DatasetFilter().minimumRows

    @OptionGroup var reporting: ProgressOptions

    private var filter: DatasetFilter {
      var filter = DatasetFilter()
      filter.minimumLength = minLength
      filter.maximumLength = maxLength
      filter.maximumResolution = maxResolution
      filter.lastRelease = maxReleaseDate
      filter.maximumResidueShare = maxResidueShare
      filter.minimumResolvedShare = minResolved
      filter.minimumRows = minRows
      return filter
    }

    func validate() throws {
      if let problem = filter.problem { throw ValidationError(problem) }
    }

    func run() throws {
      Interruption.listen()
      var request = DatasetRequest(sources: sources, output: output)
      request.evidence = msa
      request.clusters = clusters
      request.report = report
      request.filter = filter
      let reporter = ProgressReporter(style: reporting.style)
      let report = try request.run(reporter)
      for line in report.lines { reporter.note(line) }
      print(output)
      print(request.reportPath)
    }
  }
}
