/// A place on a drawing, in pixels of 1/96 inch, from the upper left corner.
public struct Point: Sendable, Hashable {
  /// To the right and down.
  public var x, y: Double

  /// The given place.
  public init(_ x: Double, _ y: Double) {
    self.x = x
    self.y = y
  }
}

/// An upright rectangle of a drawing.
public struct Box: Sendable, Hashable {
  /// Upper left corner.
  public var x, y: Double
  /// Extents.
  public var width, height: Double

  /// A rectangle.
  public init(x: Double, y: Double, width: Double, height: Double) {
    self.x = x
    self.y = y
    self.width = width
    self.height = height
  }

  /// Right and lower edge.
  public var maxX: Double { x + width }
  /// Lower edge.
  public var maxY: Double { y + height }
  /// The corners clockwise from the upper left one, which comes last too.
  var outline: [Point] {
    [Point(x, y), Point(maxX, y), Point(maxX, maxY), Point(x, maxY), Point(x, y)]
  }
}

/// One thing on a drawing.
enum Shape: Sendable, Hashable {
  case box(Box, fill: Color, opacity: Double, tip: String?)
  case line([Point], stroke: Color, width: Double, isDashed: Bool)
  case area([Point], fill: Color, opacity: Double)
  case dot(Point, radius: Double, fill: Color, opacity: Double, tip: String?)
  case text(String, at: Point, anchor: Anchor, size: Double, isBold: Bool, isUpright: Bool)
  /// Pixels stretched over a box, sharp at their edges.
  case image(IndexedImage, Box)

  /// Which part of a text is at its position.
  enum Anchor: String, Sendable {
    case start, middle, end
  }
}

/// A drawing that can be written as SVG or as PNG, with a description for those who cannot see it.
public struct Figure: Sendable, Hashable {
  /// Extents in pixels of 1/96 inch.
  public let width, height: Double
  /// What the drawing shows, in a few words.
  public let title: String
  /// What it shows, in one or two sentences with numbers.
  public let summary: String
  /// How to read it, for people who see such a drawing first; stands below it on a page.
  public var caption: String?
  /// Positions of residues on the horizontal axis, so that a page can mark one of them.
  public internal(set) var residueAxis: ResidueAxis?
  private(set) var shapes: [Shape] = []

  /// The part of a drawing in which residue numbers run from left to right.
  public struct ResidueAxis: Sendable, Hashable {
    /// The area of the data.
    public var frame: Box
    /// Number of residues; residue i of 0 ..< count is centred at `(i + 0.5) / count` of the width.
    public var count: Int
    /// The number of the first residue on the axis.
    var first = 1
    /// How to read the colours of a matrix, which also has residues downwards.
    var matrix: Matrix?
  }

  /// How to read a matrix, the first image of a drawing, by the colours of the second image, which run from high to low.
  struct Matrix: Sendable, Hashable {
    /// Values of the last and the first colour.
    var range: ClosedRange<Double>
    /// Unit of the values.
    var unit: String
    /// Names for the residues of rows and columns.
    var row, column: String
  }

  /// An empty drawing.
  public init(width: Double, height: Double, title: String, summary: String) {
    self.width = width
    self.height = height
    self.title = title
    self.summary = summary
  }

  mutating func add(_ shape: Shape) { shapes.append(shape) }

  mutating func box(_ box: Box, fill: Color, opacity: Double = 1, tip: String? = nil) {
    add(.box(box, fill: fill, opacity: opacity, tip: tip))
  }

  mutating func line(
    _ points: [Point], _ stroke: Color, width: Double = 1, isDashed: Bool = false
  ) {
    add(.line(points, stroke: stroke, width: width, isDashed: isDashed))
  }

  mutating func text(
    _ text: String, _ x: Double, _ y: Double, anchor: Shape.Anchor = .start, size: Double = 12,
    isBold: Bool = false, isUpright: Bool = false
  ) {
    add(
      .text(
        text, at: Point(x, y), anchor: anchor, size: size, isBold: isBold, isUpright: isUpright))
  }
}
