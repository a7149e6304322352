import ArrayFiles
import AtomicFiles
import Evidence
import FeaturePipeline
import Foundation
import NumericArrays
import StructureIO

/// Where the results of one target go, in the layout of AlphaFold2; every file appears complete or not at all.
struct PredictionFolder {
  let path: String
  /// Whether this process writes the files; processes that help it write none.
  let isKept: Bool

  func file(_ name: String) -> String { path + "/" + name }

  /// Whether there is a file with that name.
  func has(_ name: String) -> Bool { FileManager.default.fileExists(atPath: file(name)) }

  /// The contents of a JSON file; nil if it is missing or holds something else.
  func decoded<Value: Decodable>(_ type: Value.Type, _ name: String) -> Value? {
    guard let data = FileManager.default.contents(atPath: file(name)) else { return nil }
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try? decoder.decode(type, from: data)
  }

  /// Lets `body` write a file if this process writes files.
  func keep(_ name: String, _ body: (_ path: String) throws -> Void) rethrows {
    if isKept { try body(file(name)) }
  }

  /// Removes a file, if there is one and this process writes.
  func remove(_ name: String) {
    if isKept { unlink(file(name)) }
  }

  /// Removes the folder if it is empty.
  func removeIfEmpty() {
    if isKept { rmdir(path) }
  }

  /// The file that is written last: if it exists, the target is finished.
  static let lastFile = "timings.json"

