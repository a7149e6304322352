/// What users of AlphaFold2 may ask for and helixfold does not do: told in one line instead of the parser's complaint.
enum AbsentFeatures {
  private static let sentences: [(words: Set<String>, sentence: String)] = [
    (
      ["--relax", "--amber", "--run-relax", "--models-to-relax", "--use-gpu-relax", "relax"],
      "relaxation is not part of helixfold; structures are written as the network made them (unrelaxed_*.pdb)"
    ),
    (
      ["--gpu", "--use-gpu", "--cuda", "--device"],
      "helixfold computes on CPUs only; --threads says on how many cores"
    ),
    (
      ["--multimer", "--model-preset", "multimer"],
      "helixfold predicts single chains only, with the networks of --preset; give each chain its own FASTA record"
    ),
    (
      ["serve", "server", "web"],
      "helixfold has no web service; predict writes a page to look at, OUT/<target>/report.html"
    ),
  ]

  /// The sentence about the first argument that asks for such a thing.
  static func sentence(for arguments: [String]) -> String? {
    for (index, argument) in arguments.enumerated() where index == 0 || argument.hasPrefix("--") {
      let name = argument.split(separator: "=").first.map(String.init) ?? argument
      let plain = name.lowercased().replacing("_", with: "-")
      if let found = sentences.first(where: { $0.words.contains(plain) }) { return found.sentence }
    }
    return nil
  }
}
