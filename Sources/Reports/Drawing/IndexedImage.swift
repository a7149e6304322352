/// A picture of at most 256 colours.
public struct IndexedImage: Sendable, Hashable {
  /// Extents in pixels.
  public let width, height: Int
  /// Index of each pixel's colour, row by row from the top.
  public let pixels: [UInt8]
  /// Colours as `0xRRGGBB`.
  public let palette: [UInt32]

  /// A picture; missing pixels have the first colour.
  public init(width: Int, height: Int, pixels: [UInt8], palette: [UInt32]) {
    self.width = max(1, width)
    self.height = max(1, height)
    let (count, overflow) = self.width.multipliedReportingOverflow(by: self.height)
    let missing = (overflow ? 0 : count) - pixels.count
    self.pixels = missing > 0 ? pixels + [UInt8](repeating: 0, count: missing) : pixels
    self.palette = Array(palette.prefix(256))
  }

  /// Colour for missing values, which is in no scale: grey on light and dark pages.
  private static let missing: UInt32 = 0x8A8A8A

  /// Largest number of rows and columns of a picture of a matrix.
  public static let largestExtent = 800

  /// A picture of a square matrix: averaged over blocks if it has more rows than `largestExtent`.
  ///
  /// - Parameters:
  ///   - values: `[rows, rows]`, row-major; values that are not finite are excluded from means, and grey if there are no others.
  ///   - range: values of the first and the last colour; others are clamped.
  public init(matrix values: [Float], rows: Int, range: ClosedRange<Float>, scale: ColorScale) {
    let block = max(1, (rows + Self.largestExtent - 1) / Self.largestExtent)
    let extent = max(1, (rows + block - 1) / block)
    let span = max(range.upperBound - range.lowerBound, .leastNormalMagnitude)
    // The last of 256 colours is that of missing values, if there are any.
    let hasMissing = values.contains { !$0.isFinite }
    let steps = hasMissing ? 254 : 255
    var pixels = [UInt8](repeating: 0, count: extent * extent)
    for row in 0..<extent where values.count >= rows * rows && rows > 0 {
      for column in 0..<extent {
        var sum: Float = 0
        var count: Float = 0
        for i in row * block..<min((row + 1) * block, rows) {
          for j in column * block..<min((column + 1) * block, rows) {
            let value = values[i * rows + j]
            guard value.isFinite else { continue }
            sum += value
            count += 1
          }
        }
        let share = (sum / max(count, 1) - range.lowerBound) / span
        pixels[row * extent + column] =
          count > 0 ? UInt8(min(max(share, 0), 1) * Float(steps)) : 255
      }
    }
    let palette =
      hasMissing
      ? (0...steps).map { scale.colors[$0 * 255 / steps] } + [Self.missing] : scale.colors
    self.init(width: extent, height: extent, pixels: pixels, palette: palette)
  }

  /// The picture as a PNG file.
  public var png: [UInt8] {
    PNG.file(
      width: width, height: height, colorType: .palette(palette), samples: pixels)
  }
}
