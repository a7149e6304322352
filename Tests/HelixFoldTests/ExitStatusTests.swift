import AtomicFiles
import Distribution
import Evidence
import FoldingCore
import Foundation
import HelixFold
import Testing
import TrainingRun
import TrainingTestSupport
import Weights

@Suite("Exit statuses")
struct ExitStatusTests {
  let scratch: TrainingScratch

  init() throws { scratch = try TrainingScratch() }

  @Test(
    "errors of parts that know no statuses get theirs here",
    arguments: [
      (WeightsError.unwritableFormat(file: "x"), AtomicFiles.ExitStatus.usage),
      (WeightsError.unknownFormat(file: "x"), .badInput),
      (CommunicationError.grid("x"), .usage),
      (CommunicationError.notBuilt(processes: 2), .missingTool),
      (CommunicationError.differs(rank: 1, found: "a", expected: "b"), .missingInput),
      (ConfigurationError.unknownKey(file: "x", key: "y", known: []), .badInput),
      (UserTemplateError.missing("x"), .missingInput), (CancellationError(), .internalError),
    ] as [(any Error, AtomicFiles.ExitStatus)])
  func mapped(_ error: any Error, _ status: AtomicFiles.ExitStatus) {
    #expect(AtomicFiles.ExitStatus(error) == status)
  }

  @Test("a file that was refused is bad input where it can be read, and missing where it cannot")
  func refused() throws {
    let (there, gone) = (scratch.file("there.json"), scratch.file("gone.json"))
    try Data("{}".utf8).write(to: URL(fileURLWithPath: there))
    let cases: [(file: String, status: AtomicFiles.ExitStatus)] = [
      (there, .badInput), (gone, .missingInput), (scratch.path, .missingInput),
    ]
    for (file, status) in cases {
      let errors: [any Error] = [
        TrainingRunError.unreadable(file: file, reason: ""),
        ConfigurationError.unreadable(file: file, reason: ""),
      ]
      for error in errors { #expect(AtomicFiles.ExitStatus(error) == status, "\(error)") }
    }
  }
}
