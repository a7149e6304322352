import BasicTestSupport
import Foundation
import Testing
import Weights

@Suite("folders of parameters")
struct ParameterFolderTests {
  /// A folder with empty files, some of them in `params`.
  private func withFiles(_ names: [String], _ body: (String) throws -> Void) throws {
    try withScratchFolder { folder in
      for name in names { try write("", "\(folder)/\(name)") }
      try body(folder)
    }
  }

  private func names(_ folder: String, preset: String? = nil) throws -> [String] {
    try ParameterFolder.files(in: folder, preset: preset).map {
      String($0.dropFirst(folder.count + 1))
    }
  }

  @Test("networks come by number, the one with a pTM first, others last, multimers not at all")
  func order() throws {
    let files = [
      "LICENSE", "params_model_1_ptm.npz", "params_model_3.npz", "params_model_1.npz",
      "params_model_1_multimer_v3.npz", "mine.h5", ".hidden.npz", "other.pt",
      "params_model_2_ptm.npz",
    ]
    try withFiles(files) { folder in
      let found = try names(folder)
      #expect(
        found == [
          "params_model_1_ptm.npz", "params_model_1.npz", "params_model_2_ptm.npz",
          "params_model_3.npz", "mine.h5", "other.pt",
        ])
    }
  }

  @Test("a preset takes the files named after it; model_1_ptm is not model_1")
  func preset() throws {
    try withFiles(["params_model_1.npz", "params_model_1_ptm.npz"]) { folder in
      for name in ["model_1", "model_1_ptm"] {
        let found = try names(folder, preset: name)
        #expect(found == ["params_\(name).npz"])
      }
      let text = message { _ = try names(folder, preset: "model_2") }
      #expect(
        text.contains("no file in this folder is named after model_2 (params_model_1_ptm.npz,"))
    }
  }

  @Test("files in params are found from the folder above")
  func inner() throws {
    try withFiles(["params/params_model_3.npz", "readme.txt"]) { folder in
      let found = try names(folder)
      #expect(found == ["params/params_model_3.npz"])
      let again = try ParameterFolder.files(in: folder + "/")
      #expect(again.count == 1)
    }
  }

  @Test("the folder of a training run stands for its best weights, or else for its last")
  func run() throws {
    let run = ["config.json", "log.jsonl", "snapshots/step_000000001.h5"]
    try withFiles(run + ["weights.h5", "best.h5"]) { folder in
      let found = [try names(folder), try names(folder, preset: "model_2")]
      #expect(found == [["best.h5"], ["best.h5"]])
      let file = try RunWeights.file(in: folder + "/")
      #expect(file == folder + "/best.h5")
      let path = try RunWeights.file(at: folder + "/weights.h5")
      #expect(path == folder + "/weights.h5")
      let text = message { _ = try ParameterFile(path: folder) }
      #expect(text.hasPrefix("\(folder)/best.h5"), "\(text)")
    }
    try withFiles(run + ["weights.h5"]) { folder in
      let found = try names(folder)
      #expect(found == ["weights.h5"])
    }
    try withFiles(run) { folder in
      #expect(message { _ = try names(folder) }.contains("neither best.h5 nor weights.h5"))
    }
    try withFiles(["config.json", "weights.h5", "best.h5"]) { folder in
      let found = try names(folder)
      #expect(found == ["best.h5", "weights.h5"])
    }
  }

  @Test("a folder without parameters is refused in one line")
  func empty() throws {
    try withFiles(["readme.txt"]) { folder in
      #expect(
        message { _ = try names(folder) }.contains(
          "the folder holds no parameters of single chains"))
    }
  }
}
