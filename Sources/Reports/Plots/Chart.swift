/// A figure with two axes that data are drawn into.
struct Chart {
  private(set) var figure: Figure
  let x, y: Axis
  let frame: Box

  /// Name and colour of a series, shown above the data.
  struct Key {
    var name: String
    /// Nil for text about series that are not drawn.
    var color: Color?
    var isDashed = false

    /// The keys of the first `limit` series, which are drawn, and the number of further ones.
    static func series(_ names: [String], limit: Int) -> [Key] {
      let shown = names.prefix(limit).enumerated().map { index, name in
        Key(name: name, color: .series(index), isDashed: Color.isRepeated(index))
      }
      let rest = names.count - shown.count
      return rest > 0 ? shown + [Key(name: "… and \(rest) more")] : shown
    }
  }

  /// Largest number of distinguishable lines: each colour has a solid and a dashed one.
  static let lineLimit = 2 * Color.series.count

  /// - Parameters:
  ///   - height: height with one row of keys; each further row adds to it. Nil makes the data area square.
  ///   - leftMargin: smallest margin; wide numbers take more.
  init(
    title: String, summary: String, x: Axis, y: Axis, width: Double = 720, height: Double? = 280,
    keys: [Key] = [], leftMargin: Double = 58, rightMargin: Double = 16, hidesXTicks: Bool = false,
    reversesY: Bool = false
  ) {
    self.x = x
    self.y = y
    self.reversesY = reversesY
    let widest = y.ticks.map { StrokeFont.width(Axis.text($0), size: Self.tickSize) }.max() ?? 0
    let leftMargin = max(leftMargin, Self.labelWidth + widest + Self.tickGap)
    let rows = Self.keyRows(keys, width: width - leftMargin - rightMargin)
    let top = 34 + 18 * Double(rows.count)
    let across = width - leftMargin - rightMargin
    let down = height.map { $0 + 18 * Double(max(0, rows.count - 1)) - top - 44 } ?? across
    figure = Figure(width: width, height: top + down + 44, title: title, summary: summary)
    frame = Box(x: leftMargin, y: top, width: across, height: down)
    figure.text(
      StrokeFont.shortened(title, size: 14, width: width - leftMargin), leftMargin, 18, size: 14,
      isBold: true)
    for (row, keys) in rows.enumerated() { draw(keys, at: 36 + 18 * Double(row)) }
    drawAxes(hidesXTicks: hidesXTicks)
  }

  private let reversesY: Bool
  private static let tickSize = 11.0
  /// Gap between a number and its axis.
  private static let tickGap = 7.0
  /// Width of the upright label of the vertical axis.
  private static let labelWidth = 24.0

  // MARK: Places

  func place(_ valueX: Double, _ valueY: Double) -> Point {
    Point(placeX(valueX), placeY(valueY))
  }

  func placeX(_ value: Double) -> Double { frame.x + clamped(x.share(value)) * frame.width }

  func placeY(_ value: Double) -> Double {
    let share = clamped(y.share(value))
    return reversesY ? frame.y + share * frame.height : frame.maxY - share * frame.height
  }

  private func clamped(_ share: Double) -> Double {
    share.isFinite ? min(max(share, 0), 1) : 0
  }

  // MARK: Drawing

  /// The drawing with words on how to read it.
  func figure(caption: String) -> Figure {
    var figure = figure
    figure.caption = caption
    return figure
  }

  mutating func draw(_ body: (inout Figure) -> Void) { body(&figure) }

  /// Marks the horizontal axis as one of residues, half a residue from its ends.
  mutating func markResidues(_ count: Int, matrix: Figure.Matrix? = nil) {
    let first = Int((x.range.lowerBound + 0.5).rounded())
    figure.residueAxis = Figure.ResidueAxis(
      frame: frame, count: count, first: first, matrix: matrix)
  }

  private mutating func drawAxes(hidesXTicks: Bool) {
    for tick in y.ticks {
      let height = placeY(tick)
      figure.line([Point(frame.x, height), Point(frame.maxX, height)], .grid)
      figure.text(
        Axis.text(tick), frame.x - Self.tickGap, height + 4, anchor: .end, size: Self.tickSize)
    }
    if !hidesXTicks {
      for tick in x.ticks {
        let place = placeX(tick)
        figure.line([Point(place, frame.maxY), Point(place, frame.maxY + 5)], .ink(0.6))
        figure.text(
          Axis.text(tick), place, frame.maxY + 18, anchor: .middle, size: Self.tickSize)
      }
    }
    figure.line([Point(frame.x, frame.maxY), Point(frame.maxX, frame.maxY)], .ink(0.6))
    figure.text(x.label, frame.x + frame.width / 2, frame.maxY + 36, anchor: .middle)
    figure.text(
      y.label, 14, frame.y + frame.height / 2, anchor: .middle, isUpright: true)
  }

  private mutating func draw(_ keys: [Key], at height: Double) {
    var place = frame.x
    for key in keys {
      if let color = key.color {
        figure.line(
          [Point(place, height - 4), Point(place + 20, height - 4)], color, width: 4,
          isDashed: key.isDashed)
      }
      figure.text(
        key.name, key.color == nil ? place : place + 26, height, size: Self.keySize)
      place += Self.keyWidth(key)
    }
  }

  private static let keySize = 11.0

  private static func keyWidth(_ key: Key) -> Double {
    44 + StrokeFont.width(key.name, size: keySize)
  }

  private static func keyRows(_ keys: [Key], width: Double) -> [[Key]] {
    var rows: [[Key]] = []
    var used = Double.infinity
    for key in keys {
      if used + keyWidth(key) > width {
        rows.append([])
        used = 0
      }
      rows[rows.count - 1].append(key)
      used += keyWidth(key)
    }
    return rows
  }
}

/// A line of a plot.
public struct Series: Sendable, Hashable {
  /// Name in the key.
  public var name: String
  /// Pairs of x and y; gaps where y is not finite.
  public var points: [Point]

  /// A line through places.
  public init(_ name: String, _ points: [Point]) {
    self.name = name
    self.points = points
  }

  /// Runs of points with finite values.
  var runs: [[Point]] {
    points.split { !$0.x.isFinite || !$0.y.isFinite }.map(Array.init)
  }
}
