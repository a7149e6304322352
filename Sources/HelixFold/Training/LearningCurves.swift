import AtomicFiles
import Messages
import Reports
import Training
import TrainingRun

/// Learning curves of the log of a run.
public struct LearningCurves {
  /// What can be drawn.
  public enum Quantity: String, CaseIterable, Sendable {
    /// Loss of training and validation.
    case loss
    /// lDDT-Cα of training samples and validation chains.
    case lddt
    /// Terms of the training loss; those that only some options train where they are not 0.
    case terms
    /// Learning rate.
    case rate
  }

  private let records: [TrainingRecord]
  private let name: String

  /// The curves of a log, or of the log in a run's folder.
  public init(path: String) throws {
    name = path.split(separator: "/").last.map(String.init) ?? path
    let log = PathKind(of: path) == .folder ? RunFolder(path: path).log : path
    records = try TrainingLog.read(log)
    if records.isEmpty {
      throw TrainingRunError.unreadable(file: log, reason: "holds no step yet")
    }
  }

  /// Draws a quantity.
  ///
  /// - Parameter window: training values are means over so many steps; validations are drawn as they are.
  public func figure(_ quantity: Quantity, window: Int) -> Figure {
    var series: [Series]
    let label: String
    switch quantity {
    case .loss:
      series = [
        curve("training", window) { $0.loss }, curve("validation", of: .validation, 1) { $0.loss },
      ]
      label = "loss"
    case .lddt:
      series = [
        curve("training", window) { $0.lddt }, curve("validation", of: .validation, 1) { $0.lddt },
      ]
      label = "lDDT-Cα"
    case .terms:
      series = [
        curve("FAPE", window) { $0.terms?.fape },
        curve("side-chain FAPE", window) { $0.terms?.sideChainFAPE },
        curve("torsions", window) { $0.terms?.chi },
        curve("distogram", window) { $0.terms?.distogram },
        curve("masked MSA", window) { $0.terms?.maskedMSA },
      ]
      for (name, term) in Self.optionalTerms
      where records.contains(where: { ($0.terms?[keyPath: term] ?? 0) != 0 }) {
        series.append(curve(name, window) { $0.terms?[keyPath: term] })
      }
      label = "loss term"
    case .rate:
      series = [curve("learning rate", 1) { $0.rate }]
      label = "learning rate"
    }
    let shown = series.filter { !$0.points.isEmpty }
    return Plot.lines(
      title: "\(name): \(label)",
      summary:
        "\(label) over \(counted(records.count { $0.event == .step }, "step")), training values are means of \(counted(window, "step"))",
      x: "step", y: label, shown)
  }

  /// Terms that only some options train.
  private static let optionalTerms: [(name: String, term: KeyPath<LossReport, Double> & Sendable)] =
    [
      ("violations", \.violation), ("smooth lDDT", \.smoothLDDT),
      ("backbone torsions", \.backboneTorsions), ("angle norm", \.angleNorm),
      ("resolved atoms", \.experimentallyResolved), ("contacts", \.contacts),
    ]

  private func curve(
    _ name: String, of event: TrainingRecord.Event = .step, _ window: Int,
    _ value: (TrainingRecord) -> Double?
  ) -> Series {
    let points = records.filter { $0.event == event }.compactMap { record in
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
