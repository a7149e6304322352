import FeaturePipeline
import FoldingCore
import Foundation
import Messages
import TensorCore

/// How a prediction was made: everything that determines its numbers, and nothing else.
struct PredictionProvenance: Sendable {
  let target: RawFeatures
  let model: ModelDescription
  let options: PredictionOptions
  let config: FoldingConfig
  let seed: UInt64
  let recycles: Int
  /// Largest number of alignment rows kept by the options; nil for all.
  let rowBudget: Int?
  /// What was searched how, by name of the database.
  let searches: [String: String]
  /// The program that computed it.
  var arithmetic: ProgramArithmetic

  init(
    _ run: PredictionRun, of target: RawFeatures, _ options: PredictionOptions,
    _ gathered: GatheredEvidence?
  ) {
    self.target = target
    self.model = run.model
    self.options = options
    self.config = run.config
    self.seed = run.seed
    self.recycles = run.recycles
    self.rowBudget = gathered?.rowBudget
    self.searches = gathered?.searches ?? [:]
    self.arithmetic = ProgramArithmetic(options)
  }

  /// Distinguishes this prediction from others.
  var fingerprint: PredictionFingerprint {
    let calculation: [(String, JSONValue)] =
      identity.filter { !Self.arithmeticMembers.contains($0.0) } + [
        ("configuration", .string(configuration)),
        ("features", .string(featureDigest)),
        ("tolerance", options.earlyStopTolerance.map { .number(Double($0)) } ?? .null),
      ]
    func digest(_ members: [(String, JSONValue)]) -> String {
      var digest = Digest()
      digest.add(JSONValue.object(members).text.utf8)
      return digest.text
    }
    let arithmetic = identity.filter { Self.arithmeticMembers.contains($0.0) }
    return PredictionFingerprint(
      bits: digest(arithmetic + calculation), calculation: digest(calculation))
  }

  /// Members of the identity that affect only the last digits.
  private static let arithmeticMembers: Set = ["version", "gemm", "blas", "isa"]

  /// What it is made from, in the words of a person.
  var origin: PredictionOrigin {
    PredictionOrigin(
      weightsChecksum: model.checksum,
      maxMsa: "\(config.sampling.maxClusters):\(config.sampling.maxExtraRows)",
      precision: options.storage.rawValue, pairStorage: options.pairFormat?.rawValue,
      sequence: target.sequence, features: featureDigest, recycles: recycles,
      ensembles: config.ensembles,
      msaRows: target.rowCount, dropout: options.usesDropout ? true : nil)
  }

  /// Lines for the remarks of structure files.
  ///
  /// - Parameter passes: passes that were run, fewer than requested if the structure stopped changing.
  func remarks(passes: Int) -> [String] {
    (model.note.map { [$0] } ?? []) + [
      "parameters: \(model.source), checksum \(model.checksum)",
      "network: \(config.name), block order \(config.blockOrder.rawValue)",
      "seed \(seed)\(options.usesDropout ? " with dropout" : ""), \(counted(max(passes - 1, 0), "recycle")), \(config.sampling.maxClusters)+\(config.sampling.maxExtraRows) MSA rows at most",
      "arithmetic: \(options.storage.rawValue) storage, \(arithmetic.kernels) kernels, \(arithmetic.products) products",
    ]
  }

