import ArrayFiles
import FoldingCore
import HelixFold
import Messages
import NumericArrays

/// Features that another pipeline has already processed: an npz in the layout of the released code, each array with a
/// leading axis of one draw per pass.
public struct ProcessedFeatures: Features {
  /// The constant part, from the first draw.
  public let target: TargetFeatures
  private let draws: [AlignmentDraw]

  /// Number of draws, one per pass.
  public var passes: Int { draws.count }

  /// The kinds of files that the commands for comparisons read.
  public enum Kind: String, Sendable {
    /// The features that this type reads.
    case features =
      "processed features of AlphaFold2's pipeline (npz), each array with a leading axis of one draw per pass"
    /// The same with the true structure.
    case labelled =
      "processed features with labels (npz): all_atom_positions, all_atom_mask, resolution, use_clamped_fape"
    /// Initial states and results of another run.
    case dump = "a dump (npz), as dev forward and dev gradients write it"
  }

  /// What is wrong with such a file.
  public enum Failure: Error, Hashable, CustomStringConvertible, ExitStatusError {
    /// An array is missing.
    case missing(path: String, name: String, wanted: Kind)
    /// An array has a shape or an element type that does not fit.
    case misshapen(path: String, name: String, found: String, expected: String, wanted: Kind)

    /// One line: where, found, expected, which kind of file is wanted.
    public var description: String {
      switch self {
      case .missing(let path, let name, let wanted):
        "\(path): '\(name)' is missing; wanted: \(wanted.rawValue)"
      case .misshapen(let path, let name, let found, let expected, let wanted):
        "\(path): '\(name)' is \(found), expected \(expected); wanted: \(wanted.rawValue)"
      }
    }

    /// The status for the shell: the file exists but is wrong.
    public var exitStatus: ExitStatus { .badInput }
  }

  /// Reads a file for a network with the target features of the given kind.
  public init(path: String, target kind: TargetFeatureKind) throws {
    let reader = Reader(path: path, archive: try NumpyArchive(path: path))
    let aatype = try reader.integers("aatype", "passes N_res")
    let (passes, residues) = (aatype.shape[0], aatype.shape[1])
    if passes == 0 || residues == 0 {
      throw Failure.misshapen(
        path: path, name: "aatype", found: "\(aatype.shape)",
        expected: "at least one pass and residue", wanted: .features)
    }
    let sizes = ["passes": passes, "N_res": residues]
    target = TargetFeatures(
      aatype: aatype.slice(0).values.map { Int(min(max($0, 0), 20)) },
      residueIndex: try reader.integers("residue_index", "passes N_res", sizes).slice(0).values
        .map { Int($0) },
      residueMask: try reader.floats("seq_mask", "passes N_res", sizes).slice(0).values,
      targetFeature: try reader.floats("target_feat", "passes N_res \(kind.width)", sizes).slice(0),
      templates: try reader.templates(sizes))
    draws = try (0..<passes).map { try reader.draw($0, sizes) }
  }

  /// The draw of a pass; the last one is used for all later passes.
  public func draw(pass: Int, ensemble: Int) -> AlignmentDraw { draws[min(pass, draws.count - 1)] }

  /// Arrays by name, with their shapes checked.
  struct Reader {
    let path: String
    let archive: NumpyArchive
    var wanted = Kind.features

    func floats(
      _ name: String, _ pattern: String, _ sizes: [String: Int] = [:]
    ) throws -> NDArray<Float> {
      let array = try array(name)
      guard let values = array.floats else { throw misshapen(name, array, "numbers") }
      try check(name, array, pattern, sizes)
      return values
    }

    func integers(
      _ name: String, _ pattern: String, _ sizes: [String: Int] = [:]
    ) throws -> NDArray<Int32> {
      let array = try array(name)
      guard let values = array.integers else { throw misshapen(name, array, "integers") }
      try check(name, array, pattern, sizes)
      return values
    }

    func templates(_ sizes: [String: Int]) throws -> TemplateFeatures? {
      guard archive.contains("template_aatype") else { return nil }
      let aatype = try integers("template_aatype", "passes N_templ N_res", sizes).slice(0)
      var sizes = sizes
      sizes["N_templ"] = aatype.shape[0]
      func part(_ name: String, _ pattern: String) throws -> NDArray<Float> {
        try floats("template_" + name, "passes N_templ " + pattern, sizes).slice(0)
      }
      return TemplateFeatures(
        aatype: aatype.map { min(max($0, 0), 21) },
        positions: try part("all_atom_positions", "N_res 37 3"),
        mask: try part("all_atom_masks", "N_res 37"),
        pseudoBeta: try part("pseudo_beta", "N_res 3"),
        pseudoBetaMask: try part("pseudo_beta_mask", "N_res"),
        templateMask: try part("mask", "").values)
    }

    func draw(_ pass: Int, _ sizes: [String: Int]) throws -> AlignmentDraw {
      let mask = try floats("msa_mask", "passes N_clust N_res", sizes)
      let extraMask = try floats("extra_msa_mask", "passes N_extra N_res", sizes)
      var sizes = sizes
      sizes["N_clust"] = mask.shape[1]
      sizes["N_extra"] = extraMask.shape[1]
      func classes(_ name: String, _ pattern: String) throws -> NDArray<UInt8> {
        try integers(name, pattern, sizes).slice(pass).map { UInt8(min(max($0, 0), 22)) }
      }
      func part(_ name: String, _ pattern: String) throws -> NDArray<Float> {
        try floats(name, pattern, sizes).slice(pass)
      }
      return AlignmentDraw(
        msaFeature: try part("msa_feat", "passes N_clust N_res 49"), msaMask: mask.slice(pass),
        extraMSA: try classes("extra_msa", "passes N_extra N_res"),
        extraMask: extraMask.slice(pass),
        extraHasDeletion: try part("extra_has_deletion", "passes N_extra N_res"),
        extraDeletionValue: try part("extra_deletion_value", "passes N_extra N_res"),
        bertMask: try part("bert_mask", "passes N_clust N_res"),
        trueMSA: try classes("true_msa", "passes N_clust N_res"))
    }

    private func failure(missing name: String) -> Failure {
      .missing(path: path, name: name, wanted: wanted)
    }

    private func array(_ name: String) throws -> AnyNDArray {
      guard archive.contains(name) else { throw failure(missing: name) }
      return try archive.array(named: name)
    }

    private func check(
      _ name: String, _ array: AnyNDArray, _ pattern: String, _ sizes: [String: Int]
    ) throws {
      let parts = pattern.split(separator: " ")
      let fits =
        parts.count == array.shape.count
        && zip(parts, array.shape).allSatisfy { part, size in
          (Int(part) ?? sizes[String(part)]).map { $0 == size } ?? true
        }
      if !fits {
        let known = sizes.sorted { $0.key < $1.key }.map { "\($0.key) = \($0.value)" }
        let sizes = known.isEmpty ? "" : " with " + known.joined(separator: ", ")
        throw misshapen(name, array, "[\(pattern)]" + sizes)
      }
    }

    private func misshapen(_ name: String, _ array: AnyNDArray, _ expected: String) -> Failure {
      .misshapen(
        path: path, name: name, found: "\(array.elementName) \(array.shape)", expected: expected,
        wanted: wanted)
    }
  }
}
