import FeaturePipeline
import NumericArrays

extension TemplateStructures {
  /// Templates of a training sample: `min(Uniform[0, n], limit)` of the first `n`, at most 20, in random order.
  ///
  /// The network thus sees poor templates, or none, and does not learn to copy (Suppl. 1.2.3).
  func drawn(limit: Int, key: RandomKey) -> TemplateStructures {
    let available = min(count, Self.mostDrawnFrom)
    let taken = min(key.child(0).integer(0, below: available + 1), limit)
    return selecting(Array(key.child(1).shuffled(0..<available).prefix(taken)))
  }

  /// The templates without those of some PDB entries, from which a network would learn to copy.
  ///
  /// - Parameter entries: names that begin with the code of an entry, `1abc` or `1abc_A`; others belong to no entry.
  func apart(fromEntries entries: [String]) -> TemplateStructures {
    let codes = Set(entries.compactMap(Self.entryCode))
    let kept = (0..<count).filter { index in
      Self.entryCode(names[index]).map { !codes.contains($0) } ?? true
    }
    return kept.count == count ? self : selecting(kept)
  }

  /// The code of the PDB entry that a name begins with: a digit and three letters or digits, in lower case; nil for other names.
  private static func entryCode(_ name: String) -> String? {
    let code = name.prefix { $0 != "_" && $0 != "." && $0 != " " }.lowercased()
    guard code.utf8.count == 4, code.first?.isNumber == true,
      code.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber) })
    else { return nil }
    return code
  }

  /// The templates of these numbers, in this order.
  private func selecting(_ indices: [Int]) -> TemplateStructures {
    TemplateStructures(
      names: indices.map { names[$0] },
      sequences: indices.map { sequences[$0] },
      aatype: aatype.rows(indices), positions: positions.rows(indices), mask: mask.rows(indices),
      sumProbabilities: indices.map { sumProbabilities[$0] })
  }

  /// Best templates that training draws from.
  private static var mostDrawnFrom: Int { 20 }
}

extension NDArray {
  /// Rows of these numbers, in this order.
  fileprivate func rows(_ indices: [Int]) -> NDArray {
    let size = shape.dropFirst().reduce(1, *)
    return NDArray(
      shape: [indices.count] + shape.dropFirst(),
      values: indices.flatMap { values[$0 * size..<($0 + 1) * size] })
  }
}
