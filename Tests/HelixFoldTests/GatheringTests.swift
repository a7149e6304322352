import AtomicFiles
import Evidence
import FeaturePipeline
import Foundation
import Messages
import StructureIO
import Testing

@testable import HelixFold

/// Predictions that search and look for templates first, with programs that are small shell scripts.
@Suite("Predictions from a sequence and a database")
struct GatheringTests {
  @Test("the alignment found is used; a second run starts no program and gives the same bits")
  func search() throws {
    let bench = try GatheringBench()
    try bench.jackhmmer(GatheringBench.goodResult)
    #expect(try bench.predict("first") == .success)
    #expect(try bench.predict("second") == .success)
    #expect(bench.runs == 1)
    let (first, second) = (bench.root + "/first/toy", bench.root + "/second/toy")
    #expect(try FeatureStore(path: first + "/features.h5").entry("toy").rows == 2)
    for file in ["ranked_0.pdb", "msa_coverage.svg", "msas/uniref90_hits.sto"] {
      #expect(try bench.text(first, file) == bench.text(second, file))
    }
    #expect(try bench.text(first, "searches.tsv").contains("uniref90\tjackhmmer\tsearched\t2"))
    #expect(try bench.text(second, "searches.tsv").contains("uniref90\tjackhmmer\tcached\t2"))
    #expect(try bench.text(second, "timings.json").contains("search_uniref90_cached"))
    #expect(try bench.text(second, "msa_coverage.svg").contains("2 rows, Neff "))
    // Of a kept result too it is known how it was found.
    let notes = try [first, second].map {
      try #require(
        try FeatureStore(path: $0 + "/features.h5").record(of: "toy").provenance.notes?[
          "search uniref90"])
    }
    #expect(notes[0] == notes[1] && notes[0].contains("2 rows; jackhmmer (HMMER 9.9, "))
    let provenance = try JSONSerialization.jsonObject(
      with: Data(bench.text(second, "provenance_tiny.json").utf8))
    #expect(
      (provenance as? [String: Any])?["searches"] as? [String: String] == [
        "search uniref90": notes[0]
      ])
  }

  @Test("alignments that the user gives come before those of searches")
  func alignmentsJoin() throws {
    let bench = try GatheringBench()
    try bench.jackhmmer(GatheringBench.goodResult)
    try bench.write(
      "own.a3m",
      ">t\n\(GatheringBench.sequence)\n>own\n\(GatheringBench.sequence.replacing("I", with: "V"))\n"
    )
    #expect(try bench.predict("out", alignments: [bench.root + "/own.a3m"]) == .success)
    let raw = try FeatureStore(path: bench.root + "/out/toy/features.h5").features(of: "toy")
    #expect(raw.sources.map(\.newRows) == [2, 1])
    #expect(raw.rowNames[1] == "own")
  }

  @Test("a program or database that is missing is refused before any work, status 69 or 66")
  func missing() throws {
    let bench = try GatheringBench()
    #expect(throws: SearchFailure.toolMissing(.jackhmmer)) { try bench.predict("out") }
    #expect(Messages.ExitStatus(SearchFailure.toolMissing(.jackhmmer)) == .missingTool)
    try bench.jackhmmer(GatheringBench.goodResult)
    try FileManager.default.removeItem(atPath: bench.root + "/db.fasta")
    let error = #expect(throws: SearchFailure.self) { try bench.predict("out") }
    #expect(error?.exitStatus == .missingInput)
    #expect(!FileManager.default.fileExists(atPath: bench.root + "/out"))
  }

  @Test(
    "if the only search fails the target fails and names the cause; of two, the other is used, status 1"
  )
  func failures() throws {
    let bench = try GatheringBench()
    try bench.jackhmmer("echo 'std::bad_alloc' >&2; exit 134")
    #expect(try bench.predict("out") == .internalError)
    #expect(try bench.text(bench.root, "out/failures.json").contains("not enough memory"))
    try bench.jackhmmer(
      "case \"$ALL\" in *db.fasta) \(GatheringBench.goodResult);; *) exit 3;; esac")
    #expect(
      try bench.predict("two", databases: ["uniref90": "db.fasta", "mgnify": "db2.fasta"])
        == .someFailed)
    #expect(try FeatureStore(path: bench.root + "/two/toy/features.h5").entry("toy").rows == 2)
    #expect(
      try bench.text(bench.root, "two/toy/searches.tsv").contains("mgnify\tjackhmmer\tfailed"))
  }

  @Test(
    "a structure of the user becomes a template; one that cannot be read is a row of templates.tsv")
  func templates() throws {
    let bench = try GatheringBench()
    try bench.write("structures/any name.pdb", GatheringBench.straightChain)
    try bench.write("structures/broken.cif", "no structure\n")
    var options = EvidenceOptions()
    options.templates.userPaths = [bench.root + "/structures"]
    #expect(try bench.predict("out", evidence: options) == .success)
    let rows = try bench.text(bench.root, "out/toy/templates.tsv").split(separator: "\n")
    #expect(rows.count == 3)
    #expect(rows[1].contains("any name.pdb_A\t\t22\ttemplate 1\t22"))
    #expect(rows[2].contains("broken.cif") && rows[2].contains("rejected"))
    let raw = try FeatureStore(path: bench.root + "/out/toy/features.h5").features(of: "toy")
    #expect(raw.templates.names == ["any name.pdb_A"])
  }

  @Test("a dry run counts templates in its plan, searches nothing and writes nothing")
  func dryRun() throws {
    let bench = try GatheringBench()
    try bench.jackhmmer(GatheringBench.goodResult)
    try bench.write("native.pdb", GatheringBench.straightChain)
    try bench.write("toy.fasta", ">toy\n\(GatheringBench.sequence)\n")
    var options = EvidenceOptions()
    options.templates.userPaths = [bench.root + "/native.pdb"]
    options.search = SearchOptions(
      databases: [SearchDatabase(name: "uniref90", path: bench.root + "/db.fasta")],
      tools: ToolPaths(path: bench.root + "/bin"), threads: 1, cacheFolder: bench.root + "/cache")
    let collector = try EvidenceCollector(
      options, output: bench.root + "/out", reporter: ProgressReporter(style: .quiet),
      isDryRun: true)
    let targets = try PredictionTarget.collect(
      fasta: [bench.root + "/toy.fasta"], alignments: [], features: [], collector: collector)
    let raw = try targets[0].features.get().load()
    #expect(raw.templates.names == ["native.pdb_A"])
    #expect(bench.runs == 0 && !FileManager.default.fileExists(atPath: bench.root + "/out"))
  }

  @Test("a file that is named as a template and is no structure is refused, as are empty lists")
  func noStructure() throws {
    let bench = try GatheringBench()
    try bench.write("own.fasta", ">a\nACDE\n")
    let parts: [WritableKeyPath<TemplateOptions, String?>] = [\.releaseDateFile, \.obsoleteFile]
    for part in parts {
      var options = EvidenceOptions()
      options.templates[keyPath: part] = bench.root + "/own.fasta"
      let error = #expect(throws: InputError.self) {
        try EvidenceCollector.requireTemplates(options)
      }
      #expect(error?.exitStatus == .badInput)
    }
    var options = EvidenceOptions()
    options.templates.userPaths = [bench.root + "/own.fasta"]
    let error = #expect(throws: StructureIOError.self) {
      try bench.predict("out", evidence: options)
    }
    #expect(error?.exitStatus == .badInput)
  }

  @Test("structures of the user of which none is used are told")
  func unusedStructures() throws {
    let bench = try GatheringBench()
    try bench.write("own.pdb", GatheringBench.straightChain)
    var options = EvidenceOptions()
    options.templates.userPaths = [bench.root + "/own.pdb"]
    options.templates.settings.minimumIdentityToTarget = 2
    let lines = try bench.told(options)
    #expect(
      lines.contains("warning: toy: no structure of --template is used: own.pdb_A: "), "\(lines)")
  }

  @Test(
    "hit files make templates of a folder of structures; hits later than the cut-off date are rejected"
  )
  func hits() throws {
    let bench = try GatheringBench()
    try bench.write(
      "pdb/1abc.pdb", "REVDAT   1   01-JAN-05 1ABC    0\n" + GatheringBench.straightChain)
    try bench.write("hits/toy.hhr", GatheringBench.hhr)
    for (date, used) in [("2006-01-01", 1), ("2004-01-01", 0)] {
      var options = EvidenceOptions()
      options.templates.settings = try #require(TemplateSettings(cutoff: date))
      options.templates.structureFolder = bench.root + "/pdb"
      options.hitPaths = [bench.root + "/hits"]
      #expect(try bench.predict("out\(used)", evidence: options) == .success)
      let table = try bench.text(bench.root, "out\(used)/toy/templates.tsv")
      let raw = try FeatureStore(path: bench.root + "/out\(used)/toy/features.h5").features(
        of: "toy")
      #expect(raw.templates.count == used, "\(table)")
    }
  }

  @Test("hits beside the search results of a target are used where a folder of structures is given")
  func hitsOfFolder() throws {
    let bench = try GatheringBench()
    try bench.write("pdb/1abc.pdb", GatheringBench.straightChain)
    try bench.write("af/toy/msas/uniref90_hits.a3m", ">toy\n\(GatheringBench.sequence)\n")
    try bench.write("af/toy/msas/pdb_hits.hhr", GatheringBench.hhr)
    var options = EvidenceOptions()
    options.templates.structureFolder = bench.root + "/pdb"
    let status = try bench.predict("out", alignments: [bench.root + "/af"], evidence: options)
    #expect(status == .success)
    let raw = try FeatureStore(path: bench.root + "/out/toy/features.h5").features(of: "toy")
    #expect(raw.templates.names == ["1abc_A"])
    // The folder itself may be given as that of hits.
    options.hitPaths = [bench.root + "/af/toy/msas"]
    #expect(try bench.predict("other", evidence: options) == .success)
    let other = try FeatureStore(path: bench.root + "/other/toy/features.h5").features(of: "toy")
    #expect(other.templates.names == ["1abc_A"])
  }

  @Test("structures without hits, hits without use and a folder without hits are told")
  func uselessHits() throws {
    let bench = try GatheringBench()
    try bench.write("pdb/2xyz.pdb", GatheringBench.straightChain)
    try bench.write("hits/toy.hhr", GatheringBench.hhr)
    try bench.write("none/other.hhr", GatheringBench.hhr)
    var options = EvidenceOptions()
    options.templates.structureFolder = bench.root + "/pdb"
    #expect(
      try bench.told(options).contains(
        "warning: toy: no template: no hits name structures of \(bench.root)/pdb;"
          + " search pdb70 or pdb_seqres, or give --template-hits"))
    options.hitPaths = [bench.root + "/hits"]
    let lines = try bench.told(options)
    #expect(
      lines.contains(
        "warning: toy: no template: no hit is used: 1ABC_A made up: no structure file of entry 1abc in \(bench.root)/pdb"
      ), "\(lines)")
    #expect(
      lines.contains(
        "toy  0 of 1 hits and structures became templates (1 no structure file); templates.tsv says why"
      ), "\(lines)")
    options.hitPaths = [bench.root + "/none"]
    #expect(throws: InputError.self) { try bench.predict("out", evidence: options) }
    try bench.write("t.m8", "toy\t1abc_A\t0.5\t9\t0\t0\t1\t9\t1\t9\t1e-3\t50\n")
    options.hitPaths = [bench.root + "/t.m8"]
    let error = #expect(throws: InputError.self) { try bench.predict("out", evidence: options) }
    #expect(
      error?.description.contains("give the structures that it names with --template") == true)
  }

  @Test("hits may name a file that the user gave, which needs neither folder nor date")
  func ownHits() throws {
    let bench = try GatheringBench()
    try bench.write("own/remote.v2.pdb", GatheringBench.straightChain)
    try bench.write("hits/toy.hhr", GatheringBench.hhr.replacing(">1ABC_A", with: ">remote.v2_A"))
    var options = EvidenceOptions()
    options.templates.settings = try #require(TemplateSettings(cutoff: "2004-01-01"))
    // By its sequence the structure is not taken.
    options.templates.settings.minimumIdentityToTarget = 2
    options.templates.userPaths = [bench.root + "/own/remote.v2.pdb"]
    options.hitPaths = [bench.root + "/hits"]
    #expect(try bench.predict("out", evidence: options) == .success)
    let raw = try FeatureStore(path: bench.root + "/out/toy/features.h5").features(of: "toy")
    #expect(raw.templates.names == ["remote.v2_A"])
  }

  @Test("the list of release dates stands in for a structure without one")
  func listedDates() throws {
    let bench = try GatheringBench()
    try bench.write("pdb/1abc.pdb", GatheringBench.straightChain)
    try bench.write("hits/toy.hhr", GatheringBench.hhr)
    var options = EvidenceOptions()
    options.templates.settings = try #require(TemplateSettings(cutoff: "2006-01-01"))
    options.templates.structureFolder = bench.root + "/pdb"
    options.hitPaths = [bench.root + "/hits"]
    for (date, used) in [("2005-12-31", 1), ("2006-01-02", 0)] {
      try bench.write("dates", "1abc:\(date)\n")
      options.templates.releaseDateFile = bench.root + "/dates"
      #expect(try bench.predict("out\(used)", evidence: options) == .success)
      let raw = try FeatureStore(path: bench.root + "/out\(used)/toy/features.h5").features(
        of: "toy")
      #expect(raw.templates.count == used)
    }
  }

  @Test("a search that can only fail is refused before any work")
  func hopeless() throws {
    let bench = try GatheringBench()
    try bench.jackhmmer(GatheringBench.goodResult)
    for name in ["hmmbuild", "hmmsearch"] { try bench.program(name, "exit 1") }
    #expect(throws: SearchFailure.noStart(database: "pdb_seqres")) {
      try bench.predict("out", databases: ["pdb_seqres": "db.fasta"])
    }
    #expect(bench.runs == 0)
    #expect(!FileManager.default.fileExists(atPath: bench.root + "/out"))
  }

  @Test("a target with an alignment of its own is predicted where every search fails, status 1")
  func failuresWithAlignment() throws {
    let bench = try GatheringBench()
    try bench.jackhmmer("exit 3")
    try bench.write("own.a3m", GatheringBench.deepAlignment(rows: 4))
    #expect(try bench.predict("out", alignments: [bench.root + "/own.a3m"]) == .someFailed)
    #expect(try FeatureStore(path: bench.root + "/out/toy/features.h5").entry("toy").rows == 4)
  }

  @Test("a database of HH-suite that lacks files is refused before any work")
  func incompleteDatabase() throws {
    let bench = try GatheringBench()
    try bench.jackhmmer(GatheringBench.goodResult)
    for tool in ["hhblits", "hhsearch"] { try bench.program(tool, "exit 0") }
    for part in ["hhm", "a3m"] {
      try bench.write("pdb70_\(part).ffdata", "x")
      try bench.write("pdb70_\(part).ffindex", "1abc_A\t0\t1\n")
    }
    let error = #expect(throws: SearchFailure.self) {
      try bench.predict("out", databases: ["uniref90": "db.fasta", "pdb70": "pdb70"])
    }
    #expect(error?.exitStatus == .missingInput)
    #expect(error?.description.contains("pdb70_cs219.ffdata: no such file") == true)
    #expect(bench.runs == 0)
  }

  @Test("nothing is searched for a target whose folder another process has")
  func busy() throws {
    let bench = try GatheringBench()
    try bench.jackhmmer(GatheringBench.goodResult)
    try AtomicFile.createFolder(bench.root + "/out/toy")
    let lock = FolderLock(bench.root + "/out/toy")
    let status = try bench.predict("out")
    #expect(status == .cannotCreate && bench.runs == 0)
    withExtendedLifetime(lock) {}
  }

  @Test("what an earlier run searched goes away when the target is predicted from an alignment")
  func staleSearches() throws {
    let bench = try GatheringBench()
    try bench.jackhmmer(GatheringBench.goodResult)
    let searched = try bench.predict("out")
    #expect(searched == .success)
    var options = EvidenceOptions()
    options.rowBudget = 100
    let plain = try bench.predict("out", evidence: options)
    #expect(plain == .success)
    for name in ["searches.tsv", "msas"] {
      #expect(!FileManager.default.fileExists(atPath: bench.root + "/out/toy/" + name), "\(name)")
    }
  }

  @Test("databases for templates alone are dropped where no network has a place for templates")
  func withoutTemplates() throws {
    let bench = try GatheringBench()
    var options = EvidenceOptions()
    let databases = ["uniref90", "pdb_seqres"].map {
      SearchDatabase(name: $0, path: bench.root + "/db.fasta")
    }
    options.search = SearchOptions(databases: databases, cacheFolder: bench.root + "/cache")
    let hasDropped = options.leaveOutTemplateSearches()
    #expect(hasDropped)
    #expect(options.search?.databases.map(\.name) == ["uniref90"])
    options.search = SearchOptions(
      databases: [databases[1]], cacheFolder: bench.root + "/cache")
    let isAlone = options.leaveOutTemplateSearches()
    #expect(isAlone && options.isEmpty)
  }

  @Test("a row budget keeps so many rows, and says what it saves and changes")
  func budget() throws {
    let bench = try GatheringBench()
    var options = EvidenceOptions()
    options.rowBudget = 6
    try bench.write("deep.a3m", GatheringBench.deepAlignment(rows: 40))
    let deep = [bench.root + "/deep.a3m"]
    #expect(try bench.predict("out", alignments: deep, evidence: options) == .success)
    #expect(try FeatureStore(path: bench.root + "/out/toy/features.h5").entry("toy").rows == 6)
    func measured(_ folder: String) throws -> [[Substring]] {
      try bench.text(bench.root, "\(folder)/toy/msa_budget.tsv").split(separator: "\n")
        .map { $0.split(separator: "\t", omittingEmptySubsequences: false) }
    }
    // More rows matter than are kept: they are uniform ones, which need no second measurement as the baseline.
    let lines = try measured("out")
    #expect(lines.map { $0[0] } == ["rows", "all", "kept, uniform", "all, other draw"])
    #expect(lines.map { $0[1] } == ["count", "40", "6", "40"])
    let operations = lines.dropFirst().compactMap { Double($0[2]) }
    #expect(operations[1] < operations[0] && operations[2] == operations[0])
    #expect(lines[1][4] == "0.0000")
    #expect(lines.dropFirst(2).allSatisfy { Double($0[4]) ?? 0 > 0 })
    let provenance = try bench.text(bench.root, "out/toy/provenance_tiny.json")
    #expect(provenance.contains("\"msa_budget\": 6"))
    options.rowBudget = 39
    #expect(try bench.predict("most", alignments: deep, evidence: options) == .success)
    let most = try measured("most")
    #expect(most.map { $0[0] } == ["rows", "all", "kept, scored", "uniform", "all, other draw"])
    #expect(most.map { $0[1] } == ["count", "40", "39", "39", "40"] && most[2][2] == most[3][2])
    options.rowBudget = 40
    #expect(try bench.predict("all", alignments: deep, evidence: options) == .success)
    #expect(try bench.predict("plain", alignments: deep, evidence: EvidenceOptions()) == .success)
    #expect(
      try bench.text(bench.root, "all/toy/ranked_0.cif")
        == bench.text(bench.root, "plain/toy/ranked_0.cif"))
  }
}