  private var contents: [String] {
    (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
  }

  /// Names of networks and seeds with results in the folder: those with a provenance, which is written last.
  var storedNames: [String] {
    contents.compactMap { $0.wholeMatch(of: /provenance_(.+)\.json/).map { String($0.1) } }.sorted()
  }

  /// Makes the folder, marks the target as unfinished, and removes results of earlier runs and unfinished files of killed ones;
  /// states to resume from stay.
  ///
  /// To be called when there are results to write: a run that stops or fails earlier leaves earlier results as they were.
  ///
  /// - Parameters:
  ///   - names: networks and seeds whose results go; nil for all that are there.
  ///   - passes: how many passes of them stay, with their structures.
  func begin(replacing names: [String]?, goingOnAfter passes: [String: Int] = [:]) throws {
    guard isKept else { return }
    try AtomicFile.createFolder(path)
    AtomicFile.removeUnfinished(in: path)
    remove(Self.lastFile)
    let going = names ?? storedNames + begunNames
    let staying = Set(storedNames).subtracting(going)
    let results = contents.filter { file in
      going.contains {
        Self.isResult(file, of: $0, after: passes[$0] ?? 0, besides: staying)
      }
    }
    try removeAll(results)
    // A ranking stays valid until it is replaced if all its results stay.
    if names == nil || !results.isEmpty {
      try removeSummaries()
      remove("reference_scores.json")
      if names == nil { try removeDrawings() }
    }
  }

  /// Names of networks and seeds begun by a run that was stopped.
  private var begunNames: [String] {
    contents.compactMap { $0.wholeMatch(of: /state_(.+)\.npz/).map { String($0.1) } }
  }

  /// Throws if the folder holds results of another program.
  func requireOwn() throws(PredictionError) {
    if let file = foreignResult { throw .foreign(folder: path, file: file) }
  }

  /// A file of another program that would be replaced: results in a folder without our features, states or provenance are not ours.
  var foreignResult: String? {
    let isOurs = has("features.h5") || !storedNames.isEmpty || !begunNames.isEmpty
    return isOurs
      ? nil
      : contents.sorted().first {
        Self.isOfAll($0)
          || $0.wholeMatch(of: /unrelaxed_.*\.(?:pdb|cif)|(?:confidence|pae)_.*\.json/) != nil
      }
  }

  /// Removes the files made from the results of all networks.
  func removeSummaries() throws {
    if isKept { try removeAll(contents.filter(Self.isOfAll)) }
  }

  /// Removes the drawings written as files.
  func removeDrawings() throws {
    if isKept { try removeAll(contents.filter(Self.isDrawing)) }
  }

  private func removeAll(_ names: [String]) throws {
    for name in names where unlink(file(name)) != 0 {
      throw AtomicFileError(path: file(name), code: errno)
    }
  }

  /// Whether a file is made from the results of all networks.
  private static func isOfAll(_ file: String) -> Bool {
    file.wholeMatch(
      of:
        /ranked_[0-9]+\.(?:pdb|cif)|ranking_debug\.json|timings\.json|report\.html|msa_budget\.tsv/
    ) != nil
  }

  private static func isDrawing(_ file: String) -> Bool {
    file.wholeMatch(of: /plot_(?:plddt|pae|contacts|coverage|recycles)\.(?:svg|png)/) != nil
  }

  /// Whether a file is a result of the network `name`, of passes `passes` and later; structures of its passes are named like those of
  /// a network `name_r0`.
  private static func isResult(
    _ file: String, of name: String, after passes: Int, besides others: Set<String>
  ) -> Bool {
    if ["confidence", "pae", "provenance"].contains(where: { file == "\($0)_\(name).json" }) {
      return true
    }
    if file == "result_\(name).npz" { return true }
    guard let found = file.wholeMatch(of: /unrelaxed_(.+?)(_r([0-9]+))?\.(?:pdb|cif)/) else {
      return false
    }
    let (short, pass) = (String(found.1), found.2.map { String($0) } ?? "")
    if short + pass == name { return true }
    let number = found.3.flatMap { Int($0) } ?? passes
    return short == name && number >= passes && !others.contains(short + pass)
  }

  /// Removes the files of an earlier run's searches and templates: a result made without them must not lie beside them.
  ///
  /// - Parameters:
  ///   - made: files and folders that this run has made.
  ///   - inputs: files and folders that this run reads, which stay.
  func removeEvidence(besides made: Set<String>, inputs: [String]) {
    guard isKept, !inputs.contains(where: { Self.overlap($0, path) }) else { return }
    if !made.contains("templates.tsv") { remove("templates.tsv") }
    EarlierSearch.remove(from: path, besides: made)
  }

  /// Whether one of two paths contains the other.
  private static func overlap(_ path: String, _ other: String) -> Bool {
    let places = [path, other].map {
      URL(fileURLWithPath: $0).resolvingSymlinksInPath().path + "/"
    }
    return places[0].hasPrefix(places[1]) || places[1].hasPrefix(places[0])
  }

  /// Whether all runs finished with the same inputs, parameters and options, and the files made from their results exist.
  func isFinished(
    _ runs: [(run: PredictionRun, fingerprint: PredictionFingerprint)],
    _ found: [String: PredictionFingerprint]
  ) -> Bool {
    let summaries =
      [Self.lastFile, "ranking_debug.json", "report.html"]
      + runs.indices.map { "ranked_\($0).cif" }
    return summaries.allSatisfy(has)
      && runs.allSatisfy { run in
        found[run.run.name]?.isOfSameCalculation(as: run.fingerprint) ?? false
      }
  }

  /// Writes the result of one network: ModelCIF, PDB, confidence and aligned errors.
  func write(_ result: ModelResult, of raw: RawFeatures, provenance: PredictionProvenance) throws {
    let model = result.name
    try write(try result.structure(of: raw, provenance: provenance), as: "unrelaxed_\(model)")
    try keep("confidence_\(model).json") {
      try AtomicFile.write(
        try PredictionFiles.confidence(
          plddt: result.prediction.plddt, note: provenance.model.note), to: $0)
    }
    guard let error = result.prediction.alignedError,
      let maximum = result.prediction.maxAlignedError
    else { return }
    try keep("pae_\(model).json") {
      try AtomicFile.write(
        try PredictionFiles.alignedError(
          error.values, residues: raw.residueCount, maximum: maximum,
          note: provenance.model.note), to: $0)
    }
  }

  /// Writes logits and representations beside the results, under AlphaFold2's names.
  func write(raw: [String: NDArray<Float>], of result: ModelResult) throws {
    let prediction = result.prediction
    var arrays = raw
    arrays["plddt"] = NDArray(shape: [prediction.plddt.count], values: prediction.plddt)
    arrays["structure_module/final_atom_positions"] = prediction.positions
    arrays["structure_module/final_atom_mask"] = prediction.atomMask
    arrays["predicted_aligned_error"] = prediction.alignedError
    for (name, value) in [
      ("ptm", prediction.ptm), ("max_predicted_aligned_error", prediction.maxAlignedError),
      ("ranking_confidence", prediction.meanPLDDT),
    ] {
      arrays[name] = value.map { NDArray(shape: [], values: [$0]) }
    }
    try keep("result_\(result.name).npz") { path in
      try NumpyArchive.write(
        arrays.sorted { $0.key < $1.key }.map { ($0.key, .float32($0.value)) }, to: path)
    }
  }

  /// Writes the structure after one pass.
  func write(
    recycle: Int, _ result: ModelResult, of raw: RawFeatures, provenance: PredictionProvenance
  ) throws {
    try write(
      try result.structure(of: raw, provenance: provenance),
      as: "unrelaxed_\(result.name)_r\(recycle)")
  }

  /// Writes a structure as ModelCIF and, if it fits the columns of that format, as PDB.
  private func write(_ structure: PredictedStructure, as name: String) throws {
    try keep(name + ".cif") { try AtomicFile.write(try structure.modelCIF(), to: $0) }
    do {
      try keep(name + ".pdb") { try AtomicFile.write(try structure.pdb(), to: $0) }
    } catch StructureIOError.doesNotFit {
      remove(name + ".pdb")
    }
  }

  /// Writes the ranking over all networks, best mean pLDDT first, ties by name.
  ///
  /// - Parameter notes: what users should know about weights, by the name of the result.
  func writeRanking(
    _ scores: [RankingScore], notes: [String: String], timings: [(name: String, value: Double)]
  ) throws {
    guard isKept else { return }
    for (rank, score) in RankingScore.ranked(scores).enumerated() {
      try copyStructure("unrelaxed_\(score.model)", to: "ranked_\(rank)")
    }
    let plddts = Dictionary(scores.map { ($0.model, $0.plddt) }) { first, _ in first }
    let ptms = Dictionary(
      scores.compactMap { score in score.ptm.map { (score.model, $0) } }
    ) { first, _ in first }
    try AtomicFile.write(
      try PredictionFiles.ranking(plddts: plddts, ptms: ptms, notes: notes),
      to: file("ranking_debug.json"))
    try AtomicFile.write(PredictionFiles.timings(timings), to: file(Self.lastFile))
  }

  /// Copies a structure in all its formats, ModelCIF always among them.
  private func copyStructure(_ name: String, to copy: String) throws {
    for format in ["cif", "pdb"] {
      let source = file("\(name).\(format)")
      guard let data = FileManager.default.contents(atPath: source) else {
        if format == "cif" { throw InputError.missing(file: source) }
        continue
      }
      try data.withUnsafeBytes { try AtomicFile.write($0, to: file("\(copy).\(format)")) }
    }
  }

  /// The best structure.
  var bestStructure: String { structure("ranked_0") }

  /// A structure in the format that more programs read: PDB if it fits.
  func structure(_ name: String) -> String {
    has("\(name).pdb") ? file("\(name).pdb") : file("\(name).cif")
  }
}
