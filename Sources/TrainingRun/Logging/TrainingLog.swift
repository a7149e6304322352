import AtomicFiles
import FeaturePipeline
import Foundation
import Training

/// One line of the log of a run.
public struct TrainingRecord: Codable, Hashable, Sendable {
  /// What happened.
  public enum Event: String, Codable, Hashable, Sendable {
    /// A step.
    case step
    /// A validation after a step, or before the first.
    case validation
  }

  /// What happened.
  public var event: Event
  /// Number of the step, from 0; −1 for a validation before the first.
  public var step: Int
  /// Mean loss of the samples, or of the validation chains; NaN where it is not finite, which a log writes as null.
  public var loss: Double
  /// Mean lDDT-Cα of the samples or of the validation chains, 0 … 1; nil if undefined.
  public var lddt: Double?
  /// Every term of the loss, mean of the samples that have it, 0 where none has; nil in validations and where the loss is not finite.
  public var terms: LossReport?
  /// Learning rate.
  public var rate: Double?
  /// Whether the step was taken.
  public var decision: StepDecision?
  /// Norm of the gradient before clipping; with per-sample clipping the mean norm of the samples' gradients.
  public var gradientNorm: Double?
  /// Share of tensors that were clipped; with per-sample clipping the share of samples.
  public var clippedShare: Double?
  /// Steps skipped so far.
  public var skipped: Int?
  /// For a skipped step, the chains to look at: those with a loss or gradient that is not finite, else the one with the largest.
  public var chains: [String]?
  /// Passes after the first.
  public var recycles: Int?
  /// Residues of all samples.
  public var residues: Int?
  /// Seconds taken.
  public var seconds: Double

  private enum CodingKeys: String, CodingKey {
    case event, step, loss, lddt, terms, rate, decision, gradientNorm, clippedShare, skipped
    case chains, recycles, residues, seconds
  }

  /// Encodes numbers that are not finite as null.
  public func encode(to encoder: any Encoder) throws {
    var line = encoder.container(keyedBy: CodingKeys.self)
    func number(_ value: Double?, _ key: CodingKeys) throws {
      guard let value else { return }
      if value.isFinite {
        try line.encode(value, forKey: key)
      } else {
        try line.encodeNil(forKey: key)
      }
    }
    try line.encode(event, forKey: .event)
    try line.encode(step, forKey: .step)
    try number(loss, .loss)
    try number(lddt, .lddt)
    try line.encodeIfPresent(terms, forKey: .terms)
    try number(rate, .rate)
    try line.encodeIfPresent(decision, forKey: .decision)
    try number(gradientNorm, .gradientNorm)
    try number(clippedShare, .clippedShare)
    try line.encodeIfPresent(skipped, forKey: .skipped)
    try line.encodeIfPresent(chains, forKey: .chains)
    try line.encodeIfPresent(recycles, forKey: .recycles)
    try line.encodeIfPresent(residues, forKey: .residues)
    try line.encode(seconds, forKey: .seconds)
  }

  /// Decodes a line.
  public init(from decoder: any Decoder) throws {
    let line = try decoder.container(keyedBy: CodingKeys.self)
    event = try line.decode(Event.self, forKey: .event)
    step = try line.decode(Int.self, forKey: .step)
    loss = try line.decode(Double?.self, forKey: .loss) ?? .nan
    lddt = try line.decodeIfPresent(Double.self, forKey: .lddt)
    terms = try line.decodeIfPresent(LossReport.self, forKey: .terms)
    // Earlier builds wrote terms that are not finite.
    if !loss.isFinite { (terms, lddt) = (nil, nil) }
    rate = try line.decodeIfPresent(Double.self, forKey: .rate)
    decision = try line.decodeIfPresent(StepDecision.self, forKey: .decision)
    gradientNorm = try line.decodeIfPresent(Double.self, forKey: .gradientNorm)
    clippedShare = try line.decodeIfPresent(Double.self, forKey: .clippedShare)
    skipped = try line.decodeIfPresent(Int.self, forKey: .skipped)
    chains = try line.decodeIfPresent([String].self, forKey: .chains)
    recycles = try line.decodeIfPresent(Int.self, forKey: .recycles)
    residues = try line.decodeIfPresent(Int.self, forKey: .residues)
    seconds = try line.decode(Double.self, forKey: .seconds)
  }

  init(_ event: Event, step: Int, loss: Double, lddt: Double?, seconds: Double) {
    self.event = event
    self.step = step
    self.loss = loss
    self.lddt = lddt
    self.seconds = seconds
  }

