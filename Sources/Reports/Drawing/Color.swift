/// A colour of a drawing.
public enum Color: Sendable, Hashable {
  /// The colour of text, darker or lighter than the page, with an opacity of 0 … 1.
  case ink(Double)
  /// Red, green and blue as `0xRRGGBB`.
  case rgb(UInt32)

  /// Text and axes.
  public static let text = Color.ink(1)
  /// Grid lines.
  public static let grid = Color.ink(0.14)

  /// Colours of data series that people with any kind of colour vision can distinguish.
  ///
  /// Okabe and Ito, "Color Universal Design" (2008), without black and yellow, which vanish on dark and light pages.
  public static let series: [Color] = [
    .rgb(0x0072B2), .rgb(0xD55E00), .rgb(0x009E73), .rgb(0xCC79A7), .rgb(0xE69F00), .rgb(0x56B4E9),
  ]

  /// The colour of a series; they repeat after the sixth.
  public static func series(_ index: Int) -> Color { series[abs(index % series.count)] }

  /// Whether an earlier series has the same colour.
  static func isRepeated(_ index: Int) -> Bool { index >= series.count }

  /// The colour as SVG writes it.
  var svg: String {
    switch self {
    case .ink: return "currentColor"
    case .rgb(let value):
      let digits = String(value & 0xFFFFFF, radix: 16)
      return "#" + String(repeating: "0", count: 6 - digits.count) + digits
    }
  }

  /// The opacity of ink; other colours are opaque.
  var opacity: Double {
    if case .ink(let opacity) = self { return opacity }
    return 1
  }
}

/// The four classes of confidence and their colours, as in the AlphaFold database.
public enum ConfidenceBand: Int, CaseIterable, Sendable {
  case veryLow, low, confident, veryHigh

  /// The band of a pLDDT of 0 … 100.
  public init(plddt: Double) {
    self = plddt >= 90 ? .veryHigh : plddt >= 70 ? .confident : plddt >= 50 ? .low : .veryLow
  }

  /// Colour of the band.
  public var color: Color {
    switch self {
    case .veryLow: .rgb(0xFF7D45)
    case .low: .rgb(0xFFDB13)
    case .confident: .rgb(0x65CBF3)
    case .veryHigh: .rgb(0x0053D6)
    }
  }

  /// The pLDDT at which the band begins and ends.
  public var range: ClosedRange<Double> {
    switch self {
    case .veryLow: 0...50
    case .low: 50...70
    case .confident: 70...90
    case .veryHigh: 90...100
    }
  }

  /// The name of the band with its values.
  public var label: String { "\(name) (\(extent))" }

  private var name: String {
    switch self {
    case .veryLow: "very low"
    case .low: "low"
    case .confident: "confident"
    case .veryHigh: "very high"
    }
  }

  /// The values of the band in words.
  private var extent: String {
    switch self {
    case .veryLow: "under 50"
    case .low: "50–70"
    case .confident: "70–90"
    case .veryHigh: "over 90"
    }
  }

  /// The band for scripts: its start, colour, name and values in words.
  var json: String {
    "{\"least\":\(number(range.lowerBound)),\"color\":\"\(color.svg)\",\"name\":\"\(name)\""
      + ",\"extent\":\"\(extent)\"}"
  }
}

/// A row of colours for values from low to high.
public struct ColorScale: Sendable, Hashable {
  /// 256 colours as `0xRRGGBB`.
  public let colors: [UInt32]

  /// Colours interpolated in RGB between the stops, which are evenly spaced.
  public init(_ stops: [UInt32]) {
    let stops = stops.isEmpty ? [0] : stops
    colors = (0..<256).map { index in
      let place = Double(index) / 255 * Double(stops.count - 1)
      let lower = min(Int(place), stops.count - 1)
      let upper = min(lower + 1, stops.count - 1)
      return Self.mix(stops[lower], stops[upper], place - Double(lower))
    }
  }

  private static func mix(_ a: UInt32, _ b: UInt32, _ share: Double) -> UInt32 {
    [16, 8, 0].reduce(0) { sum, shift in
      let low = Double(a >> shift & 0xFF)
      let high = Double(b >> shift & 0xFF)
      return sum | UInt32((low + (high - low) * share).rounded()) << shift
    }
  }

  /// Dark green for small errors to white, the scale on which aligned errors are usually shown.
  public static let alignedError = ColorScale([0x00441B, 0x238B45, 0x74C476, 0xC7E9C0, 0xFFFFFF])
  /// White to dark blue, for probabilities.
  public static let probability = ColorScale([0xFFFFFF, 0xC6DBEF, 0x6BAED6, 0x2171B5, 0x08306B])
}