  /// The document `provenance_<model>.json`, which tells a later run what it need not compute.
  ///
  /// - Parameter files: stamps of the result's files, which are written first.
  func document(of result: ModelResult, files: [FileStamp]) -> JSONValue {
    let alignments = target.sources.map { source -> JSONValue in
      .object([
        ("name", .string(source.name)), ("rows", .integer(source.rows)),
        ("new_rows", .integer(source.newRows)),
      ])
    }
    let history = result.history.map { record -> JSONValue in
      .object([
        ("mean_plddt", .number(Double(record.meanPLDDT))),
        ("ptm", record.ptm.map { .number(Double($0)) } ?? .null),
        ("change", record.change.map { .number(Double($0)) } ?? .null),
      ])
    }
    let fingerprint = fingerprint  // reads all features
    let members: [(String, JSONValue)] = [
      ("fingerprint", .string(fingerprint.bits)),
      ("calculation", fingerprint.calculation.map { .string($0) } ?? .null),
      ("weights_file", model.file.map { .string($0) } ?? .null),
      ("sequence", .string(target.sequence)),
      ("features", .string(featureDigest)),
      ("alignments", .array(alignments)),
      (
        "searches",
        .object(searches.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) })
      ),
      ("msa_rows", .integer(target.rowCount)),
      ("msa_budget", rowBudget.map { .integer($0) } ?? .null),
      ("templates", .array(templates.map { .string($0) })),
      ("threads", .integer(options.threads)),
      ("mean_plddt", .number(result.score.plddt)),
      ("ptm", result.score.ptm.map { .number($0) } ?? .null),
      ("recycles_made", .integer(max(result.prediction.passes - 1, 0))),
      ("recycle_history", .array(history)),
      ("files", .array(files.map(\.document))),
    ]
    return .object(identity + notice + members)
  }

  /// Names and values for people: the table of the report.
  var facts: [(name: String, value: String)] {
    let facts: [(String, JSONValue)] =
      identity.map { $0 == "weights" ? ($0, .string(model.place)) : ($0, $1) } + notice + [
        ("threads", .integer(options.threads)), ("features", .string(featureDigest)),
        ("alignment rows", .integer(target.rowCount)),
        ("templates", .string(templates.joined(separator: ", "))),
        (
          "alignments",
          .string(target.sources.map { "\($0.name) (\($0.rows) rows)" }.joined(separator: ", "))
        ),
      ]
    return facts.map { name, value in
      let text = if case .string(let text) = value { text } else { value.text }
      return (name.replacing("_", with: " "), text.isEmpty ? "none" : text)
    }
  }

  /// Names of the templates that the network uses.
  private var templates: [String] {
    config.template == nil
      ? [] : Array(target.templates.names.prefix(config.sampling.maxTemplates))
  }

  private var identity: [(String, JSONValue)] {
    [
      ("version", .string(arithmetic.version)),
      ("weights", .string(model.source)),
      ("weights_checksum", .string(model.checksum)),
      ("random_weights", .bool(model.isRandom)),
      ("network", .string(config.name)),
      ("block_order", .string(config.blockOrder.rawValue)),
      ("seed", Int(exactly: seed).map { .integer($0) } ?? .string("\(seed)")),
      ("recycles", .integer(recycles)),
      ("ensembles", .integer(config.ensembles)),
      ("max_msa", .string("\(config.sampling.maxClusters):\(config.sampling.maxExtraRows)")),
      ("precision", .string(options.storage.rawValue)),
      ("gemm", .string(arithmetic.products)),
      ("isa", .string(arithmetic.kernels)),
    ] + (arithmetic.build.map { [("blas", .string($0))] } ?? [])
      + (options.pairFormat.map { [("pair_storage", .string($0.rawValue))] } ?? [])
      + (options.usesDropout ? [("dropout", .bool(true))] : [])
  }

  /// The note about the weights, if any.
  private var notice: [(String, JSONValue)] {
    model.note.map { [("weights_note", .string($0))] } ?? []
  }

  /// Everything that defines the network, keys in order.
  private var configuration: String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    return (try? encoder.encode(config)).map { String(decoding: $0, as: UTF8.self) } ?? ""
  }

  private var featureDigest: String {
    var digest = Digest()
    digest.add(target.sequence.utf8)
    digest.add(integers: target.aatype.lazy.map { UInt64($0) })
    digest.add(target.msa.values)
    digest.add(integers: target.deletions.values.lazy.map { UInt64($0) })
    digest.add(integers: target.hasBreak.lazy.map { $0 ? 1 : 0 })
    digest.add(integers: target.templates.aatype.values.lazy.map { UInt64($0) })
    digest.add(integers: target.residueIndex.lazy.map { UInt64(bitPattern: Int64($0)) })
    digest.add(integers: target.templates.positions.values.lazy.map { UInt64($0.bitPattern) })
    digest.add(integers: target.templates.mask.values.lazy.map { UInt64($0.bitPattern) })
    return digest.text
  }
}
