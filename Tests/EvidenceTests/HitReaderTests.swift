import BasicTestSupport
import FeaturePipeline
import Foundation
import NumericArrays
import Protein
import Testing

@testable import Evidence

@Suite("Readers of search results")
struct HitReaderTests {
  static let hhr = """
    Query         target
    Match_columns 20

     No Hit

    No 1
    >1abc_A first; {Homo sapiens}
    Probab=99.84  E-value=2.1e-25  Score=158.41  Aligned_cols=4  Identities=71%  Similarity=1.106  Sum_probs=3.5  Template_Neff=10.900

    Q ss_pred             CCCCCC
    Q target            3 KRA-YI    7 (20)
    Q Consensus         3 kra~yi    7 (20)
                          .+. ..
    T Consensus         5 kraxy~    9 (60)
    T 1abc_A            5 KRAWY-    9 (60)
    T ss_dssp             CCCCC-
    Confidence            99999

    No 2
    >2abc_B second
    Probab=9  E-value=1  Score=1  Aligned_cols=2  Identities=1%  Similarity=1  Sum_probs=1.5  Template_Neff=1

    Q target            1 MK    2 (20)
    T 2abc_B            1 MK    2 (60)

    """

  @Test("an hhr hit: name, columns, letters and numbers of each column")
  func hhrHit() throws {
    let file = try HHRFile.parse(InputText(name: "x.hhr", Self.hhr))
    #expect(file.skipped.isEmpty)
    let hit = try #require(file.hits.first)
    #expect(hit.name == "1abc_A first; {Homo sapiens}")
    #expect(hit.alignedColumns == 4 && hit.sumOfProbabilities == 3.5 && hit.line == 6)
    #expect(hit.query.text == "KRA-YI" && hit.template.text == "KRAWY-")
    #expect(hit.queryIndices == [2, 3, 4, -1, 5, 6])
    #expect(hit.templateIndices == [4, 5, 6, 7, 8, -1])
  }

  @Test(
    "line ends, NUL bytes and a missing last newline do not matter",
    arguments: ["\r\n", "\r", "\n\0"])
  func lineEnds(end: String) throws {
    let text = Self.hhr.replacingOccurrences(of: "\n", with: end)
    let file = try HHRFile.parse(InputText(name: "x.hhr", text))
    #expect(file.hits.map(\.template.text) == ["KRAWY-", "MK"] && file.skipped.isEmpty)
  }

  @Test(
    "one bad hit is skipped with file and line, the others stay",
    arguments: [
      ("Sum_probs=3.5", "Sum_probs=?", 8, "expected 'Probab=… Aligned_cols=… Sum_probs=…', found "),
      ("KRAWY-    9", "KRAWYK    9", 15, "6 letters stand between places 5 and 9"),
      (
        "KRAWY-    9", "KRAWY    9", 15,
        "the template line ends at column 5, the target line above at 6"
      ),
      ("KRAWY-    9", "KRA1Y-    9", 15, "'1' is no letter of an aligned sequence"),
      (">1abc_A first", "1abc_A first", 7, "expected '>' and a name, found "),
      ("    3 KRA-YI    7 (20)", "", 11, "expected 'start LETTERS end (length)' after the name"),
    ])
  func badHit(old: String, new: String, line: Int, reason: String) throws {
    let text = Self.hhr.replacingOccurrences(of: old, with: new)
    let file = try HHRFile.parse(InputText(name: "x.hhr", text))
    #expect(file.hits.map(\.name) == ["2abc_B second"])
    #expect(file.skipped.map(\.line) == [line])
    #expect(file.skipped.first?.description.hasPrefix("x.hhr:\(line): \(reason)") ?? false)
  }

