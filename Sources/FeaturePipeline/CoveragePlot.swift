import AtomicFiles
import NumericArrays

/// Coverage and depth of an alignment as a picture: how many rows have a residue in each column, by similarity to the target.
///
/// One SVG of fixed size without scripts or fonts of its own. Bands are stacked from the most similar rows up, so that the upper
/// edge is the depth.
public struct CoveragePlot: Sendable {
  /// Bands by the least share of the target's residues that a row repeats among the columns in which it has a residue.
  private static let bands: [(least: Double, label: String, colour: String)] = [
    (0.8, "≥ 80 % identity", "#08306b"), (0.6, "60–80 %", "#2171b5"), (0.4, "40–60 %", "#6baed6"),
    (0.2, "20–40 %", "#c6dbef"), (0, "< 20 %", "#e3e3e3"),
  ]
  /// Most rows for which the effective number is computed, because its time grows with their square.
  private static let neffLimit = 10_000
  private static let size = (width: 800.0, height: 320.0)
  private static let frame = (left: 60.0, right: 650.0, top: 40.0, bottom: 270.0)

  private let id: String
  private let rows: Int
  /// Rows with a residue in each column by band. `[bands][N_res]`
  private let depths: [[Int]]
  /// Effective number of rows; a lower bound if only a part of the rows was looked at.
  public let neff: (value: Double, isLowerBound: Bool)

  /// Statistics of a target's alignment.
  public init(_ raw: RawFeatures) {
    id = raw.id
    rows = raw.rowCount
    depths = Self.depths(raw.msa)
    neff = Self.neff(raw.msa)
  }

  /// Mean number of rows with a residue in a column.
  public var meanDepth: Double {
    let columns = depths.first?.count ?? 0
    return columns == 0 ? 0 : Double(depths.joined().reduce(0, +)) / Double(columns)
  }

  /// One line such as `512 rows, Neff 201.3, mean depth 430.1`.
  public var summary: String {
    "\(counted(rows, "row")), Neff \(neff.isLowerBound ? "at least " : "")\(Self.tenths(neff.value)),"
      + " mean depth \(Self.tenths(meanDepth))"
  }

  /// The picture.
  public var svg: String {
    let columns = depths.first?.count ?? 0
    let highest = max(
      1, (0..<columns).map { column in depths.reduce(0) { $0 + $1[column] } }.max() ?? 1)
    let (width, height) = Self.size
    var text =
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 \(Int(width)) \(Int(height))\""
      + " font-family=\"sans-serif\" font-size=\"12\">\n"
      + "<title>Alignment of \(Self.escaped(id)): \(summary)</title>\n"
      + "<rect width=\"\(Int(width))\" height=\"\(Int(height))\" fill=\"white\"/>\n"
      + "<text x=\"60\" y=\"24\" font-size=\"14\">\(Self.escaped(id)): \(summary)</text>\n"
    var below = [Int](repeating: 0, count: columns)
    for (band, depth) in zip(Self.bands, depths) {
      let above = zip(below, depth).map(+)
      let upper = Self.edge(above, highest: highest)
      let lower = Self.edge(below, highest: highest).reversed()
      text += "<path fill=\"\(band.colour)\" d=\"M\((upper + lower).joined(separator: "L"))Z\"/>\n"
      below = above
    }
    return text + Self.axes(columns: columns, highest: highest) + Self.legend + "</svg>\n"
  }

  // MARK: - Counting

  private static func depths(_ msa: NDArray<UInt8>) -> [[Int]] {
    let (rows, columns) = (msa.shape[0], msa.shape[1])
    var depths = [[Int]](repeating: [Int](repeating: 0, count: columns), count: bands.count)
    for row in 0..<rows {
      let letters = msa.values[row * columns..<(row + 1) * columns]
      let pairs = zip(letters, msa.values)
      let present = pairs.count { $0.0 != 21 }
      let same = pairs.count { $0.0 != 21 && $0.0 == $0.1 }
      let identity = Double(same) / Double(max(1, present))
      let band = bands.firstIndex { identity >= $0.least } ?? bands.count - 1
      for (column, letter) in letters.enumerated() where letter != 21 { depths[band][column] += 1 }
    }
    return depths
  }

  private static func neff(_ msa: NDArray<UInt8>) -> (value: Double, isLowerBound: Bool) {
    let (rows, columns) = (msa.shape[0], msa.shape[1])
    guard rows > neffLimit else { return (MSAStatistics.neff(of: msa), false) }
    let part = (0..<neffLimit).flatMap { index in
      let row = index * rows / neffLimit
      return msa.values[row * columns..<(row + 1) * columns]
    }
    return (MSAStatistics.neff(of: NDArray(shape: [neffLimit, columns], values: part)), true)
  }

  // MARK: - Drawing

  /// Corners of a staircase, one step a column.
  private static func edge(_ heights: [Int], highest: Int) -> [String] {
    let step = (frame.right - frame.left) / Double(max(1, heights.count))
    return heights.enumerated().flatMap { column, height in
      let y = frame.bottom - (frame.bottom - frame.top) * Double(height) / Double(highest)
      let x = frame.left + step * Double(column)
      return ["\(tenths(x)) \(tenths(y))", "\(tenths(x + step)) \(tenths(y))"]
    }
  }

  private static func axes(columns: Int, highest: Int) -> String {
    let (left, right, bottom, top) = (frame.left, frame.right, frame.bottom, frame.top)
    return "<path fill=\"none\" stroke=\"black\" d=\"M\(left) \(top)V\(bottom)H\(right)\"/>\n"
      + "<text x=\"\(left - 6)\" y=\"\(top + 4)\" text-anchor=\"end\">\(highest)</text>\n"
      + "<text x=\"\(left - 6)\" y=\"\(bottom + 4)\" text-anchor=\"end\">0</text>\n"
      + "<text x=\"\(left)\" y=\"\(bottom + 18)\" text-anchor=\"middle\">1</text>\n"
      + "<text x=\"\(right)\" y=\"\(bottom + 18)\" text-anchor=\"middle\">\(columns)</text>\n"
      + "<text x=\"\((left + right) / 2)\" y=\"\(bottom + 36)\" text-anchor=\"middle\">residue</text>\n"
      + "<text transform=\"translate(20 \((top + bottom) / 2)) rotate(-90)\""
      + " text-anchor=\"middle\">rows with a residue</text>\n"
  }

  private static var legend: String {
    bands.enumerated().map { place, band in
      let y = frame.top + 20 * Double(bands.count - 1 - place)
      return "<rect x=\"665\" y=\"\(y)\" width=\"12\" height=\"12\" fill=\"\(band.colour)\"/>"
        + "<text x=\"682\" y=\"\(y + 10)\">\(band.label.replacing("<", with: "&lt;"))</text>\n"
    }.joined()
  }

  private static func tenths(_ value: Double) -> String {
    let count = Int((value * 10).rounded())
    return "\(count / 10).\(count % 10)"
  }

  private static func escaped(_ text: String) -> String {
    text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
  }
}
