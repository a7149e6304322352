import FoldingCore

extension LossConfig {
  /// The first invalid value of the Attention Losses in use: its key and what is wrong.
  ///
  /// - Parameter breaks: between the distogram's bins, of which contacts are sums.
  public func objection(_ breaks: BinEdges) -> (key: String, reason: String)? {
    if let found = distogramAttention?.objection {
      return ("distogramAttention." + found.key, found.reason)
    }
    if let attention = distogramAttention, attention.alpha != nil || attention.alphaRange != 0...1 {
      let key = attention.alpha != nil ? "alpha" : "alphaRange"
      return (
        "distogramAttention." + key,
        "has no meaning: the distogram's classes are not balanced; leave it out"
      )
    }
    if let found = contacts?.objection(breaks) { return ("contacts." + found.key, found.reason) }
    return nil
  }
}

extension AttentionLossConfig {
  /// The first invalid value.
  var objection: (key: String, reason: String)? {
    let limits: [ValueLimit] = [
      .positive("beta", beta), .weight("gamma", gamma), .share("alpha", alpha ?? 0),
    ]
    if let objection = limits.objection { return objection }
    if !(alphaRange.lowerBound >= 0 && alphaRange.upperBound <= 1) {
      return (
        "alphaRange",
        "is [\(alphaRange.lowerBound), \(alphaRange.upperBound)], expected two numbers from 0 to 1"
      )
    }
    return nil
  }
}

extension ContactLossConfig {
  /// The first invalid value.
  ///
  /// The contact distance is rounded down to a break of the distogram: outside the breaks it would change or have no counterpart.
  func objection(_ breaks: BinEdges) -> (key: String, reason: String)? {
    if let objection = [ValueLimit.weight("weight", weight)].objection { return objection }
    if !(Double(breaks.first) <= distance && distance <= Double(breaks.last)) {
      return (
        "distance",
        "is \(distance), expected \(breaks.first) to \(breaks.last) Å, the distogram's breaks"
      )
    }
    if minSeparation < 0 {
      return ("minSeparation", "is \(minSeparation), expected 0 or more residues")
    }
    if let found = loss.objection { return ("loss." + found.key, found.reason) }
    return nil
  }
}