  @Test("a file that is no hhr is refused with what was expected")
  func notHHR() {
    #expect(
      throws: InputError.text(
        file: "x", line: 2, column: 0,
        problem: "expected an hhr file that begins with 'Query', found '<html>'")
    ) {
      try HHRFile.parse(InputText(name: "x", "\n<html>\n"))
    }
  }

  @Test(
    "hmmsearch: insertions count in the numbers, nucleic acids are left out, bad rows are listed"
  )
  func hmmsearch() throws {
    let text = """
      # STOCKHOLM 1.0

      #=GS 4pqx_A/2-8  DE [subseq from] mol:protein length:217  Free text
      #=GS 5xyz_B/1-4  DE [subseq from] mol:na length:9
      #=GS 0             DE mol:protein length:7
      #=GS 6abc_C/1-4  DE mol:protein length:4  has a digit 0

      4pqx_A/2-8       MKt.AY-R
      5xyz_B/1-4       MK..AYAR
      0                MK..AYAR
      6abc_C/1-4       MK..0YAR
      7abc_C/1-3       MK..A
      #=GC RF          xx..xxxx
      //
      """
    let file = try HmmsearchHits.parse(InputText(name: "x.sto", text), target: "MKAYAR")
    #expect(file.hits.map(\.name) == ["4pqx_A"])
    #expect(file.hits.first?.template.text == "MKTAY-R")
    #expect(file.hits.first?.templateIndices == [1, 2, 4, 5, -1, 6])
    #expect(file.hits.first?.alignedColumns == 5)
    #expect(
      file.skipped.map(\.description) == [
        "x.sto:10: expected a name such as 4pqx_A/2-217, found '0'",
        "x.sto:11: '0' is no letter of an aligned sequence",
        "x.sto:12: 7abc_C has 3 columns, the target 6 residues; was this file made for another sequence?",
      ])
  }

  @Test("the numbers that HMMER puts before names where some occur twice are no part of them")
  func numberedNames() throws {
    let text = InputText(
      name: "x.sto",
      "# STOCKHOLM 1.0\n#=GS 000|1aap_A/2-7 DE mol:protein\n\n"
        + "000|1aap_A/2-7 MKAYAR\n001|1aap_A/2-7 MKAYAR\n//\n")
    let hits = try HmmsearchHits.parse(text, target: "MKAYAR").hits
    #expect(hits.map(\.name) == ["1aap_A", "1aap_A"])
    #expect(hits.first?.templateIndices.first == 1)
  }

  @Test("a cut-off date is a day of the calendar")
  func dates() {
    for date in ["2020-02-29", "2000-02-29", "2021-12-31", "2021-04-30"] {
      #expect(TemplateSettings(cutoff: date)?.cutoff == date)
    }
    for date in ["2020-02-31", "2021-02-29", "1900-02-29", "2021-04-31", "2021-13-01", "2021-1-1"] {
      #expect(TemplateSettings(cutoff: date) == nil, "\(date)")
    }
  }

  @Test(
    "a release date that is no day is none, and does not pass a cut-off; the last day does",
    arguments: [
      ("01-JAN-2030", nil, false), ("0", nil, false), ("-", nil, false), (nil, nil, false),
      ("0", "2030-01-01", false), ("0", "2010-01-01", true), ("2010-01-01", nil, true),
      ("2030-01-01", "2010-01-01", false), ("2020-01-01", nil, true), ("2020-01-02", nil, false),
      ("1900-02-29", nil, false), ("2000-02-29", nil, true), ("2012-02-29", nil, true),
      ("2013-02-29", nil, false), ("2013-04-31", nil, false),
    ])
  func releaseDates(_ stated: String?, _ listed: String?, _ passes: Bool) throws {
    var dates = EntryDates()
    dates.released["1abc"] = listed
    let builder = TemplateBuilder(
      structures: StructureFolder(path: "."),
      settings: try #require(TemplateSettings(cutoff: "2020-01-01")), dates: dates)
    let structure = Structure(models: [], releaseDate: stated)
    let found = Result { () throws(TemplateRejection) in
      try builder.checkDate(structure, entry: "1abc")
    }
    switch found {
    case .success: #expect(passes)
    case .failure: #expect(!passes)
    }
  }

  @Test(
    "hits and alignments read the lines of a Stockholm file alike: blanks between letters, blocks")
  func stockholmLines() throws {
    let text = InputText(
      name: "x.sto",
      """
      # STOCKHOLM 1.0
      t/1-6  MK A
        1abc_A/3-8 MK\tR
      2abc_B/1-2

      t/1-6 YAR
      1abc_A/3-8  Y-R
      //
      3abc_C/1-6 MKAYAR
      """)
    let hits = try HmmsearchHits.parse(text, target: "MKAYAR", skipsFirstRow: true)
    #expect(hits.hits.map(\.template.text) == ["MKRY-R"])
    #expect(hits.hits.first?.line == 3)
    #expect(
      hits.skipped.map(\.description) == [
        "x.sto:4: 2abc_B has 0 columns, the target 6 residues; was this file made for another sequence?"
      ])
    let whole = InputText(
      name: "x.sto", text.bytes.text.replacingOccurrences(of: "2abc_B/1-2\n", with: ""))
    let alignment = try Alignment.parse(whole)
    #expect(alignment.row(1).text == "MKRY-R" && alignment.rows == 2)
    #expect(alignment.warnings == ["only the first alignment of the file was read"])
    #expect(
      throws: InputError.text(
        file: "x.sto", line: 4, column: 0, problem: "expected a name and aligned letters")
    ) {
      try Alignment.parse(text)
    }
  }

  @Test(
    "rows of an MMseqs2 table are counted; one that is cut short or out of range is listed",
    arguments: [
      ("q\t1abc_A\t0.75\t4\t1\t1\t2\t6\t3\t6\t1e-5\t40\t2M1I2M", true),
      ("q\t1abc_A\t0.75\t4\t1\t1\t2\t6\t3\t6\t1e-5\t40", true), ("q\tt\t0.5", false),
      ("q\t1abc_A\tnan\t4\t1\t1\t2\t6\t3\t6\t1e-5\t40", false),
      ("q\t1abc_A\t0.75\t4\t1\t1\t7\t6\t3\t6\t1e-5\t40", false),
      ("q\t1abc_A\t0.75\t4\t1\t1\t2\t6\t0\t6\t1e-5\t40", false),
    ])
  func mmseqs(row: String, isHit: Bool) {
    let (hitCount, skipped) = MMseqsTable.examine(InputText(name: "x.m8", "# c\n\(row)\n"))
    #expect(hitCount == (isHit ? 1 : 0) && skipped.map(\.line) == (isHit ? [] : [2]))
  }

  @Test("PDBID_chain is read from names as AlphaFold does; other names are rejected, not fatal")
  func names() throws {
    #expect(try TemplateBuilder.entryAndChain("1FAW_AA GOOSE").0 == "1faw")
    #expect(try TemplateBuilder.entryAndChain("1FAW_AA GOOSE").chain == "AA")
    for name in ["", "1fa_A", "1faw", "1faw_", "model.pdb", "é1fa_A"] {
      #expect(throws: TemplateRejection.nameNotUnderstood(name)) {
        try TemplateBuilder.entryAndChain(name)
      }
    }
  }
}

