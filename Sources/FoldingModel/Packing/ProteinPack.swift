import NeuralNet
import NumericArrays
import TensorCore

/// Where several proteins lie side by side along the residue axis of one MSA representation.
///
/// Row attention keeps the proteins from attending to each other by a mask of column intervals (FlashMask, arXiv:2410.01359); all other
/// operations on the MSA treat each column alone and need no mask. Pair tensors stay apart, one per protein.
///
/// - Departure from a dense pack: a protein begins at one of the boundaries at which attention cuts the keys. Its sums then have the same
///   order as for the protein alone, and its results the same bits, as long as some row is visible at each residue (the target's is).
///   Positions between proteins are padding, masked out.
public struct ProteinPack: Sendable, Hashable {
  /// Residues of each protein along the shared axis.
  public let places: [Range<Int>]
  /// Length of the shared axis.
  public let positions: Int

  /// Proteins of the given lengths, in that order.
  public init(_ lengths: [Int]) {
    var places: [Range<Int>] = []
    var next = 0
    for length in lengths {
      let start = AttentionIntervals.firstPlace(from: next, for: length)
      places.append(start..<start + length)
      next = start + length
    }
    self.places = places
    self.positions = next
  }

  /// The mask that hides the proteins from each other; nil for a single one.
  var intervals: AttentionIntervals? {
    places.count == 1 ? nil : .segments(places, positions: positions)
  }
}

extension ProteinPack {
  /// Joins the MSA representations of the proteins, `[rows, residues, c]` each, to one; missing rows and positions are zero.
  ///
  /// A single protein is returned as it is.
  func join(_ parts: [Tensor], _ context: ExecutionContext) -> Tensor {
    if parts.count == 1 { return parts[0] }
    let rows = parts.map { $0.shape[0] }.max() ?? 0
    let m = context.zeros([rows, positions, parts[0].channels])
    for (part, place) in zip(parts, places) {
      context.record { context in
        let (source, target) = (context.gradient(of: m), context.gradient(of: part))
        Self.eachRow(of: part, context) { row in
          context.add(Matrix(source[row][place]), into: Matrix(target[row]))
        }
      }
      Self.eachRow(of: part, context) { row in
        context.copy(Matrix(part[row]), into: Matrix(m[row][place]))
      }
    }
    return m
  }

  /// The first rows of one protein of a joined representation, `[rows, residues, c]`; a copy unless it is the only one.
  func part(_ index: Int, of m: Tensor, rows: Int, _ context: ExecutionContext) -> Tensor {
    if places.count == 1 { return m[0..<rows] }
    let place = places[index]
    let part = context.empty([rows, place.count, m.channels], m.dtype)
    context.record { context in
      let (source, target) = (context.gradient(of: part), context.gradient(of: m))
      Self.eachRow(of: part, context) { row in
        context.add(Matrix(source[row]), into: Matrix(target[row][place]))
      }
    }
    Self.eachRow(of: part, context) { row in
      context.copy(Matrix(m[row][place]), into: Matrix(part[row]))
    }
    return part
  }

  /// Joins masks `[rows, residues]`; positions between proteins are masked.
  func join(_ masks: [NDArray<Float>]) -> NDArray<Float> {
    if masks.count == 1 { return masks[0] }
    let rows = masks.map { $0.shape[0] }.max() ?? 0
    var result = NDArray<Float>(repeating: 0, shape: [rows, positions])
    for (mask, place) in zip(masks, places) {
      for row in 0..<mask.shape[0] {
        let source = mask.values[row * place.count..<(row + 1) * place.count]
        let start = row * positions
        result.values.replaceSubrange(
          start + place.lowerBound..<start + place.upperBound, with: source)
      }
    }
    return result
  }

  private static func eachRow(
    of part: Tensor, _ context: ExecutionContext, _ body: (Int) -> Void
  ) {
    context.tiles(part.shape[0], tile: 1, scratch: {}) { row, _ in body(row.lowerBound) }
  }
}
