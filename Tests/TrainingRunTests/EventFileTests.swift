import BasicTestSupport
import Foundation
import Testing
import TrainingTestSupport

@testable import TrainingRun

@Suite("Event files")
struct EventFileTests {
  @Test("a record is length and data, each with its masked checksum")
  func record() throws {
    let event = EventFile.event([("a", 0.5)], step: 300, time: 1)
    let bytes = EventFile.record(event)
    #expect(Array(bytes[0..<8]) == [UInt8(event.bytes.count), 0, 0, 0, 0, 0, 0, 0])
    #expect(Array(bytes[8..<12]) == masked(Array(bytes[0..<8])))
    #expect(Array(bytes[12..<bytes.count - 4]) == event.bytes)
    #expect(Array(bytes.suffix(4)) == masked(event.bytes))
  }

  @Test("the checksum of these tests is CRC-32C")
  func checkValue() { #expect(castagnoli(Array("123456789".utf8)) == 0xE306_9283) }

  @Test("a file begins with the version; that of a run that goes on then has a session start")
  func beginnings() throws {
    let scratch = try ScratchFolder()
    for (resumed, expected) in [
      (nil, []), (0, [[0x10, 0] + Self.start]), (300, [[0x10, 0xAC, 0x02] + Self.start]),
    ] as [(Int?, [[UInt8]])] {
      _ = try EventFile(folder: scratch.path, resumedStep: resumed, time: 1)
      let events = try events(in: scratch.path, endingWith: ".\(resumed ?? 0)")
      #expect(events.allSatisfy { Array($0.prefix(9)) == Self.second })
      #expect(events.map { Array($0.dropFirst(9)) } == [Self.version] + expected)
    }
  }

  @Test("a session starts at the step that a run goes on with, one before where validation is owed")
  func sessions() throws {
    let bench = try TrainerBench()
    try bench.trainer(.standIn(steps: 3), "done").run()
    try bench.trainer(.standIn(steps: 4), "done", resumes: true).run()
    let done = try events(in: bench.scratch.file("done"), endingWith: ".3")
    #expect(Array(done[1].dropFirst(9)) == [0x10, 3] + Self.start)

    // Validation is due after step 5, before which the run is stopped.
    var isStopped = false
    #expect(throws: TrainingRunError.interrupted(step: 5, folder: bench.scratch.file("owing"))) {
      try bench.trainer(.standIn(steps: 6), "owing").run(
        shouldStop: { isStopped },
        observe: { event in
          if case .step(let record, _, _) = event { isStopped = record.step == 4 }
        })
    }
    let first = try events(in: bench.scratch.file("owing"), endingWith: ".0")
    #expect(first.count == 6, "a version and five steps")
    #expect(Array(first[1].dropFirst(9).prefix(3)) == [0x10, 0, 0x2A])
    try bench.trainer(.standIn(steps: 6), "owing", resumes: true).run()
    let rest = try events(in: bench.scratch.file("owing"), endingWith: ".4")
    #expect(Array(rest[1].dropFirst(9)) == [0x10, 4] + Self.start)
  }

  /// `wall_time: 1`.
  private static let second: [UInt8] = [0x09, 0, 0, 0, 0, 0, 0, 0xF0, 0x3F]
  /// `file_version`.
  private static let version = [0x1A, 13] + Array("brain.Event:2".utf8)
  /// `session_log { status: START }`.
  private static let start: [UInt8] = [0x3A, 2, 0x08, 1]

  /// The events of the only event file with that ending, whose checksums must be right.
  private func events(in folder: String, endingWith end: String) throws -> [[UInt8]] {
    let names = try FileManager.default.contentsOfDirectory(atPath: folder).filter {
      $0.hasPrefix("events.out.tfevents.") && $0.hasSuffix(end)
    }
    #expect(names.count == 1, "\(names)")
    let path = "\(folder)/\(try #require(names.first))"
    var rest = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))[...]
    var events: [[UInt8]] = []
    while !rest.isEmpty {
      let head = try #require(rest.count >= 12 ? Array(rest.prefix(12)) : nil)
      let length = head[..<8].reversed().reduce(0) { $0 << 8 | Int($1) }
      rest = rest.dropFirst(12)
      try #require(rest.count >= length + 4)
      events.append(Array(rest.prefix(length)))
      #expect(Array(head[8...]) == masked(Array(head[..<8])))
      #expect(Array(rest.dropFirst(length).prefix(4)) == masked(Array(rest.prefix(length))))
      rest = rest.dropFirst(length + 4)
    }
    return events
  }

  /// TFRecord's mask of a CRC-32C, as it stands in a file.
  private func masked(_ bytes: [UInt8]) -> [UInt8] {
    let check = castagnoli(bytes)
    let mask = (check >> 15 | check << 17) &+ 0xA282_EAD8
    return (0..<4).map { UInt8(truncatingIfNeeded: mask >> (8 * $0)) }
  }

  /// CRC-32C bit by bit, with the polynomial 0x1EDC6F41 reflected.
  private func castagnoli(_ bytes: [UInt8]) -> UInt32 {
    var rest = UInt32.max
    for byte in bytes {
      rest ^= UInt32(byte)
      for _ in 0..<8 { rest = rest >> 1 ^ (rest & 1 == 1 ? 0x82F6_3B78 : 0) }
    }
    return ~rest
  }
}
