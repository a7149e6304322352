import ArrayFiles
import AtomicFiles
import FeaturePipeline
import FoldingCore
import Foundation
import HDF5Files
import Messages
import Protein
import StructureIO

/// Examines input files with the readers that would use them: `helixfold check`.
public enum FileDoctor {
  /// The format of a training configuration, which this layer does not read.
  package static let trainingFormat = "JSON training configuration"

  /// Examines a file; its content, and its name if that is ambiguous, decide what it should be.
  public static func examine(_ path: String) -> FileDiagnosis {
    var diagnosis = FileDiagnosis(path: path, format: "unknown", content: "")
    do {
      try examine(path, &diagnosis)
    } catch {
      diagnosis.add(.error, located("\(error)", path), Remedy.of(error))
    }
    return diagnosis
  }

  private static func examine(_ path: String, _ diagnosis: inout FileDiagnosis) throws {
    // A stream can be read only once, so it must be text.
    let start =
      PathKind.isStream(path)
      ? [] : try InputText.firstBytes(of: path, count: WrittenFile.startBytes)
    if let format = WrittenFile.format(start, path: path) {
      return describeOutput(format, &diagnosis)
    }
    if start.starts(with: InputText.hdf5Signature) {
      return try examineStore(path, &diagnosis)
    }
    if start.starts(with: [0x50, 0x4B]) {
      if try TorchFile.isTorchFile(path: path) {
        return describe("PyTorch parameters", "weights inspect FILE", &diagnosis)
      }
      diagnosis.format = "npz"
      return try examineArchive(path, &diagnosis)
    }
    if start.first == 0x80, path.lowercased().hasSuffix(".pdparams") {
      return describe("Paddle parameters", "weights inspect FILE", &diagnosis)
    }
    if start.first == 0x80 || Gzip.begins(start) && path.lowercased().hasSuffix(".pkl.gz") {
      diagnosis.format = "pickle of features"
      let features = try AlphaFoldFeatures(pickle: path).rawFeatures()
      diagnosis.content =
        "\(counted(features.residueCount, "residue")), \(counted(features.rowCount, "row"))"
      return
    }
    let text = try InputText(path: path)
    switch TextFormat(text) {
    case .sequences:
      diagnosis.format = Alignment.isStockholm(text) ? "Stockholm alignment" : "A3M alignment"
      if let alignment = try Alignment.found(in: text) {
        examine(alignment, text, &diagnosis)
      } else {
        try examineFASTA(text, &diagnosis)
      }
    case .hhr: try examineHits(text, &diagnosis)
    case .table: examineTable(text, &diagnosis)
    case .json: try examineJSON(text, &diagnosis)
    case .structure: try examineStructure(text, path, &diagnosis)
    case .unknown:
      throw text.expected(
        "FASTA, A3M, Stockholm, hhr, PDB, mmCIF, JSON, npz or HDF5",
        at: text.byteLines.firstIndex { !$0.words.isEmpty }, in: text.byteLines)
    }
  }

  /// A file that another command examines.
  private static func describe(
    _ format: String, _ command: String, _ diagnosis: inout FileDiagnosis
  ) {
    diagnosis.format = format
    diagnosis.content = "examined by `helixfold \(command)`"
  }

  /// A file that helixfold writes and no command reads.
  private static func describeOutput(_ format: String, _ diagnosis: inout FileDiagnosis) {
    diagnosis.format = format
    diagnosis.content = "no input; docs/file-formats.md says what it holds"
  }

  private static func examineFASTA(_ text: InputText, _ diagnosis: inout FileDiagnosis) throws {
    let layout = SequenceLayout(text)
    diagnosis.format = layout.rawValue
    let records = try FASTA.records(in: text)
    diagnosis.content = counted(records.count, "sequence")
    for record in records {
      if case .failure(let error) = record.sequence {
        diagnosis.add(.error, "\(error)", Remedy.of(error))
      }
      for warning in record.warnings {
        let place = layout == .bare ? text.name : "\(text.name):\(record.line)"
        diagnosis.add(
          .warning, "\(place): \(record.id): \(warning)",
          "nothing, or write the residue that is meant")
      }
    }
  }

  private static func examine(
    _ alignment: Alignment, _ text: InputText, _ diagnosis: inout FileDiagnosis
  ) {
    diagnosis.content = "\(counted(alignment.rows, "row")), \(counted(alignment.columns, "column"))"
    for warning in alignment.warnings { diagnosis.add(.warning, "\(text.name): \(warning)", "") }
    let gap = UInt8(ascii: "-")
    if alignment.row(0).contains(gap) {
      diagnosis.add(
        .error, "\(text.name): the first row has gaps, but it must be the target's whole sequence",
        "put the target's ungapped sequence first")
    }
    if alignment.rows == 1 {
      diagnosis.add(
        .warning, "\(text.name): the target is the only row, so nothing is known of relatives",
        "search a larger database")
    }
  }

  private static func examineHits(_ text: InputText, _ diagnosis: inout FileDiagnosis) throws {
    diagnosis.format = "hhr"
    let file = try HHRFile.parse(text)
    diagnosis.content = counted(file.hits.count, "hit")
    add(file.skipped, &diagnosis)
  }

  private static func examineTable(_ text: InputText, _ diagnosis: inout FileDiagnosis) {
    diagnosis.format = "MMseqs2 table"
    let (hitCount, skipped) = MMseqsTable.examine(text)
    diagnosis.content = counted(hitCount, "hit")
    add(skipped, &diagnosis)
  }

  private static func add(_ skipped: [SkippedRecord], _ diagnosis: inout FileDiagnosis) {
    for record in skipped {
      diagnosis.add(
        .warning, "\(record)", "nothing: this hit is left out, or run the search again")
    }
  }

