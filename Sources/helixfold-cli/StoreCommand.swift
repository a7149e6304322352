import ArgumentParser
import ArrayFiles
import AtomicFiles
import FeaturePipeline
import Foundation
import HelixFold
import Messages
import NumericArrays

/// `helixfold store`: list, join, convert and check feature files.
struct StoreCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "store", abstract: "List, show, pack, import, export and verify feature files.",
    subcommands: [
      List.self, Show.self, Pack.self, Import.self, Export.self, Verify.self,
    ])
}

extension StoreCommand {
  /// `helixfold store list`: one line per target, tab-separated.
  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "list", abstract: "List the targets of a store, one per line.")

    @Argument(help: "Feature file (HDF5).")
    var store: String

    func run() throws {
      let entries = try FeatureStore(path: store).entries
      print("id\tresidues\trows\ttemplates\tlabels\tresolution\trelease_date\tcluster\tsplit")
      for entry in entries {
        let cells = [
          entry.id, "\(entry.residues)", "\(entry.rows)", "\(entry.templates)",
          entry.hasLabels ? "yes" : "no", entry.resolution.map { "\($0)" } ?? "-",
          entry.releaseDate ?? "-", entry.cluster ?? "-", entry.split ?? "-",
        ]
        print(cells.map(\.printable).joined(separator: "\t"))
      }
    }
  }
}

extension StoreCommand {
  /// `helixfold store show`: sequence, alignment statistics and provenance of a target.
  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "show", abstract: "Show sequence, alignment and provenance of a target.")

    @Argument(help: "Feature file (HDF5).")
    var store: String

    @Argument(help: "Target; not needed where there is only one.")
    var id: String?

    func run() throws {
      let store = try FeatureStore(path: store)
      let record = try store.record(of: StoreTarget.name(id, in: store))
      let raw = record.features
      let statistics = MSAStatistics(raw.msa)
      var lines = [
        "residues    \(raw.residueCount)", "rows        \(raw.rowCount)",
        "mean depth  \(fixed(statistics.meanDepth, decimals: 1))",
        "Neff (80 %) \(fixed(statistics.neff, decimals: 1))",
      ]
      lines += raw.sources.map { source in
        "alignment   \(source.name): \(counted(source.rows, "row")), \(source.newRows) new"
      }
      lines += zip(raw.templates.names, raw.templates.sumProbabilities).map { name, sum in
        "template    \(name), sum of probabilities \(sum)"
      }
      if let labels = record.labels {
        let atoms = labels.mask.values.count { $0 > 0 }
        let resolution = labels.resolution.map { ", \($0) Å" } ?? ""
        lines.append("labels      \(counted(atoms, "atom"))\(resolution)")
      }
      if let created = record.provenance.created { lines.append("created     \(created)") }
      if let program = record.provenance.program { lines.append("program     \(program)") }
      lines += (record.provenance.notes ?? [:]).sorted { $0.key < $1.key }.map { name, text in
        "note        \(name): \(text)"
      }
      print("target      \(raw.id.printable)")
      print("sequence    \(raw.sequence.onOneLine)")
      for line in lines { print(line.printable) }
    }
  }
}

extension StoreCommand {
  /// `helixfold store pack`: many files into one.
  struct Pack: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "pack", abstract: "Join feature files into one indexed file.")

    @Argument(help: "Feature files, or folders of them (*.h5).")
    var inputs: [String]

    @Option(name: [.short, .long], help: "The packed file.")
    var output: String

    @OptionGroup var reporting: ProgressOptions

    func run() throws {
      let paths = try StoreTarget.files(inputs)
      try OutputPlace.require(output, apartFrom: paths)
      let stores = try paths.map { try FeatureStore(path: $0) }
      let count = stores.reduce(0) { $0 + $1.entries.count }
      guard count > 0 else {
        throw InputError.content(
          file: inputs.joined(separator: ", "),
          problem:
            "no targets in it, so nothing is packed; expected feature files (.h5) or folders of them"
        )
      }
      Interruption.listen()
      let (reporter, time) = (ProgressReporter(style: reporting.style), RemainingTime())
      try FeatureStore.pack(stores, to: output) { id, done in
        try Interruption.check(.beginsAnew)
        let share = Double(done) / Double(count)
        reporter.progress(id, share, remaining: time.seconds(done: share, left: 1 - share))
      }
      print("\(output): \(counted(count, "target"))")
    }
  }
}

