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
  /// Where an earlier run left its files: the same folder, but for processes that only help.
  let resumedFrom: String

  init(path: String, resumedFrom: String? = nil) {
    self.path = path
    self.resumedFrom = resumedFrom ?? path
  }

  func file(_ name: String) -> String { path + "/" + name }

  /// Throws everything away.
  func remove() { try? FileManager.default.removeItem(atPath: path) }

  /// A file of an earlier run.
  func stored(_ name: String) -> String { resumedFrom + "/" + name }

  /// The file that is written last: where it stands, the target is finished.
  private var lastFile: String { file("timings.json") }

  /// Makes the folder, marks the target as unfinished and removes what a killed run was about to write.
  func begin() throws {
    try AtomicFile.createFolder(path)
    AtomicFile.removeUnfinished(in: path)
    if FileManager.default.fileExists(atPath: lastFile) {
      try FileManager.default.removeItem(atPath: lastFile)
    }
  }

  /// Whether all runs were finished with the same inputs, parameters and options.
  func isFinished(_ runs: [(name: String, fingerprint: String)]) -> Bool {
    FileManager.default.fileExists(atPath: stored("timings.json"))
      && runs.allSatisfy { name, fingerprint in
        struct Stored: Decodable { let fingerprint: String }
        let data = FileManager.default.contents(atPath: stored("provenance_\(name).json")) ?? Data()
        let stored = try? JSONDecoder().decode(Stored.self, from: data)
        return stored?.fingerprint == fingerprint
      }
  }

  /// Writes what one network says: PDB, ModelCIF, confidence and aligned errors.
  func write(_ result: ModelResult, of raw: RawFeatures, provenance: PredictionProvenance) throws {
    let structure = try result.structure(of: raw, provenance: provenance)
    let model = result.name
    if raw.residueCount <= 9999 {
      try AtomicFile.write(try structure.pdb(), to: file("unrelaxed_\(model).pdb"))
    }
    try AtomicFile.write(try structure.modelCIF(), to: file("unrelaxed_\(model).cif"))
    try AtomicFile.write(
      try PredictionFiles.confidence(plddt: result.prediction.plddt),
      to: file("confidence_\(model).json"))
    if let error = result.prediction.alignedError, let maximum = result.prediction.maxAlignedError {
      try AtomicFile.write(
        try PredictionFiles.alignedError(
          error.values, residues: raw.residueCount, maximum: maximum),
        to: file("pae_\(model).json"))
    }
  }

  /// Writes the structure after one pass.
  func write(
    recycle: Int, _ result: ModelResult, of raw: RawFeatures, provenance: PredictionProvenance
  ) throws {
    let structure = try result.structure(of: raw, provenance: provenance)
    try AtomicFile.write(
      try structure.modelCIF(), to: file("unrelaxed_\(result.name)_r\(recycle).cif"))
    if raw.residueCount <= 9999 {
      try AtomicFile.write(
        try structure.pdb(), to: file("unrelaxed_\(result.name)_r\(recycle).pdb"))
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
      if raw.residueCount <= 9999 {
        try AtomicFile.write(try structure.pdb(), to: file("ranked_\(rank).pdb"))
      }
      try AtomicFile.write(try structure.modelCIF(), to: file("ranked_\(rank).cif"))
    }
    try removeRanked(from: results.count)
    let scores = Dictionary(
      uniqueKeysWithValues: results.map { ($0.name, Double($0.prediction.meanPLDDT)) })
    let ptms = Dictionary(
      uniqueKeysWithValues: results.compactMap { result in
        result.prediction.ptm.map { (result.name, Double($0)) }
      })
    try AtomicFile.write(
      try PredictionFiles.ranking(plddts: scores, ptms: ptms), to: file("ranking_debug.json"))
    try AtomicFile.write(PredictionFiles.timings(timings), to: file("timings.json"))
  }

  /// Removes what an earlier run with more networks or seeds ranked at place `count` or behind.
  private func removeRanked(from count: Int) throws {
    for name in (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? [] {
      guard let match = name.wholeMatch(of: /ranked_([0-9]+)\.(?:pdb|cif)/),
        let rank = Int(match.1), rank >= count
      else { continue }
      if unlink(file(name)) != 0 { throw AtomicFileError(path: file(name), code: errno) }
    }
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
