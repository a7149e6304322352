extension FoldingConfig {
  /// The released networks: `model_1` … `model_5`, each also with `_ptm`; `mini`, which
  /// comes with the program; `tiny` for tests.
  public static let presets: [FoldingConfig] =
    (1...5).flatMap { [model($0, ptm: false), model($0, ptm: true)] } + [mini, tiny]

  /// The preset with that name.
  public static func preset(named name: String) -> FoldingConfig? {
    presets.first { $0.name == name }
  }

  /// Released model `number` (1 … 5).
  ///
  /// Suppl. Table 5: models 1 and 2 use templates, 2 and 5 draw fewer extra rows.
  static func model(_ number: Int, ptm: Bool) -> FoldingConfig {
    var config = FoldingConfig()
    config.name = "model_\(number)" + (ptm ? "_ptm" : "")
    if number > 2 { config.template = nil }
    if number == 2 || number == 5 { config.sampling.maxExtraRows = 1024 }
    if ptm { config.heads.alignedError = AlignedErrorConfig() }
    return config
  }

  /// A network of a few thousand parameters with every module, for tests; only its own weights fit it.
  public static let tiny: FoldingConfig = {
    var config = FoldingConfig()
    config.name = "tiny"
    config.sampling.maxClusters = 8
    config.sampling.maxExtraRows = 8
    config.sampling.maxTemplates = 2
    config.channels.msa = 16
    config.channels.pair = 16
    config.channels.single = 16
    config.channels.extraMSA = 16
    config.evoformer = EvoformerConfig(blocks: 2, msaHeads: 2, msaHeadChannels: 8)
    config.extraMSA = EvoformerConfig(blocks: 1, msaHeads: 2, msaHeadChannels: 8)
    for stack in [\FoldingConfig.evoformer, \FoldingConfig.extraMSA] {
      config[keyPath: stack].pairHeads = 2
      config[keyPath: stack].pairHeadChannels = 8
      config[keyPath: stack].triangleChannels = 16
      config[keyPath: stack].outerProductChannels = 8
      config[keyPath: stack].transitionFactor = 2
    }
    var template = TemplateConfig()
    template.blocks = 1
    template.channels = 16
    template.pairHeads = 2
    template.pairHeadChannels = 8
    template.triangleChannels = 16
    template.pointwiseHeads = 2
    template.pointwiseHeadChannels = 8
    config.template = template
    config.structure.layers = 2
    config.structure.heads = 2
    config.structure.sidechainChannels = 16
    config.heads.confidenceChannels = 16
    config.heads.alignedError = AlignedErrorConfig()
    return config
  }()

  /// The network of the shipped model: five blocks, narrow representations.
  ///
  /// Own choice; it has every module of `model_3_ptm`. Departures for few samples: frames start from predicted torsions, the outer
  /// product is a covariance, residues come with their profile.
  public static let mini: FoldingConfig = {
    var config = FoldingConfig()
    config.name = "mini"
    config.template = nil
    config.sampling.maxClusters = 32
    config.sampling.maxExtraRows = 64
    config.channels.target = .profile
    config.channels.msa = 64
    config.channels.pair = 48
    config.channels.single = 128
    config.channels.extraMSA = 32
    config.evoformer = EvoformerConfig(blocks: 4, msaHeads: 4, msaHeadChannels: 16)
    config.extraMSA = EvoformerConfig(blocks: 1, msaHeads: 4, msaHeadChannels: 8)
    for stack in [\FoldingConfig.evoformer, \FoldingConfig.extraMSA] {
      config[keyPath: stack].pairHeads = 3
      config[keyPath: stack].pairHeadChannels = 16
      config[keyPath: stack].triangleChannels = 32
      config[keyPath: stack].outerProductChannels = 12
      config[keyPath: stack].outerProduct = .covariance
      config[keyPath: stack].transitionFactor = 2
      config[keyPath: stack].msaDropout = 0.1
      config[keyPath: stack].pairDropout = 0.1
    }
    config.structure.layers = 4
    config.structure.heads = 8
    config.structure.start = .torsions
    config.structure.sidechainChannels = 64
    config.heads.confidenceChannels = 64
    config.heads.alignedError = AlignedErrorConfig()
    config.recycles = 0
    return config
  }()
}
