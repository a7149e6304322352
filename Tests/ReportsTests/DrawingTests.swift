import CZlib
import Foundation
import Testing

@testable import Reports
@testable import StructureIO

@Suite("Drawings")
struct DrawingTests {
  static let hostile = "<script>alert('x')</script> & \"quoted\" \u{0}\u{1B}]]>"

  /// A drawing that test logs call by its name.
  struct Drawing: CustomTestStringConvertible, Sendable {
    let name: String
    let figure: Figure

    var testDescription: String { name }
  }

  static let drawings = figures.map(Drawing.init)

  private static let figures: [(name: String, figure: Figure)] = [
    ("confidence", PredictionPlot.confidence([("a", [10, 55, 75, 95])])),
    ("several", PredictionPlot.confidence([(hostile, [10, .nan, 75]), ("b", [1, 2, 3])])),
    ("empty", PredictionPlot.confidence([])),
    ("error", PredictionPlot.alignedError([0, 5, 5, 0], residues: 2, maximum: 31.75)),
    ("no error", PredictionPlot.alignedError([], residues: 0, maximum: 0)),
    ("contacts", PredictionPlot.contacts([1, 0.5, 0.5, 1], residues: 2)),
    (
      "coverage",
      PredictionPlot.coverage(
        [(0.8, [1, 2, 1]), (0.4, [0, 3, 2]), (0, [0, 0, 0])], rows: 5, neff: 2.5, title: hostile)
    ),
    ("no coverage", PredictionPlot.coverage([], rows: 0)),
    ("recycles", PredictionPlot.recycles([("a", [(50, nil), (60, 2), (61, 0.5)])])),
    (
      "lines",
      Plot.lines(
        title: hostile, summary: hostile, x: "step", y: "loss",
        [Series(hostile, [Point(0, 10), Point(1, .infinity), Point(2, 0.1)])], isLogarithmic: true)
    ),
    (
      "scatter",
      Plot.scatter(
        title: "s", summary: "s", x: "a", y: "b",
        [(name: "g", dots: [(place: Point(0.5, 0.6), name: hostile)])], isSquare: true)
    ),
    (
      "bars",
      Plot.bars(
        title: "b", summary: "b", x: "x", y: "y", groups: [hostile],
        [(name: "s", bars: [.init(0.5, interval: 0.4...0.6), .init(.nan)])])
    ),
  ]

  @Test("every drawing is well-formed XML with a title and a description", arguments: drawings)
  func wellFormed(drawing: Drawing) {
    let figure = drawing.figure
    let reader = MarkupReader(figure.svg(id: Self.hostile))
    #expect(reader.isWellFormed)
    #expect(reader.elements["script"] == nil)
    #expect((reader.elements["title"] ?? 0) >= 1)
    #expect(reader.elements["desc"] == 1)
    #expect(reader.attributes.first?["role"] == "img")
  }

  @Test("no drawing refers to anything outside itself", arguments: drawings)
  func selfContained(drawing: Drawing) {
    let figure = drawing.figure
    for attributes in MarkupReader(figure.svg()).attributes {
      for key in ["href", "xlink:href", "src"] {
        #expect(attributes[key]?.hasPrefix("data:image/png;base64,") ?? true)
      }
    }
  }

  @Test("every drawing becomes a PNG that decodes to its size", arguments: drawings)
  func png(drawing: Drawing) throws {
    let figure = drawing.figure
    let image = try DecodedPNG(figure.png(scale: 1))
    #expect(image.width == Int(figure.width))
    #expect(image.height == Int(figure.height))
    #expect(image.samples.contains { $0 < 128 }, "there is something dark on it")
  }

