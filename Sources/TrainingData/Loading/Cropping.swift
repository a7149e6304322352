import FeaturePipeline
import NumericArrays
import Protein

extension RawFeatures {
  /// The features of a range of residues; residue numbers stay the same.
  ///
  /// - Precondition: the range lies within the chain.
  func cropped(to range: Range<Int>) -> RawFeatures {
    if range == 0..<residueCount { return self }
    var result = self
    result.sequence = String(decoding: Array(sequence.utf8)[range], as: UTF8.self)
    result.aatype = Array(aatype[range])
    result.residueIndex = Array(residueIndex[range])
    result.hasBreak = Array(hasBreak[range])
    result.msa = msa.columns(range)
    result.deletions = deletions.columns(range)
    result.templates = templates.cropped(to: range)
    return result
  }
}

extension TemplateStructures {
  fileprivate func cropped(to range: Range<Int>) -> TemplateStructures {
    TemplateStructures(
      names: names,
      sequences: sequences.map { sequence in
        let letters = Array(sequence.utf8)
        return letters.count >= range.upperBound
          ? String(decoding: letters[range], as: UTF8.self) : sequence
      },
      aatype: aatype.columns(range), positions: positions.columns(range), mask: mask.columns(range),
      sumProbabilities: sumProbabilities)
  }
}

extension TargetLabels {
  /// Labels of a range of residues.
  func cropped(to range: Range<Int>) -> TargetLabels {
    var result = self
    func rows(_ array: NDArray<Float>) -> NDArray<Float> {
      NDArray(shape: [1] + array.shape, values: array.values).columns(range).slice(0)
    }
    result.positions = rows(positions)
    result.mask = rows(mask)
    return result
  }
}

extension NDArray {
  /// Part of the second axis.
  func columns(_ range: Range<Int>) -> NDArray {
    let (rows, columns) = (shape[0], shape[1])
    let size = shape.dropFirst(2).reduce(1, *)
    var result: [Element] = []
    result.reserveCapacity(rows * range.count * size)
    for row in 0..<rows {
      let start = (row * columns + range.lowerBound) * size
      result += values[start..<start + range.count * size]
    }
    return NDArray(shape: [rows, range.count] + shape.dropFirst(2), values: result)
  }
}
