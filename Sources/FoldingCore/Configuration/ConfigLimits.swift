extension FoldingConfig {
  /// The first value that no network has: its key and what is wrong, nil if all are sound.
  ///
  /// Values of files are held to these limits before anything is computed with them, so that no arithmetic on sizes overflows, no range
  /// is empty where one entry is needed, and no bin is without width.
  public var objection: (key: String, reason: String)? {
    let parts: [ConfigLimits] = [
      ConfigLimits(self), ConfigLimits(sampling), ConfigLimits(channels),
      ConfigLimits(evoformer, "evoformer"), ConfigLimits(extraMSA, "extraMSA"),
      template.map(ConfigLimits.init) ?? ConfigLimits(), ConfigLimits(structure),
      ConfigLimits(heads),
    ]
    for part in parts { if let objection = part.objection { return objection } }
    return nil
  }
}

/// Values of a configuration and what they may be.
private struct ConfigLimits {
  private var sizes: [(key: String, value: Int, range: ClosedRange<Int>)] = []
  private var shares: [(key: String, value: Float)] = []
  private var distances: [(key: String, value: Float)] = []
  private var ascending: [(key: String, first: Float, last: Float)] = []

  private static let width = 1...16_384
  private static let count = 1...1024
  private static let bins = 3...1024

  var objection: (key: String, reason: String)? {
    for (key, value, range) in sizes where !range.contains(value) {
      return (key, "is \(value), expected \(range.lowerBound) to \(range.upperBound)")
    }
    for (key, value) in shares where !(value >= 0 && value < 1) {
      return (key, "is \(value), expected 0 to below 1")
    }
    for (key, value) in distances where !(value >= 0 && value < 1e6) {
      return (key, "is \(value), expected 0 to below 1000000 Å")
    }
    for (key, first, last) in ascending where first >= last {
      return (key, "is \(last), expected more than the first, \(first)")
    }
    return nil
  }

  init() {}

  init(_ config: FoldingConfig) {
    sizes = [("recycles", config.recycles, 0...1000), ("ensembles", config.ensembles, Self.count)]
  }

  init(_ sampling: SamplingConfig) {
    sizes = [
      ("sampling.maxClusters", sampling.maxClusters, Self.width),
      ("sampling.maxExtraRows", sampling.maxExtraRows, 0...1_000_000),
      ("sampling.maxTemplates", sampling.maxTemplates, 0...1024),
    ]
    shares = [("sampling.maskedFraction", sampling.maskedFraction)]
  }

  init(_ channels: ChannelConfig) {
    sizes = [
      ("channels.msa", channels.msa, Self.width), ("channels.pair", channels.pair, Self.width),
      ("channels.single", channels.single, Self.width),
      ("channels.extraMSA", channels.extraMSA, Self.width),
      ("channels.maxRelativePosition", channels.maxRelativePosition, 1...16_384),
      ("channels.recycleBins", channels.recycleBins, Self.bins),
    ]
    setDistances(
      "channels.recycleMinDistance", channels.recycleMinDistance,
      "channels.recycleMaxDistance", channels.recycleMaxDistance)
  }

  init(_ stack: EvoformerConfig, _ name: String) {
    sizes = [
      ("\(name).blocks", stack.blocks, Self.count),
      ("\(name).msaHeads", stack.msaHeads, Self.count),
      ("\(name).msaHeadChannels", stack.msaHeadChannels, Self.count),
      ("\(name).pairHeads", stack.pairHeads, Self.count),
      ("\(name).pairHeadChannels", stack.pairHeadChannels, Self.count),
      ("\(name).triangleChannels", stack.triangleChannels, Self.width),
      ("\(name).outerProductChannels", stack.outerProductChannels, Self.count),
      ("\(name).transitionFactor", stack.transitionFactor, 1...64),
    ]
    shares = [
      ("\(name).msaDropout", stack.msaDropout), ("\(name).pairDropout", stack.pairDropout),
    ]
  }

  init(_ template: TemplateConfig) {
    sizes = [
      ("template.blocks", template.blocks, Self.count),
      ("template.channels", template.channels, Self.width),
      ("template.pairHeads", template.pairHeads, Self.count),
      ("template.pairHeadChannels", template.pairHeadChannels, Self.count),
      ("template.triangleChannels", template.triangleChannels, Self.width),
      ("template.transitionFactor", template.transitionFactor, 1...64),
      ("template.pointwiseHeads", template.pointwiseHeads, Self.count),
      ("template.pointwiseHeadChannels", template.pointwiseHeadChannels, Self.count),
      ("template.distanceBins", template.distanceBins, Self.bins),
    ]
    shares = [("template.dropout", template.dropout)]
    setDistances(
      "template.minDistance", template.minDistance, "template.maxDistance", template.maxDistance)
  }

  init(_ structure: StructureConfig) {
    sizes = [
      ("structure.layers", structure.layers, Self.count),
      ("structure.heads", structure.heads, Self.count),
      ("structure.scalarQueryKey", structure.scalarQueryKey, Self.count),
      ("structure.scalarValue", structure.scalarValue, Self.count),
      ("structure.pointQueryKey", structure.pointQueryKey, Self.count),
      ("structure.pointValue", structure.pointValue, Self.count),
      ("structure.transitionLayers", structure.transitionLayers, 1...64),
      ("structure.sidechainChannels", structure.sidechainChannels, Self.width),
      ("structure.sidechainBlocks", structure.sidechainBlocks, 1...64),
    ]
    shares = [("structure.dropout", structure.dropout)]
  }

  init(_ heads: HeadConfig) {
    sizes = [
      ("heads.distogramBins", heads.distogramBins, Self.bins),
      ("heads.maskedMSAClasses", heads.maskedMSAClasses, 23...23),
      ("heads.confidenceBins", heads.confidenceBins, Self.bins),
      ("heads.confidenceChannels", heads.confidenceChannels, Self.width),
    ]
    setDistances(
      "heads.distogramFirstBreak", heads.distogramFirstBreak,
      "heads.distogramLastBreak", heads.distogramLastBreak)
    if let error = heads.alignedError {
      sizes.append(("heads.alignedError.bins", error.bins, Self.bins))
      distances.append(("heads.alignedError.maxError", error.maxError))
      ascending.append(("heads.alignedError.maxError", 0, error.maxError))
    }
  }

  private mutating func setDistances(
    _ firstKey: String, _ first: Float, _ lastKey: String, _ last: Float
  ) {
    distances = [(firstKey, first), (lastKey, last)]
    ascending = [(lastKey, first, last)]
  }
}
