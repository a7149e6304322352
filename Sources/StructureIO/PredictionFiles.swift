import Messages
import Protein

/// The small JSON files that users of AlphaFold2 expect beside the coordinates.
public enum PredictionFiles {
  /// `confidence_<model>.json`: residue number, pLDDT with two decimals, and its class (D, L, M, H).
  ///
  /// - Parameter note: what users should know about the weights, the member `weights_note`.
  public static func confidence(
    plddt: [Float], note: String? = nil
  ) throws(StructureIOError) -> String {
    try checkFinite(plddt, "pLDDT")
    let numbers = (1...max(1, plddt.count)).prefix(plddt.count).map(String.init)
    let scores = plddt.map { fixed(Double($0), decimals: 2) }
    let classes = plddt.map { value in
      value < 50 ? "\"D\"" : value < 70 ? "\"L\"" : value < 90 ? "\"M\"" : "\"H\""
    }
    return "{\"residueNumber\":[\(numbers.joined(separator: ","))],"
      + "\"confidenceScore\":[\(scores.joined(separator: ","))],"
      + "\"confidenceCategory\":[\(classes.joined(separator: ","))]\(member(note))}"
  }

  /// `pae_<model>.json` in the form of the AlphaFold database: a list of one object.
  ///
  /// Row i holds the expected errors in Å, one decimal, of residues j when aligned on residue i.
  ///
  /// - Parameters:
  ///   - errors: `[N_res, N_res]`, row-major.
  ///   - note: what users should know about the weights, the member `weights_note`.
  public static func alignedError(
    _ errors: [Float], residues: Int, maximum: Float, note: String? = nil
  ) throws(StructureIOError) -> String {
    let (expected, overflow) = residues.multipliedReportingOverflow(by: residues)
    guard !overflow, errors.count == expected else {
      throw .unexpectedContent(
        path: "PAE", message: "\(errors.count) values, expected \(residues) × \(residues)")
    }
    try checkFinite(errors, "predicted aligned error")
    let rows = (0..<residues).map { row in
      let values = errors[row * residues..<(row + 1) * residues]
      return "[" + values.map { fixed(Double($0), decimals: 1) }.joined(separator: ",") + "]"
    }
    return "[{\"predicted_aligned_error\":[\(rows.joined(separator: ","))],"
      + "\"max_predicted_aligned_error\":\(maximum)\(member(note))}]"
  }

  /// `ranking_debug.json`: the mean pLDDT of each model and their order, best first, ties by name; also `ptms` for models that predict
  /// it, which AlphaFold2 does not write for monomers, and `weights_notes`, what users should know about the weights of some.
  public static func ranking(
    plddts: [String: Double], ptms: [String: Double] = [:], notes: [String: String] = [:]
  ) throws(StructureIOError) -> String {
    func object(_ key: String, _ values: [String: Double]) throws(StructureIOError) -> JSONValue {
      .object(
        try values.sorted { $0.key < $1.key }.map { name, value throws(StructureIOError) in
          guard value.isFinite else { throw .notFinite(what: "\(key) of \(name)") }
          return (name, .number(value))
        })
    }
    let order = plddts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map(\.key)
    var members = [
      ("plddts", try object("plddts", plddts)), ("order", .array(order.map(JSONValue.string))),
    ]
    if !ptms.isEmpty { members.append(("ptms", try object("ptms", ptms))) }
    let known = notes.filter { plddts[$0.key] != nil }.sorted { $0.key < $1.key }
    if !known.isEmpty {
      members.append(("weights_notes", .object(known.map { ($0.key, .string($0.value)) })))
    }
    return JSONValue.object(members).pretty()
  }

  /// `timings.json`: seconds by name, in the order given.
  public static func timings(_ seconds: [(name: String, value: Double)]) -> String {
    JSONValue.object(seconds.map { ($0.name, .number($0.value)) }).pretty()
  }

  /// A note as the last member of an object; empty if there is none.
  private static func member(_ note: String?) -> String {
    note.map { ",\"weights_note\":\(JSONValue.string($0).text)" } ?? ""
  }

  private static func checkFinite(
    _ values: [Float], _ what: String
  ) throws(StructureIOError) {
    guard let index = values.firstIndex(where: { !$0.isFinite }) else { return }
    throw .notFinite(what: "\(what) number \(index + 1)")
  }
}
