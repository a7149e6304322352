/// Evenly spaced edges that divide distances or errors into bins, Å.
///
/// A distogram has a bin below the first edge and one above the last; recycled distances have none below the first.
///
/// The edges of the released networks are whole sixteenths: the same numbers in every precision, however they are computed.
public struct BinEdges: Hashable, Sendable {
  /// Number of edges.
  public let count: Int
  /// The first edge.
  public let first: Float
  /// The last edge.
  public let last: Float

  /// `count` edges from the first to the last.
  public init(count: Int, from first: Float, to last: Float) {
    self.count = count
    self.first = first
    self.last = last
  }

  /// Number of bins if one lies below the first edge and one above the last.
  public var binCount: Int { count + 1 }

  /// The edges, computed in the precision that they are returned in.
  @inlinable
  public func values<Real: BinaryFloatingPoint>(_: Real.Type = Real.self) -> [Real] {
    let (first, last) = (Real(first), Real(last))
    return (0..<max(count, 0)).map { index in
      index > 0 && index == count - 1
        ? last : first + (last - first) * Real(index) / Real(max(count - 1, 1))
    }
  }

  /// Number of edges at most at `distance`, Å: as many bins, counted from the one below the first edge, lie wholly within it.
  public func countWithin(_ distance: Double) -> Int {
    values(Double.self).count { $0 <= distance }
  }

  /// Centres of the bins that begin at each edge, and of one more after them, in double precision.
  public var centers: [Double] {
    let step = (Double(last) - Double(first)) / Double(count - 1)
    return (0...max(count, 0)).map { Double(first) + step * Double($0) + step / 2 }
  }
}

/// Squares of edges, among which squared distances are looked up, Å².
public struct SquaredEdges<Real: BinaryFloatingPoint & Sendable>: Sendable {
  /// The squares, ascending.
  public let values: [Real]

  /// The squares of edges, computed in their precision.
  @inlinable
  public init(_ edges: BinEdges) { values = edges.values(Real.self).map { $0 * $0 } }

  /// Number of edges strictly below a squared distance: its bin, if bin 0 ends at the first edge.
  @inlinable
  public func countBelow(_ squaredDistance: Real) -> Int {
    var (low, high) = (0, values.count)
    while low < high {
      let middle = (low + high) / 2
      if values[middle] < squaredDistance { low = middle + 1 } else { high = middle }
    }
    return low
  }
}

extension HeadConfig {
  /// Breaks of the distogram: one less than bins.
  public var distogramBreaks: BinEdges {
    BinEdges(count: distogramBins - 1, from: distogramFirstBreak, to: distogramLastBreak)
  }
}

extension AlignedErrorConfig {
  /// Breaks of the error bins: one less than bins.
  public var breaks: BinEdges { BinEdges(count: bins - 1, from: 0, to: maxError) }
}

extension ChannelConfig {
  /// Lower edges of the bins of recycled distances.
  public var recycledEdges: BinEdges {
    BinEdges(count: recycleBins, from: recycleMinDistance, to: recycleMaxDistance)
  }
}

extension TemplateConfig {
  /// Lower edges of the bins of template distances.
  public var distanceEdges: BinEdges {
    BinEdges(count: distanceBins, from: minDistance, to: maxDistance)
  }
}
