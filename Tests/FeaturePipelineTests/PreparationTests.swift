import BasicTestSupport
import FeaturePipeline
import Foundation
import NumericArrays
import Protein
import Testing

@Suite("from files to features")
struct PreparationTests {
  @Test("several targets find their own alignments, by first row and by name")
  func matching() throws {
    try withScratchFolder { folder in
      try write(">a\nACDE\n>b\nGHIK\n>c\nMM\n", folder + "/t.fasta")
      try write(">q\nACDE\n>h\nAC-E\n", folder + "/x.a3m")
      try write(">q\nGHIK\n>h\nGH-K\n>i\nGHIM\n", folder + "/msa/b.a3m")
      let preparation = try TargetPreparation(
        fasta: folder + "/t.fasta", alignments: [folder + "/x.a3m", folder + "/msa"])
      #expect(preparation.ids == ["a", "b", "c"])
      #expect(try (0..<3).map { try preparation.outcome($0).features.get().rowCount } == [2, 3, 1])
      #expect(
        preparation.outcome(2).warnings
          == ["no aligned relatives: single-sequence mode, expect lower accuracy"])
    }
  }

  @Test("what a header says besides the name is kept on one line, and not where it is the name")
  func headers() throws {
    try withScratchFolder { folder in
      let long = String(repeating: "abcdefghi ", count: 50)
      try write(
        ">sp|P1|UBQ  Ubiquitin \t OS=Homo\u{1B}[31m\nACDE\n>b\nGHIK\n>sp|P2|X\nMM\n>c \(long)\nAA\n",
        folder + "/t.fasta")
      let preparation = try TargetPreparation(fasta: folder + "/t.fasta", alignments: [])
      let headers = try (0..<4).map { try preparation.outcome($0).features.get().header }
      #expect(
        Array(headers.prefix(3)) == ["sp|P1|UBQ Ubiquitin OS=Homo\\u{1b}[31m", "", "sp|P2|X"])
      #expect(headers[3].count == 400 && headers[3].hasPrefix("c abc") && headers[3].hasSuffix("…"))
      try write(">101\t102\nACDE\n>h\nACDF\n", folder + "/T1030.a3m")
      let aligned = try TargetPreparation(fasta: folder + "/T1030.a3m", alignments: [])
      #expect(try aligned.outcome(0).features.get().header == "")
    }
  }

  @Test("several files and folders are one list of targets; pairs in a folder belong together")
  func severalInputs() throws {
    try withScratchFolder { folder in
      try write(">a first\nACDE\n>b\nGHIK\n", folder + "/in/ab.fasta")
      try write(">q\nGHIK\n>h\nGH-K\n", folder + "/in/c.a3m")
      try write(">sp|P1|D_HUMAN\nMMMM\n", folder + "/in/d.FA")
      try write(">d\nMMMM\n>h\nMM-M\n>i\nMMMA\n", folder + "/in/d.a3m")
      try write("no sequence", folder + "/in/e.fasta")
      try write(">x\nMM\n>template\nMK\n", folder + "/in/pdb_hits.a3m")
      try write("notes", folder + "/in/readme.txt")
      try write(">a\nWWWW\n", folder + "/other.fasta")
      let preparation = try TargetPreparation(
        inputs: [folder + "/in", folder + "/other.fasta"], alignments: [])
      #expect(preparation.ids == ["a", "b", "q", "sp_P1_D_HUMAN", "e.fasta", "a_2"])
      let rows = (0..<6).map { try? preparation.outcome($0).features.get().rowCount }
      #expect(rows == [1, 1, 2, 3, nil, 1])
      #expect(
        message { _ = try preparation.outcome(4).features.get() }.contains("e.fasta"))
      #expect(preparation.outcome(5).warnings.contains { $0.contains("'a' is taken") })
      #expect(try preparation.outcome(0).features.get().header == "a first")
      let both = try TargetPreparation(
        inputs: [folder + "/in"], alignments: [folder + "/in/c.a3m"])
      #expect(try both.outcome(1).features.get().rowCount == 2)
      #expect(try both.outcome(3).features.get().rowCount == 1)
      let given = try TargetPreparation(
        inputs: [folder + "/in/c.a3m", folder + "/other.fasta"],
        alignments: [folder + "/in/c.a3m"])
      #expect(try given.outcome(0).features.get().rowCount == 2)
      #expect(try given.outcome(1).features.get().rowCount == 1)
    }
  }

  @Test("what is given twice, by its name and its sequence, is predicted once, and a line says so")
  func repeated() throws {
    try withScratchFolder { folder in
      try write(">a\nACDE\n", folder + "/one.fasta")
      try write(">a\nACDE\n>b\nGHIK\n", folder + "/two.fasta")
      try write(">a\nACDE\n>h\nAC-E\n", folder + "/a.a3m")
      func targets(_ names: String...) throws -> TargetPreparation {
        try TargetPreparation(inputs: names.map { "\(folder)/\($0)" }, alignments: [])
      }
      let both = try targets("one.fasta", "one.fasta", "two.fasta")
      #expect(both.ids == ["a", "b"])
      #expect(
        both.outcome(0).warnings.first == "this target is given more than once, and predicted once")
      #expect(both.outcome(1).warnings == [TargetPreparation.singleSequenceWarning])
      #expect(try targets("a.a3m", "a.a3m").ids == ["a"])
      #expect(try targets("one.fasta", "a.a3m").ids == ["a", "a_2"])
    }
  }

  @Test("a folder without inputs is refused by name, and one file that is broken is an error")
  func emptyFolder() throws {
    try withScratchFolder { folder in
      try write("notes", folder + "/in/readme.txt")
      try write("no sequence", folder + "/e.fasta")
      let none = message { _ = try TargetPreparation(inputs: [folder + "/in"], alignments: []) }
      #expect(none.contains("/in: holds no FASTA file or alignment"))
      let broken = message {
        _ = try TargetPreparation(inputs: [folder + "/e.fasta"], alignments: [])
      }
      #expect(broken.contains("e.fasta"))
    }
  }

  @Test("a damaged alignment among several costs the target of its name, and no other")
  func damagedAmongSeveral() throws {
    try withScratchFolder { folder in
      try write(">a\nACDE\n>b\nGHIK\n", folder + "/t.fasta")
      try write(">q\nACDE\n>h\nAC-E\n", folder + "/a.a3m")
      try write(">q\nGHIK\n>h\nGH\n", folder + "/b.a3m")
      let preparation = try TargetPreparation(
        fasta: folder + "/t.fasta", alignments: [folder + "/a.a3m", folder + "/b.a3m"])
      #expect(try preparation.outcome(0).features.get().rowCount == 2)
      let problem = message { _ = try preparation.outcome(1).features.get() }
      #expect(problem.contains("b.a3m:3: row 2 ('h') has 2 columns"))
      try write(">q\nGHIK\n>h\nGH\n", folder + "/other.a3m")
      let whole = message {
        _ = try TargetPreparation(
          fasta: folder + "/t.fasta", alignments: [folder + "/other.a3m"])
      }
      #expect(whole.contains("other.a3m:3"))
    }
  }

  @Test("an alignment or a folder that belongs to no record is an error, not silence")
  func unused() throws {
    try withScratchFolder { folder in
      try write(">a\nACDE\n>b\nGHIK\n", folder + "/t.fasta")
      try write(">q\nACDF\n", folder + "/x.a3m")
      try write(">q\nGHIK\n", folder + "/empty/other.a3m")
      func problem(_ alignment: String, fasta: String = "/t.fasta") -> String? {
        messageIfRefused {
          _ = try TargetPreparation(fasta: folder + fasta, alignments: [folder + alignment])
        }
      }
      #expect(
        problem("/x.a3m")?.contains("x.a3m: the first row is none of the 2 sequences") == true)
      #expect(problem("/empty")?.contains("/empty: holds no alignment for any target") == true)
      try write(">a\nACDE\n>b\nGH1K\n", folder + "/broken.fasta")
      #expect(problem("/x.a3m", fasta: "/broken.fasta") == nil)
    }
  }

  @Test("for a single target an alignment of another protein is an error")
  func mismatch() throws {
    try withScratchFolder { folder in
      try write(">a\nACDE\n", folder + "/t.fasta")
      try write(">q\nACDF\n", folder + "/x.a3m")
      let preparation = try TargetPreparation(
        fasta: folder + "/t.fasta", alignments: [folder + "/x.a3m"])
      let problem = message { _ = try preparation.outcome(0).features.get() }
      #expect(problem.contains("'F' at residue 4, the target has 'E'"))
    }
  }

  @Test(
    "an alignment in place of the FASTA file is one target and its rows",
    arguments: [
      ("t.fasta", ">q one\nACDE\n>h\nAC-E\n>i\nACkkDE\n"),
      ("t.a3m", "#4\t1\n>q\nACDE\n>h\nACDF\n>i\nACkDE\n"),
      ("t.sto", "# STOCKHOLM 1.0\nq ACDE\nh AC-E\ni A-DE\n//\n"),
    ])
  func alignedTarget(_ name: String, _ text: String) throws {
    try withScratchFolder { folder in
      try write(text, "\(folder)/\(name)")
      let preparation = try TargetPreparation(fasta: "\(folder)/\(name)", alignments: [])
      let outcome = preparation.outcome(0)
      #expect(outcome.id == "q" && outcome.warnings == [])
      #expect(try outcome.features.get().sequence == "ACDE")
      #expect(
        preparation.notes(0) == [
          "this file is an alignment: its first row is the target, its 3 rows the alignment"
        ])
    }
  }

  @Test(
    "a file of ColabFold names its target, whose rows do not",
    arguments: [
      ("T1026.a3m", "#4\t1\n>101\nACDE\n>h\nACDF\n", "T1026"),
      ("my protein.A3M", ">101\nACDE\n>h\nACDF\n", "my_protein"),
      ("T1030.a3m", ">101\t102\nACDE\n>h\nACDF\n", "T1030"),
      ("x.a3m", ">q\nACDE\n>h\nACDF\n", "q"), ("w.a3m", "#4\t1\n>q r\nACDE\n>h\nACDF\n", "q"),
      ("y.fasta", ">101\nACDE\n>h\nA-DE\n", "101"),
    ])
  func colabFoldNames(_ name: String, _ text: String, _ expected: String) throws {
    try withScratchFolder { folder in
      try write(text, "\(folder)/\(name)")
      let preparation = try TargetPreparation(fasta: "\(folder)/\(name)", alignments: [])
      #expect(preparation.ids == [expected])
      #expect(try preparation.outcome(0).features.get().id == expected)
    }
  }

  @Test("an alignment of one row is single-sequence mode, as none is")
  func oneRow() throws {
    try withScratchFolder { folder in
      try write(">q\nACDE\n", folder + "/t.fasta")
      try write(">q\nACDE\n", folder + "/t.a3m")
      let preparation = try TargetPreparation(
        fasta: folder + "/t.fasta", alignments: [folder + "/t.a3m"])
      #expect(preparation.outcome(0).warnings == [TargetPreparation.singleSequenceWarning])
    }
  }

  @Test("an alignment beside a FASTA file is not used, and a line says how it would be")
  func forgottenAlignment() throws {
    try withScratchFolder { folder in
      try write(">q\nACDE\n", folder + "/t.fasta")
      try write(">q\nACDE\n>h\nAC-E\n", folder + "/t.a3m")
      func outcome(_ input: String, _ alignments: [String] = []) throws
        -> TargetPreparation.Outcome
      {
        try TargetPreparation(fasta: input, alignments: alignments).outcome(0)
      }
      let alone = try outcome(folder + "/t.fasta")
      #expect(try alone.features.get().rowCount == 1)
      let found =
        "\(TargetPreparation.singleSequenceWarning); an alignment of its name is beside the FASTA file: give --msa \(folder)/t.a3m to use it"
      #expect(alone.warnings == [found])
      #expect(try outcome(folder + "/t.fasta", [folder + "/t.a3m"]).warnings.isEmpty)
      #expect(try outcome(folder).warnings.isEmpty)
    }
  }

  @Test("an alignment as target and another with --msa: only the other gives rows")
  func alignedTargetWithAlignment() throws {
    try withScratchFolder { folder in
      try write(">q\nACDE\n>h\nAC-E\n>i\nA-DE\n", folder + "/t.fasta")
      try write(">q\nACDE\n>h\nACDF\n", folder + "/x.a3m")
      let preparation = try TargetPreparation(
        fasta: folder + "/t.fasta", alignments: [folder + "/x.a3m"])
      #expect(preparation.ids == ["q"])
      #expect(try preparation.outcome(0).features.get().rowNames == ["q", "h"])
    }
  }

  @Test(
    "sequences of one length, lower case and gaps of different widths are no alignment",
    arguments: [
      ">a\nACDE\n>b-c\nFGHI\n", ">a\nACDE\n>b\nACDEhhhhhh\n", ">a\nACDE\n>b\nA-C\n",
      ">a\nAC-E\n>b\nACDE\n",
    ])
  func notAligned(_ text: String) throws {
    try withScratchFolder { folder in
      try write(text, folder + "/t.fasta")
      #expect(try TargetPreparation(fasta: folder + "/t.fasta", alignments: []).count == 2)
    }
  }

  @Test("files of a folder are joined in AlphaFold2's order, pairing and template hits left out")
  func folderOrder() throws {
    try withScratchFolder { folder in
      for name in ["mgnify_hits.sto", "uniprot_hits.sto", "pdb_hits.sto"] {
        try write("# STOCKHOLM 1.0\nq ACDE\nh\(name.prefix(2)) AC-E\n//\n", "\(folder)/t/\(name)")
      }
      for name in ["own.a3m", "a1_hits.a3m", "a_hits.a3m", "uniref30_hits.a3m"] {
        try write(">q\nACDE\n", "\(folder)/t/\(name)")
      }
      for name in ["bfd_uniclust_hits.a3m", "uniref90_hits.a3m"] {
        let last = name == "uniref90_hits.a3m" ? "K" : "L"
        try write(">q\nACDE\n>\(name)\nACD\(last)\n", "\(folder)/t/\(name)")
      }
      let source = try FeatureImport.sources(at: folder + "/t")
      #expect(source.count == 1 && source[0].id == "t")
      let raw = try FeatureImport.records(of: source[0])[0].features
      #expect(
        raw.sources.map(\.name)
          == [
            "uniref90_hits.a3m", "bfd_uniclust_hits.a3m", "uniref30_hits.a3m", "mgnify_hits.sto",
            "a_hits.a3m", "a1_hits.a3m", "own.a3m",
          ])
      #expect(raw.rowNames == ["q", "uniref90_hits.a3m", "bfd_uniclust_hits.a3m", "hmg"])
    }
  }

  @Test("alignments are found where AlphaFold2 and searches leave them, in ID/msas")
  func searchFolder() throws {
    try withScratchFolder { folder in
      try write(">a\nACDE\n>b\nGHIK\n", folder + "/t.fasta")
      try write(">a\nACDE\n", folder + "/a.fasta")
      for (id, query) in [("a", "ACDE"), ("b", "GHIK")] {
        try write(
          "# STOCKHOLM 1.0\nq \(query)\nh \(query.dropLast())-\n//\n",
          "\(folder)/out/\(id)/msas/uniref90_hits.sto")
        try write("search\n", "\(folder)/out/\(id)/searches.tsv")
      }
      let both = try TargetPreparation(
        fasta: folder + "/t.fasta", alignments: [folder + "/out"])
      #expect(try (0..<2).map { try both.outcome($0).features.get().rowCount } == [2, 2])
      for place in ["/out", "/out/a", "/out/a/msas"] {
        let one = try TargetPreparation(
          fasta: folder + "/a.fasta", alignments: [folder + place])
        #expect(try one.outcome(0).features.get().rowCount == 2)
      }
      let imported = try FeatureImport.sources(at: folder + "/out")
      #expect(imported.map(\.id) == ["a", "b"])
    }
  }

  @Test("search results of one protein in a folder are one target, called after the folder")
  func searchResults() throws {
    try withScratchFolder { folder in
      let own = folder + "/2q2k_A"
      try write(">query\nACDE\n>b\nACDF\n", own + "/bfd_uniclust_hits.a3m")
      for (name, row) in [("mgnify", "AC-E"), ("uniref90", "A-DE"), ("pdb", "--DE")] {
        let text = "# STOCKHOLM 1.0\nquery ACDE\n\(name) \(row)\n//\n"
        try write(text, "\(own)/\(name)_hits.sto")
        try write(text, "\(folder)/T1/msas/\(name)_hits.sto")
      }
      let preparation = try TargetPreparation(fasta: own, alignments: [])
      #expect(preparation.ids == ["2q2k_A"])
      let outcome = preparation.outcome(0)
      #expect(try outcome.features.get().rowNames == ["query", "uniref90", "b", "mgnify"])
      #expect(
        outcome.warnings == []
          && preparation.notes(0) == [
            "3 search results in one folder: the first row is the target, their rows the alignment"
          ])
      try write(">x\nACDE\n", folder + "/x.fasta")
      let given = try TargetPreparation(fasta: folder + "/x.fasta", alignments: [own])
      #expect(
        try given.outcome(0).features.get().rowNames == outcome.features.get().rowNames)
      for place in ["/T1", "/T1/msas", "/T1/msas/"] {
        #expect(try TargetPreparation(fasta: folder + place, alignments: []).ids == ["T1"])
      }
      try write(">query\nACDE\n>b\nAC\n", own + "/bfd_uniclust_hits.a3m")
      let damaged = try TargetPreparation(fasta: own, alignments: [])
      #expect(damaged.ids == ["2q2k_A"])
      let problem = message { _ = try damaged.outcome(0).features.get() }
      #expect(problem.contains("bfd_uniclust_hits.a3m:3: row 2"))
    }
  }

  @Test("search results of several proteins in a folder are targets of their own")
  func resultsOfSeveral() throws {
    try withScratchFolder { folder in
      try write(">a\nACDE\n>h\nA-DE\n", folder + "/all/a_hits.a3m")
      try write(">b\nGHIK\n>h\nGH-K\n", folder + "/all/b_hits.a3m")
      #expect(try TargetPreparation(fasta: folder + "/all", alignments: []).ids == ["a", "b"])
      try write(">b\nGHIK\n>h\nG-IK\n", folder + "/all/c_hits.a3m")
      let joined = try TargetPreparation(fasta: folder + "/all", alignments: [])
      #expect(joined.ids == ["a", "all"])
      #expect(try joined.outcome(1).features.get().rowCount == 3)
    }
  }

  @Test("a file of MGnify's hits is cut as AlphaFold2 cuts it, named or in a folder, and says so")
  func cutResults() throws {
    try withScratchFolder { folder in
      let letters = Array("ACDEFGHIKLMNPQRSTVWY")
      let rows = (0..<600).map {
        "h\($0) \(letters[$0 % 20])\(letters[$0 / 20 % 20])D\(letters[$0 / 400])"
      }
      let text = "# STOCKHOLM 1.0\nq WWDW\n\(rows.joined(separator: "\n"))\n//\n"
      try write(">q\nWWDW\n", folder + "/q.fasta")
      for name in ["mgnify_hits.sto", "uniprot_hits.sto", "pdb_seqres_hits.sto"] {
        try write(text, "\(folder)/msas/\(name)")
      }
      for path in ["/msas", "/msas/mgnify_hits.sto"] {
        let outcome = try TargetPreparation(
          fasta: folder + "/q.fasta", alignments: [folder + path]
        ).outcome(0)
        #expect(try outcome.features.get().rowCount == 501)
        let warning = "mgnify_hits.sto: the first 501 of 601 rows are used, as in AlphaFold2"
        #expect(outcome.warnings.contains { $0.hasSuffix(warning) }, "\(outcome.warnings)")
      }
      let source = try FeatureImport.sources(at: folder + "/msas")[0]
      #expect(try FeatureImport.records(of: source)[0].features.rowCount == 501)
      try write(text, folder + "/mgnify.sto")
      #expect(try Alignment.read(path: folder + "/mgnify.sto").rows == 601)
    }
  }

  @Test("features of two chains, or numbered backwards, are refused")
  func complexes() throws {
    let plain = try RawFeatures(id: "a", sequence: ProteinSequence("ACDE")).alphaFoldArrays
    func problem(_ name: String, _ values: [Int32]) -> String? {
      var arrays = plain
      arrays[name] = .int32(NDArray(shape: [4], values: values))
      return messageIfRefused {
        _ = try AlphaFoldFeatures(file: "f.pkl", arrays: arrays).rawFeatures()
      }
    }
    #expect(
      problem("asym_id", [1, 1, 2, 2])
        == "f.pkl: holds 2 chains ('asym_id'), but only single chains are supported")
    #expect(problem("asym_id", [1, 1, 1, 1]) == nil)
    #expect(
      problem("residue_index", [0, 1, 1, 2])
        == "f.pkl: 'residue_index' is 1 after 1 at residue 3, expected numbers that increase along the chain"
    )
    #expect(problem("residue_index", [-3, 1, 7, 200]) == nil)
  }

  @Test("a pickle of features that is packed with gzip is read; other packed files are named")
  func packedPickle() throws {
    let scratch = try ScratchFolder()
    let path = scratch.file("T1/features.pkl.gz")
    try scratch.write("", to: "T1/features.pkl.gz")
    func problem(_ data: Data) -> String? {
      messageIfRefused {
        try data.write(to: URL(fileURLWithPath: path))
        _ = try FeatureFile.open(path: path)
      }
    }
    #expect(problem(PackedFeatures.data) == nil)
    let raw = try FeatureFile.open(path: path).features()
    #expect(raw.id == "packed" && raw.sequence == "MKAY" && raw.rowCount == 2)
    #expect(
      try FeatureImport.sources(at: scratch.path)
        == [FeatureImport.Source(id: "T1", paths: [path])])
    #expect(
      message { _ = try InputText(path: path) }
        == "\(path): is a Python pickle packed with gzip; pass it with --features")
    #expect(problem(PackedFeatures.data.dropLast(9))?.contains("ends too early") == true)
    // printf '>a\nMKAYIRW\n' | gzip -9n
    let text = Data(base64Encoded: "H4sIAAAAAAACA7NL5PL1doz0DArnAgAOeQgjCwAAAA==")
    #expect(
      problem(text ?? Data())
        == "\(path): is gzip data, but no pickle; unpack it with gunzip first")
  }

  @Test("import understands ColabFold's and OpenProteinSet's folders")
  func layouts() throws {
    try withScratchFolder { folder in
      try write(">q\nACDE\n", folder + "/colabfold/one.a3m")
      try write(">q\nGHIK\n", folder + "/colabfold/two.a3m")
      try write(">q\nACDE\n", folder + "/ops/1abc_A/a3m/uniref90_hits.a3m")
      try write(">q\nACDE\n>h\nA-DE\n", folder + "/ops/1abc_A/a3m/bfd_uniclust_hits.a3m")
      #expect(try FeatureImport.sources(at: folder + "/colabfold").map(\.id) == ["one", "two"])
      let found = try FeatureImport.sources(at: folder + "/ops")
      #expect(found.map(\.id) == ["1abc_A"])
      #expect(try FeatureImport.records(of: found[0])[0].features.rowCount == 2)
      try FileManager.default.createDirectory(
        atPath: folder + "/empty", withIntermediateDirectories: true)
      #expect(
        message { _ = try FeatureImport.sources(at: folder + "/empty") }
          .contains("holds no features.pkl"))
    }
  }
}
