import BasicTestSupport
import Foundation
import HDF5Files
import NumericArrays
import Protein
import Testing

@testable import FeaturePipeline

@Suite("feature store")
struct StoreTests {
  @Test(
    "a name that would leave the folder of the results is refused",
    arguments: ["../victim", "a/b", "..", "x\u{1B}[31m"])
  func unsafeNames(_ id: String) throws {
    try withScratchFolder { folder in
      try FeatureStore.write([try fullRecord(id)], to: folder + "/a.h5")
      let error = #expect(throws: InputError.self) { _ = try FeatureStore(path: folder + "/a.h5") }
      let text = try #require(error).description
      #expect(text.contains("a.h5") && text.contains("names that can be names of files"))
      #expect(!text.contains("\u{1B}"))
    }
  }

  // From −32,000 to 999,999 Å in one step is more than fits a folded 32-bit difference.
  @Test("coordinates far apart are stored and read back")
  func farApart() throws {
    try withScratchFolder { folder in
      var record = try fullRecord("t1")
      record.features.templates.mask = NDArray(repeating: 0, shape: [2, 9, 37])
      record.features.templates.positions = NDArray(repeating: 0, shape: [2, 9, 37, 3])
      for (atom, x) in [Float(-999_999), 999_999, -999_999].enumerated() {
        record.features.templates.mask.values[atom] = 1
        record.features.templates.positions.values[atom * 3] = x
      }
      try FeatureStore.write([record], to: folder + "/t1.h5")
      #expect(try FeatureStore(path: folder + "/t1.h5").record(of: "t1") == record)
    }
  }

  @Test("coordinates beyond 10⁶ Å are refused, and no file is left")
  func tooFar() throws {
    try withScratchFolder { folder in
      for x in [Float(1e6), -1e6, .nan, .infinity] {
        var record = try fullRecord("t1")
        record.features.templates.mask.values[0] = 1
        record.features.templates.positions.values[0] = x
        #expect(throws: InputError.self) {
          try FeatureStore.write([record], to: folder + "/t1.h5")
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
      }
    }
  }

  @Test("an index that says other things than the targets is a problem of each of them")
  func wrongIndex() throws {
    try withScratchFolder { folder in
      let records = try ["a", "b", "c"].map { try fullRecord($0) }
      var entries = records.map(StoreEntry.init)
      entries[0].cluster = "c8"
      entries[2].resolution = 3
      try HDF5File.write(to: folder + "/s.h5") { file in
        try StoreSchema.mark(file)
        for record in records {
          try TargetGroup(file: file, id: record.features.id).write(record, rowNames: true)
        }
        try StoreSchema.writeIndex(entries, to: file)
      }
      let store = try FeatureStore(path: folder + "/s.h5")
      let problems = store.problems()
      #expect(problems.count == 2, "\(problems)")
      #expect(message { _ = try store.record(of: "a") } == problems[0])
      #expect(try store.record(of: "b") == records[1])
      #expect(problems[0].contains("'a' is not what the index says"))
      #expect(problems[1].contains("'c' is not what the index says"))
    }
  }

  @Test("what was written reads back equal: alignment, templates, labels, provenance")
  func roundTrip() throws {
    try withScratchFolder { folder in
      let record = try fullRecord("t1")
      try FeatureStore.write([record], to: folder + "/t1.h5")
      let store = try FeatureStore(path: folder + "/t1.h5")
      #expect(store.ids == ["t1"])
      #expect(try store.record(of: "t1") == record)
      #expect(store.entries[0].resolution == 1.85 && store.entries[0].cluster == "c7")
      #expect(store.problems().isEmpty)
    }
  }

  @Test("template coordinates that are no multiples of 0.001 Å come back exactly")
  func exactTemplates() throws {
    try withScratchFolder { folder in
      var record = try fullRecord("t")
      for i in record.features.templates.positions.values.indices
      where record.features.templates.mask.values[i / 3] == 1 {
        record.features.templates.positions.values[i] += 1e-4
      }
      try FeatureStore.write([record], to: folder + "/t.h5")
      #expect(try FeatureStore(path: folder + "/t.h5").features(of: "t") == record.features)
    }
  }

  @Test("a target without templates, labels and hits is stored too")
  func minimal() throws {
    try withScratchFolder { folder in
      let record = TargetRecord(features: RawFeatures(id: "g", sequence: try ProteinSequence("G")))
      try FeatureStore.write([record], to: folder + "/g.h5")
      let store = try FeatureStore(path: folder + "/g.h5")
      #expect(try store.record(of: "g") == record)
      #expect(try store.labels(of: "g") == nil)
    }
  }

