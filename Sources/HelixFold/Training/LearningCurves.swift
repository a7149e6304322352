import AtomicFiles
import Messages
import Reports
import Training
import TrainingRun

/// Learning curves from the logs of one or several runs.
public struct LearningCurves {
  /// A quantity to draw.
  public enum Quantity: String, CaseIterable, Sendable {
    /// Loss of training and validation.
    case loss
    /// lDDT-Cα of training samples and validation chains.
    case lddt
    /// Terms of the training loss; those that only some options train, if they are not 0.
    case terms
    /// Learning rate.
    case rate
    /// Norm of the gradient before clipping.
    case gradient

    /// The label of the axis.
    fileprivate var label: String {
      switch self {
      case .loss: "loss"
      case .lddt: "lDDT-Cα"
      case .terms: "loss term"
      case .rate: "learning rate"
      case .gradient: "gradient norm"
      }
    }
  }

  private let runs: [Run]

  /// The curves of logs, given as files or as folders of runs.
  public init(paths: [String]) throws {
    let names = paths.map { $0.split(separator: "/").last.map(String.init) ?? $0 }
    let isClear = Set(names).count == names.count
    runs = try zip(paths, names).map { try Run($0, name: isClear ? $1 : $0) }
  }

  /// Draws a quantity.
  ///
  /// - Parameters:
  ///   - window: training values are means over this many steps, skipped ones not counted, but over at most a tenth of the shortest run;
  ///     validations are drawn as they are.
  ///   - isLogarithmic: whether the vertical axis is logarithmic; only if all values are positive.
  public func figure(_ quantity: Quantity, window: Int, isLogarithmic: Bool = false) -> Figure {
    let window = min(window, max(1, (runs.map(\.stepCount).min() ?? 0) / 10))
    // Ordered by quantity and then by run, so that the first lines, which are drawn, come from all runs.
    let curves = runs.map { $0.curves(quantity, window) }
    let series = (0..<(curves.map(\.count).max() ?? 0)).flatMap { place in
      zip(runs, curves).compactMap { run, curves -> Series? in
        guard place < curves.count else { return nil }
        let curve = curves[place]
        return Series(runs.count == 1 ? curve.name : "\(run.name) \(curve.name)", curve.points)
      }
    }
    let means = window > 1 && quantity != .rate ? "means of \(window) steps" : nil
    let steps = runs.map(\.stepCount).reduce(0, +)
    return Plot.lines(
      title: "\(runs.map(\.name).joined(separator: ", ")): \(quantity.label)",
      summary:
        "\(quantity.label) over \(counted(steps, "step"))"
        + (means.map { ", training values are \($0)" } ?? ""),
      x: "step", y: quantity.label + (means.map { ", training: \($0)" } ?? ""),
      series.filter { !$0.points.isEmpty },
      isLogarithmic: isLogarithmic, isCounted: true)
  }
}

/// One log.
private struct Run {
  let name: String
  private let records: [TrainingRecord]

  init(_ path: String, name: String) throws {
    self.name = name
    let log = PathKind(of: path) == .folder ? RunFolder(path: path).log : path
    records = try TrainingLog.read(log)
    if records.isEmpty {
      throw TrainingRunError.unreadable(file: log, reason: "holds no step yet")
    }
  }

  var stepCount: Int { records.count { $0.event == .step } }

  func curves(_ quantity: LearningCurves.Quantity, _ window: Int) -> [Series] {
    switch quantity {
    case .loss:
      return [
        curve("training", window) { $0.loss }, curve("validation", of: .validation, 1) { $0.loss },
      ]
    case .lddt:
      return [
        curve("training", window) { $0.lddt }, curve("validation", of: .validation, 1) { $0.lddt },
      ]
    case .terms:
      var series = [
        curve("FAPE", window) { $0.terms?.fape },
        curve("side-chain FAPE", window) { $0.optional(\.sideChainFAPE) },
        curve("torsions", window) { $0.optional(\.chi) },
        curve("distogram", window) { $0.terms?.distogram },
        curve("masked MSA", window) { $0.optional(\.maskedMSA) },
      ]
      for (name, term) in Self.optionalTerms
      where records.contains(where: { ($0.terms?[keyPath: term] ?? 0) != 0 }) {
        series.append(curve(name, window) { $0.optional(term) })
      }
      return series
    case .rate:
      return [curve("learning rate", 1) { $0.rate }]
    case .gradient:
      return [curve("gradient norm", window) { $0.gradientNorm }]
    }
  }

  /// Terms that only some options train.
  private static let optionalTerms: [(name: String, term: KeyPath<LossReport, Double> & Sendable)] =
    [
      ("violations", \.violation), ("smooth lDDT", \.smoothLDDT),
      ("backbone torsions", \.backboneTorsions), ("angle norm", \.angleNorm),
      ("resolved atoms", \.experimentallyResolved), ("contacts", \.contacts),
      ("pLDDT", \.confidence), ("PAE", \.alignedError),
    ]

  private func curve(
    _ name: String, of event: TrainingRecord.Event = .step, _ window: Int,
    _ value: (TrainingRecord) -> Double?
  ) -> Series {
    let points = records.filter {
      $0.event == event && ($0.decision == nil || $0.decision == .take)
    }.compactMap { record in
      value(record).flatMap { $0.isFinite ? Point(Double(record.step) + 1, $0) : nil }
    }
    let size = max(1, window)
    let means = stride(from: 0, to: points.count, by: size).map { start in
      let part = points[start..<min(start + size, points.count)]
      let count = Double(part.count)
      return Point(
        part.reduce(0) { $0 + $1.x } / count, part.reduce(0) { $0 + $1.y } / count)
    }
    return Series(name, means)
  }
}
