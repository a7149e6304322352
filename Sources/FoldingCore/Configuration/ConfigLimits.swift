extension FoldingConfig {
  /// The first setting that is out of range, with its key and the reason; nil if all are valid.
  ///
  /// Values from files are checked against these limits before anything is computed with them, so that no arithmetic on sizes
  /// overflows, no range is empty where one entry is needed, and no bin has zero width.
  public var objection: (key: String, reason: String)? {
    let sizes: [ValueLimit] = [
      .size("recycles", recycles, 0...1000), .size("ensembles", ensembles, counts),
    ]
    let parts = [
      sizes, sampling.limits, channels.limits, evoformer.limits("evoformer"),
      extraMSA.limits("extraMSA"), template?.limits ?? [], structure.limits, heads.limits,
    ]
    return parts.lazy.compactMap(\.objection).first
  }
}

private let widths = 1...16_384
private let counts = 1...1024
private let binCounts = 3...1024

extension SamplingConfig {
  fileprivate var limits: [ValueLimit] {
    [
      .size("sampling.maxClusters", maxClusters, widths),
      .size("sampling.maxExtraRows", maxExtraRows, 0...1_000_000),
      .size("sampling.maxTemplates", maxTemplates, 0...1024),
      .decay("sampling.maskedFraction", maskedFraction),
    ]
  }
}

extension ChannelConfig {
  fileprivate var limits: [ValueLimit] {
    [
      .size("channels.msa", msa, widths),
      .size("channels.pair", pair, widths),
      .size("channels.single", single, widths),
      .size("channels.extraMSA", extraMSA, widths),
      .size("channels.maxRelativePosition", maxRelativePosition, 1...16_384),
      .size("channels.recycleBins", recycleBins, binCounts),
      .distance("channels.recycleMinDistance", recycleMinDistance),
      .distance("channels.recycleMaxDistance", recycleMaxDistance),
      .edge("channels.recycleMaxDistance", recycleMaxDistance, above: recycleMinDistance),
    ]
  }
}

extension EvoformerConfig {
  fileprivate func limits(_ name: String) -> [ValueLimit] {
    [
      .size("\(name).blocks", blocks, counts),
      .size("\(name).msaHeads", msaHeads, counts),
      .size("\(name).msaHeadChannels", msaHeadChannels, counts),
      .size("\(name).pairHeads", pairHeads, counts),
      .size("\(name).pairHeadChannels", pairHeadChannels, counts),
      .size("\(name).triangleChannels", triangleChannels, widths),
      .size("\(name).outerProductChannels", outerProductChannels, counts),
      .size("\(name).transitionFactor", transitionFactor, 1...64),
      .decay("\(name).msaDropout", msaDropout),
      .decay("\(name).pairDropout", pairDropout),
    ]
  }
}

extension TemplateConfig {
  fileprivate var limits: [ValueLimit] {
    [
      .size("template.blocks", blocks, counts),
      .size("template.channels", channels, widths),
      .size("template.pairHeads", pairHeads, counts),
      .size("template.pairHeadChannels", pairHeadChannels, counts),
      .size("template.triangleChannels", triangleChannels, widths),
      .size("template.transitionFactor", transitionFactor, 1...64),
      .size("template.pointwiseHeads", pointwiseHeads, counts),
      .size("template.pointwiseHeadChannels", pointwiseHeadChannels, counts),
      .size("template.distanceBins", distanceBins, binCounts),
      .decay("template.dropout", dropout),
      .distance("template.minDistance", minDistance),
      .distance("template.maxDistance", maxDistance),
      .edge("template.maxDistance", maxDistance, above: minDistance),
    ]
  }
}

extension StructureConfig {
  fileprivate var limits: [ValueLimit] {
    [
      .size("structure.layers", layers, counts),
      .size("structure.heads", heads, counts),
      .size("structure.scalarQueryKey", scalarQueryKey, counts),
      .size("structure.scalarValue", scalarValue, counts),
      .size("structure.pointQueryKey", pointQueryKey, counts),
      .size("structure.pointValue", pointValue, counts),
      .size("structure.transitionLayers", transitionLayers, 1...64),
      .size("structure.sidechainChannels", sidechainChannels, widths),
      .size("structure.sidechainBlocks", sidechainBlocks, 1...64),
      .decay("structure.dropout", dropout),
    ]
  }
}

extension HeadConfig {
  fileprivate var limits: [ValueLimit] {
    let own: [ValueLimit] = [
      .size("heads.distogramBins", distogramBins, binCounts),
      .size("heads.maskedMSAClasses", maskedMSAClasses, 23...23),
      .size("heads.confidenceBins", confidenceBins, binCounts),
      .size("heads.confidenceChannels", confidenceChannels, widths),
      .distance("heads.distogramFirstBreak", distogramFirstBreak),
      .distance("heads.distogramLastBreak", distogramLastBreak),
      .edge("heads.distogramLastBreak", distogramLastBreak, above: distogramFirstBreak),
    ]
    guard let error = alignedError else { return own }
    return own + [
      .size("heads.alignedError.bins", error.bins, binCounts),
      .distance("heads.alignedError.maxError", error.maxError),
      .edge("heads.alignedError.maxError", error.maxError, above: Float(0)),
    ]
  }
}
