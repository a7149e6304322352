import Messages
import Protein
import Scoring

/// A chain as the viewer draws it.
public struct ChainTrace: Sendable {
  /// Residues with a C-alpha.
  let residues: [Residue]
  /// Named values per residue, 0 … 100, by which the chain can be coloured; nil if missing.
  var tracks: [(name: String, values: [Double?])]
  /// Index of each residue along the chain shown in plots, from 0; nil if both have the same residues.
  private var places: [Int]?

  /// The amino acids of a chain that have a C-alpha.
  ///
  /// - Parameters:
  ///   - superposition: motion of the chain, to superpose it on another one.
  ///   - confidence: takes pLDDT from the B-factors.
  public init(
    _ residues: [Residue], superposition: Superposition = .identity, confidence: Bool = false
  ) {
    self.residues = residues.compactMap { residue in
      guard residue.isAminoAcid, let alpha = residue.standardAtoms[.ca],
        alpha.position.x.isFinite, alpha.position.y.isFinite, alpha.position.z.isFinite
      else { return nil }
      var residue = residue
      for index in residue.atoms.indices {
        residue.atoms[index].position = superposition.apply(residue.atoms[index].position)
      }
      return residue
    }
    tracks = []
    if confidence {
      tracks.append(
        ("pLDDT", self.residues.map { $0.standardAtoms[.ca].map { $0.bFactor } }))
    }
  }

  /// Adds values by which the chain can be coloured, by residue label.
  public mutating func add(track name: String, _ values: [String: Double?]) {
    tracks.append((name, residues.map { values[$0.label] ?? nil }))
  }

  /// Sets the numbers of all residues shown in plots; those without atoms are not drawn.
  public mutating func place(along numbers: [Int]) {
    let places = Dictionary(
      zip(numbers, numbers.indices).map { ($0, $1) }, uniquingKeysWith: { first, _ in first })
    self.places = residues.map { places[$0.number] ?? -1 }
  }

  /// The chain as JSON: names, kinds, places as base64 of 32-bit floats, least significant byte first.
  var json: String {
    let kinds = SecondaryStructure.assign(residues)
    var bytes: [UInt8] = []
    for residue in residues {
      let atoms = residue.standardAtoms
      let alpha = atoms[.ca]?.position ?? .zero
      for place in [alpha, atoms[.o]?.position ?? alpha + SIMD3(0, 0, 1)] {
        for axis in 0..<3 {
          let bits = Float(place[axis]).bitPattern
          bytes += [0, 8, 16, 24].map { UInt8(truncatingIfNeeded: bits >> $0) }
        }
      }
    }
    let tracks = tracks.map { track in
      let values = track.values.map { $0.map { number($0) } ?? "null" }
      return "\(quoted(track.name)):[\(values.joined(separator: ","))]"
    }
    let breaks = ChainContinuity.breaks(in: residues).sorted()
    return "{\"letters\":\(quoted(String(residues.map(\.aminoAcid.letter))))"
      + ",\"names\":[\(residues.map { quoted($0.name) }.joined(separator: ","))]"
      + ",\"labels\":[\(residues.map { quoted($0.label) }.joined(separator: ","))]"
      + (places.map { ",\"places\":[\($0.map(String.init).joined(separator: ","))]" } ?? "")
      + ",\"ss\":\(quoted(String(kinds.map(\.rawValue))))"
      + ",\"breaks\":[\(breaks.map(String.init).joined(separator: ","))]"
      + ",\"tracks\":{\(tracks.joined(separator: ","))}"
      + ",\"points\":\(quoted(base64(bytes)))}"
  }
}

/// What the viewer shows at once: a model and its reference, if any.
public struct StructureScene: Sendable {
  /// Name in the menu.
  public var name: String
  /// The chain to show.
  public var model: ChainTrace
  /// The reference, in the same frame.
  public var reference: ChainTrace?

  /// A scene.
  public init(name: String, model: ChainTrace, reference: ChainTrace? = nil) {
    self.name = name
    self.model = model
    self.reference = reference
  }

  /// The scene of a comparison: the model is superposed on the reference as for its TM-score.
  public init(name: String, _ report: ScoreReport, confidence: Bool) {
    self.name = name
    let matching = report.matching
    let motion = report.whole.superposed.tmScore.superposition
    var model = ChainTrace(
      report.modelResidues, superposition: motion, confidence: confidence)
    let values = matching.matchedIndices.compactMap { index in
      matching.model[index].map { ($0.label, report.whole.lddt.perResidue[index].map { 100 * $0 }) }
    }
    model.add(track: "lDDT", Dictionary(values, uniquingKeysWith: { first, _ in first }))
    self.model = model
    reference = ChainTrace(matching.reference)
  }

  var json: String {
    let reference = reference.map { ",\"reference\":\($0.json)" } ?? ""
    return "{\"name\":\(quoted(name)),\"model\":\(model.json)\(reference)}"
  }
}

private func quoted(_ text: String) -> String { JSONValue.quoted(text, insideHTML: true) }
