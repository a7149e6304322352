import BasicTestSupport
import FeaturePipeline
import Foundation
import Testing

@Suite("folders of inputs")
struct InputFolderTests {
  private func link(_ path: String, to target: String) throws {
    try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: target)
  }

  @Test("links to one folder of alignments are targets of their own")
  func linkedTargets() throws {
    try withScratchFolder { folder in
      try write(">q\nACDE\n", folder + "/shared/a3m/one.a3m")
      try write(">q\nACDE\n", folder + "/all/three/a3m/one.a3m")
      for name in ["one", "two"] { try link("\(folder)/all/\(name)", to: "../shared") }
      #expect(try FeatureImport.sources(at: folder + "/all").map(\.id) == ["one", "three", "two"])
    }
  }

  @Test("a folder that links to itself and to those above it is looked into once")
  func linksToItself() throws {
    try withScratchFolder { folder in
      try write(">q\nACDE\n", folder + "/d/one.a3m")
      try write(">q\nACDE\n", folder + "/d/e/two.a3m")
      for name in ["d/x", "d/y", "d/e/x", "d/e/y"] { try link("\(folder)/\(name)", to: ".") }
      try link(folder + "/d/e/up", to: "..")
      #expect(try FeatureImport.sources(at: folder + "/d").map(\.id) == ["one", "two"])
    }
  }

  @Test("a folder that cannot be read is no empty one")
  func unreadable() throws {
    try withScratchFolder { folder in
      try write(">q\nACDE\n", folder + "/d/one.a3m")
      try link(folder + "/d/msas", to: "msas")
      let text = message { _ = try FeatureImport.sources(at: folder + "/d") }
      #expect(text.hasPrefix("\(folder)/d/msas: cannot be read: "))
    }
  }

  @Test("features are found in the folders of targets where a folder has none itself")
  func featuresOfTargets() throws {
    try withScratchFolder { folder in
      for name in ["T1/features.pkl", "T1/features.h5", "T2/features.pkl.gz", "T3/other.pkl"] {
        try write("", "\(folder)/\(name)")
      }
      try FileManager.default.createDirectory(
        atPath: folder + "/T4/features.npz", withIntermediateDirectories: true)
      #expect(
        try InputFolder.features(in: folder)
          == [folder + "/T1/features.pkl", folder + "/T2/features.pkl.gz"])
      try write("", folder + "/T5.npz")
      #expect(try InputFolder.features(in: folder) == [folder + "/T5.npz"])
      let none = message { _ = try InputFolder.features(in: folder + "/T4/features.npz") }
      #expect(none.hasSuffix("expected .pkl, .pkl.gz, .npz, .h5, or folders with features.pkl"))
    }
  }

  @Test("a folder of features in place of sequences is named as one")
  func featuresForSequences() throws {
    try withScratchFolder { folder in
      try write("", folder + "/out/4cup_A/features.h5")
      for (path, file) in [("/out/4cup_A", "features.h5"), ("/out", "4cup_A/features.h5")] {
        let text = message { _ = try InputFolder(folder + path) }
        #expect(text.hasSuffix("; it holds \(file): give --features \(folder)\(path)"), "\(text)")
      }
    }
  }

  @Test("a folder that is called like a file is no input of the folder around it")
  func foldersLikeFiles() throws {
    try withScratchFolder { folder in
      try write(">a\nACDE\n", folder + "/d/a.fasta")
      try write(">q\nGHIK\n", folder + "/d/q.a3m")
      for name in ["old.fasta", "more.a3m", "table.csv", "x.h5"] {
        try FileManager.default.createDirectory(
          atPath: "\(folder)/d/\(name)", withIntermediateDirectories: true)
      }
      #expect(try TargetPreparation(fasta: folder + "/d", alignments: []).ids == ["a", "q"])
      #expect(try FeatureImport.sources(at: folder + "/d").map(\.id) == ["q"])
    }
  }

  @Test("a table of sequences is an input of a folder, and no other table")
  func tables() throws {
    try withScratchFolder { folder in
      try write("\u{FEFF}id,sequence\na,ACDE\nb,GHIK\n", folder + "/d/batch.csv")
      try write("id\tsequence\nc\tMMMM\n", folder + "/d/other.TSV")
      try write("target\tstate\n", folder + "/d/summary.tsv")
      #expect(try TargetPreparation(fasta: folder + "/d", alignments: []).ids == ["a", "b", "c"])
    }
  }

  @Test("a pipe in a folder is no input, for nobody need ever write into it")
  func pipes() throws {
    try withScratchFolder { folder in
      try write(">q\nACDE\n", folder + "/d/one.a3m")
      for name in ["two.a3m", "three.fasta", "features.pkl", "four.h5"] {
        #expect(mkfifo("\(folder)/d/\(name)", 0o600) == 0)
      }
      #expect(try FeatureImport.sources(at: folder + "/d").map(\.id) == ["one"])
      #expect(try TargetPreparation(fasta: folder + "/d", alignments: []).ids == ["q"])
    }
  }
}