  private static func examineStructure(
    _ text: InputText, _ path: String, _ diagnosis: inout FileDiagnosis
  ) throws {
    diagnosis.format = "structure"
    let structure = try StructureFile.parse(text.bytes, path: path)
    let chains = TemplateChain.chains(of: structure)
    diagnosis.content = chains.map { "chain \($0.id): \(counted($0.letters.count, "residue"))" }
      .joined(separator: ", ")
    for warning in structure.warnings { diagnosis.add(.warning, "\(path): \(warning)", "") }
    if chains.isEmpty {
      diagnosis.add(
        .error, "\(path): the file has no protein chain", "give the protein's coordinates")
    }
    for chain in chains {
      let missing = chain.residues.count { $0?.standardAtoms[.ca] == nil }
      if missing > 0 {
        diagnosis.add(
          .warning, "\(path): chain \(chain.id): \(missing) residues have no CA atom",
          "nothing: they count as missing")
      }
      do throws(TemplateRejection) {
        try chain.checkCoordinates(
          neighbourLimit: TemplateSettings().maximumNeighbourDistance)
      } catch {
        diagnosis.add(
          .warning, "\(path): chain \(chain.id): \(error)", "check whether chains were joined")
      }
    }
  }

  private static func examineArchive(_ path: String, _ diagnosis: inout FileDiagnosis) throws {
    let archive = try NumpyArchive(path: path)
    if archive.names.contains(where: { $0.contains("//") }) {
      return describe("npz parameters", "weights inspect FILE", &diagnosis)
    }
    diagnosis.content = counted(archive.names.count, "array")
    if archive.names.contains("aatype") || archive.names.contains("msa") {
      let features = try FeatureFile.open(path: path).features()
      diagnosis.format = "npz of features"
      diagnosis.content =
        "\(counted(features.residueCount, "residue")), \(counted(features.rowCount, "row"))"
    }
    for name in archive.names {
      do {
        let floats = try archive.array(named: name).floats
        if let values = floats?.values, let bad = values.firstIndex(where: { !$0.isFinite }) {
          diagnosis.add(
            .error, "\(path): '\(name)' holds \(values[bad]) at element \(bad)",
            "write the file again from finite numbers")
        }
      } catch {
        diagnosis.add(.error, "\(error)", Remedy.of(error))
      }
    }
  }

  private static func examineStore(_ path: String, _ diagnosis: inout FileDiagnosis) throws {
    if (try? HDF5File.open(path: path).text("format")) == "helixfold-parameters" {
      return describe("HDF5 parameters", "weights inspect FILE", &diagnosis)
    }
    diagnosis.format = "HDF5 store"
    let store = try FeatureStore(path: path)
    diagnosis.content = counted(store.ids.count, "target")
    for problem in store.problems() {
      diagnosis.add(.error, problem, "make this target's features again")
    }
  }

  private static func examineJSON(_ text: InputText, _ diagnosis: inout FileDiagnosis) throws {
    if WrittenFile.isTrainingLog(text) {
      return describe("training log", "plot FILE", &diagnosis)
    }
    diagnosis.format = "JSON configuration"
    let object: Any
    do {
      object = try JSONSerialization.jsonObject(
        with: Data(text.bytes), options: [.fragmentsAllowed])
    } catch {
      throw InputError.content(file: text.name, problem: "is no valid JSON")
    }
    if (object as? [String: Any])?["sets"] != nil {
      diagnosis.format = "JSON list of databases"
      do throws(InputError) {
        let catalog = try DatabaseCatalog.parse(text)
        diagnosis.content = "sets \(catalog.sets.map(\.name).joined(separator: ", "))"
      } catch {
        diagnosis.add(.error, "\(error)", Remedy.correctValue)
      }
      return
    }
    if isResult(object) {
      return describeOutput("JSON results of a prediction", &diagnosis)
    }
    let keys = Set(((object as? [String: Any]) ?? [:]).keys)
    if keys.contains("targets") {
      return describe("JSON list of targets", "evaluate FILE --check-manifest", &diagnosis)
    }
    // A network's configuration may also name a preset.
    let isTraining = !keys.isDisjoint(with: [
      "data", "loss", "network", "optimizer", "run", "validation",
    ])
    if isTraining || keys == ["preset"] {
      return describe(
        trainingFormat, "train --config FILE --show-config", &diagnosis)
    }
    do throws(ConfigurationError) {
      let config = try FoldingConfig.parse(Data(text.bytes), file: text.name)
      diagnosis.content =
        "\(config.evoformer.blocks) Evoformer and \(config.extraMSA.blocks) extra-MSA blocks"
    } catch {
      diagnosis.add(.error, "\(error)", Remedy.of(error))
    }
  }

  /// Whether a document was written by `predict`, by the keys of the document, of a list's first object, or of each model's scores.
  private static func isResult(_ object: Any) -> Bool {
    let signs: [Set<String>] = [
      ["plddts"], ["confidenceScore"], ["predicted_aligned_error"], ["features"],
      ["fingerprint", "recycle_history"], ["matched_by", "scores"], ["target", "status", "reason"],
    ]
    func isSigned(_ members: [String: Any]) -> Bool {
      signs.contains { $0.isSubset(of: members.keys) }
    }
    if let scores = object as? [String: [String: Any]], !scores.isEmpty {
      return scores.values.allSatisfy(isSigned) || isSigned(scores)
    }
    let first = (object as? [[String: Any]])?.first
    return isSigned(object as? [String: Any] ?? first ?? [:])
  }

  private static func located(_ message: String, _ path: String) -> String {
    let name = path.split(separator: "/").last.map(String.init) ?? path
    return message.contains(name) ? message : "\(path): \(message)"
  }
}
