import BasicTestSupport
import Foundation
import Testing

@testable import Evaluation

@Suite("Manifests of evaluation sets")
struct ManifestTests {
  static func problems(_ row: String, head: String = "") throws -> [String] {
    let text = "{\"name\": \"n\", \(head) \"targets\": [\(row)]}"
    return try JSONDecoder().decode(EvaluationManifest.self, from: Data(text.utf8)).problems
  }

  @Test("a complete row is accepted")
  func good() throws {
    let row = """
      {"id": "T1", "pdb": "6S44", "chain": "A", "length": 172, "native_ranges": "27-172", "released": "2020-05-01",
       "domains": [{"name": "T1-D1", "ranges": "2-50+80-172"}], "source": "a page"}
      """
    #expect(try Self.problems(row, head: "\"domains_held\": 1, \"domains_total\": 87,").isEmpty)
  }

  @Test(
    "each wrong value is one line that names its row",
    arguments: [
      ("\"id\": \"../x\", \"source\": \"s\"", "a name holds letters"),
      ("\"id\": \"x\", \"source\": \" \"", "'source' is empty"),
      (
        "\"id\": \"x\", \"source\": \"s\", \"pdb\": \"XYZ\", \"chain\": \"A\"",
        "no entry of the PDB"
      ),
      ("\"id\": \"x\", \"source\": \"s\", \"pdb\": \"1ABC\"", "'pdb' without 'chain'"),
      ("\"id\": \"x\", \"source\": \"s\", \"length\": 0", "length is 0"),
      ("\"id\": \"x\", \"source\": \"s\", \"native\": \"../../etc/x\"", "below the manifest"),
      ("\"id\": \"x\", \"source\": \"s\", \"native_ranges\": \"9-1\"", "native_ranges"),
      ("\"id\": \"x\", \"source\": \"s\", \"native_ranges\": \"1-5,7\"", "native_ranges"),
      ("\"id\": \"x\", \"source\": \"s\", \"released\": \"May\"", "YYYY-MM-DD"),
      (#""id": "x", "source": "s", "released": "2024-13-45""#, "a date"),
      (#""id": "x", "source": "s", "released": "2023-02-29""#, "a date"),
      (#""id": "x", "source": "s", "msa_rows": -5"#, "'msa_rows' is -5"),
      (#""id": "x", "source": "s", "native_sha256": "zz""#, "64 digits"),
      (#""id": "x", "source": "s", "domains": [{"name": " ", "ranges": "1-2"}]"#, "has no name"),
      (
        "\"id\": \"x\", \"source\": \"s\", \"domains\": [{\"name\": \"whole\", \"ranges\": \"1-2\"}]",
        "the name of the whole chain"
      ),
      (
        "\"id\": \"x\", \"source\": \"s\", \"length\": 9, \"domains\": [{\"name\": \"D\", \"ranges\": \"1-10\"}]",
        "leaves the target's 1-9"
      ),
      (
        "\"id\": \"x\", \"source\": \"s\", \"domains\": [{\"name\": \"D\", \"ranges\": \"1-2,3-4\"}]",
        "expected such as"
      ),
    ])
  func wrongRow(row: String, problem: String) throws {
    let found = try Self.problems("{\(row)}")
    #expect(found.count == 1)
    #expect(found.first?.contains(problem) == true, "\(found)")
    #expect(found.first?.hasPrefix("targets[0]") == true)
  }

  @Test("numbers of domains are checked, names are unique, lists are not empty")
  func wholeFile() throws {
    let row = "{\"id\": \"x\", \"source\": \"s\"}"
    #expect(try Self.problems(row, head: "\"domains_held\": 1,").count == 1)
    #expect(try Self.problems("\(row), \(row)") == ["targets[1] 'x': the name comes twice"])
    #expect(try Self.problems("").count == 1)
  }

  @Test(
    "unknown keys are refused with their place",
    arguments: [
      (#"{"name": "n", "comment": 1, "targets": []}"#, "'comment'; known here are about, "),
      (
        #"{"name": "n", "targets": [{"id": "x", "source": "s", "domain": []}]}"#,
        "'targets[0].domain'; known here are chain, domains, "
      ),
      (
        #"{"name": "n", "targets": [{"id": "x", "source": "s", "domains": [{"name": "D", "range": "1-2"}]}]}"#,
        "'targets[0].domains[0].range'; known here are name, ranges"
      ),
    ])
  func unknownKey(text: String, problem: String) throws {
    let folder = try ScratchFolder()
    try folder.write(text, to: "m.json")
    let error = #expect(throws: EvaluationError.self) {
      try EvaluationManifest.read("\(folder.path)/m.json")
    }
    #expect(error?.description.contains("m.json: unknown key \(problem)") == true)
  }

  @Test(
    "a file that is no manifest is one line with its name",
    arguments: ["", "[]", "{\"name\": \"n\"}", "{\"name\": \"n\", \"targets\": [{\"id\": 3}]}"])
  func unreadable(text: String) throws {
    let folder = try ScratchFolder()
    try folder.write(text, to: "m.json")
    do {
      _ = try EvaluationManifest.read("\(folder.path)/m.json")
      Issue.record("'\(text)' was read")
    } catch {
      #expect("\(error)".contains("m.json: ") && !"\(error)".contains("\n"))
    }
  }

  @Test(
    "the lists of this repository are good and each row names its source",
    arguments: ["casp14.json", "cameo.json"])
  func shipped(name: String) throws {
    let manifest = try EvaluationManifest.read(SourceTree.file("data/\(name)"))
    #expect(!manifest.targets.isEmpty)
    if name == "casp14.json" {
      #expect(manifest.domainsTotal == 87)
      #expect(manifest.domainsHeld == manifest.targets.reduce(0) { $0 + ($1.domains?.count ?? 0) })
    }
  }
}
