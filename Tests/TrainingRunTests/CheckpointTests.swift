import AtomicFiles
import BasicTestSupport
import Foundation
import NumericArrays
import Testing
import Training
import TrainingTestSupport
import Weights

@testable import TrainingRun

@Suite("Checkpoint files")
struct CheckpointTests {
  let scratch: ScratchFolder
  let path: String
  let checkpoint: Checkpoint

  init() throws {
    scratch = try ScratchFolder()
    path = scratch.file("a.checkpoint")
    var config = TrainingConfig.standIn(steps: 3)
    config.optimizer.adam.moments = .bfloat16
    let layout = config.layout
    var optimizer = Optimizer(
      layout: layout, parameters: (0..<layout.count).map { Float($0) / 7 },
      config: config.optimizer.settings(seed: 3))
    var gradient = (0..<layout.count).map { Float($0 % 5) - 2 }
    _ = optimizer.step(gradient: &gradient, loss: 1 / 3)
    checkpoint = Checkpoint(
      header: .init(
        config: config, program: "test", step: 1, best: nil, skippedInARow: 0,
        optimizer: optimizer.header),
      buffers: optimizer.buffers)
    try CheckpointFile.write(checkpoint, to: path)
  }

  @Test("what is written is read back, and written again gives the same bytes")
  func roundTrip() throws {
    let found = try CheckpointFile.read(path)
    #expect(found.header == checkpoint.header)
    #expect(found.buffers == checkpoint.buffers)
    try CheckpointFile.write(found, to: scratch.file("b.checkpoint"))
    #expect(FileManager.default.contentsEqual(atPath: path, andPath: scratch.file("b.checkpoint")))
  }

  @Test("the header alone is what is read with the buffers, and a damaged file has none")
  func header() throws {
    #expect(CheckpointFile.isCheckpoint(path))
    #expect(try CheckpointFile.header(of: path) == checkpoint.header)
    let plain = scratch.file("plain")
    try FileManager.default.copyItem(atPath: path, toPath: plain)
    #expect(CheckpointFile.isCheckpoint(plain))
    var data = try Data(contentsOf: URL(fileURLWithPath: path))
    data[data.count - 9] ^= 1
    try data.write(to: URL(fileURLWithPath: path))
    let damaged = TrainingRunError.damaged(
      file: path, reason: "the checksum differs, \(data.count) bytes")
    #expect(throws: damaged) { try CheckpointFile.header(of: path) }
    // A file of that name is one, whatever is in it.
    try Data("text".utf8).write(to: URL(fileURLWithPath: path))
    try Data("text".utf8).write(to: URL(fileURLWithPath: plain))
    #expect(CheckpointFile.isCheckpoint(path) && !CheckpointFile.isCheckpoint(plain))
    #expect(!CheckpointFile.isCheckpoint(scratch.file("none.checkpoint")))
  }

  @Test("a flipped bit is found, at twenty places and in the header", arguments: 0..<24)
  func flippedBit(_ part: Int) throws {
    var data = try Data(contentsOf: URL(fileURLWithPath: path))
    let place = part < 20 ? part * (data.count - 1) / 19 : part - 12
    data[place] ^= UInt8(1 << (part % 8))
    try data.write(to: URL(fileURLWithPath: path))
    do {
      _ = try CheckpointFile.read(path)
      Issue.record("bit in byte \(place) was not noticed")
    } catch let error as TrainingRunError {
      #expect(error.exitStatus == .badInput)
      #expect("\(error)".hasPrefix(path) && !"\(error)".contains("\n"))
    }
  }

  @Test(
    "of a file that cannot be read the system's reason is told, of another version's what to try")
  func reasons() {
    let none = scratch.file("none.checkpoint")
    let missing = TrainingRunError.unreadable(
      file: none, reason: "cannot be read: No such file or directory")
    #expect(throws: missing) { try CheckpointFile.read(none) }
    let other = TrainingRunError.otherVersion(file: "last.checkpoint")
    #expect("\(other)".contains("resume with that version, or start again from weights.h5"))
    #expect(other.exitStatus == .badInput)
  }

  @Test("bytes that no buffer takes are refused, though the checksum covers them")
  func surplus() throws {
    let data = try Data(contentsOf: URL(fileURLWithPath: path))
    var longer = data.dropLast(8) + Data(count: 4)
    var check = CyclicRedundancyCheck64()
    longer.withUnsafeBytes { check.update($0) }
    withUnsafeBytes(of: check.value.littleEndian) { longer.append(contentsOf: $0) }
    try longer.write(to: URL(fileURLWithPath: path))
    let error = #expect(throws: TrainingRunError.self) { try CheckpointFile.read(path) }
    #expect("\(try #require(error))".contains("4 bytes too many"))
  }

  @Test(
    "a file cut within its header or behind it is refused",
    arguments: [
      (0, "is no checkpoint of this program"), (7, "is no checkpoint of this program"),
      (16, "is no checkpoint of this program"), (23, "is no checkpoint of this program"),
      (24, "the checksum differs, 24 bytes"), (1000, "the checksum differs, 1000 bytes"),
    ])
  func truncated(_ length: Int, _ reason: String) throws {
    let data = try Data(contentsOf: URL(fileURLWithPath: path)).prefix(length)
    try data.write(to: URL(fileURLWithPath: path))
    let error = TrainingRunError.damaged(file: path, reason: reason)
    #expect(throws: error) { try CheckpointFile.read(path) }
    #expect("\(error)".hasPrefix("\(path): \(reason); the file is damaged, start again from"))
  }
}