extension StoreCommand {
  /// `helixfold store import`: other programs' files into the store.
  struct Import: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "import",
      abstract: "Import features.pkl, features.npz, alignments or folders of them.",
      discussion: """
        Folders may be laid out as by AlphaFold2 (ID/msas), OpenProteinSet (ID/a3m) or ColabFold (ID.a3m). One that \
        cannot be read does not stop the others; the exit status is then 1.
        """)

    @Argument(help: "Files or folders.")
    var inputs: [String]

    @Option(name: [.short, .long], help: "Folder for one file per target.")
    var output: String

    @Option(help: "Name of the target, where only one is imported.")
    var id: String?

    func validate() throws {
      if [".h5", ".hdf5"].contains(where: { output.lowercased().hasSuffix($0) }) {
        throw ValidationError(
          "--output is '\(output)', expected a folder, in which each target becomes a file; 'store pack' joins them"
        )
      }
    }

    func run() throws {
      var sources = try inputs.flatMap { try FeatureImport.sources(at: $0) }
      if let id {
        guard sources.count == 1 else {
          throw ValidationError("--id names one target, but \(sources.count) were found")
        }
        sources[0].id = TargetName.sanitized(id)
      }
      try AtomicFile.createFolder(output)
      var failed = 0
      var names = TargetNames()
      for source in sources {
        do {
          for var record in try FeatureImport.records(of: source) {
            record.features.id = names.claim(record.features.id)
            record.stamp(madeBy: "store import")
            let path = "\(output)/\(record.features.id).h5"
            try FeatureStore.write([record], to: path)
            print("\(record.features.id)\t\(counted(record.features.rowCount, "row"))\t\(path)")
          }
        } catch {
          if sources.count == 1 { throw error }
          failed += 1
          StoreOutput.note("\(source.id): \(error)")
        }
      }
      if failed > 0 { throw ExitCode(.someFailed) }
    }
  }
}

extension StoreCommand {
  /// `helixfold store export`: a target as A3M or npz.
  struct Export: ParsableCommand {
    /// Output formats.
    enum Format: String, ExpressibleByArgument, CaseIterable {
      case a3m, npz
    }

    static let configuration = CommandConfiguration(
      commandName: "export",
      abstract: "Write a target's alignment (a3m) or AlphaFold2 features (npz).",
      discussion: """
        A store knows how many letters an alignment row has between two columns, not which: they are x in the A3M file, which no \
        network looks at.
        """)

    @Argument(help: "Feature file (HDF5).")
    var store: String

    @Argument(help: "Target; not needed where there is only one.")
    var id: String?

    @Option(
      help:
        "a3m, or npz with the arrays of features.pkl; by default what the output file ends with, else a3m."
    )
    var format: Format?

    @Option(name: [.short, .long], help: "Output file.")
    var output: String

    func run() throws {
      try OutputPlace.require(output, apartFrom: [store])
      let store = try FeatureStore(path: store)
      let raw = try store.features(of: StoreTarget.name(id, in: store))
      switch try format ?? Self.format(of: output) {
      case .a3m:
        let inserted = raw.deletions.values.reduce(0) { $0 + Int($1) }
        guard inserted < InputText.maximumBytes else {
          throw InputError.content(
            file: self.store,
            problem: "counts \(inserted) inserted letters, too many for a text file"
          )
        }
        try AtomicFile.write(A3M.write(raw.alignment), to: output)
      case .npz:
        let arrays = raw.alphaFoldArrays.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        try NumpyArchive.write(arrays, to: output, deflated: true)
      }
      print(output)
    }
  }
}

extension StoreCommand.Export {
  /// The format that a file's ending asks for, A3M where it has none.
  private static func format(of path: String) throws -> Format {
    let name = path.split(separator: "/").last ?? ""
    guard let dot = name.lastIndex(of: "."), dot > name.startIndex else { return .a3m }
    let ending = String(name[name.index(after: dot)...])
    if let format = Format(rawValue: ending) { return format }
    throw ValidationError(
      "--output is '\(path)', expected an ending .a3m or .npz; or say which of them with --format")
  }
}

extension StoreCommand {
  /// `helixfold store verify`: reads everything.
  struct Verify: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "verify",
      abstract: "Read every target of feature files and report what is wrong.")

    @Argument(help: "Feature files (HDF5), or folders of them (*.h5).")
    var stores: [String]

    func run() throws {
      var problems: [String] = []
      var targets = 0
      // A file that is missing is one of the problems.
      let paths = try stores.flatMap { store in
        guard PathKind(of: store) == .folder else { return [store] }
        let files = try StoreTarget.files([store])
        if files.isEmpty { problems.append("\(store): holds no feature files (*.h5)") }
        return files
      }
      for path in paths {
        do {
          let store = try FeatureStore(path: path)
          targets += store.entries.count
          problems += store.problems()
        } catch {
          problems.append("\(error)")
        }
      }
      for problem in problems { StoreOutput.note(problem) }
      if !problems.isEmpty { throw ExitCode(.badInput) }
      print("sound: \(counted(targets, "target"))")
    }
  }
}

/// Choice of stores, and of a target in one.
enum StoreTarget {
  /// Feature files, and those in folders, sorted by name.
  static func files(_ inputs: [String]) throws -> [String] {
    try inputs.flatMap { input -> [String] in
      switch PathKind(of: input) {
      case .absent: throw InputError.missing(file: input)
      case .file: return [input]
      case .folder:
        return try FolderContents.names(in: input) { $0.hasSuffix(".h5") }.map { "\(input)/\($0)" }
      }
    }
  }

  /// The given name, or that of the only target.
  static func name(_ id: String?, in store: FeatureStore) throws -> String {
    if let id { return id }
    guard store.entries.count == 1 else {
      throw InputError.content(
        file: store.path, problem: "holds \(store.entries.count) targets; name one ('store list')")
    }
    return store.entries[0].id
  }
}
