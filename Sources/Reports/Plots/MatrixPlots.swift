import NumericArrays

extension PredictionPlot {
  /// Expected position error of residue j (across) when the structures are aligned on residue i (down), Å.
  ///
  /// - Parameters:
  ///   - errors: `[N_res, N_res]`, row-major.
  ///   - model: name of the prediction, if there are several.
  ///   - numbers: residue numbers; nil to count from 1. `[N_res]`
  public static func alignedError(
    _ errors: [Float], residues: Int, maximum: Float, model: String? = nil, numbers: [Int]? = nil
  ) -> Figure {
    let finite = errors.filter(\.isFinite)
    return matrix(
      IndexedImage(
        matrix: errors, rows: residues, range: 0...max(maximum, 1), scale: .alignedError),
      residues: residues, numbers, title: titled("Predicted aligned error", model),
      summary: "Expected error of each residue's place when aligned on each other one, \(residues)"
        + " by \(residues). The mean is \(Axis.text(tenths(finite.mean))) Å; small errors off the"
        + " diagonal mean that parts of the chain are placed well against each other.",
      x: "scored residue", y: "aligned residue", scale: .alignedError, unit: "Å",
      range: 0...Double(max(maximum, 1)),
      caption:
        "A dark square on the diagonal is a part that is predicted as one piece. Where two squares have a dark block between them, off the diagonal, their places relative to each other are reliable; where that block is pale, they are not."
    )
  }

  /// Probability that two residues are in contact, from the distogram.
  ///
  /// - Parameters:
  ///   - probabilities: that pseudo-betas are within 8 Å. `[N_res, N_res]`
  ///   - model: name of the prediction, if there are several.
  ///   - numbers: residue numbers; nil to count from 1. `[N_res]`
  public static func contacts(
    _ probabilities: [Float], residues: Int, model: String? = nil, numbers: [Int]? = nil
  ) -> Figure {
    var likely = 0
    for i in 0..<residues where probabilities.count >= residues * residues {
      for j in min(i + 6, residues)..<residues where probabilities[i * residues + j] >= 0.5 {
        likely += 1
      }
    }
    return matrix(
      IndexedImage(matrix: probabilities, rows: residues, range: 0...1, scale: .probability),
      residues: residues, numbers, title: titled("Contacts of the distogram", model),
      summary: "Probability that two residues are within 8 Å. \(likely) pairs six or more residues"
        + " apart have a probability of one half or more.",
      x: "residue", y: "residue", scale: .probability, unit: "", range: 0...1,
      caption:
        "Dark places far from the diagonal are parts of the chain that the network expects side by side, such as paired strands or packed helices. With none, it has no idea of the fold."
    )
  }

  private static func titled(_ title: String, _ model: String?) -> String {
    model.map { "\(title), \($0)" } ?? title
  }

  private static func matrix(
    _ image: IndexedImage, residues: Int, _ numbers: [Int]?, title: String, summary: String,
    x: String, y: String,
    scale: ColorScale, unit: String, range: ClosedRange<Double>, caption: String
  ) -> Figure {
    var chart = Chart(
      title: title, summary: summary, x: .residues(residues, numbers: numbers, label: x),
      y: .residues(residues, numbers: numbers, label: y), width: 460, height: nil,
      leftMargin: 60, rightMargin: 70, reversesY: true)
    let frame = chart.frame
    let bar = IndexedImage(
      width: 1, height: 256, pixels: (0..<256).map { UInt8(255 - $0) }, palette: scale.colors)
    let barBox = Box(x: frame.maxX + 16, y: frame.y, width: 14, height: frame.height)
    chart.draw {
      $0.add(.image(image, frame))
      $0.add(.image(bar, barBox))
      for tick in Axis("", range).ticks {
        let share = (tick - range.lowerBound) / (range.upperBound - range.lowerBound)
        $0.text(Axis.text(tick), barBox.maxX + 5, barBox.maxY - share * barBox.height + 4, size: 11)
      }
      $0.text(unit, barBox.x, frame.y - 6, size: 11)
      for box in [frame, barBox] { $0.line(box.outline, .ink(0.6)) }
    }
    chart.markResidues(
      residues, matrix: Figure.Matrix(range: range, unit: unit, row: y, column: x))
    return chart.figure(caption: caption)
  }
}
