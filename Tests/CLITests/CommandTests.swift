import Foundation
import Testing

/// The command as a user meets it: statuses, one-line messages, files.
@Suite("Command")
struct CommandTests {
  @Test(
    "help of every command names its flags",
    arguments: [
      (
        ["predict"],
        ["--msa", "--weights", "--max-memory", "--resume", "--dry-run", "--save-recycles"]
      ),
      (
        ["predict"],
        ["--database", "--jackhmmer", "--template", "--max-template-date", "--msa-budget"]
      ),
      (["prepare"], ["--msa"]), (["store"], ["list", "verify", "pack"]),
      (["score"], ["--domains", "--json"]), (["evaluate"], ["--predictions", "--check-manifest"]),
      (["bench", "forward"], ["--residues", "--extra-blocks", "--json"]),
      (["dev", "forward"], ["--params", "--inputs", "--teacher"]),
      ([], ["predict", "score", "bench"]),
    ])
  func help(_ command: [String], _ flags: [String]) throws {
    let result = try Command.run(command + ["--help"])
    #expect(result.status == 0)
    for flag in flags { #expect(result.output.contains(flag), "\(flag)") }
  }

  @Test(
    "a broken FASTA file has status 65 and is named in one line",
    arguments: [
      "", "\u{0}\u{1}\u{2}binary", ">a\nMKV1\n", ">a\n",
    ])
  func badFASTA(_ text: String) throws {
    let folder = try ScratchFolder()
    try Data(text.utf8).write(to: folder.file("in.fasta"))
    let result = try Command.run(tiny(["in.fasta"]), in: folder)
    #expect(result.status == 65, "\(result.errors)")
    #expect(result.errors.contains("in.fasta"))
    // The note on random parameters, the error.
    #expect(result.errors.split(separator: "\n").count <= 2)
  }

  @Test(
    "wrong flags have status 64, missing files 66, too little memory 75",
    arguments: [
      (["nowhere.fasta"], 66), (["in.fasta", "--threads", "-1"], 64),
      (["in.fasta", "--max-memory", "much"], 64), (["in.fasta", "--max-memory", "1MiB"], 75),
      (["in.fasta", "--msa", "none.a3m"], 66), (["in.fasta", "--template", "none.pdb"], 66),
      (["in.fasta", "--max-template-date", "tomorrow"], 64),
      (["in.fasta", "--msa-budget", "0"], 64),
      (["in.fasta", "--database", "in.fasta"], 64), (["in.fasta", "--database-set", "x"], 64),
      (["in.fasta", "--database", "x=none.fasta", "--jackhmmer", "/bin/true"], 66),
      (["in.fasta", "--database", "x=in.fasta", "--jackhmmer", "nowhere"], 69),
    ])
  func statuses(_ arguments: [String], _ status: Int) throws {
    let folder = try ScratchFolder()
    try Data(">a\nMKV\n".utf8).write(to: folder.file("in.fasta"))
    let result = try Command.run(tiny(arguments), in: folder)
    #expect(result.status == Int32(status), "\(result.errors)")
  }

  @Test("an output folder that cannot be made has status 73")
  func unwritable() throws {
    let folder = try ScratchFolder()
    try Data("x".utf8).write(to: folder.file("file"))
    let result = try Command.run(
      ["predict", "-", "--random-weights", "--preset", "tiny", "-o", "file/out"], in: folder,
      input: ">a\nMKV\n")
    #expect(result.status == 73, "\(result.errors)")
  }

  @Test("a sequence from the standard input is predicted under a safe name")
  func standardInput() throws {
    let folder = try ScratchFolder()
    let result = try Command.run(tiny(["-"]), in: folder, input: ">../../evil name\nMKVLA\n")
    #expect(result.status == 0, "\(result.errors)")
    #expect(result.output == "out/evil/ranked_0.pdb\nout/evil/report.html\n")
    #expect(result.errors.contains("random numbers"))
    let pdb = try String(contentsOf: folder.file("out/evil/ranked_0.pdb"), encoding: .utf8)
    #expect(pdb.contains("random numbers"))
  }

  @Test("progress as JSON is one object per line")
  func jsonProgress() throws {
    let folder = try ScratchFolder()
    let result = try Command.run(
      tiny(["-", "--progress", "json"]), in: folder, input: ">a\nMKVLA\n")
    let lines = result.errors.split(separator: "\n")
    #expect(lines.count > 5)
    for line in lines {
      let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
      #expect(object?["event"] is String)
    }
  }

  @Test("a configuration with an unknown key is refused by name")
  func unknownKey() throws {
    let folder = try ScratchFolder()
    let text = #"{"base": "tiny", "evoformer": {"bloks": 3}}"#
    try Data(text.utf8).write(to: folder.file("net.json"))
    let result = try Command.run(
      ["predict", "-", "--random-weights", "--preset", "net.json"], in: folder, input: ">a\nMKV\n")
    #expect(result.status == 65)
    #expect(result.errors.contains("evoformer.bloks"))
  }

  private func tiny(_ arguments: [String]) -> [String] {
    ["predict"] + arguments + ["--random-weights", "--preset", "tiny", "-o", "out"]
  }
}
