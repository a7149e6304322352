import BasicTestSupport
import Foundation
import Reports
import Testing
import Training

@testable import HelixFold

@Suite("Learning curves")
struct LearningCurvesTests {
  @Test("terms that only some options train are drawn where they are not 0")
  func terms() throws {
    let scratch = try ScratchFolder()
    var report = LossReport()
    report.fape = 1
    report.contacts = 0.5
    let terms = String(decoding: try JSONEncoder().encode(report), as: UTF8.self)
    let lines = (0..<3).map { step in
      #"{"event":"step","step":\#(step),"loss":1,"seconds":1,"terms":\#(terms)}"# + "\n"
    }
    let log = scratch.file("log.jsonl")
    try Data(lines.joined().utf8).write(to: URL(fileURLWithPath: log))
    let page = try LearningCurves(paths: [log]).figure(.terms, window: 1).svg()
    #expect(page.contains("FAPE") && page.contains("contacts"))
    #expect(!page.contains("smooth lDDT") && !page.contains("violations"))
  }

  @Test("steps in which no sample had a term are not drawn as 0; no violation is a value")
  func absentTerms() throws {
    let scratch = try ScratchFolder()
    let lines = try (0..<6).map { step in
      var report = LossReport()
      (report.fape, report.violation) = (1, step == 0 ? 2 : 0)
      report.confidence = step.isMultiple(of: 2) ? 4 : 0
      let terms = String(decoding: try JSONEncoder().encode(report), as: UTF8.self)
      return #"{"event":"step","step":\#(step),"loss":1,"seconds":1,"terms":\#(terms)}"# + "\n"
    }
    let log = scratch.file("log.jsonl")
    try Data(lines.joined().utf8).write(to: URL(fileURLWithPath: log))
    let page = try LearningCurves(paths: [log]).figure(.terms, window: 1).svg()
    #expect(page.contains("pLDDT: 3, 4") && !page.contains("pLDDT: 2, 0"))
    #expect(page.contains("violations: 2, 0"))
  }

  @Test("axis and description say where means are drawn, and over how many steps")
  func means() throws {
    let scratch = try ScratchFolder()
    let lines = (0..<20).map { #"{"event":"step","step":\#($0),"loss":1,"seconds":1}"# + "\n" }
    let log = scratch.file("log.jsonl")
    try Data(lines.joined().utf8).write(to: URL(fileURLWithPath: log))
    let curves = try LearningCurves(paths: [log])
    let loss = curves.figure(.loss, window: 2)
    #expect(loss.summary == "loss over 20 steps, training values are means of 2 steps")
    #expect(loss.svg().contains(">loss, training: means of 2 steps<"))
    for figure in [curves.figure(.rate, window: 2), curves.figure(.loss, window: 1)] {
      #expect(!figure.svg().contains("means"))
    }
  }

  @Test("several runs are drawn together; steps that were left out are not in the means")
  func runs() throws {
    let scratch = try ScratchFolder()
    var logs: [String] = []
    for name in ["a", "b"] {
      let lines = (0..<4).map { step in
        let (loss, decision) = step == 2 ? ("1e9", "notFinite") : ("2", "take")
        return #"{"event":"step","step":\#(step),"loss":\#(loss),"gradientNorm":3,"seconds":1,"#
          + #""decision":"\#(decision)"}"# + "\n"
      }
      logs.append(scratch.file("\(name).jsonl"))
      try Data(lines.joined().utf8).write(to: URL(fileURLWithPath: logs[logs.count - 1]))
    }
    let curves = try LearningCurves(paths: logs)
    let page = curves.figure(.loss, window: 2).svg()
    #expect(page.contains("a.jsonl training") && page.contains("b.jsonl training"))
    #expect(!page.contains("e9") && !page.contains("e8"))
    #expect(
      curves.figure(.gradient, window: 1, isLogarithmic: true).svg().contains("gradient norm"))
  }
}
