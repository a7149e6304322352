import BasicTestSupport
import FeaturePipeline
import Foundation
import Testing

@testable import Training
@testable import TrainingRun

@Suite("Logs")
struct LogTests {
  @Test("an event file begins with the bytes that TensorFlow writes")
  func versionRecord() {
    // tensorflow 2: EventsWriter at wall time 1.0; length 24, masked CRC of the length as in every event file.
    let bytes = EventFile.record(EventFile.version(time: 1))
    #expect(Array(bytes[0..<12]) == [24, 0, 0, 0, 0, 0, 0, 0, 0xA3, 0x7F, 0x4B, 0x22])
    #expect(Array(bytes[12..<21]) == [0x09, 0, 0, 0, 0, 0, 0, 0xF0, 0x3F])
    #expect(Array(bytes[21..<36]) == [0x1A, 13] + Array("brain.Event:2".utf8))
    #expect(bytes.count == 8 + 4 + 24 + 4)
  }

  @Test("a scalar is a summary value with tag and simple value")
  func scalar() {
    let event = EventFile.event([("a", 0.5)], step: 300, time: 0)
    #expect(
      event.bytes == [0x09, 0, 0, 0, 0, 0, 0, 0, 0, 0x10, 0xAC, 0x02, 0x2A, 10, 0x0A, 8, 0x0A, 1]
        + Array("a".utf8) + [0x15, 0, 0, 0, 0x3F])
  }

  @Test("a log is cut back to the step from which a run goes on")
  func cutBack() throws {
    let scratch = try ScratchFolder()
    let path = scratch.file("log.jsonl")
    let log = try TrainingLog(path: path, keepingStepsBefore: 0)
    for step in 0..<5 {
      try log.write(
        TrainingRecord(.step, step: step, loss: step == 2 ? .nan : 1, lddt: nil, seconds: 0.1))
    }
    try Data("{\"event\": \"st".utf8).append(to: path)
    let again = try TrainingLog(path: path, keepingStepsBefore: 3)
    try again.write(TrainingRecord(.validation, step: 3, loss: 2, lddt: 0.5, seconds: 1))
    let records = try TrainingLog.read(path)
    #expect(records.map(\.step) == [0, 1, 2, 3])
    #expect(records[2].loss.isNaN)
    let text = try scratch.read("log.jsonl")
    #expect(text.contains("\"loss\":null") && !text.contains("nan"))
  }

  @Test(
    "numbers that are not finite are null in a log, also those that older programs wrote as texts")
  func notFinite() throws {
    let scratch = try ScratchFolder()
    let path = scratch.file("log.jsonl")
    let log = try TrainingLog(path: path, keepingStepsBefore: 0)
    var record = TrainingRecord(.step, step: 0, loss: .nan, lddt: nil, seconds: 1)
    record.gradientNorm = .infinity
    try log.write(record)
    let line = #"{"event":"step","gradientNorm":null,"loss":null,"seconds":1,"step":0}"#
    #expect(try scratch.read("log.jsonl") == line + "\n")
    #expect(record.scalars.map(\.tag) == ["train/seconds_per_step"])
    try scratch.write(
      #"{"event":"step","gradientNorm":"inf","loss":"nan","seconds":1,"step":0}"# + "\n",
      to: "log.jsonl")
    let old = try TrainingLog.read(path)
    #expect(old.count == 1 && old[0].loss.isNaN)
  }

  @Test("a step whose loss is not finite has neither terms nor lDDT, which nobody measured")
  func leftOut() {
    var report = LossReport()
    report.total = .nan
    let terms = LossReport.terms.map { report[keyPath: $0] }
    var mean = SampleMean()
    mean.add(SampleSummary(numbers: (terms + [0, 10, 0, 0, 1, 0])[...]))
    let record = mean.record(
      step: 3, report: StepReport(decision: .notFinite, rate: 0.1, clip: nil), method: .none,
      guardCounts: StepGuard(), seconds: 1
    ) { _ in "a" }
    #expect(record.loss.isNaN && record.terms == nil && record.lddt == nil)
    #expect(record.chains == ["a"] && record.residues == 10)
  }

  @Test("terms that only some options train are scalars where they are not 0")
  func optionalTerms() {
    var record = TrainingRecord(.step, step: 0, loss: 1, lddt: nil, seconds: 1)
    record.terms = LossReport()
    record.terms?.contacts = 0.5
    record.terms?.backboneTorsions = 0.25
    let scalars = Dictionary(uniqueKeysWithValues: record.scalars.map { ($0.tag, $0.value) })
    #expect(scalars["train/contacts"] == 0.5 && scalars["train/backbone_torsions"] == 0.25)
    #expect(scalars["train/smooth_lddt"] == nil && scalars["train/angle_norm"] == nil)
    #expect(scalars["train/fape"] == 0)
  }

  @Test("a term is the mean of the samples that have it, the loss that of all")
  func terms() {
    func summary(_ confidence: Double) -> SampleSummary {
      var report = LossReport()
      (report.total, report.confidence, report.fape) = (4 * confidence, confidence, 1)
      let terms = LossReport.terms.map { report[keyPath: $0] }
      return SampleSummary(numbers: (terms + [0.5, 10, 0, 1, 1, 0])[...])
    }
    var mean = SampleMean()
    for value in [0.0, 0.5, 1] { mean.add(summary(value)) }
    #expect(mean.loss.confidence == 0.75 && mean.loss.total == 2)
    #expect(mean.loss.fape == 1 && mean.loss.chi == 0)
  }

  @Test("a file that is no log is named with the line")
  func noLog() throws {
    let scratch = try ScratchFolder()
    try Data("hello\nworld\n".utf8).append(to: scratch.file("x"))
    let error = #expect(throws: InputError.self) { try TrainingLog.read(scratch.file("x")) }
    #expect("\(try #require(error))".contains("x:1"))
  }
}

extension Data {
  fileprivate func append(to path: String) throws {
    let old = FileManager.default.contents(atPath: path) ?? Data()
    try (old + self).write(to: URL(fileURLWithPath: path))
  }
}
