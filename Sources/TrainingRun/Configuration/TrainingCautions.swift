import Training

extension TrainingConfig {
  /// Settings that have no effect, or another one than their place suggests: one line each, for people.
  ///
  /// What the preset brings along is not mentioned.
  public var cautions: [String] {
    let usual = Self.preset(named: preset) ?? .initial
    var lines: [String] = []
    let most = data.recycleWeights.lastIndex { $0 > 0 } ?? 0
    if most > network.recycles {
      lines.append(
        "'data.recycleWeights' trains with up to \(most) recycles, the network predicts with \(network.recycles); set 'network.recycles' to \(most) if it should use them"
      )
    }
    switch optimizer.clip {
    case .none, .adaGC, .adaGCGlobal:
      if optimizer.clipNorm != usual.optimizer.clipNorm {
        lines.append(
          "'optimizer.clipNorm' has no effect with 'optimizer.clip' \(optimizer.clip.rawValue); it is the limit of global and per-sample"
        )
      }
    case .global, .perSample: break
    }
    switch optimizer.clip {
    case .none, .global, .perSample:
      if optimizer.adaGC != usual.optimizer.adaGC {
        lines.append(
          "'optimizer.adaGC' has no effect with 'optimizer.clip' \(optimizer.clip.rawValue); it is for adagc and adagc-global"
        )
      }
    case .adaGC, .adaGCGlobal: break
    }
    let weight = loss.weights.alignedError
    if network.heads.alignedError == nil, weight > 0, weight != usual.loss.weights.alignedError {
      lines.append(
        "'loss.weights.alignedError' has no effect: the network has no head for it; set 'network.heads.alignedError' to {} if it should have one"
      )
    }
    return lines
  }
}
