/// Plots of any data: learning curves, comparisons, distributions.
public enum Plot {
  /// Lines over a common axis; only the first twelve are drawn, and the key gives the number of further ones.
  ///
  /// - Parameters:
  ///   - isLogarithmic: makes the vertical axis logarithmic; ignored unless all values are positive.
  ///   - isCounted: whether the horizontal axis counts something.
  public static func lines(
    title: String, summary: String, x: String, y: String, _ series: [Series],
    isLogarithmic: Bool = false, includingZero: Bool = false, isCounted: Bool = false
  ) -> Figure {
    let shown = series.prefix(Chart.lineLimit)
    let points = shown.flatMap(\.points).filter { $0.x.isFinite && $0.y.isFinite }
    var chart = Chart(
      title: title, summary: summary, x: Axis(x, covering: points.map(\.x), isCounted: isCounted),
      y: Axis(
        y, covering: points.map(\.y), including: includingZero ? [0] : [],
        isLogarithmic: isLogarithmic),
      keys: Chart.Key.series(series.map(\.name), limit: Chart.lineLimit))
    for (index, line) in shown.enumerated() {
      for run in line.runs {
        let places = run.map { chart.place($0.x, $0.y) }
        chart.draw {
          $0.line(places, .series(index), width: 2, isDashed: Color.isRepeated(index))
        }
        guard run.count <= 60 else { continue }
        for (place, point) in zip(places, run) {
          let tip = "\(line.name): \(Axis.text(point.x)), \(Axis.text(point.y))"
          chart.draw {
            $0.add(.dot(place, radius: 3, fill: .series(index), opacity: 1, tip: tip))
          }
        }
      }
    }
    return chart.figure
  }

  /// Dots that show their names when pointed at; only as many groups are drawn as there are colours.
  ///
  /// - Parameter isSquare: gives both axes the same range and draws the diagonal, for comparisons of like quantities.
  public static func scatter(
    title: String, summary: String, x: String, y: String,
    _ groups: [(name: String, dots: [(place: Point, name: String)])], isSquare: Bool = false,
    range: ClosedRange<Double>? = nil
  ) -> Figure {
    let shown = groups.prefix(Color.series.count)
    let places = shown.flatMap { $0.dots.map(\.place) }.filter { $0.x.isFinite && $0.y.isFinite }
    let all = places.map(\.x) + places.map(\.y)
    let both = range.map { Axis("", $0) } ?? Axis("", covering: all)
    var chart = Chart(
      title: title, summary: summary,
      x: isSquare ? Axis(x, both.range) : Axis(x, covering: places.map(\.x)),
      y: isSquare || range != nil ? Axis(y, both.range) : Axis(y, covering: places.map(\.y)),
      width: isSquare ? 420 : 720, height: isSquare ? nil : 300,
      keys: groups.count < 2
        ? [] : Chart.Key.series(groups.map(\.name), limit: Color.series.count))
    if isSquare {
      let (low, high) = (both.range.lowerBound, both.range.upperBound)
      let ends = [chart.place(low, low), chart.place(high, high)]
      chart.draw { $0.line(ends, .ink(0.4), isDashed: true) }
    }
    for (index, group) in shown.enumerated() {
      for dot in group.dots where dot.place.x.isFinite && dot.place.y.isFinite {
        let place = chart.place(dot.place.x, dot.place.y)
        let tip = "\(dot.name): \(Axis.text(dot.place.x)), \(Axis.text(dot.place.y))"
        chart.draw {
          $0.add(.dot(place, radius: 4.5, fill: .series(index), opacity: 0.75, tip: tip))
        }
      }
    }
    return chart.figure
  }

  /// A value of a bar with its confidence interval.
  public struct Bar: Sendable, Hashable {
    /// The value; no bar is drawn if it is not finite.
    public var value: Double
    /// Interval drawn as a line.
    public var interval: ClosedRange<Double>?

    /// A value, with an interval if it is known.
    public init(_ value: Double, interval: ClosedRange<Double>? = nil) {
      self.value = value
      self.interval = interval
    }
  }

  /// Groups of bars, one bar per series; only as many series are drawn as there are colours.
  public static func bars(
    title: String, summary: String, x: String, y: String, groups: [String],
    _ series: [(name: String, bars: [Bar])], range: ClosedRange<Double>? = nil
  ) -> Figure {
    let shown = series.prefix(Color.series.count)
    let bars = shown.flatMap(\.bars)
    let values: [Double] = bars.map(\.value) + bars.compactMap { $0.interval?.upperBound }
    var chart = Chart(
      title: title, summary: summary, x: Axis(x, 0...Double(max(1, groups.count))),
      y: range.map { Axis(y, $0) } ?? Axis(y, covering: values, including: [0]),
      keys: series.count < 2
        ? [] : Chart.Key.series(series.map(\.name), limit: Color.series.count),
      hidesXTicks: true)
    let slot = chart.frame.width / Double(max(1, groups.count))
    let width = min(46, slot * 0.8 / Double(max(1, shown.count)))
    let base = chart.placeY(max(0, chart.y.range.lowerBound))
    for (place, group) in groups.enumerated() {
      let centre = chart.frame.x + (Double(place) + 0.5) * slot
      let foot = chart.frame.maxY + 18
      chart.draw { $0.text(group, centre, foot, anchor: .middle, size: 11) }
      for (index, line) in shown.enumerated() where place < line.bars.count {
        let bar = line.bars[place]
        guard bar.value.isFinite else { continue }
        let left = centre + (Double(index) - Double(shown.count) / 2) * width
        let top = chart.placeY(bar.value)
        let box = Box(
          x: left + 1, y: min(top, base), width: width - 2, height: abs(base - top))
        let tip = "\(line.name), \(group): \(Axis.text(bar.value))"
        chart.draw { $0.box(box, fill: .series(index), opacity: 0.85, tip: tip) }
        guard let interval = bar.interval else { continue }
        let whisker = [interval.lowerBound, interval.upperBound].map {
          Point(left + width / 2, chart.placeY($0))
        }
        chart.draw { $0.line(whisker, .ink(0.9), width: 2) }
      }
    }
    return chart.figure
  }
}