  /// A term that only some options train or only some samples have; nil if no sample had it, which a log writes as 0.
  ///
  /// A violation of 0 is a value.
  public func optional(_ term: KeyPath<LossReport, Double>) -> Double? {
    guard let value = terms?[keyPath: term], value != 0 || term == \.violation else { return nil }
    return value
  }

  /// Scalars with names for TensorBoard, those that are finite.
  public var scalars: [(tag: String, value: Double)] {
    let prefix = event == .step ? "train" : "validation"
    var list: [(String, Double?)] = [("loss", loss), ("lddt_ca", lddt)]
    if event == .step {
      list += [
        ("fape", terms?.fape), ("sidechain_fape", optional(\.sideChainFAPE)),
        ("chi", optional(\.chi)), ("distogram", terms?.distogram),
        ("masked_msa", optional(\.maskedMSA)), ("plddt_loss", optional(\.confidence)),
        ("pae_loss", optional(\.alignedError)),
        ("violation", terms?.violation), ("smooth_lddt", optional(\.smoothLDDT)),
        ("backbone_torsions", optional(\.backboneTorsions)), ("angle_norm", optional(\.angleNorm)),
        ("experimentally_resolved", optional(\.experimentallyResolved)),
        ("contacts", optional(\.contacts)), ("rate", rate), ("gradient_norm", gradientNorm),
        ("clipped_share", clippedShare), ("skipped", skipped.map { Double($0) }),
        ("seconds_per_step", seconds),
      ]
    }
    return list.compactMap { name, value in
      value.flatMap { $0.isFinite ? ("\(prefix)/\(name)", $0) : nil }
    }
  }
}

/// The log of a run: one JSON object per line.
public final class TrainingLog {
  private let handle: FileHandle
  private let path: String
  private let encoder = TrainingLog.makeEncoder()
  /// Invalid lines, which were removed.
  let droppedLines: Int
  /// The last step of the lines that were kept.
  let lastStep: TrainingRecord?

  /// Opens a log and removes invalid lines and everything after `step`, left by a run that was killed; a missing log is started
  /// again.
  ///
  /// - Parameter dropsLastValidation: whether the validation after the last of these steps goes too, because it is to be repeated.
  public init(
    path: String, keepingStepsBefore step: Int, dropsLastValidation: Bool = false
  ) throws {
    self.path = path
    let isThere = FileManager.default.fileExists(atPath: path)
    guard let data = isThere ? FileManager.default.contents(atPath: path) : Data() else {
      throw TrainingRunError.unreadable(file: path, reason: PathKind.readFailure(path))
    }
    let found = Self.lines(data)
    droppedLines = found.count { $0 == nil }
    let kept = found.compactMap { $0 }.filter { record in
      let isRepeated = dropsLastValidation && record.event == .validation
      return record.step < (isRepeated ? step - 1 : step)
    }
    lastStep = kept.last { $0.event == .step }
    let encoder = Self.makeEncoder()
    let text = try kept.map { String(decoding: try encoder.encode($0), as: UTF8.self) + "\n" }
    try AtomicFile.write(text.joined(), to: path)
    guard let handle = FileHandle(forWritingAtPath: path) else {
      throw AtomicFileError(path: path, code: errno)
    }
    self.handle = handle
    try handle.seekToEnd()
  }

  /// Adds a line.
  public func write(_ record: TrainingRecord) throws {
    let line = try encoder.encode(record) + Data("\n".utf8)
    do {
      try handle.write(contentsOf: line)
    } catch {
      throw AtomicFileError(path: path, code: errno == 0 ? EIO : errno)
    }
  }

  /// Flushes all lines to disk; call before a checkpoint, since a run resumed from it would not write them again.
  func flush() throws {
    do {
      try handle.synchronize()
    } catch {
      throw AtomicFileError(path: path, code: errno == 0 ? EIO : errno)
    }
  }

  deinit { try? handle.close() }

  /// Reads a log; a truncated last line is ignored.
  public static func read(_ path: String) throws -> [TrainingRecord] {
    try lines(Data(InputText(path: path).bytes)).enumerated().map { index, record in
      guard let record else {
        throw InputError.text(
          file: path, line: index + 1, column: 0, problem: "is no line of a training log")
      }
      return record
    }
  }

  /// The records of a log; nil for a line that cannot be parsed.
  ///
  /// A truncated last line is ignored.
  private static func lines(_ data: Data) -> [TrainingRecord?] {
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    let lines = data.split(separator: UInt8(ascii: "\n"))
    var records = lines.map { try? decoder.decode(TrainingRecord.self, from: $0) }
    if let last = records.last, last == nil, data.last != UInt8(ascii: "\n") {
      records.removeLast()
    }
    return records
  }

  private static func makeEncoder() -> JSONEncoder {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return encoder
  }
}