@Suite("Structures that users give as templates")
struct UserTemplateTests {
  static let folder =
    Bundle.module.resourceURL?.appendingPathComponent("Fixtures/templates/mmcif").path ?? ""

  @Test("any file name and no date will do; each chain is judged; other formats are named")
  func anyName() throws {
    let own = try ScratchFolder()
    try FileManager.default.copyItem(
      atPath: Self.folder + "/1aac.cif", toPath: own.file("my model (1).cif"))
    try FileManager.default.copyItem(atPath: Self.folder + "/1aaf.cif", toPath: own.file("b.cif"))
    try own.write("not a structure\n", to: "c.pdb")
    let (templates, table) = UserTemplates().templates(
      for: "MKRAYIRWQNLEDSTVGHPC", files: try UserTemplates.files(at: own.path))
    #expect(templates.map(\.name) == ["b.cif_A", "my model (1).cif_A"])
    #expect(table.rows.map { $0.template != nil } == [true, false, true, false])
    #expect(table.rows[1].reason.contains("c.pdb"))
    #expect(table.rows[3].reason.hasPrefix("aligns 2 of the target's 20"))
  }

  @Test(
    "a template of a few residues is aligned, where kalign fails", arguments: [2, 3, 5])
  func shortChain(length: Int) throws {
    let sequence = Array("MKRAYIRWQNLEDSTVGHPC")
    let part = sequence[4..<4 + length]
    let own = try ScratchFolder()
    try own.write(Self.chain(String(part)) + "END\n", to: "short.pdb")
    var settings = TemplateSettings()
    settings.minimumAlignedShare = 0.05
    settings.maximumExpected = .infinity
    let (templates, table) = UserTemplates(settings: settings).templates(
      for: String(sequence), files: [own.file("short.pdb")])
    #expect(templates.count == 1, "\(table.text)")
    #expect(
      templates.first?.sequence.text == "----" + part + String(repeating: "-", count: 16 - length))
  }

  /// Lines of a PDB file: a stretched chain of these residues, with these atoms.
  private static func chain(
    _ letters: String, id: String = "A", atoms: [String] = ["N", "CA", "C", "O"]
  ) -> String {
    letters.enumerated().flatMap { i, letter in
      atoms.enumerated().map { k, name in
        let x = String(format: "%8.3f%8.3f%8.3f", Double(i) * 3.8, Double(k), 0.0)
        let serial = String(format: "%5d", i * 4 + k + 1)
        let code = AminoAcid(letter: letter)?.code ?? "UNK"
        return
          "ATOM  \(serial)  \(name.padding(toLength: 3, withPad: " ", startingAt: 0)) \(code)"
          + " \(id)\(String(format: "%4d", i + 1))    \(x)  1.00 10.00           \(name.prefix(1))\n"
      }
    }.joined()
  }

  @Test("copies of a chain come after other structures, and the one with most atoms stands for all")
  func copies() throws {
    let target = "MKRAYIRWQNLEDSTVGHPC"
    let own = try ScratchFolder()
    let tetramer = ["A", "B", "C", "D"].map { id in
      let letters = id == "B" ? String(target.dropFirst()) : target
      return Self.chain(letters, id: id, atoms: ["N", "CA", "C"] + (id == "C" ? ["O"] : []))
    }
    try own.write(tetramer.joined() + "END\n", to: "a.pdb")
    try own.write(Self.chain(String(target.prefix(15))) + "END\n", to: "b.pdb")
    var settings = TemplateSettings()
    settings.maximumExpected = .infinity
    let (templates, table) = UserTemplates(settings: settings).templates(
      for: target, files: [own.file("a.pdb"), own.file("b.pdb")])
    let expected = ["a.pdb_C", "b.pdb_A", "a.pdb_A", "a.pdb_D", "a.pdb_B"]
    #expect(templates.map(\.name) == expected, "\(table.text)")
    #expect(table.rows.map(\.template) == [3, 5, 1, 4, 2])
    #expect(table.rows[0].reason == "a copy of a.pdb_C, comes after the others of --template")
    #expect(table.rows[2].reason.isEmpty && table.rows[4].reason.isEmpty)
    // A chain without a name is called as its file.
    try own.write(Self.chain(target, id: " ") + "END\n", to: "native.pdb")
    let (unnamed, _) = UserTemplates(settings: settings).templates(
      for: target, files: [own.file("native.pdb")])
    #expect(unnamed.map(\.name) == ["native.pdb"])
  }

  @Test("a structure that aligns no better than unrelated ones do is left out, with the number")
  func unrelated() throws {
    var settings = TemplateSettings()
    settings.minimumIdentityToTarget = 0
    let files = ["/1aac.cif", "/1aaf.cif"].map { Self.folder + $0 }
    let (templates, table) = UserTemplates(settings: settings).templates(
      for: "GSHMLEDPVSTNGKQAYWRFICMHLE", files: files)
    #expect(templates.isEmpty)
    #expect(table.rows.contains { $0.reason.contains(" may be chance (E ") }, "\(table.text)")
  }

  @Test("a chain is found by the dictionary's name too, and the table says so")
  func labelName() throws {
    let chains = TemplateChain.chains(
      of: Structure(models: [
        Model(chains: [
          Chain(
            id: "X", labelID: "B",
            residues: [
              Residue(
                name: "TRP", number: 1, polymerIndex: 1,
                atoms: [
                  Atom(name: "CA", element: "C", position: .zero)
                ])
            ], polymerSequence: ["TRP"])
        ])
      ]))
    let match = try ChainMatch.find(
      [UInt8(ascii: "W")], chain: "B", in: chains, settings: TemplateSettings())
    #expect(match.chain.id == "X")
    #expect(match.note == "B is the dictionary's name of chain X")
  }

  @Test(
    "an atom where no molecule is costs its template, not the target",
    arguments: ["CA", "CB"], [1e7, 1e30, 1e300])
  func farAtom(atom: String, place: Double) {
    let residues = (1...3).map { number in
      Residue(
        name: "ALA", number: number,
        atoms: ["N", "CA", "CB"].map { name in
          let x = number == 2 && name == atom ? place : Double(number) * 3.8
          return Atom(name: name, element: String(name.prefix(1)), position: SIMD3(x, 0, 0))
        })
    }
    let chains = TemplateChain.chains(
      of: Structure(models: [Model(chains: [Chain(id: "A", residues: residues)])]))
    #expect(throws: TemplateRejection.coordinatesTooLarge(residue: 2)) {
      try chains[0].checkCoordinates(neighbourLimit: 150)
    }
  }

  @Test("a missing path and an empty folder are named")
  func paths() {
    #expect(throws: UserTemplateError.missing("/nowhere")) {
      try UserTemplates.files(at: "/nowhere")
    }
  }
}

