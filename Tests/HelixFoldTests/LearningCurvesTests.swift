import Foundation
import Reports
import Testing
import Training
import TrainingTestSupport

@testable import HelixFold

@Suite("Learning curves")
struct LearningCurvesTests {
  @Test("terms that only some options train are drawn where they are not 0")
  func terms() throws {
    let scratch = try TrainingScratch()
    var report = LossReport()
    report.fape = 1
    report.contacts = 0.5
    let terms = String(decoding: try JSONEncoder().encode(report), as: UTF8.self)
    let lines = (0..<3).map { step in
      #"{"event":"step","step":\#(step),"loss":1,"seconds":1,"terms":\#(terms)}"# + "\n"
    }
    let log = scratch.file("log.jsonl")
    try Data(lines.joined().utf8).write(to: URL(fileURLWithPath: log))
    let page = try LearningCurves(path: log).figure(.terms, window: 1).svg()
    #expect(page.contains("FAPE") && page.contains("contacts"))
    #expect(!page.contains("smooth lDDT") && !page.contains("violations"))
  }
}
