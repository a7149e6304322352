/// A picture that shapes are painted on, with smooth edges.
struct Raster {
  let width, height: Int
  private(set) var samples: [UInt8]

  /// A white picture.
  init(width: Int, height: Int) {
    self.width = width
    self.height = height
    samples = [UInt8](repeating: 255, count: width * height * 3)
  }

  /// Blends a colour over a pixel.
  mutating func blend(_ x: Int, _ y: Int, _ color: SIMD3<Double>, _ opacity: Double) {
    guard x >= 0, y >= 0, x < width, y < height, opacity > 0 else { return }
    let start = (y * width + x) * 3
    let share = min(opacity, 1)
    for channel in 0..<3 {
      let old = Double(samples[start + channel])
      samples[start + channel] = UInt8((old + (color[channel] - old) * share).rounded())
    }
  }

  /// Paints an upright rectangle; its edges may cover pixels partly.
  mutating func fill(_ box: Box, _ color: SIMD3<Double>, _ opacity: Double) {
    for y in rows(box.y, box.maxY) {
      let vertical = min(box.maxY, Double(y) + 1) - max(box.y, Double(y))
      for x in columns(box.x, box.maxX) {
        let horizontal = min(box.maxX, Double(x) + 1) - max(box.x, Double(x))
        blend(x, y, color, opacity * max(0, vertical) * max(0, horizontal))
      }
    }
  }

  /// Paints all points within half a width of a run of lines; joints and ends are round.
  mutating func stroke(
    _ points: [Point], width lineWidth: Double, _ color: SIMD3<Double>, _ opacity: Double
  ) {
    guard let first = points.first else { return }
    let segments = points.count == 1 ? [(first, first)] : Array(zip(points, points.dropFirst()))
    let reach = max(lineWidth, 1) / 2
    // Lines thinner than a pixel are painted a pixel wide and fainter.
    let strength = opacity * min(1, lineWidth)
    var coverage: [Int: Double] = [:]
    for (a, b) in segments {
      for y in rows(min(a.y, b.y) - reach - 1, max(a.y, b.y) + reach + 1) {
        for x in columns(min(a.x, b.x) - reach - 1, max(a.x, b.x) + reach + 1) {
          let distance = Self.distance(Point(Double(x) + 0.5, Double(y) + 0.5), a, b)
          let share = min(1, max(0, reach + 0.5 - distance))
          if share > 0 { coverage[y * width + x] = max(coverage[y * width + x] ?? 0, share) }
        }
      }
    }
    for (pixel, share) in coverage {
      blend(pixel % width, pixel / width, color, strength * share)
    }
  }

  /// Paints a polygon, by the even-odd rule, with four lines of samples per pixel.
  mutating func fill(_ polygon: [Point], _ color: SIMD3<Double>, _ opacity: Double) {
    guard polygon.count > 2, let low = polygon.map(\.y).min(), let high = polygon.map(\.y).max()
    else { return }
    let edges = zip(polygon, polygon.dropFirst() + polygon.prefix(1))
    for y in rows(low, high) {
      // Coverage of each pixel by the four lines of samples; blended once, so that an opaque polygon hides what is below.
      var shares = [Double](repeating: 0, count: width)
      for sample in 0..<4 {
        let height = Double(y) + (Double(sample) + 0.5) / 4
        let crossings = edges.compactMap { a, b -> Double? in
          guard (a.y <= height) != (b.y <= height) else { return nil }
          return a.x + (height - a.y) / (b.y - a.y) * (b.x - a.x)
        }.sorted()
        for pair in stride(from: 0, to: crossings.count - 1, by: 2) {
          let (left, right) = (crossings[pair], crossings[pair + 1])
          for x in columns(left, right) {
            shares[x] += max(0, min(right, Double(x + 1)) - max(left, Double(x))) / 4
          }
        }
      }
      for x in 0..<width where shares[x] > 0 { blend(x, y, color, opacity * shares[x]) }
    }
  }

  private func rows(_ low: Double, _ high: Double) -> Range<Int> { Self.pixels(low, high, height) }
  private func columns(_ low: Double, _ high: Double) -> Range<Int> {
    Self.pixels(low, high, width)
  }

  private static func pixels(_ low: Double, _ high: Double, _ limit: Int) -> Range<Int> {
    guard low.isFinite, high.isFinite else { return 0..<0 }
    let first = Int(min(max(low.rounded(.down), 0), Double(limit)))
    let last = Int(min(max(high.rounded(.up), 0), Double(limit)))
    return first..<max(first, last)
  }

  private static func distance(_ p: Point, _ a: Point, _ b: Point) -> Double {
    let (dx, dy) = (b.x - a.x, b.y - a.y)
    let length2 = dx * dx + dy * dy
    let t = length2 > 0 ? min(1, max(0, ((p.x - a.x) * dx + (p.y - a.y) * dy) / length2)) : 0
    let (x, y) = (p.x - a.x - t * dx, p.y - a.y - t * dy)
    return (x * x + y * y).squareRoot()
  }
}