  @Test("a PNG file holds the samples that it was made of", arguments: [(1, 1), (3, 2), (257, 90)])
  func samples(width: Int, height: Int) throws {
    let varied = (0..<3 * width * height).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 3) }
    let rgb = PNG.file(width: width, height: height, colorType: .rgb, samples: varied)
    #expect(try DecodedPNG(rgb).samples == varied)
    let flat = [UInt8](repeating: 1, count: width * height)
    let palette = PNG.file(
      width: width, height: height, colorType: .palette([0xFF0000, 0x00FF00]), samples: flat)
    #expect(try DecodedPNG(palette).samples == flat)
  }

  @Test("contacts are told that are likely, and six or more residues apart")
  func contacts() {
    var probabilities = [Float](repeating: 0, count: 64)
    for (i, j, p) in [(0, 5, 1), (0, 6, 1), (0, 7, 0.5), (1, 7, 0.49)] as [(Int, Int, Float)] {
      probabilities[i * 8 + j] = p
      probabilities[j * 8 + i] = p
    }
    let svg = PredictionPlot.contacts(probabilities, residues: 8).svg()
    #expect(svg.contains(" 2 pairs six or more residues apart"))
  }

  @Test("bands of coverage are stacked up to the depth of the deepest column")
  func coverage() {
    let svg = PredictionPlot.coverage([(0.5, [1, 2]), (0, [0, 2])], rows: 4).svg()
    for text in [
      "50 % identity or more", "under 50 %", "4 rows", "2.5 residues", "the shallowest 1",
    ] {
      #expect(svg.contains(text), "\(text)")
    }
    #expect(svg.contains(">4</text>"), "the axis ends at 4 rows")
  }

  private static let many = (0..<60).map { "model_1_seed_\($0)" }

  @Test(
    "of many series the first are drawn, no two alike, and the key says how many more there are",
    arguments: [
      (
        Drawing(
          name: "confidence", figure: PredictionPlot.confidence(many.map { ($0, [10, 50, 75]) })),
        12
      ),
      (
        Drawing(
          name: "recycles",
          figure: PredictionPlot.recycles(many.map { ($0, [(50, nil), (60, 2)]) })), 12
      ),
      (
        Drawing(
          name: "scatter",
          figure: Plot.scatter(
            title: "s", summary: "s", x: "a", y: "b",
            many.map { (name: $0, dots: [(place: Point(0, 0), name: "d")]) })), 6
      ),
      (
        Drawing(
          name: "bars",
          figure: Plot.bars(
            title: "b", summary: "b", x: "x", y: "y", groups: ["g"],
            many.map { (name: $0, bars: [.init(1)]) })), 6
      ),
    ])
  func manySeries(drawing: Drawing, limit: Int) {
    let reader = MarkupReader(drawing.figure.svg())
    let heights = reader.attributes.compactMap { $0["height"].flatMap(Double.init) }
    #expect(!heights.isEmpty && heights.allSatisfy { $0 > 0 })
    let keys = reader.texts.filter { $0.hasPrefix("model_1_seed_") && !$0.contains(",") }
    #expect(Set(keys).count == limit && keys.contains("model_1_seed_\(limit - 1)"))
    #expect(reader.texts.contains("… and \(60 - limit) more"))
    // Samples of the key are the lines 4 wide.
    let styles = reader.attributes.filter { $0["stroke-width"] == "4" }.map {
      "\($0["stroke"] ?? "") \($0["stroke-dasharray"] ?? "")"
    }
    #expect(styles.count == limit && Set(styles).count == limit)
  }

  @Test("rows of the key make a chart taller, not its data lower")
  func keyRows() {
    func chart(_ names: [String]) -> Chart {
      Chart(
        title: "t", summary: "s", x: Axis("x", 0...1), y: Axis("y", 0...1),
        keys: Chart.Key.series(names, limit: 12))
    }
    let (one, many) = (chart(["a"]), chart((0..<9).map { "a name of some length \($0)" }))
    #expect(one.figure.height == 280 && many.figure.height > 280)
    #expect(many.frame.height == one.frame.height)
  }

  @Test("an opaque polygon hides what is below it, and covers pixels at its edges in part")
  func polygon() {
    var raster = Raster(width: 4, height: 3)
    raster.fill(
      [Point(0.5, 0), Point(3, 0), Point(3, 2), Point(0.5, 2)], SIMD3(repeating: 0), 1)
    let gray = (0..<12).map { raster.samples[3 * $0] }
    #expect(gray == [128, 0, 0, 255, 128, 0, 0, 255, 255, 255, 255, 255])
  }

  @Test("a matrix is drawn with row 1 at the top and its mean over blocks")
  func matrixImage() {
    let image = IndexedImage(
      matrix: [0, 1, 0.5, 0], rows: 2, range: 0...1, scale: .probability)
    #expect(image.pixels == [0, 255, 127, 0])
    let large = IndexedImage(
      matrix: [Float](repeating: 0.5, count: 1601 * 1601), rows: 1601, range: 0...1,
      scale: .probability)
    #expect(large.width == 534)
    #expect(large.pixels.allSatisfy { $0 == 127 })
  }

  @Test(
    "what is missing from a matrix is no value: it is left out of means, and has its own colour")
  func missingValues() {
    let small = IndexedImage(
      matrix: [.nan, 1, 0, .infinity], rows: 2, range: 0...1, scale: .alignedError)
    #expect(small.pixels == [255, 254, 0, 255] && small.palette.count == 256)
    #expect(small.palette[254] == ColorScale.alignedError.colors[255])
    #expect(!ColorScale.alignedError.colors.contains(small.palette[255]))
    var values = [Float](repeating: 1, count: 801 * 801)
    values[0] = .nan
    let large = IndexedImage(matrix: values, rows: 801, range: 0...1, scale: .alignedError)
    #expect(large.width == 401 && large.pixels.allSatisfy { $0 == 254 })
  }

  @Test("matrices are square, and rows of the aligned error are the residues aligned on")
  func squareMatrices() throws {
    let figures = [
      PredictionPlot.alignedError([0, 31, 15.5, 0], residues: 2, maximum: 31),
      PredictionPlot.contacts([1, 0.5, 0.5, 1], residues: 2),
    ]
    for figure in figures {
      let frame = try #require(figure.residueAxis).frame
      #expect(frame.width == frame.height)
    }
    let svg = figures[0].svg()
    #expect(svg.contains("data-low=\"0\" data-high=\"31\" data-unit=\"Å\""))
    #expect(svg.contains("data-row=\"aligned residue\" data-column=\"scored residue\""))
    let pixels = figures[0].shapes.compactMap { shape -> [UInt8]? in
      if case .image(let image, _) = shape, image.width == 2 { image.pixels } else { nil }
    }
    #expect(pixels == [[0, 255, 127, 0]])
    let labels = figures[0].shapes.compactMap { shape -> (text: String, isUpright: Bool)? in
      if case .text(let text, _, _, _, _, let isUpright) = shape { (text, isUpright) } else { nil }
    }
    #expect(labels.contains { $0 == ("scored residue", false) })
    #expect(labels.contains { $0 == ("aligned residue", true) })
    let diagonal = Plot.scatter(title: "s", summary: "s", x: "a", y: "b", [], isSquare: true)
    #expect(diagonal.width == 420)
  }

  @Test(
    "ticks are round and within the axis",
    arguments: [(0.0, 1.0, 6), (0, 100, 6), (3, 3, 5), (-2, 7, 6), (1e-6, 2e-6, 6)])
  func ticks(low: Double, high: Double, count: Int) {
    let axis = Axis("x", covering: [low, high])
    #expect(axis.ticks.count >= 2 && axis.ticks.count <= count + 7)
    #expect(axis.range.contains(low) && axis.range.contains(high))
    let step = axis.ticks[1] - axis.ticks[0]
    let digits = step / pow(10, floor(log10(step * 1.0001)))
    #expect([1, 2, 5].contains { abs(digits - $0) < 1e-6 }, "a step of \(step) is not round")
    for tick in axis.ticks {
      #expect(
        tick >= axis.range.lowerBound - 1e-9 * step && tick <= axis.range.upperBound + 1e-9 * step)
      #expect(
        abs((tick / step).rounded() - tick / step) < 1e-6, "\(tick) is no multiple of \(step)")
    }
  }

  @Test("values whose span is no number leave an axis of 0 to 1")
  func hugeSpan() {
    #expect(Axis("x", covering: [1.7e308, -1.7e308]).range == 0...1)
  }

  @Test("logarithmic axes keep equal factors equal")
  func logarithmic() {
    let axis = Axis("x", covering: [1, 100], isLogarithmic: true)
    #expect(abs(axis.share(10) - 0.5) < 1e-12)
    #expect(axis.ticks.contains(10))
    #expect(!Axis("x", covering: [0, 100], isLogarithmic: true).isLogarithmic)
  }

  @Test("a logarithmic axis within a factor of two has round marks too")
  func narrowLogarithmic() {
    let axis = Axis("x", covering: [2.345, 2.6587], isLogarithmic: true)
    #expect(axis.ticks.count >= 3 && axis.ticks.allSatisfy { axis.range.contains($0) })
    #expect(axis.ticks.contains { abs($0 - 2.4) < 1e-9 } && axis.share(2.5) > 0.5)
  }

  @Test("there is nothing to mark between counts")
  func counts() {
    #expect(Axis("pass", covering: [0, 1], isCounted: true).ticks == [0, 1])
    #expect(Axis("pass", covering: [0, 3], isCounted: true).ticks == [0, 1, 2, 3])
    #expect(Axis("pass", covering: [0, 1]).ticks.count > 2)
    #expect(Axis.residues(1, numbers: nil).ticks == [1])
  }

  @Test("axes have the numbers of the residues where those are consecutive, else count places")
  func residueNumbers() {
    let axis = Axis.residues(3, numbers: [1858, 1859, 1860])
    #expect(axis.label == "residue" && axis.range == 1857.5...1860.5)
    #expect(axis.ticks == [1858, 1859, 1860])
    let ordinal = Axis.residues(3, numbers: [5, 6, 9])
    #expect(ordinal.label.contains("position in the sequence") && ordinal.range == 0.5...3.5)
  }

  @Test("a value between unknown ones is a dot, where its number and value belong")
  func places() throws {
    let figure = PredictionPlot.confidence(
      [("a", [25, .nan, 75, 50, 100])], numbers: [7, 8, 9, 10, 11])
    let frame = try #require(figure.residueAxis).frame
    func value(_ point: Point) -> Point {
      Point(
        6.5 + 5 * (point.x - frame.x) / frame.width,
        100 * (frame.maxY - point.y) / frame.height)
    }
    let dots = figure.shapes.compactMap { shape -> Point? in
      if case .dot(let place, _, _, _, _) = shape { value(place) } else { nil }
    }
    let lines = figure.shapes.compactMap { shape -> [Point]? in
      if case .line(let points, .ink(0.9), _, _) = shape { points.map(value) } else { nil }
    }
    #expect(dots.count == 1 && lines.count == 1)
    let expected = [Point(7, 25), Point(9, 75), Point(10, 50), Point(11, 100)]
    let found = dots + lines.joined()
    #expect(found.count == expected.count)
    for (found, expected) in zip(found, expected) {
      #expect(abs(found.x - expected.x) < 1e-9 && abs(found.y - expected.y) < 1e-9)
    }
  }

  @Test(
    "bands of confidence begin at 50, 70 and 90",
    arguments: [
      (49.9, ConfidenceBand.veryLow), (50, .low), (69.9, .low), (70, .confident), (90, .veryHigh),
    ])
  func bands(plddt: Double, band: ConfidenceBand) {
    #expect(ConfidenceBand(plddt: plddt) == band)
  }

  @Test(
    "base64 agrees with RFC 4648",
    arguments: [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")])
  func base64Vectors(text: String, code: String) { #expect(base64(Array(text.utf8)) == code) }

  @Test(
    "zlib reads what there was no memory to compress", arguments: [0, 1, 65_535, 65_536, 200_000])
  func storedStream(count: Int) {
    let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 * $0 >> 3) }
    let stream = PNG.stored(bytes)
    var (read, size) = ([UInt8](repeating: 0, count: count + 1), UInt(count + 1))
    #expect(uncompress(&read, &size, stream, UInt(stream.count)) == Z_OK)
    #expect(size == UInt(count) && Array(read.prefix(count)) == bytes)
  }

  @Test("no printable ASCII letter is drawn as the box of those that are missing")
  func font() {
    let box = StrokeFont.strokes("\u{1F600}")
    for code in UInt8(33)..<127 {
      let character = Character(UnicodeScalar(code))
      #expect(StrokeFont.strokes(character) != box, "\(character)")
    }
  }

  @Test("PNG files have a sign for every letter of our own titles, labels and units")
  func ownLetters() {
    let own = Self.figures.flatMap(\.figure.shapes).compactMap { shape -> String? in
      if case .text(let text, _, _, _, _, _) = shape, !text.contains("alert") { text } else { nil }
    }
    for character in (own + ["Å, lDDT-Cα, …, ×, ·, ³, °, Δ, 1–2, −1"]).joined() {
      #expect(StrokeFont.isComplete(character), "\(character)")
    }
    #expect(StrokeFont.strokes("Å") != StrokeFont.strokes("A"))
    #expect(StrokeFont.strokes("é") == StrokeFont.strokes("e"), "other accents are left out")
  }

  @Test("dashes go on over the corners of a line")
  func dashes() {
    // Along steps that are parallel to the axes.
    func length(_ run: [Point]) -> Double {
      var sum = 0.0
      for (a, b) in zip(run, run.dropFirst()) { sum += abs(b.x - a.x) + abs(b.y - a.y) }
      return sum
    }
    // A staircase with steps shorter than a dash, 24 long: dashes of 5 from 0, 9 and 18.
    let stairs = (0...12).map { step -> Point in
      let (right, down) = ((step + 1) / 2, step / 2)
      return Point(Double(2 * right), Double(2 * down))
    }
    let runs = Raster.dashes(stairs, on: 5, off: 4)
    #expect(runs.map(length) == [5, 5, 5])
    #expect(runs.first?.first == Point(0, 0) && runs[1].first == Point(5, 4))
    #expect(Raster.dashes([Point(0, 0), Point(7, 0)], on: 5, off: 4).map(length) == [5])
    #expect(Raster.dashes([Point(0, 0), Point(11, 0)], on: 5, off: 4).map(length) == [5, 2])
  }
}

