import BasicTestSupport
import Distribution
import Evidence
import FoldingCore
import FoldingModel
import Foundation
import HelixFold
import Messages
import Testing
import TrainingRun
import Weights

@Suite("Exit statuses")
struct ExitStatusTests {
  let scratch: ScratchFolder

  init() throws { scratch = try ScratchFolder() }

  @Test(
    "errors of every layer say their status; one that says none is a defect of the program",
    arguments: [
      (WeightsError.unwritableFormat(file: "x"), Messages.ExitStatus.usage),
      (WeightsError.unknownFormat(file: "x"), .badInput),
      (CommunicationError.grid("x"), .usage),
      (CommunicationError.notBuilt(processes: 2), .missingTool),
      (CommunicationError.noThreads, .missingTool),
      (CommunicationError.otherLauncher(processes: 2), .usage),
      (CommunicationError.unconnected(tasks: 2), .usage),
      (CommunicationError.differs(rank: 1, found: "a", expected: "b"), .missingInput),
      (ConfigurationError.unknownKey(file: "x", key: "y", known: []), .badInput),
      (UserTemplateError.missing("x"), .missingInput),
      (PassError.notFinite(stage: .structure, storage: .float32), .badInput),
      (PassError.noOutput, .internalError), (CancellationError(), .internalError),
    ] as [(any Error, Messages.ExitStatus)])
  func mapped(_ error: any Error, _ status: Messages.ExitStatus) {
    #expect(Messages.ExitStatus(error) == status)
  }

  @Test("a file that was refused is bad input where it can be read, and missing where it cannot")
  func refused() throws {
    let (there, gone) = (scratch.file("there.json"), scratch.file("gone.json"))
    try Data("{}".utf8).write(to: URL(fileURLWithPath: there))
    let cases: [(file: String, status: Messages.ExitStatus)] = [
      (there, .badInput), (gone, .missingInput), (scratch.path, .missingInput),
    ]
    for (file, status) in cases {
      let errors: [any Error] = [
        TrainingRunError.unreadable(file: file, reason: ""),
        ConfigurationError.unreadable(file: file, reason: ""),
      ]
      for error in errors { #expect(Messages.ExitStatus(error) == status, "\(error)") }
    }
  }
}