extension Figure {
  /// The drawing as a PNG file, dark on white.
  ///
  /// - Parameter scale: pixels of the file per pixel of the drawing, 0.25 … 8.
  public func png(scale: Double = 2) -> [UInt8] {
    let scale = min(max(scale, 0.25), 8)
    var raster = Raster(width: Int(width * scale), height: Int(height * scale))
    for shape in shapes { raster.paint(shape, scale) }
    return PNG.file(
      width: raster.width, height: raster.height, colorType: .rgb, samples: raster.samples)
  }
}

extension Raster {
  fileprivate mutating func paint(_ shape: Shape, _ scale: Double) {
    switch shape {
    case .box(let box, let fill, let opacity, _):
      self.fill(box.scaled(scale), fill.rgb, fill.opacity * opacity)
    case .line(let points, let stroke, let width, let isDashed):
      let points = points.map { $0.scaled(scale) }
      let runs = isDashed ? Self.dashes(points, on: 5 * scale, off: 4 * scale) : [points]
      for run in runs {
        self.stroke(run, width: width * scale, stroke.rgb, stroke.opacity)
      }
    case .area(let points, let fill, let opacity):
      self.fill(points.map { $0.scaled(scale) }, fill.rgb, fill.opacity * opacity)
    case .dot(let place, let radius, let fill, let opacity, _):
      stroke([place.scaled(scale)], width: 2 * radius * scale, fill.rgb, fill.opacity * opacity)
    case .text(let text, let place, let anchor, let size, let isBold, let isUpright):
      paint(
        text, place.scaled(scale), anchor, size * scale, isBold: isBold, isUpright: isUpright)
    case .image(let image, let box): paint(image, box.scaled(scale))
    }
  }

  private mutating func paint(_ image: IndexedImage, _ box: Box) {
    for y in Int(box.y)..<max(Int(box.y), Int(box.maxY)) {
      for x in Int(box.x)..<max(Int(box.x), Int(box.maxX)) {
        let column = Int((Double(x) + 0.5 - box.x) / box.width * Double(image.width))
        let row = Int((Double(y) + 0.5 - box.y) / box.height * Double(image.height))
        guard (0..<image.width).contains(column), (0..<image.height).contains(row) else { continue }
        let index = Int(image.pixels[row * image.width + column])
        guard index < image.palette.count else { continue }
        blend(x, y, Color.rgb(image.palette[index]).rgb, 1)
      }
    }
  }

  private mutating func paint(
    _ text: String, _ place: Point, _ anchor: Shape.Anchor, _ size: Double, isBold: Bool,
    isUpright: Bool
  ) {
    let unit = StrokeFont.scale(size)
    let width = StrokeFont.width(text, size: size)
    let start = anchor == .start ? 0 : anchor == .middle ? -width / 2 : -width
    for (index, character) in text.enumerated() {
      let origin = start + Double(index) * StrokeFont.advance * unit
      for stroke in StrokeFont.strokes(character) {
        let points = stroke.map { point in
          let along = origin + point.x * unit
          let down = (point.y - StrokeFont.capHeight) * unit
          return isUpright
            ? Point(place.x + down, place.y - along) : Point(place.x + along, place.y + down)
        }
        self.stroke(points, width: size * (isBold ? 0.12 : 0.08), Color.text.rgb, 1)
      }
    }
  }

  /// Pieces of a line; the pattern continues around its corners.
  static func dashes(_ points: [Point], on: Double, off: Double) -> [[Point]] {
    var dashes: [[Point]] = []
    var dash: [Point] = []  // the current dash
    var phase = 0.0  // position in the pattern
    for (a, b) in zip(points, points.dropFirst()) {
      let length = ((b.x - a.x) * (b.x - a.x) + (b.y - a.y) * (b.y - a.y)).squareRoot()
      guard length > 0, length < 1e5 else {
        if length != 0, !dash.isEmpty {
          dashes.append(dash)
          dash = []
        }
        continue
      }
      func point(_ place: Double) -> Point {
        Point(a.x + (b.x - a.x) * place / length, a.y + (b.y - a.y) * place / length)
      }
      var place = 0.0
      while place < length {
        if phase >= on + off { phase = 0 }
        let isOn = phase < on
        if !isOn, !dash.isEmpty {
          dashes.append(dash)
          dash = []
        }
        let end = min(length, place + (isOn ? on : on + off) - phase)
        if isOn { dash += dash.isEmpty ? [point(place), point(end)] : [point(end)] }
        phase = end < length ? (isOn ? on : 0) : phase + end - place
        place = end
      }
    }
    return dash.isEmpty ? dashes : dashes + [dash]
  }
}

extension Point {
  fileprivate func scaled(_ factor: Double) -> Point { Point(x * factor, y * factor) }
}

extension Box {
  fileprivate func scaled(_ factor: Double) -> Box {
    Box(x: x * factor, y: y * factor, width: width * factor, height: height * factor)
  }
}

extension Color {
  /// Red, green and blue of 0 … 255; ink is nearly black.
  fileprivate var rgb: SIMD3<Double> {
    let value: UInt32 = if case .rgb(let value) = self { value } else { 0x1B2430 }
    return SIMD3(
      Double(value >> 16 & 0xFF), Double(value >> 8 & 0xFF), Double(value & 0xFF))
  }
}
