import Protein

/// A protein chain of a structure as a template sees it: every residue of the polymer, with or without atoms.
struct TemplateChain: Sendable {
  /// Name that authors use.
  let id: String
  /// Name in the mmCIF dictionary, if any.
  let labelID: String?
  /// One-letter codes of the whole polymer. `N_template` letters
  let letters: [UInt8]
  /// Residue with coordinates at each place. `[N_template]`
  let residues: [Residue?]

  /// Positions before which the chain is interrupted; none if the file lists the whole polymer.
  var breaks: Set<Int> {
    let known = residues.compactMap(\.self)
    return known.count == residues.count ? ChainContinuity.breaks(in: known) : []
  }

  /// The protein chains of the first model, in the order of the file.
  ///
  /// Chains of solvent and ligands, nucleic acids and chains without residues are skipped. If a file does not list the polymer, its
  /// residues with coordinates take its place.
  static func chains(of structure: Structure) -> [TemplateChain] {
    guard let model = structure.models.first else { return [] }
    return model.chains.compactMap(TemplateChain.init)
  }

  private init?(_ chain: Chain) {
    let polymer = chain.polymerSequence
    let known = chain.residues.filter { $0.isAminoAcid && $0.polymerIndex != nil }
    id = chain.id
    labelID = chain.labelID
    if polymer.isEmpty || known.isEmpty {
      let present = chain.residues.filter {
        $0.isAminoAcid && !$0.isNonPolymer && (!$0.isHetero || chain.labelID == nil)
      }
      residues = present
      letters = present.map { Self.letter($0.name) }
    } else {
      var places = [Residue?](repeating: nil, count: polymer.count)
      for residue in known {
        if let index = residue.polymerIndex, places.indices.contains(index - 1) {
          places[index - 1] = residue
        }
      }
      residues = places
      letters = polymer.map(Self.letter)
    }
    let isProtein = residues.contains { $0 != nil }
    guard isProtein, !letters.isEmpty else { return nil }
  }

  /// One-letter code; modified residues by their parent, others `X`.
  private static func letter(_ code: String) -> UInt8 {
    AminoAcid(component: code).letter.asciiValue ?? UInt8(ascii: "X")
  }
}

/// Where the sequence of a hit was found in a structure.
struct ChainMatch: Sendable {
  /// The chain.
  let chain: TemplateChain
  /// Position in the chain of each residue of the hit; nil if the chain lacks it.
  let places: [Int?]
  /// Letter of each residue of the hit: its own, or the chain's after a realignment, as in AlphaFold.
  let letters: [UInt8]
  /// A remark for the user, such as that another chain was taken; nil if none.
  let note: String?
}

extension ChainMatch {
  /// Finds the chain of a hit as AlphaFold does.
  ///
  /// In order: the sequence in the chain with that name, in any chain, in any chain with `X` for any residue, and last an alignment
  /// of hit and chain with 90 % of the shorter sequence identical. A name may be the authors' or the dictionary's. Departure:
  /// residues of the hit that are not aligned stay empty; AlphaFold gives them the last residue of the chain (index −1).
  static func find(
    _ letters: [UInt8], chain name: String, in chains: [TemplateChain], settings: TemplateSettings
  ) throws(TemplateRejection) -> ChainMatch {
    guard !chains.isEmpty else { throw .noProteinChain }
    let named = chains.first { $0.id == name } ?? chains.first { $0.labelID == name }
    let labelNote = named.flatMap { chain in
      chain.id == name ? nil : "\(name) is the dictionary's name of chain \(chain.id)"
    }
    if let named, let start = find(letters, in: named.letters, ==) {
      return ChainMatch(named, start, letters, labelNote)
    }
    for chain in chains {
      if let start = find(letters, in: chain.letters, ==) {
        return ChainMatch(
          chain, start, letters, "found in chain \(chain.id) instead of \(name)")
      }
    }
    let unknown = UInt8(ascii: "X")
    for chain in chains {
      let start = find(letters, in: chain.letters) { $0 == $1 || $0 == unknown || $1 == unknown }
      if let start {
        return ChainMatch(
          chain, start, letters, "found in chain \(chain.id) with X for any residue")
      }
    }
    guard let chain = named ?? (chains.count == 1 ? chains[0] : nil) else {
      throw .chainMissing(chain: name, present: chains.map(\.id))
    }
    return try realigned(letters, to: chain, settings)
  }

  private init(_ chain: TemplateChain, _ start: Int, _ letters: [UInt8], _ note: String?) {
    self.init(
      chain: chain, places: (start..<start + letters.count).map { $0 }, letters: letters, note: note
    )
  }

  /// Where the letters first occur; fast for real sequences, in which mismatches come early.
  private static func find(
    _ letters: [UInt8], in sequence: [UInt8], _ matches: (UInt8, UInt8) -> Bool
  ) -> Int? {
    guard letters.count <= sequence.count else { return nil }
    return (0...sequence.count - letters.count).first { start in
      letters.indices.allSatisfy { matches(letters[$0], sequence[start + $0]) }
    }
  }

  private static func realigned(
    _ letters: [UInt8], to chain: TemplateChain, _ settings: TemplateSettings
  ) throws(TemplateRejection) -> ChainMatch {
    let alignment: PairwiseAligner.Alignment
    do {
      alignment = try PairwiseAligner().align(letters, chain.letters)
    } catch {
      throw .alignmentTooLarge("\(error)")
    }
    let shorter = min(letters.count, chain.letters.count)
    guard Double(alignment.identicalPairs) >= settings.minimumIdentity * Double(shorter) else {
      throw .sequenceDiffers(identical: alignment.identicalPairs, length: shorter)
    }
    var places = [Int?](repeating: nil, count: letters.count)
    for pair in alignment.pairs { places[pair.first] = pair.second }
    return ChainMatch(
      chain: chain, places: places,
      letters: zip(letters, places).map { own, place in place.map { chain.letters[$0] } ?? own },
      note: "the hit differs from chain \(chain.id) and was aligned to it again")
  }
}
