import Messages

/// What a prediction was made from, as far as a person would name it; members of `provenance_<model>.json`.
struct PredictionOrigin: Decodable, Hashable, Sendable {
  var weightsChecksum, maxMsa, precision, pairStorage, sequence, features: String?
  var recycles, ensembles, msaRows: Int?
  var dropout: Bool?

  /// In what this origin differs from that of a run of now, each with the value of now in brackets.
  func differences(from now: PredictionOrigin) -> [String] {
    var found: [String] = []
    func compare<Value: Equatable>(
      _ member: KeyPath<PredictionOrigin, Value?>, _ text: (Value) -> String
    ) {
      guard self[keyPath: member] != now[keyPath: member] else { return }
      let (then, now) = (self[keyPath: member].map(text), now[keyPath: member].map(text))
      found.append("\(then ?? "the default") (now \(now ?? "the default"))")
    }
    if weightsChecksum != now.weightsChecksum { found.append("other weights") }
    if sequence != now.sequence {
      found.append("another sequence")
    } else if features != now.features {
      if msaRows == now.msaRows {
        found.append("another alignment, templates or numbering")
      } else {
        compare(\.msaRows) { counted($0, "alignment row") }
      }
    }
    compare(\.recycles) { counted($0, "recycle") }
    compare(\.ensembles) { counted($0, "ensemble") }
    compare(\.maxMsa) { "--max-msa \($0)" }
    compare(\.precision) { "--precision \($0)" }
    compare(\.pairStorage) { "--pair-storage \($0)" }
    if (dropout ?? false) != (now.dropout ?? false) {
      found.append(dropout ?? false ? "--use-dropout" : "no --use-dropout")
    }
    return found.isEmpty ? ["other options"] : found
  }
}
