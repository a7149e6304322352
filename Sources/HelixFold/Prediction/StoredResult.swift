import FeaturePipeline
import FoldingCore
import FoldingModel
import NumericArrays
import Protein
import StructureIO

/// An earlier result of one network with one seed in a target's folder.
struct StoredResult {
  /// Name in file names, such as `model_1_ptm`.
  let name: String
  /// What determined the numbers; empty if the provenance does not say.
  let fingerprint: PredictionFingerprint
  /// The program that computed it; nil if the provenance does not say.
  let arithmetic: ProgramArithmetic?
  /// What it was made from.
  let origin: PredictionOrigin
  /// Sequence of the target; nil if the provenance does not say.
  let sequence: String?
  /// The scores that rank it; nil if the provenance does not say, or files are missing or have changed.
  let score: RankingScore?
  /// Whether all files exist and, if the provenance has their stamps, are unchanged.
  let isWhole: Bool
  /// Confidence and change of the structure after each pass.
  let history: [RecyclingState.Record]

  /// The result with that name in a folder, as recorded by its provenance.
  ///
  /// - Parameter expected: the fingerprint that makes it usable; files of another calculation are not read. Nil for any.
  init(
    _ name: String, in folder: PredictionFolder, expecting expected: PredictionFingerprint? = nil
  ) {
    struct Document: Decodable {
      struct Pass: Decodable { let meanPlddt, ptm, change: Float? }
      let fingerprint: String
      let calculation: String?
      let version, isa, gemm, blas: String?
      let sequence: String?
      let meanPlddt, ptm: Double?
      let recycleHistory: [Pass]?
      let files: [FileStamp]?
    }
    let document = folder.decoded(Document.self, "provenance_\(name).json")
    self.name = name
    let fingerprint = PredictionFingerprint(
      bits: document?.fingerprint ?? "", calculation: document?.calculation)
    self.fingerprint = fingerprint
    arithmetic = document.flatMap { document in
      guard let version = document.version, let isa = document.isa, let gemm = document.gemm
      else { return nil }
      return ProgramArithmetic(version: version, kernels: isa, products: gemm, build: document.blas)
    }
    origin =
      folder.decoded(PredictionOrigin.self, "provenance_\(name).json") ?? PredictionOrigin()
    sequence = document?.sequence
    let isOfUse = expected.map { fingerprint.isOfSameCalculation(as: $0) } ?? true
    let isWhole =
      isOfUse
      && ["unrelaxed_\(name).cif", "confidence_\(name).json"].allSatisfy(folder.has)
      && (document?.files ?? []).allSatisfy { $0.isTrue(in: folder) }
    self.isWhole = isWhole
    score = document?.meanPlddt.flatMap { plddt in
      isWhole ? RankingScore(model: name, plddt: plddt, ptm: document?.ptm) : nil
    }
    history = (document?.recycleHistory ?? []).compactMap { pass in
      pass.meanPlddt.map {
        RecyclingState.Record(meanPLDDT: $0, ptm: pass.ptm, change: pass.change)
      }
    }
  }

  /// The prediction to the precision of its files, without contacts, which are not stored; nil if a file is damaged.
  ///
  /// - Parameter withPairs: whether expected errors of pairs of residues are read too.
  func result(
    in folder: PredictionFolder, residues count: Int, withPairs: Bool
  ) -> ModelResult? {
    struct Confidence: Decodable { let confidenceScore: [Float] }
    guard let score, let confidence = folder.decoded(Confidence.self, "confidence_\(name).json"),
      confidence.confidenceScore.count == count,
      let structure = try? StructureFile.read(folder.file("unrelaxed_\(name).cif")),
      let (positions, mask) = Self.atoms(of: structure, residues: count)
    else { return nil }
    let error = withPairs ? alignedError(in: folder, residues: count) : nil
    let prediction = Prediction(
      positions: positions, atomMask: mask, plddt: confidence.confidenceScore,
      alignedError: error?.values, maxAlignedError: error?.maximum,
      ptm: score.ptm.map { Float($0) }, contactProbability: nil, passes: history.count)
    return ModelResult(score: score, prediction: prediction, history: history)
  }

  /// Coordinates and mask in the atom37 order; nil if the structure has another number of residues.
  private static func atoms(
    of structure: Structure, residues count: Int
  ) -> (positions: NDArray<Float>, mask: NDArray<Float>)? {
    var positions = NDArray<Float>(repeating: 0, shape: [count, AtomName.count, 3])
    var mask = NDArray<Float>(repeating: 0, shape: [count, AtomName.count])
    for residue in structure.models.first?.chains.first?.residues ?? [] {
      guard let place = residue.polymerIndex, (1...count).contains(place) else { return nil }
      for atom in residue.atoms {
        guard let name = AtomName(name: atom.name) else { return nil }
        let cell = (place - 1) * AtomName.count + name.index
        mask.values[cell] = 1
        for axis in 0..<3 { positions.values[cell * 3 + axis] = Float(atom.position[axis]) }
      }
    }
    return (positions, mask)
  }

  /// Expected errors, Å, and the largest that can be expressed; nil if the network has none.
  private func alignedError(
    in folder: PredictionFolder, residues count: Int
  ) -> (values: NDArray<Float>, maximum: Float)? {
    struct Document: Decodable {
      let predictedAlignedError: [[Float]]
      let maxPredictedAlignedError: Float
    }
    guard let document = folder.decoded([Document].self, "pae_\(name).json")?.first,
      document.predictedAlignedError.count == count,
      document.predictedAlignedError.allSatisfy({ $0.count == count })
    else { return nil }
    let values = NDArray(
      shape: [count, count], values: document.predictedAlignedError.flatMap { $0 })
    return (values, document.maxPredictedAlignedError)
  }
}