/// Reads the PNG files that we write: IHDR, PLTE, one IDAT, no filter; checksums must be right.
struct DecodedPNG {
  var width = 0, height = 0
  var samples: [UInt8] = []

  enum Failure: Error { case damaged(String) }

  init(_ bytes: [UInt8]) throws {
    guard Array(bytes.prefix(8)) == [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A] else {
      throw Failure.damaged("signature")
    }
    var place = 8
    var channels = 3
    while place + 12 <= bytes.count {
      let length = Self.big(bytes, place)
      let name = String(decoding: bytes[place + 4..<place + 8], as: UTF8.self)
      let body = Array(bytes[place + 8..<place + 8 + length])
      // Of name and data, as zlib computes it.
      let named = Array(bytes[place + 4..<place + 8]) + body
      guard Self.big(bytes, place + 8 + length) == Int(crc32(0, named, UInt32(named.count))) else {
        throw Failure.damaged("checksum of \(name)")
      }
      switch name {
      case "IHDR":
        (width, height) = (Self.big(body, 0), Self.big(body, 4))
        channels = body[9] == 3 ? 1 : 3
      case "IDAT":
        let row = width * channels + 1
        var (lines, count) = ([UInt8](repeating: 0, count: row * height), UInt(row * height))
        guard uncompress(&lines, &count, body, UInt(body.count)) == Z_OK, count == lines.count
        else { throw Failure.damaged("size") }
        samples = (0..<height).flatMap { lines[$0 * row + 1..<($0 + 1) * row] }
      default: break
      }
      place += 12 + length
    }
  }

  private static func big(_ bytes: [UInt8], _ place: Int) -> Int {
    bytes[place..<place + 4].reduce(0) { $0 << 8 | Int($1) }
  }
}
