import FeaturePipeline
import FoldingCore
import FoldingModel
import Protein
import StructureIO

/// One network's prediction of one target.
struct ModelResult {
  /// Name and the scores that rank it.
  let score: RankingScore
  let prediction: Prediction
  let history: [RecyclingState.Record]

  /// Name in file names, such as `model_1_ptm`.
  var name: String { score.model }

  /// The result without its arrays over pairs of residues, which grow with the square of the length.
  var withoutPairs: ModelResult {
    var prediction = prediction
    (prediction.alignedError, prediction.contactProbability) = (nil, nil)
    return ModelResult(score: score, prediction: prediction, history: history)
  }

  /// Best mean pLDDT first, ties by name.
  static func ranked(_ results: [ModelResult]) -> [ModelResult] {
    results.sorted { $0.score.isBefore($1.score) }
  }

  func structure(of raw: RawFeatures, provenance: PredictionProvenance) throws -> PredictedStructure
  {
    PredictedStructure(
      name: raw.id, title: raw.header,
      sequence: ProteinSequence(raw.aatype.map { AminoAcid(rawValue: $0) ?? .unknown }),
      positions: prediction.positions.values, mask: prediction.atomMask.values,
      plddt: prediction.plddt, ptm: prediction.ptm, modelName: name,
      softwareVersion: provenance.arithmetic.version,
      provenance: provenance.remarks(passes: prediction.passes),
      residueNumbers: raw.residueNumbers)
  }
}

extension ModelResult {
  /// The output of a network.
  init(name: String, prediction: Prediction, history: [RecyclingState.Record]) {
    self.init(
      score: RankingScore(
        model: name, plddt: Double(prediction.meanPLDDT), ptm: prediction.ptm.map { Double($0) }),
      prediction: prediction, history: history)
  }
}

extension RawFeatures {
  /// Numbers of the residues in structures, `residue_index` + 1 as AlphaFold2 writes them; from 1 if those do not increase. `[N_res]`
  var residueNumbers: [Int] {
    let isIncreasing = zip(residueIndex, residueIndex.dropFirst()).allSatisfy { $0 < $1 }
    return residueIndex.indices.map { isIncreasing ? Int(residueIndex[$0]) + 1 : $0 + 1 }
  }
}