  @Test("packing keeps every target, and packed stores pack again")
  func packing() throws {
    try withScratchFolder { folder in
      let records = try (0..<7).map { try fullRecord("t\($0)", seed: UInt64($0)) }
      for record in records {
        try FeatureStore.write([record], to: "\(folder)/\(record.features.id).h5")
      }
      let singles = try records.map { try FeatureStore(path: "\(folder)/\($0.features.id).h5") }
      try FeatureStore.pack(Array(singles.prefix(3)), to: folder + "/first.h5")
      let first = try FeatureStore(path: folder + "/first.h5")
      try FeatureStore.pack([first] + singles.dropFirst(3), to: folder + "/all.h5")
      let all = try FeatureStore(path: folder + "/all.h5")
      #expect(all.ids == records.map(\.features.id))
      for record in records.reversed() {
        #expect(try all.record(of: record.features.id) == record)
      }
      #expect(
        message { try FeatureStore.pack([first, singles[0]], to: folder + "/twice.h5") }
          == "\(folder)/twice.h5: target 't0' comes twice; names in a store are unique")
      #expect(!FileManager.default.fileExists(atPath: folder + "/twice.h5"))
    }
  }

  /// Writes a store with the index of another, whose target `t` is what `body` makes it.
  private func store(
    _ path: String, indexOf other: String, _ body: (HDF5File) throws -> Void
  ) throws {
    let source = try HDF5File.open(path: other)
    try HDF5File.write(to: path) { file in
      for name in try source.datasets(under: "index") {
        let array: AnyNDArray = try source.read(name)
        try file.write(array, to: name)
      }
      try file.setAttribute("format", to: .text("helixfold-targets"))
      try file.setAttribute("version", to: .integer(1))
      try file.createGroup("targets/t")
      try body(file)
    }
  }

  @Test("packing refuses a damaged target and one that is not what the index says, by their store")
  func packingDamage() throws {
    try withScratchFolder { folder in
      let (path, damaged) = (folder + "/a.h5", folder + "/b.h5")
      let record = try fullRecord("t")
      try FeatureStore.write([record], to: path)
      func problem(_ body: (HDF5File) throws -> Void) throws -> String {
        try store(damaged, indexOf: path) { file in
          try file.setAttribute("sequence", to: .text("ARNDCQEGH"), on: "targets/t")
          try body(file)
        }
        return message {
          try FeatureStore.pack([FeatureStore(path: damaged)], to: folder + "/c.h5")
        }
      }
      #expect(try problem { _ in } == "\(damaged): no 'targets/t/msa' in this file")
      let bare = try problem { file in
        let classes = (0..<45).map { UInt8($0 % 9) }
        let deletions = NDArray<UInt8>(repeating: 0, shape: [5, 9])
        try file.write(NDArray(shape: [5, 9], values: classes), to: "targets/t/msa")
        try file.write(deletions, to: "targets/t/deletions")
      }
      #expect(bare.hasPrefix("\(damaged): '") && bare.contains("index says"))
      #expect(!FileManager.default.fileExists(atPath: folder + "/c.h5"))
    }
  }

  @Test("an index that names a target twice, or a row more than there are, is refused")
  func contradictingIndex() throws {
    try withScratchFolder { folder in
      let path = folder + "/a.h5"
      func problem(_ index: [String: AnyNDArray]) throws -> String {
        try HDF5File.write(to: path) { file in
          try file.setAttribute("format", to: .text("helixfold-targets"))
          try file.setAttribute("version", to: .integer(1))
          for (name, array) in index { try file.write(array, to: "index/" + name) }
        }
        return message { _ = try FeatureStore(path: path) }
      }
      let names = AnyNDArray.string(NDArray(shape: [2], values: ["t", "t"]))
      let twice = try problem(["id": names])
      #expect(twice == "\(path): 'index/id' is with 't' twice, expected unique names")
      let longer = try problem([
        "id": .string(NDArray(shape: [1], values: ["t"])),
        "residues": .int32(NDArray(repeating: 5, shape: [2])),
      ])
      #expect(longer == "\(path): 'index/residues' is of shape [2], expected shape [1]")
    }
  }

  @Test("strings that take little in a store and gigabytes in memory are refused before reading")
  func manyStrings() throws {
    try withScratchFolder { folder in
      try HDF5File.write(to: folder + "/a.h5") { file in
        try file.write(
          .string(NDArray(repeating: "", shape: [17_000_000])), to: "x", layout: .compressed)
      }
      let file = try HDF5File.open(path: folder + "/a.h5")
      #expect(
        message { let _: AnyNDArray = try file.read("x") }.contains("needs 272000000 bytes"))
    }
  }

  @Test("a target with fewer templates than the index says is refused")
  func lostTemplates() throws {
    try withScratchFolder { folder in
      try FeatureStore.write([fullRecord("t")], to: folder + "/a.h5")
      try store(folder + "/b.h5", indexOf: folder + "/a.h5") { file in
        try file.setAttribute("sequence", to: .text("ARNDCQEGH"), on: "targets/t")
        let classes = (0..<45).map { UInt8($0 % 9) }
        try file.write(NDArray(shape: [5, 9], values: classes), to: "targets/t/msa")
        try file.write(NDArray<UInt8>(repeating: 0, shape: [5, 9]), to: "targets/t/deletions")
      }
      #expect(
        message { _ = try FeatureStore(path: folder + "/b.h5").features(of: "t") }
          == "\(folder)/b.h5: 'targets/t' is of 9 residues, 5 rows, 0 templates, expected of 9 residues, 5 rows, 2 templates, as the index says"
      )
    }
  }

  @Test(
    "classes in another order of letters are translated; a first row that is not the target is refused"
  )
  func alphabets() throws {
    try withScratchFolder { folder in
      let path = folder + "/a.h5"
      var raw = RawFeatures(id: "t", sequence: try ProteinSequence("ARND"))
      raw.msa = NDArray(shape: [2, 4], values: [0, 1, 2, 3, 19, 20, 21, 4])
      raw.deletions = NDArray(repeating: 0, shape: [2, 4])
      raw.rowNames = []
      try FeatureStore.write([TargetRecord(features: raw)], to: path)
      let own = Array("ARNDCQEGHILKMFPSTWYVX-"), other = "ACDEFGHIKLMNPQRSTVWYX-"
      func rewrite(_ alphabet: String, _ classes: [UInt8], sequence: String = "ARND") throws {
        let changed = folder + "/b.h5"
        try store(changed, indexOf: path) { file in
          try file.setAttribute("sequence", to: .text(sequence), on: "targets/t")
          try file.write(NDArray(shape: [2, 4], values: classes), to: "targets/t/msa")
          try file.setAttribute("alphabet", to: .text(alphabet), on: "targets/t/msa")
          try file.write(raw.deletions, to: "targets/t/deletions")
        }
      }
      func read() throws -> RawFeatures {
        try FeatureStore(path: folder + "/b.h5").features(of: "t")
      }
      let translated = try raw.msa.values.map { value in
        UInt8(try #require(Array(other).firstIndex(of: own[Int(value)])))
      }
      try rewrite(other, translated)
      #expect(try read().msa == raw.msa)
      try rewrite(String(own), raw.msa.values, sequence: "arnd")
      #expect(try read().sequence == "ARND")
      try rewrite(String(own), translated)
      #expect(
        message { _ = try read() }.contains("expected the target's"))
      try rewrite("ACDEFGHIKLMNPQRSTVWY", raw.msa.values)
      #expect(
        message { _ = try read() }.contains("with the alphabet 'ACDEFGHIKLMNPQRSTVWY'"))
    }
  }

  @Test("other files, other versions and unknown targets are named")
  func wrongFiles() throws {
    try withScratchFolder { folder in
      let path = folder + "/a.h5"
      try HDF5File.write(to: path) { try $0.createGroup("x") }
      #expect(
        message { _ = try FeatureStore(path: path) }
          == "\(path): is an HDF5 file, but no helixfold store (no format attribute)")
      try HDF5File.write(to: path) { file in
        try file.setAttribute("format", to: .text("helixfold-targets"))
        try file.setAttribute("version", to: .integer(2))
      }
      #expect(
        message { _ = try FeatureStore(path: path) }
          == "\(path): has store version 2, this program reads version 1")
      try HDF5File.write(to: path) { file in
        try file.setAttribute("format", to: .text("helixfold-parameters"))
      }
      #expect(
        message { _ = try FeatureStore(path: path) }
          == "\(path): holds network parameters; pass it with --weights")
      try FeatureStore.write([fullRecord("t")], to: path)
      #expect(
        message { _ = try FeatureStore(path: path).features(of: "u") }
          == "\(path): holds no target 'u'; it holds 1, such as t")
      try Data("hello".utf8).write(to: URL(fileURLWithPath: path))
      #expect(
        message { _ = try FeatureFile.open(path: path) }.contains("is no feature file"))
    }
  }

  @Test("a store cut at any length is refused or found damaged, never a crash")
  func truncated() throws {
    try withScratchFolder { folder in
      let path = folder + "/t.h5"
      try FeatureStore.write([fullRecord("t")], to: path)
      let whole = try Data(contentsOf: URL(fileURLWithPath: path))
      for length in stride(from: 0, to: whole.count, by: max(1, whole.count / 97)) {
        try whole.prefix(length).write(to: URL(fileURLWithPath: path))
        let text = message { _ = try FeatureStore(path: path).record(of: "t") }
        #expect(text.hasPrefix(path), "\(length) bytes: \(text)")
      }
    }
  }

  @Test("stores with flipped bytes are read, refused or found damaged, never a crash")
  func flipped() throws {
    try withScratchFolder { folder in
      let path = folder + "/t.h5"
      try FeatureStore.write([fullRecord("t")], to: path)
      let whole = try Data(contentsOf: URL(fileURLWithPath: path))
      let key = RandomKey(seed: 77)
      for round in 0..<200 {
        var bytes = whole
        for flip in 0..<3 {
          bytes[key.child(round).integer(flip, below: bytes.count)] ^=
            UInt8(1 + key.child(round).integer(flip + 10, below: 255))
        }
        try bytes.write(to: URL(fileURLWithPath: path))
        let text = messageIfRefused { _ = try FeatureStore(path: path).record(of: "t") }
        #expect(text?.hasPrefix(path) != false, "round \(round): \(text ?? "")")
      }
    }
  }

  @Test("AlphaFold2's dictionary and back: the same features, without the names of rows")
  func dictionary() throws {
    var raw = try fullRecord("t").features
    let back = try AlphaFoldFeatures(file: "x.npz", arrays: raw.alphaFoldArrays).rawFeatures()
    raw.rowNames = []
    raw.sources = [AlignmentSource(name: "x.npz", rows: 5, newRows: 5)]
    #expect(back == raw)
  }

  @Test("arrays of a dictionary may share their bytes, up to 16 times what the file holds")
  func sharedBytes() throws {
    let count = 40_000
    /// A pickled dictionary of arrays of the same bytes, which the memo keeps.
    func pickle(arrays: Int) -> [UInt8] {
      let length = withUnsafeBytes(of: UInt32(count).littleEndian) { Array($0) }
      let shared = Array("B".utf8) + length + [UInt8](repeating: 0, count: count)
      let entries = (0..<arrays).flatMap { number in
        Array("Va\(number)\ncnumpy.core.numeric\n_frombuffer\n(g0\n".utf8)
          + Array("cnumpy\ndtype\n(Vu1\ntR(I\(count)\ntVC\ntRs".utf8)
      }
      return [0x80, 5] + shared + Array("p0\n0(d".utf8) + entries + Array(".".utf8)
    }
    try withScratchFolder { folder in
      let path = folder + "/features.pkl"
      try Data(pickle(arrays: 2)).write(to: URL(fileURLWithPath: path))
      let features = try AlphaFoldFeatures(pickle: path)
      #expect(features.arrays.keys.sorted() == ["a0", "a1"])
      let bytes = pickle(arrays: 20)
      try Data(bytes).write(to: URL(fileURLWithPath: path))
      #expect(
        message { _ = try AlphaFoldFeatures(pickle: path) }
          == "\(path): the content needs more than \(16 * bytes.count) bytes, more than the limit of"
          + " 16 times the file; is the file damaged?")
    }
  }

  @Test("wrong arrays in a dictionary are named with shape and expectation")
  func wrongDictionary() throws {
    let arrays = try fullRecord("t").features.alphaFoldArrays
    func problem(_ name: String, _ array: AnyNDArray?) -> String? {
      var changed = arrays
      changed[name] = array
      return messageIfRefused {
        _ = try AlphaFoldFeatures(file: "f.pkl", arrays: changed).rawFeatures()
      }
    }
    #expect(
      problem("aatype", nil)
        == "f.pkl: 'aatype' is missing, expected an array of raw features")
    #expect(
      problem("aatype", .int32(NDArray(repeating: 22, shape: [9])))
        == "f.pkl: 'aatype' is out of range (22), expected 0 … 20")
    #expect(
      problem("aatype", .float32(NDArray(repeating: 0, shape: [9, 20])))
        == "f.pkl: 'aatype' is float32 of shape [9, 20], expected shape [N_res, 21]")
    #expect(
      problem("template_aatype", .float32(NDArray(repeating: 0, shape: [1, 8, 22])))
        == "f.pkl: 'template_aatype' is float32 of shape [1, 8, 22], expected shape [N_templ, 9, 22]"
    )
    #expect(
      problem(
        "residue_index", .int32(NDArray(shape: [9], values: (0..<9).map { 2_000_000_000 + $0 })))
        == "f.pkl: 'residue_index' is out of range (2000000000), expected numbers within ±1,000,000,000"
    )
    #expect(
      problem("msa", .int32(NDArray(repeating: 0, shape: [5, 8])))
        == "f.pkl: 'msa' is int32 of shape [5, 8], expected integers of shape [N_seq, 9]")
    #expect(
      problem("msa", .int32(NDArray(repeating: 22, shape: [5, 9])))
        == "f.pkl: 'msa' is int32 of shape [5, 9], expected classes 0 … 21 in HHblits order")
    #expect(
      problem("deletion_matrix_int", .int32(NDArray(repeating: 0, shape: [4, 9])))
        == "f.pkl: 'deletion_matrix_int' is int32 of shape [4, 9], expected integers of shape"
        + " [5, 9]")
    #expect(
      problem(
        "template_all_atom_positions", .float32(NDArray(repeating: .nan, shape: [2, 9, 37, 3])))?
        .contains("NaN or infinite") == true)
    var deletions = NDArray<Int32>(repeating: 0, shape: [5, 9])
    deletions.values[7] = -3
    #expect(
      problem("deletion_matrix_int", .int32(deletions))
        == "f.pkl: 'deletion_matrix_int' is negative in places (-3), expected 0 or more")
    var large = NDArray<Int64>(repeating: 0, shape: [5, 9])
    large.values[7] = 1 << 40
    #expect(
      problem("deletion_matrix_int", .int64(large))
        == "f.pkl: 'deletion_matrix_int' is no integer of 32 bits in places (1099511627776), expected integers from -2147483648 to 2147483647"
    )
    #expect(
      problem("template_sum_probs", .float32(NDArray(shape: [2, 1], values: [1, .nan])))?
        .contains("'template_sum_probs' is NaN") == true)
    #expect(
      problem("asym_id", .float32(NDArray(repeating: .nan, shape: [9])))?
        .contains("'asym_id' is NaN") == true)
    let sequence = try fullRecord("t").features.sequence
    func letters(_ text: String) -> String? {
      problem("sequence", .string(NDArray(shape: [1], values: [text])))
    }
    let other = sequence.first == "A" ? "R" : "A"
    #expect(letters(sequence) == nil && letters("X" + sequence.dropFirst()) == nil)
    #expect(letters(other + sequence.dropFirst())?.contains("at position 1, expected") == true)
    #expect(letters("AR")?.contains("'sequence' is of 2 letters, expected 9") == true)
  }
}

