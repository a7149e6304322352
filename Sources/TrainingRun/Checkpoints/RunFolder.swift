import AtomicFiles
import FoldingCore
import Foundation
import Training
import Weights

/// The files of a run.
public struct RunFolder: Sendable {
  /// Path of the folder.
  public let path: String

  /// The files of a run at `path`.
  public init(path: String) { self.path = path }

  /// The state to resume from.
  public var checkpoint: String { path + "/last.checkpoint" }
  /// The state before it, in case the last one is damaged.
  public var previousCheckpoint: String { path + "/previous.checkpoint" }
  /// The averaged weights at the last checkpoint.
  public var weights: String { path + "/weights.h5" }
  /// The averaged weights with the best validation score.
  public var best: String { path + "/best.h5" }
  /// The complete configuration.
  public var config: String { path + "/config.json" }
  /// With AdaGC: steps in which each tensor had a gradient, and in which it was clipped.
  public var clipping: String { path + "/clipping.tsv" }
  /// Process and host of each rank, if several processes train.
  public var ranks: String { path + "/ranks.tsv" }
  /// The store of the run: path, targets and checksum of its index.
  public var store: String { path + "/store.tsv" }
  /// One JSON object per line: steps and validations.
  public var log: String { path + "/log.jsonl" }

  /// Whether there is something to resume from.
  public var hasCheckpoint: Bool {
    [checkpoint, previousCheckpoint].contains { FileManager.default.fileExists(atPath: $0) }
  }

  /// Keeps the last checkpoint as the previous one, without a copy, before a new one takes its place.
  ///
  /// The last one stays where it is. A file system without hard links keeps none.
  func keepCheckpoint() {
    unlink(previousCheckpoint)
    _ = link(checkpoint, previousCheckpoint)
  }

  /// Keeps the best weights so far under a separate name, before weights chosen by other chains replace them.
  ///
  /// - Returns: the name; nil if there are none.
  func keepBest(before step: Int) throws -> String? {
    let name = "best_before_step_\(step + 1).h5"
    let place = "\(path)/\(name)"
    // A run that was killed and resumed again has kept them already, and may have written others.
    if FileManager.default.fileExists(atPath: place) { return name }
    guard FileManager.default.fileExists(atPath: best) else { return nil }
    if link(best, place) != 0 {
      try AtomicFile.replace(place) { try FileManager.default.copyItem(atPath: best, toPath: $0) }
    }
    return name
  }

  /// Replaces the last checkpoint, which is damaged, by the previous one.
  func restoreCheckpoint() throws {
    if rename(previousCheckpoint, checkpoint) != 0 {
      throw AtomicFileError(path: checkpoint, code: errno)
    }
  }

  /// A file that only a run with a checkpoint leaves behind; nil if there is none.
  var remainder: String? {
    if let file = snapshots.first { return String(file.dropFirst(path.count + 1)) }
    if FileManager.default.fileExists(atPath: best) { return "best.h5" }
    let logBytes = (try? FileHandle(forReadingAtPath: log)?.seekToEnd()) ?? 0
    return logBytes > 0 ? "log.jsonl" : nil
  }

  /// Snapshots of the weights, oldest first.
  public var snapshots: [String] {
    let folder = path + "/snapshots"
    return ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [])
      .filter { $0.hasPrefix("step_") && $0.hasSuffix(".h5") }.sorted().map { "\(folder)/\($0)" }
  }

  /// Writes the weights after a step for averaging and removes all but the newest `kept`.
  func writeSnapshot(
    _ values: [Float], config: TrainingConfig, start: StartingWeights?, step: Int, kept: Int
  ) throws {
    try AtomicFile.createFolder(path + "/snapshots")
    let digits = String(step)
    let name = String(repeating: "0", count: max(0, 9 - digits.count)) + digits
    try Self.write(
      values, config: config, start: start, note: "weights after step \(step)",
      to: "\(path)/snapshots/step_\(name).h5")
    for old in snapshots.dropLast(kept) { try? FileManager.default.removeItem(atPath: old) }
  }

  /// Removes snapshots of steps after `step`, made by a run that was killed; the resumed run makes them again.
  func removeSnapshots(after step: Int) {
    for file in snapshots {
      let name = file.split(separator: "/").last ?? ""
      guard let made = Int(name.dropFirst("step_".count).dropLast(".h5".count)), made > step else {
        continue
      }
      try? FileManager.default.removeItem(atPath: file)
    }
  }

  /// Writes how often AdaGC clipped each tensor: it clips most of them most of the time, which a single share does not show.
  func writeClipping(_ clipper: GradientClipper, layout: ParameterLayout) throws {
    let counts = zip(clipper.activeSteps, clipper.clippedSteps)
    let lines = zip(layout.tensorNames, counts).map { "\($0)\t\($1.0)\t\($1.1)\n" }
    try AtomicFile.write("tensor\tsteps\tclipped\n" + lines.joined(), to: clipping)
  }

  /// Writes weights as a parameter file that every command reads.
  ///
  /// - Parameters:
  ///   - start: the run's starting weights; the file names them and their terms of use.
  ///   - isRandom: whether they are the random numbers that training starts from, which predict nothing useful.
  static func write(
    _ values: [Float], config: TrainingConfig, start: StartingWeights? = nil, note: String,
    isRandom: Bool = false, to path: String
  ) throws {
    let begun = start.map { ", begun with \($0.file) (crc64 \($0.checksum))" } ?? ""
    let terms =
      start.map { "; of the weights that it began with: \($0.licence ?? "their own")" } ?? ""
    try ParameterWriter.write(
      FlatParameters(layout: config.layout, values: values), config: config.network,
      provenance: ParameterProvenance(
        source: "training run, preset \(config.preset), seed \(config.run.seed)\(begun), \(note)",
        licence: "of whoever trained it\(terms)", isRandom: isRandom),
      precision: .float32, to: path)
  }
}
