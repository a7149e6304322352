import Messages
import Training

extension TrainingConfig {
  /// Settings that have no effect, or one that their place does not suggest: one line each, for people.
  ///
  /// Settings of the preset are not mentioned.
  public var cautions: [String] {
    let usual = Self.preset(named: preset) ?? .initial
    var lines: [String] = []
    let most = data.recycleWeights.lastIndex { $0 > 0 } ?? 0
    let isChosen =
      data.recycleWeights != usual.data.recycleWeights
      || network.recycles != usual.network.recycles
    if most != network.recycles, isChosen {
      let advice =
        most > network.recycles
        ? "if it should use them" : "or 'data.recycleWeights' for as many as it predicts with"
      lines.append(
        "'data.recycleWeights' trains with up to \(counted(most, "recycle")), the network predicts with \(network.recycles); set 'network.recycles' to \(most), \(advice)"
      )
    }
    if run.newParts?.isEmpty == false, run.weights ?? "" == "" {
      lines.append("'run.newParts' has no effect without 'run.weights': all parts are new")
    }
    func unused(_ key: String, _ methods: [ClippingChoice], isChanged: Bool) {
      guard isChanged, !methods.contains(optimizer.clip) else { return }
      lines.append(
        "'optimizer.\(key)' has no effect with 'optimizer.clip' \(optimizer.clip.rawValue); it is for \(methods.map(\.rawValue).joined(separator: " and "))"
      )
    }
    unused(
      "clipNorm", [.global, .perSample],
      isChanged: optimizer.clipNorm != usual.optimizer.clipNorm)
    unused(
      "adaGC", [.adaGC, .adaGCGlobal], isChanged: optimizer.adaGC != usual.optimizer.adaGC)
    let weight = loss.weights.alignedError
    if network.heads.alignedError == nil, weight > 0, weight != usual.loss.weights.alignedError {
      lines.append(
        "'loss.weights.alignedError' has no effect: the network has no head for it; set 'network.heads.alignedError' to {} if it should have one"
      )
    }
    return lines
  }
}