@Suite(
  "features.pkl of CASP14 targets",
  .enabled(if: testData != nil, "set HELIXFOLD_TEST_DATA to a folder with data/casp14"))
struct FeaturePickleTests {
  @Test(
    "have the sizes and the sequence of their target, and pass through the store unchanged",
    arguments: [("T1026", 172, 22, 8), ("T1037", 404, 123, 4)])
  func casp(_ target: String, residues: Int, rows: Int, templates: Int) throws {
    let folder = try #require(testData)
    let file = try FeatureFile.open(path: "\(folder)/data/casp14/\(target)/features.pkl")
    let raw = try file.features(of: target)
    #expect(raw.residueCount == residues && raw.rowCount == rows)
    #expect(raw.templates.count == templates)
    let fasta = try FASTA.records(
      in: InputText(path: "\(folder)/data/casp14/\(target)/\(target).fasta"))
    #expect(try fasta[0].sequence.get().letters == raw.sequence)
    try withScratchFolder { scratch in
      let record = TargetRecord(features: raw, provenance: Provenance(alignments: raw.sources))
      try FeatureStore.write([record], to: scratch + "/t.h5")
      #expect(try FeatureStore(path: scratch + "/t.h5").features(of: target) == raw)
      let size = try FileManager.default.attributesOfItem(atPath: scratch + "/t.h5")[.size]
      print("\(target): store of \(size ?? 0) bytes")
    }
  }
}
