import AtomicFiles
import FeaturePipeline
import FoldingCore
import FoldingModel
import Foundation
import NumericArrays
import Protein
import StructureIO

/// Where the results of one target go, in the layout of AlphaFold2; every file appears whole or not at all.
struct PredictionFolder {
  let path: String
  /// Whether this process writes the files; those that help it with the target write none.
  let isKept: Bool

  func file(_ name: String) -> String { path + "/" + name }

  /// Lets `body` write a file, if this process does.
  func keep(_ name: String, _ body: (_ path: String) throws -> Void) rethrows {
    if isKept { try body(file(name)) }
  }

  /// Removes a file, if there is one and this process writes.
  func remove(_ name: String) {
    if isKept { try? FileManager.default.removeItem(atPath: file(name)) }
  }

  /// The file that is written last: where it stands, the target is finished.
  private static let lastFile = "timings.json"

  /// Makes the folder, marks the target as unfinished and removes results of an earlier run and what a killed one was about to
  /// write; states to resume from stay.
  ///
  /// A run that fails after this must not leave results that look like its own.
  func begin() throws {
    guard isKept else { return }
    try AtomicFile.createFolder(path)
    AtomicFile.removeUnfinished(in: path)
    remove(Self.lastFile)
    for name in (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    where Self.isResult(name) {
      if unlink(file(name)) != 0 { throw AtomicFileError(path: file(name), code: errno) }
    }
  }

  private static func isResult(_ name: String) -> Bool {
    name.wholeMatch(
      of:
        /(?:ranked_[0-9]+|unrelaxed_.*)\.(?:pdb|cif)|(?:confidence|pae|provenance)_.*\.json|plot_.*\.(?:svg|png)|ranking_debug\.json|timings\.json|report\.html|msa_budget\.tsv/
    ) != nil
  }

  /// Whether all runs were finished with the same inputs, parameters and options.
  func isFinished(_ runs: [(name: String, fingerprint: String)]) -> Bool {
    FileManager.default.fileExists(atPath: file(Self.lastFile))
      && runs.allSatisfy { name, fingerprint in
        struct Stored: Decodable { let fingerprint: String }
        let data = FileManager.default.contents(atPath: file("provenance_\(name).json")) ?? Data()
        let stored = try? JSONDecoder().decode(Stored.self, from: data)
        return stored?.fingerprint == fingerprint
      }
  }

  /// Writes what one network says: ModelCIF, PDB, confidence and aligned errors.
  func write(_ result: ModelResult, of raw: RawFeatures, provenance: PredictionProvenance) throws {
    let model = result.name
    try write(try result.structure(of: raw, provenance: provenance), as: "unrelaxed_\(model)")
    try keep("confidence_\(model).json") {
      try AtomicFile.write(
        try PredictionFiles.confidence(plddt: result.prediction.plddt), to: $0)
    }
    guard let error = result.prediction.alignedError,
      let maximum = result.prediction.maxAlignedError
    else { return }
    try keep("pae_\(model).json") {
      try AtomicFile.write(
        try PredictionFiles.alignedError(
          error.values, residues: raw.residueCount, maximum: maximum), to: $0)
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

  /// Writes a structure as ModelCIF and, unless it does not fit the columns of that format, as PDB.
  private func write(_ structure: PredictedStructure, as name: String) throws {
    try keep(name + ".cif") { try AtomicFile.write(try structure.modelCIF(), to: $0) }
    do {
      try keep(name + ".pdb") { try AtomicFile.write(try structure.pdb(), to: $0) }
    } catch StructureIOError.doesNotFit {
      remove(name + ".pdb")
    }
  }

  /// Writes the ranking over all networks, best mean pLDDT first, equal ones by name.
  func writeRanking(
    _ results: [ModelResult], of raw: RawFeatures,
    provenance: (ModelResult) -> PredictionProvenance,
    timings: [(name: String, value: Double)]
  ) throws {
    for (rank, result) in ModelResult.ranked(results).enumerated() {
      let structure = try result.structure(of: raw, provenance: provenance(result))
      try write(structure, as: "ranked_\(rank)")
    }
    let scores = Dictionary(
      uniqueKeysWithValues: results.map { ($0.name, Double($0.prediction.meanPLDDT)) })
    let ptms = Dictionary(
      uniqueKeysWithValues: results.compactMap { result in
        result.prediction.ptm.map { (result.name, Double($0)) }
      })
    try keep("ranking_debug.json") {
      try AtomicFile.write(try PredictionFiles.ranking(plddts: scores, ptms: ptms), to: $0)
    }
    try keep(Self.lastFile) { try AtomicFile.write(PredictionFiles.timings(timings), to: $0) }
  }

  /// The best structure in the format that more programs read: PDB where it fits.
  var bestStructure: String {
    let pdb = file("ranked_0.pdb")
    return FileManager.default.fileExists(atPath: pdb) ? pdb : file("ranked_0.cif")
  }
}

/// One network's prediction of one target.
struct ModelResult {
  /// Name in file names, such as `model_1_ptm`.
  let name: String
  let prediction: Prediction
  let history: [RecyclingState.Record]

  /// Best mean pLDDT first, equal ones by name.
  static func ranked(_ results: [ModelResult]) -> [ModelResult] {
    results.sorted { ($1.prediction.meanPLDDT, $0.name) < ($0.prediction.meanPLDDT, $1.name) }
  }

  func structure(of raw: RawFeatures, provenance: PredictionProvenance) throws -> PredictedStructure
  {
    PredictedStructure(
      name: raw.id,
      sequence: ProteinSequence(raw.aatype.map { AminoAcid(rawValue: $0) ?? .unknown }),
      positions: prediction.positions.values, mask: prediction.atomMask.values,
      plddt: prediction.plddt, ptm: prediction.ptm, modelName: name,
      softwareVersion: helixFoldVersion, provenance: provenance.remarks)
  }
}
