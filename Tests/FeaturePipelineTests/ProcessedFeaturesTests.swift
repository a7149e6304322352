import ArrayFiles
import AtomicFiles
import FeaturePipeline
import FoldingCore
import Foundation
import NumericArrays
import Protein
import Testing

/// Comparison with AlphaFold2's own pipeline, given its random draws (Fixtures/make_features.py).
@Suite("processed features equal AlphaFold2's for given draws")
struct ProcessedFeaturesTests {
  @Test("synthetic family: 13 residues, 40 rows, deletions to 299, three templates, two passes")
  func synthetic() throws {
    try compare(path: fixture("synthetic.npz"))
  }

  @Test(
    "real alignments: T1026, T1037, OpenProteinSet, 2q2k, 6kwc",
    .enabled(if: featureCases != nil, "set HELIXFOLD_FEATURE_CASES to what make_real_cases.sh made")
  )
  func realCases() throws {
    let folder = try #require(featureCases)
    let files = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
    let dumps = files.filter { $0.hasSuffix(".npz") }
    #expect(dumps.count >= 13)
    for file in dumps { try compare(path: folder + "/" + file) }
  }

  @Test(
    "raw alignments read as AlphaFold2's parsers read them: OpenProteinSet, 2q2k, 6kwc",
    .enabled(if: featureCases != nil, "set HELIXFOLD_FEATURE_CASES to what make_real_cases.sh made")
  )
  func rawAlignments() throws {
    let folder = try #require(featureCases)
    let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
      .filter { AlignmentFolder.exists("\(folder)/\($0)") }
    #expect(names.count >= 7)
    for name in names {
      let expected = try Dump(archive: NumpyArchive(path: "\(folder)/\(name).npz")).raw()
      let alignments = try AlignmentFolder.alignments("\(folder)/\(name)")
      let letters = String(decoding: alignments[0].row(0), as: UTF8.self)
      let found = try RawFeatures(
        id: name, sequence: ProteinSequence(letters), alignments: alignments)
      #expect(found.aatype == expected.aatype, "\(name)")
      #expect(found.residueIndex == expected.residueIndex, "\(name)")
      #expect(found.msa == expected.msa, "\(name): \(found.msa.shape) \(expected.msa.shape)")
      #expect(found.deletions == expected.deletions, "\(name)")
    }
  }

  private func compare(path: String) throws {
    let archive = try NumpyArchive(path: path)
    let dump = Dump(archive: archive)
    let raw = try dump.raw()
    let size = try dump.integers("size").values.map(Int.init)
    let usesTemplates = size[2] == 1
    let sampler = AlignmentSampler(
      raw, maxClusters: size[0] - (usesTemplates ? 4 : 0), maxExtraRows: size[1],
      maskedFraction: 0.15)
    let target = TargetFeatures(raw, kind: .residues, maxTemplates: usesTemplates ? 4 : nil)
    let passes = archive.names.filter { $0.hasSuffix("row_order") }.count
    for pass in 0..<passes {
      try compareTarget(target, dump, pass, path)
      let choices = try dump.choices(pass: pass, maxClusters: sampler.maxClusters)
      try compareDraw(sampler.draw(choices), dump, pass, path)
    }
  }

