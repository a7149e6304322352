import Foundation
import Testing

@testable import Evidence

@Suite("Plans of searches")
struct SearchPlanTests {
  /// A line for each step: its name and program, or what is wrong.
  private func plan(
    _ databases: [(name: String, file: String)], prefersMMseqs: Bool = false,
    hasAlignment: Bool = false
  ) throws -> [String] {
    let bench = try SearchBench()
    for file in ["hh_hhm.ffdata", "hh_a3m.ffdata", "hh_cs219.ffdata", "mm", "mm.dbtype"] {
      try "x\n".write(toFile: "\(bench.root)/\(file)", atomically: false, encoding: .utf8)
    }
    return SearchOptions(
      databases: databases.map { SearchDatabase(name: $0.name, path: "\(bench.root)/\($0.file)") },
      cacheFolder: bench.root + "/cache", prefersMMseqs: prefersMMseqs
    ).steps(hasAlignment: hasAlignment).map { step in
      switch step {
      case .success(let step): "\(step.name) \(step.tool)"
      case .failure(let problem):
        "\(problem.name) \(problem.failure)".replacingOccurrences(of: bench.root + "/", with: "")
      }
    }
  }

  @Test("searches come in the order in which their results are joined, whatever the order of flags")
  func order() throws {
    let databases = [
      ("pdb_seqres", "db.fasta"), ("zebra", "db.fasta"), ("mgnify", "db.fasta"), ("ant", "mm"),
      ("uniref30", "hh"), ("small_bfd", "db.fasta"), ("bfd", "hh"), ("UniRef90", "db.fasta"),
      ("pdb70", "hh"),
    ]
    let expected = [
      "UniRef90 jackhmmer", "bfd_uniref hhblits", "small_bfd jackhmmer", "mgnify jackhmmer",
      "ant mmseqs", "zebra jackhmmer", "pdb70 hhsearch", "pdb_seqres hmmsearch",
    ]
    #expect(try plan(databases) == expected)
    #expect(try plan(databases.reversed()) == expected)
  }

  @Test("no two searches write one file")
  func collisions() throws {
    #expect(
      try plan([
        ("uniref90", "db.fasta"), ("pdb70", "db.fasta"), ("pdb_seqres", "db.fasta"),
      ]) == [
        "uniref90 jackhmmer", "pdb70 hmmsearch",
        "pdb_seqres database pdb_seqres: its result pdb_hits.sto would take the place of that of"
          + " pdb70",
      ])
    #expect(
      try plan([("bfd", "hh"), ("uniref30", "hh"), ("bfd_uniref", "hh")]) == [
        "bfd_uniref hhblits",
        "bfd_uniref database bfd_uniref: its result bfd_uniref_hits.a3m would take the place of"
          + " that of bfd_uniref",
      ])
    let cases = try plan([("u", "db.fasta"), ("U", "db.fasta")])
    #expect(cases.count { $0.contains("would take the place of") } == 1)
    for name in ["uniprot", "pdb"] {
      #expect(
        try plan([(name, "db.fasta")]) == [
          "\(name) database \(name): results called \(name)_hits have another use in AlphaFold;"
            + " give the database another name"
        ])
    }
  }

  @Test("templates are not searched in MMseqs2's databases, nor without the alignment they need")
  func templates() throws {
    #expect(
      try plan([("uniref90", "db.fasta"), ("pdb70", "mm")]) == [
        "uniref90 jackhmmer",
        "pdb70 database pdb70: mm is a database of MMseqs2, in which templates are not searched;"
          + " give pdb70 of HH-suite or pdb_seqres in FASTA",
      ])
    #expect(
      try plan([("uniref90", "db.fasta"), ("pdb_seqres", "db.fasta")], prefersMMseqs: true) == [
        "uniref90 mmseqs", "pdb_seqres hmmsearch",
      ])
    #expect(
      try plan([("uniref90", "db.fasta"), ("pdb70", "hh")], prefersMMseqs: true) == [
        "uniref90 mmseqs", "pdb70 hhsearch",
      ])
    #expect(
      try plan([("pdb70", "hh")]) == [
        "pdb70 database pdb70 is searched for templates from an alignment, and there is none;"
          + " add --database uniref90=PATH, or give predict one with --msa"
      ])
    #expect(
      try plan([("pdb70", "hh"), ("pdb_seqres", "db.fasta")], hasAlignment: true) == [
        "pdb70 hhsearch", "pdb_seqres hmmsearch",
      ])
  }
}
