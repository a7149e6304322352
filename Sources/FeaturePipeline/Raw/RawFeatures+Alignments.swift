import NumericArrays
import Protein

extension RawFeatures {
  /// A target with the rows of alignment files, in the order of the files and without duplicates.
  ///
  /// Rows are duplicates if all their letters are equal, gaps included, before unusual letters are replaced; the first one stays,
  /// as in AlphaFold2 (`make_msa_features`). Each file's first row must be the target.
  public init(
    id: String, sequence: ProteinSequence, alignments: [Alignment]
  ) throws(InputError) {
    self.init(id: id, sequence: sequence)
    for alignment in alignments { try alignment.checkQuery(is: sequence) }
    guard !alignments.isEmpty else { return }
    rowNames = []
    var classes: [UInt8] = []
    var counts: [UInt16] = []
    var seen: Set<ArraySlice<UInt8>> = []
    let files = alignments.map { Self.fileName($0.source) }
    for (alignment, file) in zip(alignments, files) {
      let before = rowNames.count
      for row in 0..<alignment.rows {
        let letters = alignment.row(row)
        guard seen.insert(letters).inserted else { continue }
        try Self.appendClasses(of: letters, to: &classes, from: alignment, row: row)
        counts += alignment.deletions[letters.startIndex..<letters.endIndex]
        rowNames.append(alignment.names[row])
      }
      sources.append(
        AlignmentSource(
          name: files.count { $0 == file } > 1 ? alignment.source : file, rows: alignment.rows,
          newRows: rowNames.count - before))
    }
    msa = NDArray(shape: [rowNames.count, residueCount], values: classes)
    deletions = NDArray(shape: [rowNames.count, residueCount], values: counts)
  }

  private static func appendClasses(
    of letters: ArraySlice<UInt8>, to classes: inout [UInt8], from alignment: Alignment, row: Int
  ) throws(InputError) {
    for letter in letters {
      guard let index = HHblitsAlphabet.index(of: letter) else {
        throw .content(
          file: alignment.source,
          problem: "row \(row + 1) holds \(InputText.quoted(letter)), expected A-Z or '-'")
      }
      classes.append(HHblitsAlphabet.networkIndex[Int(index)])
    }
  }

  private static func fileName(_ path: String) -> String {
    path.split(separator: "/").last.map(String.init) ?? path
  }

  /// The alignment in letters, for writing A3M; inserted letters are only counted, not known.
  public var alignment: Alignment {
    let letters = Array("ARNDCQEGHILKMFPSTWYVX-".utf8)
    let names = (0..<rowCount).map { row in
      row < rowNames.count ? rowNames[row] : row == 0 ? id : "row_\(row + 1)"
    }
    return Alignment(
      source: id, columns: residueCount, names: names,
      letters: msa.values.map { letters[Int($0)] }, deletions: deletions.values)
  }
}