  private func compareTarget(
    _ target: TargetFeatures, _ dump: Dump, _ pass: Int, _ path: String
  ) throws {
    let comment = Comment(rawValue: path)
    #expect(try dump.pass("aatype", pass) == target.aatype.map { Float($0) }, comment)
    #expect(try dump.pass("residue_index", pass) == target.residueIndex.map { Float($0) }, comment)
    #expect(try dump.pass("seq_mask", pass) == target.residueMask, comment)
    #expect(try dump.pass("target_feat", pass) == target.targetFeature.values, comment)
    guard let templates = target.templates else { return }
    func expect(_ name: String, _ values: [Float]) throws {
      let reference = try dump.pass(name, pass)
      #expect(Array(reference.prefix(values.count)) == values, "\(path): \(name)")
      #expect(
        name == "template_aatype" || reference.dropFirst(values.count).allSatisfy { $0 == 0 },
        "\(path): padding of \(name)")
    }
    try expect("template_aatype", templates.aatype.values.map { Float($0) })
    try expect("template_all_atom_positions", templates.positions.values)
    try expect("template_all_atom_masks", templates.mask.values)
    try expect("template_pseudo_beta", templates.pseudoBeta.values)
    try expect("template_pseudo_beta_mask", templates.pseudoBetaMask.values)
    try expect("template_mask", templates.templateMask)
  }

  private func compareDraw(
    _ draw: AlignmentDraw, _ dump: Dump, _ pass: Int, _ path: String
  ) throws {
    // AlphaFold2 pads rows up to the sizes of its network; what stands behind ours has a mask of 0.
    func exact(_ name: String, _ values: [Float]) throws {
      #expect(Array(try dump.pass(name, pass).prefix(values.count)) == values, "\(path): \(name)")
    }
    func mask(_ name: String, _ values: [Float]) throws {
      try exact(name, values)
      #expect(
        try dump.pass(name, pass).dropFirst(values.count).allSatisfy { $0 == 0 },
        "\(path): \(name) has more rows")
    }
    func close(_ name: String, _ values: [Float]) throws {
      let reference = Array(try dump.pass(name, pass).prefix(values.count))
      #expect(reference.count == values.count)
      #expect(zip(reference, values).allSatisfy { abs($0 - $1) <= 1e-5 }, "\(path): \(name)")
    }
    try exact("true_msa", draw.trueMSA.values.map { Float($0) })
    try exact("bert_mask", draw.bertMask.values)
    try mask("msa_mask", draw.msaMask.values)
    try exact("extra_msa", draw.extraMSA.values.map { Float($0) })
    try mask("extra_msa_mask", draw.extraMask.values)
    try exact("extra_has_deletion", draw.extraHasDeletion.values)
    try close("extra_deletion_value", draw.extraDeletionValue.values)
    try close("msa_feat", draw.msaFeature.values)
  }
}

/// Alignment files that make_features.py left beside a dump, numbered in the order in which they were joined.
private enum AlignmentFolder {
  static func exists(_ path: String) -> Bool {
    PathKind(of: path) == .folder
  }

  static func alignments(_ path: String) throws -> [Alignment] {
    try FileManager.default.contentsOfDirectory(atPath: path).sorted()
      .map { try Alignment.read(path: "\(path)/\($0)") }
  }
}

/// A dump of Fixtures/make_features.py.
private struct Dump {
  let archive: NumpyArchive

  func raw() throws -> RawFeatures {
    var arrays: [String: AnyNDArray] = [:]
    for name in archive.names where name.hasPrefix("raw/") {
      arrays[String(name.dropFirst(4))] = try archive.array(named: name)
    }
    return try AlphaFoldFeatures(file: archive.path, arrays: arrays).rawFeatures()
  }

  func integers(_ name: String) throws -> NDArray<Int32> {
    try #require(archive.array(named: name).integers)
  }

  /// One pass of an output.
  func pass(_ name: String, _ pass: Int) throws -> [Float] {
    try #require(archive.array(named: "out/" + name).floats).slice(pass).values
  }

  /// The choices behind a pass: shuffles as recorded, masked cells as read off the outputs.
  func choices(pass index: Int, maxClusters: Int) throws -> AlignmentChoices {
    let order = try integers("draw/\(index)/row_order").values.map(Int.init)
    let shape = try archive.header(of: "out/bert_mask").shape
    let clusters = min(maxClusters, order.count)
    let cells = clusters * shape[2]
    let feature = try pass("msa_feat", index)
    let shown = (0..<cells).map { cell in
      UInt8((0..<23).first { feature[cell * 49 + $0] == 1 } ?? 0)
    }
    return AlignmentChoices(
      rowOrder: order, hidden: try pass("bert_mask", index).prefix(cells).map { $0 == 1 },
      replacements: shown,
      extraOrder: try integers("draw/\(index)/extra_order").values.map(Int.init))
  }
}
