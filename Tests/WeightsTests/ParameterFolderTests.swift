import BasicTestSupport
import Foundation
import Testing
import Weights

@Suite("folders of parameters")
struct ParameterFolderTests {
  /// A folder with empty files, some of them in `params`.
  private func withFiles(_ names: [String], _ body: (String) throws -> Void) throws {
    try withScratchFolder { folder in
      for name in names {
        let file = URL(fileURLWithPath: "\(folder)/\(name)")
        try FileManager.default.createDirectory(
          at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data().write(to: file)
      }
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

  @Test("a folder without parameters is refused in one line")
  func empty() throws {
    try withFiles(["readme.txt"]) { folder in
      #expect(
        message { _ = try names(folder) }.contains(
          "the folder holds no parameters of single chains"))
    }
  }
}
