import Messages
import NumericArrays

/// Plots of a network's predictions for one protein.
public enum PredictionPlot {
  /// Predicted lDDT-Cα along the chain over the colours of the AlphaFold database, one line per prediction, at most twelve.
  ///
  /// - Parameters:
  ///   - predictions: names and values of 0 … 100, the best first. `[N_res]`
  ///   - numbers: residue numbers; nil to count from 1. `[N_res]`
  public static func confidence(
    _ predictions: [(name: String, plddt: [Float])], numbers: [Int]? = nil
  ) -> Figure {
    let count = predictions.map(\.plddt.count).max() ?? 0
    let mean = predictions.first?.plddt.mean ?? 0
    let high = predictions.first.map { $0.plddt.filter { $0 >= 70 }.count } ?? 0
    var chart = Chart(
      title: "Confidence along the chain",
      summary:
        "Predicted lDDT of \(counted(count, "residue")). The mean is \(Axis.text(tenths(mean)));"
        + " at 70 or more: \(counted(high, "residue")).",
      x: .residues(count, numbers: numbers), y: Axis("pLDDT", 0...100),
      keys: predictions.count < 2
        ? [] : Chart.Key.series(predictions.map(\.name), limit: Chart.lineLimit))
    for band in ConfidenceBand.allCases {
      let top = chart.placeY(band.range.upperBound)
      let box = Box(
        x: chart.frame.x, y: top, width: chart.frame.width,
        height: chart.placeY(band.range.lowerBound) - top)
      chart.draw {
        $0.box(box, fill: band.color, opacity: 0.28, tip: band.label)
        $0.text(band.label, box.x + 5, top + 12, size: 10)
      }
    }
    for (index, prediction) in predictions.prefix(Chart.lineLimit).enumerated().reversed() {
      let first = chart.x.range.lowerBound + 0.5
      let values = prediction.plddt.enumerated().map { Point(first + Double($0), Double($1)) }
      let color: Color = predictions.count == 1 ? .ink(0.9) : .series(index)
      for run in Series(prediction.name, values).runs {
        let places = run.map { chart.place($0.x, $0.y) }
        chart.draw {
          if places.count == 1 {  // a line of one point would be invisible
            return $0.add(.dot(places[0], radius: 2.5, fill: color, opacity: 1, tip: nil))
          }
          $0.line(
            places, color, width: index == 0 ? 2 : 1.2, isDashed: Color.isRepeated(index))
        }
      }
    }
    chart.markResidues(count)
    return chart.figure(
      caption:
        "pLDDT says how well the surroundings of each residue are expected to fit the true structure. From 70 on the backbone is usually right, from 90 on side chains too; stretches below 50 are often disordered, and their shape means nothing."
    )
  }

  /// Rows of an alignment with a residue in each column, by their identity with the target.
  ///
  /// Bands are stacked from the most similar rows up, so that the upper edge is the depth.
  ///
  /// - Parameters:
  ///   - depths: rows with a residue, the target included, and the least identity of each band, the highest first. `[bands][N_res]`
  ///   - neff: number of effective sequences, if known.
  ///   - numbers: residue numbers; nil to count from 1. `[N_res]`
  public static func coverage(
    _ depths: [(leastIdentity: Double, depth: [Int])], rows: Int, neff: Double? = nil,
    title: String = "Depth of the alignment", numbers: [Int]? = nil
  ) -> Figure {
    let columns = depths.map(\.depth.count).min() ?? 0
    var edges = [[Int](repeating: 0, count: columns)]
    for band in depths { edges.append(zip(edges[edges.count - 1], band.depth).map(+)) }
    let depth = edges[edges.count - 1]
    let mean = Double(depth.reduce(0, +)) / Double(max(1, columns))
    let effective = neff.map { ", \(Axis.text(tenths($0))) effective" } ?? ""
    var chart = Chart(
      title: title,
      summary:
        "\(counted(rows, "row"))\(effective). A column has \(Axis.text(tenths(mean))) residues on"
        + " average, the shallowest \(depth.min() ?? 0).",
      x: .residues(columns, numbers: numbers),
      y: Axis(
        "rows with a residue", covering: depth.map(Double.init), including: [0], isCounted: true),
      keys: depths.indices.map {
        .init(name: bandName($0, of: depths.map(\.leastIdentity)), color: bandColor($0))
      })
    for band in depths.indices {
      let upper = staircase(edges[band + 1], chart)
      let outline = upper + staircase(edges[band], chart).reversed()
      chart.draw { $0.add(.area(outline, fill: bandColor(band), opacity: 1)) }
    }
    let top = staircase(depth, chart)
    chart.draw { $0.line(top, .ink(0.6)) }
    chart.markResidues(columns)
    return chart.figure(
      caption:
        "What the network learns about contacts comes from these rows: where fewer than about 30 cover a part of the chain, its prediction is usually worse."
    )
  }

  /// A staircase with one step per column.
  private static func staircase(_ heights: [Int], _ chart: Chart) -> [Point] {
    heights.enumerated().flatMap { column, height in
      [0, 1].map { chart.place(chart.x.range.lowerBound + Double(column + $0), Double(height)) }
    }
  }

  private static func bandName(_ band: Int, of least: [Double]) -> String {
    let percent = least.map { Axis.text(100 * $0) }
    if band == 0 { return "\(percent[0]) % identity or more" }
    return least[band] > 0
      ? "\(percent[band]) to \(percent[band - 1]) %" : "under \(percent[band - 1]) %"
  }

  /// Deep blue, which shows on dark pages too, for rows similar to the target, grey for the most remote.
  private static func bandColor(_ band: Int) -> Color {
    let colors: [UInt32] = [0x2171B5, 0x5BA3D0, 0x9CCAE6, 0xD6E6F4, 0xBDBDBD]
    return .rgb(colors[min(band, colors.count - 1)])
  }

  /// Mean confidence after each pass, for the first twelve predictions.
  public static func recycles(
    _ history: [(name: String, passes: [(plddt: Double, change: Double?)])]
  ) -> Figure {
    let last = history.first?.passes.last
    let change = last?.change.map { ", the last change \(Axis.text(tenths($0, 100))) Å" } ?? ""
    var figure = Plot.lines(
      title: "Mean confidence after each pass",
      summary: "After \(counted(history.first?.passes.count ?? 0, "pass")) the mean pLDDT is"
        + " \(Axis.text(tenths(last?.plddt ?? 0)))\(change).",
      x: "pass", y: "mean pLDDT",
      history.map { run in
        Series(run.name, run.passes.enumerated().map { Point(Double($0), $1.plddt) })
      }, isCounted: true)
    figure.caption =
      "Each pass starts from the structure of the one before. Where the line still rises at its end, more passes may help."
    return figure
  }

  static func tenths(_ value: Double, _ unit: Double = 10) -> Double {
    (value * unit).rounded() / unit
  }
}