@Suite("Choice of alignment rows")
struct RowSelectionTests {
  @Test(
    "budgets are exact, the target stays, and the seed decides", arguments: [2, 3, 10, 100, 1_000])
  func budgets(count: Int) {
    let scores = (0..<count).map { Float($0 % 7 == 0 ? 10 : 0.001) }
    for budget in Set([1, 2, count / 10 + 1, count / 2 + 1, count - 1, count]) {
      for weights in [nil, scores] {
        let kept = RowSelection.choose(count: count, budget: budget, scores: weights, seed: 3)
        #expect(kept.rows.count == min(count, max(1, budget)))
        #expect(kept.rows.first == 0 && kept.rows == Array(Set(kept.rows)).sorted())
        #expect(kept == RowSelection.choose(count: count, budget: budget, scores: weights, seed: 3))
      }
    }
    if count > 99 {
      #expect(
        RowSelection.choose(count: count, budget: count / 2, seed: 1).rows
          != RowSelection.choose(count: count, budget: count / 2, seed: 2).rows)
    }
  }

  @Test("a budget of all rows changes nothing; unusable budgets and scores do no harm")
  func everything() {
    #expect(RowSelection.choose(count: 5, budget: 5, seed: 0).rows == [0, 1, 2, 3, 4])
    #expect(RowSelection.choose(count: 5, budget: -3, seed: 0).rows == [0])
    let odd = RowSelection.choose(
      count: 5, budget: 2, scores: [.nan, .infinity, -1, 0, 0], seed: 0)
    #expect(odd.rows.count == 2 && odd.rule == .uniform)
  }

  // 512 rows, 26 planted with 95 % of the weight; uniform drawing would find 20 %.
  @Test("planted rows are found by sharp scores, and flat scores fall back to uniform drawing")
  func planted() {
    let planted = Set((0..<26).map { 5 + $0 * 19 })
    let scores = (0..<512).map { planted.contains($0) ? Float(0.95 / 26) : Float(0.05 / 486) }
    let kept = RowSelection.choose(count: 512, budget: 102, scores: scores, seed: 5)
    #expect(kept.rule == .scored)
    #expect(planted.subtracting(kept.rows).count <= 2)
    let flat = RowSelection.choose(
      count: 512, budget: 102, scores: [Float](repeating: 1, count: 512), seed: 5)
    #expect(flat.rule == .uniform && abs(flat.effectiveRows - 511) < 1e-6)
  }

  // Target of 60 residues; a row keeps each of its letters with probability 0.35 and draws the others.
  @Test("rows that are alike to a chance degree all matter, whichever of them are proxies")
  func exchangeableRows() throws {
    let letters = Array("ACDEFGHIKLMNPQRSTVWY")
    var random = SplitMix64(seed: 4)
    let target = (0..<60).map { letters[$0 % 20] }
    var text = ">q\n\(String(target))\n"
    for row in 1..<400 {
      let cells = target.map { letter in
        random.next() % 100 < 35 ? letter : letters[Int(random.next() % 20)]
      }
      text += ">r\(row)\n\(String(cells))\n"
    }
    let raw = try RawFeatures(
      id: "q", sequence: ProteinSequence(String(target)),
      alignments: [Alignment.parse(InputText(name: "x.a3m", text))])
    let kept = RowSelection.choose(count: 400, budget: 100, scores: raw.proxyScores, seed: 1)
    #expect(kept.rule == .uniform && kept.effectiveRows > 200)
  }

  // One proxy, the target: shares of equal cells 2/3, 1/3 and 0.
  @Test("the score of a row is the softmax of 16 times its share of cells equal to the target's")
  func proxyScores() throws {
    let text = InputText(name: "x.a3m", ">q\nMKA\n>a\nM-A\n>b\nMRR\n>c\nWRR\n")
    let raw = try RawFeatures(
      id: "q", sequence: ProteinSequence("MKA"), alignments: [Alignment.parse(text)])
    let powers = [2.0 / 3, 1.0 / 3, 0].map { exp(16 * $0) }
    let expected = [0] + powers.map { Float($0 / powers.reduce(0, +)) }
    for (score, value) in zip(raw.proxyScores, expected) { #expect(abs(score - value) < 1e-6) }
  }

  @Test(
    "scores are those of a plain loop over cells, to the bit", arguments: [1, 7, 255, 256, 700])
  func plainScores(columns: Int) throws {
    var random = SplitMix64(seed: UInt64(columns))
    var raw = RawFeatures(
      id: "q",
      sequence: ProteinSequence([AminoAcid](repeating: .alanine, count: columns)))
    let rows = 40
    // Few classes, so that many cells agree, and many of them are gaps.
    let classes: [UInt8] = [0, 1, 20, HHblitsAlphabet.gap, HHblitsAlphabet.gap]
    let cells = (0..<rows * columns).map { _ in classes[Int(random.next() % 5)] }
    raw.msa = NDArray(shape: [rows, columns], values: cells)
    var expected = [Float](repeating: 0, count: rows)
    let proxies = [0, 10, 20, 30]
    for proxy in proxies {
      let shares = (0..<rows).map { row in
        let equal = (0..<columns).count { column in
          let cell = cells[row * columns + column]
          return cell == cells[proxy * columns + column] && cell != HHblitsAlphabet.gap
        }
        return Double(equal) / Double(columns)
      }
      let copies = Double(shares.indices.count { $0 != proxy && shares[$0] > 0.8 })
      var powers = shares.map { exp(16 * ($0 - 1)) / ($0 > 0.8 ? max(1, copies) : 1) }
      powers[proxy] = 0
      let sum = powers.reduce(0, +)
      for row in 0..<rows { expected[row] += Float(powers[row] / sum) / Float(proxies.count) }
    }
    #expect(raw.proxyScores.map(\.bitPattern) == expected.map(\.bitPattern))
  }

  @Test("features with fewer rows keep the rows' cells")
  func features() throws {
    let text = InputText(name: "x.a3m", ">q\nMKA\n>a\nM-A\n>b\nMRaA\n>c\nWRA\n")
    let raw = try RawFeatures(
      id: "q", sequence: ProteinSequence("MKA"), alignments: [Alignment.parse(text)])
    let kept = raw.keepingRows(
      RowSelection.choose(count: 4, budget: 2, scores: [0, 0, 9, 0], topShare: 1, seed: 0))
    #expect(kept.rowNames == ["q", "b"])
    #expect(kept.deletions.values == [0, 0, 0, 0, 0, 1])
    #expect(raw.keepingRows(RowSelection.choose(count: 4, budget: 9, seed: 0)) == raw)
  }
}
