import AtomicFiles
import Foundation

/// A TensorBoard event file: scalars by step.
///
/// Records of TFRecord (length, masked CRC-32C of the length, data, masked CRC-32C of the data), each an `Event` of
/// tensorflow/core/util/event.proto. A resumed run starts a new file with a session start, which makes TensorBoard
/// forget later steps of the files before.
public final class EventFile {
  private let handle: FileHandle
  private let path: String

  /// A new file in `folder`.
  ///
  /// - Parameter resumedStep: the first step of a resumed run; nil for a new one.
  public init(
    folder: String, resumedStep: Int?, time: Double = Date().timeIntervalSince1970
  ) throws {
    path =
      "\(folder)/events.out.tfevents.\(Int(time)).helixfold.\(ProcessInfo.processInfo.processIdentifier).\(resumedStep ?? 0)"
    guard FileManager.default.createFile(atPath: path, contents: nil),
      let handle = FileHandle(forWritingAtPath: path)
    else { throw AtomicFileError(path: path, code: errno) }
    self.handle = handle
    try append(Self.record(Self.version(time: time)))
    if let resumedStep {
      try append(Self.record(Self.sessionStart(step: resumedStep, time: time)))
    }
  }

  /// Adds the scalars of a step.
  public func write(
    _ scalars: [(tag: String, value: Double)], step: Int,
    time: Double = Date().timeIntervalSince1970
  ) throws {
    try append(Self.record(Self.event(scalars, step: step, time: time)))
  }

  private func append(_ bytes: [UInt8]) throws {
    do {
      try handle.write(contentsOf: Data(bytes))
    } catch {
      throw AtomicFileError(path: path, code: errno == 0 ? EIO : errno)
    }
  }

  deinit { try? handle.close() }

  /// The first event: the version of the format.
  static func version(time: Double) -> ProtobufMessage {
    var event = ProtobufMessage()
    event.double(1, time)
    event.text(3, "brain.Event:2")
    return event
  }

  /// `session_log { status: START }`.
  static func sessionStart(step: Int, time: Double) -> ProtobufMessage {
    var log = ProtobufMessage()
    log.integer(1, 1)
    var event = ProtobufMessage()
    event.double(1, time)
    event.integer(2, step)
    event.message(7, log)
    return event
  }

  /// `summary { value { tag, simple_value } … }`.
  static func event(
    _ scalars: [(tag: String, value: Double)], step: Int, time: Double
  ) -> ProtobufMessage {
    var summary = ProtobufMessage()
    for (tag, value) in scalars {
      var scalar = ProtobufMessage()
      scalar.text(1, tag)
      scalar.float(2, Float(value))
      summary.message(1, scalar)
    }
    var event = ProtobufMessage()
    event.double(1, time)
    event.integer(2, step)
    event.message(5, summary)
    return event
  }

  /// A TFRecord.
  static func record(_ message: ProtobufMessage) -> [UInt8] {
    var bytes: [UInt8] = []
    withUnsafeBytes(of: UInt64(message.bytes.count).littleEndian) { bytes += $0 }
    withUnsafeBytes(of: masked(bytes).littleEndian) { bytes += $0 }
    bytes += message.bytes
    withUnsafeBytes(of: masked(message.bytes).littleEndian) { bytes += $0 }
    return bytes
  }

  /// CRC-32C, rotated and shifted so that a checksum of data with checksums stays useful.
  private static func masked(_ bytes: [UInt8]) -> UInt32 {
    let check = CyclicRedundancyCheck32.castagnoli(bytes)
    return (check >> 15 | check << 17) &+ 0xA282_EAD8
  }
}
