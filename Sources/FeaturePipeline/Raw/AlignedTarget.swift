import Messages
import Protein

extension Alignment {
  /// The alignment in a text given as a target; nil if the text is not an alignment.
  ///
  /// A text is one if its name has an alignment's ending or if it is Stockholm. FASTA is one if every row has the same number of
  /// columns, the first has no gap and a later one has: a sequence to predict has no gaps.
  package static func found(in text: InputText) throws(InputError) -> Alignment? {
    let name = text.name.lowercased()
    if AlignmentFiles.endings.contains(where: { name.hasSuffix($0) }) || isStockholm(text) {
      return try parse(text)
    }
    let gap = UInt8(ascii: "-")
    guard text.bytes.contains(gap), let alignment = try? parse(text),
      !alignment.row(0).contains(gap), alignment.letters.contains(gap)
    else { return nil }
    return alignment
  }
}

extension FASTARecord {
  /// The target of an alignment, its first row.
  ///
  /// - Parameter isEvidence: whether the alignment also provides the rows.
  init(firstRowOf alignment: Alignment, isEvidence: Bool) {
    let use =
      isEvidence ? "its \(counted(alignment.rows, "row")) the alignment" : "no other is used"
    self.init(
      firstRowOf: alignment, name: Self.name(of: alignment),
      note: "this file is an alignment: its first row is the target, \(use)")
  }

  /// The target of search results in one folder, their common first row.
  ///
  /// - Parameter isEvidence: whether the results also provide the rows.
  init(_ name: String, firstRowOf alignment: Alignment, ofResults count: Int, isEvidence: Bool) {
    let use = isEvidence ? "their rows the alignment" : "no other is used"
    self.init(
      firstRowOf: alignment, name: (name, ""),
      note: "\(counted(count, "search result")) in one folder: the first row is the target, \(use)")
  }

  private init(firstRowOf alignment: Alignment, name: (id: String, header: String), note: String) {
    let row = String(decoding: alignment.row(0), as: UTF8.self)
    var sequence: Result<ProteinSequence, InputError>
    do throws(ProteinSequenceError) {
      sequence = .success(try ProteinSequence(row))
    } catch {
      sequence = .failure(
        .content(
          file: alignment.source,
          problem: "the first row must be the target's whole sequence; \(error)"))
    }
    if alignment.columns > FASTA.maximumResidues {
      sequence = .failure(
        .content(
          file: alignment.source,
          problem: "the first row is longer than \(FASTA.maximumResidues) residues"))
    }
    self.init(
      id: name.id, header: name.header, line: 0, sequence: sequence,
      warnings: (try? sequence.get())?.warnings ?? [], notes: [note])
  }

  /// The name and header of the first row, or the file's name if that row names no target: ColabFold calls every first row `101`.
  private static func name(of alignment: Alignment) -> (id: String, header: String) {
    let row = TargetName.sanitized(alignment.names[0])
    guard row == "101", let stem = AlignmentFiles.stem(alignment.source) else {
      return (row, alignment.names[0])
    }
    return (TargetName.sanitized(TargetName.oneWord(stem)), "")
  }
}
