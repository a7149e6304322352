import BasicTestSupport
import FoldingCore
import Foundation
import TensorCore
import Testing
import Training

@testable import TrainingRun

@Suite("Training configuration")
struct ConfigurationTests {
  private func parse(_ text: String) throws -> TrainingConfig {
    try TrainingConfig.parse(Data(text.utf8), file: "c.json")
  }

  @Test("a file that names no preset is refused, and the line says what to add")
  func noPreset() throws {
    let scratch = try ScratchFolder()
    try scratch.write(#"{"run": {"steps": 4}}"#, to: "c.json")
    let error = #expect(throws: ConfigurationError.self) {
      try TrainingConfig.read(scratch.file("c.json"))
    }
    #expect("\(try #require(error))".contains(#"names no preset; add "preset": "mini""#))
    try scratch.write(#"{"preset": "mini", "run": {"steps": 4}}"#, to: "c.json")
    #expect(try TrainingConfig.read(scratch.file("c.json")).run.steps == 4)
  }

  @Test(
    "every preset is valid and reads back from its own document",
    arguments: TrainingConfig.presetNames)
  func presets(_ name: String) throws {
    let preset = try #require(TrainingConfig.preset(named: name))
    try preset.validate(file: name)
    #expect(try parse(preset.document()) == preset)
  }

  @Test("a file states what differs from a preset")
  func differences() throws {
    let config = try parse(
      #"{"preset": "mini", "network": {"evoformer": {"blocks": 2}}, "optimizer": {"clip": "adagc"}, "data": {"maximumResolution": null}}"#
    )
    var expected = TrainingConfig.mini
    expected.network.evoformer.blocks = 2
    expected.optimizer.clip = .adaGC
    expected.data.maximumResolution = nil
    #expect(config == expected)
    #expect(try parse(#"{"network": "tiny"}"#).network == .tiny)
    // The first stage draws as few rows for any network, the second draws the network's.
    let rows = try ["initial", "finetune"].map {
      try parse(#"{"preset": "\#($0)", "network": "model_3"}"#).network.sampling
    }
    #expect(rows.map(\.maxClusters) == [128, 512] && rows.map(\.maxExtraRows) == [1024, 5120])
    let saved = try parse(#"{"run": {"savedActivations": "int8"}}"#)
    #expect(saved.run.savedActivations == .int8)
    #expect(try parse(saved.document()) == saved)
  }

  @Test("the words of settings are those that files and checkpoints hold")
  func words() {
    func words<Choice: ConfigurationChoice>(_: Choice.Type) -> [String] {
      Choice.allCases.map(\.rawValue)
    }
    #expect(words(DType.self) == ["bf16", "fp32"])
    #expect(words(BlockFormat.self) == ["int8", "fp8"])
    #expect(
      words(ClippingChoice.self) == ["none", "global", "per-sample", "adagc", "adagc-global"])
    #expect(words(AdaptiveClippingConfig.Start.self) == ["min", "median-raw"])
    #expect(words(MomentPrecision.self) == ["float32", "bfloat16", "bfloat16_nearest"])
    #expect(words(InitialValues.self) == ["published", "local"])
    #expect(words(BlockOrder.self) == ["serial", "first", "parallel"])
    #expect(words(TargetFeatureKind.self) == ["residues", "profile"])
    #expect(words(OuterProductKind.self) == ["mean", "covariance"])
    #expect(words(FrameStart.self) == ["origin", "helix", "torsions"])
  }

  @Test("the presets of large networks guard against spikes, and a file can switch that off")
  func spikeGuard() throws {
    func factor(_ config: TrainingConfig) -> Double? { config.optimizer.guarding.spikeFactor }
    #expect(factor(.initial) == 10 && factor(.fineTune) == 10)
    #expect(factor(.mini) == nil && factor(.tiny) == nil)
    #expect(try TrainingConfig.initial.document().contains("\"spikeFactor\" : 10"))
    let off = #"{"preset": "finetune", "optimizer": {"guarding": {"spikeFactor": null}}}"#
    let config = try parse(off)
    #expect(factor(config) == nil)
    #expect(try parse(config.document()) == config)
  }

  @Test(
    "what is wrong is named with its key in one line",
    arguments: [
      (#"{"stepz": 3}"#, "'stepz'"), (#"{"run": {"stepz": 3}}"#, "'run.stepz'"),
      (#"{"network": {"evoformer": {"bloks": 1}}}"#, "'network.evoformer.bloks'"),
      (#"{"network": "huge"}"#, "'huge'"), (#"{"preset": "x"}"#, "'preset'"),
      (#"{"run": {"steps": "many"}}"#, "'run.steps'"), (#"{"run": {"steps": 0}}"#, "'run.steps'"),
      (#"{"run": {"batch": -1}}"#, "'run.batch'"), (#"{"data": {"crop": 0}}"#, "'data.crop'"),
      (
        #"{"optimizer": {"clip": "hard"}}"#,
        "'optimizer.clip' is 'hard'; known are none, global, per-sample, adagc, adagc-global"
      ),
      (#"{"run": {"precision": 16}}"#, "'run.precision' is 16; known are bf16, fp32"),
      (#"{"run": {"precision": "fp16"}}"#, "'run.precision' is 'fp16'; known are bf16, fp32"),
      (
        #"{"network": {"blockOrder": "both"}}"#,
        "'network.blockOrder' is 'both'; known are serial, first, parallel"
      ), ("[]", "JSON"), ("{", "JSON"),
      (
        #"{"run": {"savedActivations": "int4"}}"#,
        "'run.savedActivations' is 'int4'; known are int8, fp8"
      ),
      (
        #"{"run": {"savedActivations": "int8", "recompute": false}}"#, "'run.savedActivations'"
      ),
      (#"{"optimizer": {"clipNorm": -0.1}}"#, "'optimizer.clipNorm'"),
      (#"{"optimizer": {"clipNorm": 0}}"#, "'optimizer.clipNorm'"),
      (#"{"optimizer": {"adam": {"beta1": 1}}}"#, "'optimizer.adam.beta1'"),
      (#"{"optimizer": {"adam": {"epsilon": 0}}}"#, "'optimizer.adam.epsilon'"),
      (
        #"{"optimizer": {"adam": {"epsilon": 1e-60}}}"#,
        "'optimizer.adam.epsilon' is 1e-60, expected 1e-30 or more"
      ),
      (
        #"{"preset": "tiny", "loss": {"weights": {"structure": 0, "distogram": 0, "maskedMSA": 0, "confidence": 0, "alignedError": 0}}}"#,
        "'loss.weights' are all 0"
      ),
      (#"{"loss": {"structure": {"backbone": {"unit": 0}}}}"#, "'loss.structure.backbone.unit'"),
      (
        #"{"loss": {"structure": {"backbone": {"clampedShare": 2}}}}"#,
        "'loss.structure.backbone.clampedShare' is 2.0, expected 0 to 1"
      ),
      (
        #"{"loss": {"structure": {"tolerances": {"overlap": -1}}}}"#,
        "'loss.structure.tolerances.overlap'"
      ),
      (#"{"loss": {"resolutionFilter": {"maximum": 0}}}"#, "'loss.resolutionFilter.maximum'"),
      (
        #"{"optimizer": {"rateFactors": [{"scope": "structur_module", "factor": 2}]}}"#,
        "'structur_module'"
      ),
      (#"{"run": {"newParts": ["distogram_haed"]}}"#, "'distogram_haed'"),
      (#"{"run": {"newParts": [""]}}"#, "'run.newParts'"),
      (#"{"data": {"recycleWeights": [0]}}"#, "'data.recycleWeights'"),
      (#"{"data": {"maximumResolution": -3}}"#, "'data.maximumResolution' is -3"),
      (#"{"data": {"minimumRows": -5}}"#, "'data.minimumRows' is -5"),
      (#"{"network": {"channels": {"msa": 9999999999}}}"#, "'network.channels.msa'"),
      (#"{"optimizer": {"adaGC": {"relativeLimit": 0.9}}}"#, "'optimizer.adaGC.relativeLimit'"),
      (
        #"{"optimizer": {"guarding": {"maxConsecutiveSpikes": 0}}}"#,
        "'optimizer.guarding.maxConsecutiveSpikes'"
      ),
    ])
  func refused(_ text: String, _ word: String) throws {
    let error = #expect(throws: ConfigurationError.self) { try parse(text) }
    let message = "\(try #require(error))"
    #expect(message.contains(word) && message.contains("c.json") && !message.contains("\n"))
  }

  @Test(
    "a number of the wrong kind and a null are named with their whole key",
    arguments: [
      (#"{"run": {"batch": 2.5}}"#, "'run.batch' is 2.5, expected a whole number"),
      (#"{"run": {"seed": -1}}"#, "'run.seed' is -1, expected 0 or more"),
      (#"{"data": {"crop": 24.5}}"#, "'data.crop' is 24.5, expected a whole number"),
      (
        #"{"run": {"steps": 7}, "network": {"evoformer": {"blocks": 2.5}}}"#,
        "'network.evoformer.blocks' is 2.5, expected a whole number"
      ),
      (
        #"{"network": {"template": {"blocks": 1.5}}}"#,
        "'network.template.blocks' is 1.5, expected a whole number"
      ),
      (#"{"run": null}"#, "'run' is null"),
      (#"{"optimizer": {"averageDecay": null}}"#, "'optimizer.averageDecay' is null"),
      (#"{"run": {"batch": true}}"#, "'run.batch' is true, expected a whole number"),
      (#"{"run": {"steps": "5"}}"#, "'run.steps' is \"5\", expected a whole number"),
      (#"{"run": {"dropout": 1}}"#, "'run.dropout' is 1, expected true or false"),
      (#"{"run": {"weights": 1}}"#, "'run.weights' is 1, expected a text"),
      (#"{"run": {"newParts": "a"}}"#, "'run.newParts' is \"a\", expected a list"),
      (
        #"{"optimizer": {"clipNorm": [1]}}"#, "'optimizer.clipNorm' is [1], expected a number"
      ),
      (#"{"loss": {"contacts": true}}"#, "'loss.contacts' is true, expected an object"),
      (
        #"{"loss": {"contacts": {"loss": {"alphaRange": [2, 1]}}}}"#,
        "'loss.contacts.loss.alphaRange' is [2,1], expected two numbers, the smaller one first"
      ),
      (#"{"run": {"batch": 1e30}}"#, "'run.batch' is 1e+30, expected at most 1e18"),
      (
        #"{"optimizer": {"schedule": {"peak": 1e300}}}"#,
        "'optimizer.schedule.peak' is 1e+300, expected at most 1e18"
      ),
      (
        #"{"optimizer": {"adam": {"beta1": 1e300}}}"#,
        "'optimizer.adam.beta1' is 1e+300, expected 0 to below 1"
      ),
      (
        #"{"optimizer": {"rateFactors": [{"scope": "a", "factr": 1}]}}"#,
        "unknown key 'optimizer.rateFactors[0].factr'; known here are factor, scope"
      ),
      (
        #"{"optimizer": {"rateFactors": [{"scope": "a"}]}}"#,
        "'optimizer.rateFactors[0]' has no 'factor', expected 'factor' and 'scope'"
      ),
      (
        #"{"optimizer": {"rateFactors": [{"scope": "a", "factor": 1}, 3]}}"#,
        "'optimizer.rateFactors[1]' is no object, expected one with 'factor' and 'scope'"
      ),
      (
        #"{"optimizer": {"rateFactors": [{"scope": "a", "factor": "b"}]}}"#,
        "'optimizer.rateFactors[0].factor' has a value of the wrong kind"
      ),
      (#"{"run": 3}"#, "'run' is 3, expected an object with settings"),
    ])
  func wrongKind(_ text: String, _ words: String) throws {
    let error = #expect(throws: ConfigurationError.self) { try parse(text) }
    let message = "\(try #require(error))"
    #expect(message.hasPrefix("c.json: \(words)") && !message.contains("\n"), "\(message)")
  }

  @Test(
    "settings of the Attention Loss that make no sense are named with their key",
    arguments: [
      (#"{"contacts": {"loss": {"beta": 0}}}"#, "contacts.loss.beta"),
      (#"{"contacts": {"loss": {"gamma": -0.5}}}"#, "contacts.loss.gamma"),
      (#"{"contacts": {"loss": {"alpha": 1.5}}}"#, "contacts.loss.alpha"),
      (#"{"contacts": {"loss": {"alphaRange": [-0.1, 1]}}}"#, "contacts.loss.alphaRange"),
      (#"{"contacts": {"loss": {"alphaRange": [0.9, 0.1]}}}"#, "contacts.loss.alphaRange"),
      (#"{"contacts": {"weight": -1}}"#, "contacts.weight"),
      (#"{"contacts": {"minSeparation": -1}}"#, "contacts.minSeparation"),
      (#"{"contacts": {"distance": 2}}"#, "contacts.distance"),
      (#"{"contacts": {"distance": 22}}"#, "contacts.distance"),
      (#"{"distogramAttention": {"beta": -4}}"#, "distogramAttention.beta"),
      (#"{"distogramAttention": {"gamma": -1}}"#, "distogramAttention.gamma"),
      (#"{"distogramAttention": {"alphaRange": [0.1, 0.9]}}"#, "distogramAttention.alphaRange"),
      (#"{"distogramAttention": {"alpha": 0.5}}"#, "distogramAttention.alpha"),
    ])
  func attentionLoss(_ text: String, _ key: String) throws {
    let error = #expect(throws: ConfigurationError.self) { try parse("{\"loss\": \(text)}") }
    let message = "\(try #require(error))"
    #expect(message.contains("'loss.\(key)'") && !message.contains("\n"), "\(message)")
  }

  @Test("contacts that are switched on balance their classes unless the weight of one is stated")
  func contacts() throws {
    #expect(try parse(#"{"loss": {"contacts": {}}}"#).loss.contacts == ContactLossConfig())
    let stated = try parse(#"{"loss": {"contacts": {"distance": 10, "loss": {"alpha": 0.9}}}}"#)
    var expected = ContactLossConfig()
    expected.distance = 10
    expected.loss.alpha = 0.9
    #expect(stated.loss.contacts == expected)
    #expect(try parse(stated.document()) == stated)
    let off = try parse(#"{"loss": {"contacts": null}}"#)
    #expect(off.loss.contacts == nil)
  }

  @Test("validation recycles as often as the network unless the file says otherwise")
  func validationRecycles() throws {
    let stated = try parse(#"{"preset": "mini", "network": {"recycles": 2}}"#)
    #expect(stated.validation.recycles == 2)
    let other = try parse(
      #"{"preset": "mini", "network": {"recycles": 2}, "validation": {"recycles": 1}}"#)
    #expect(other.validation.recycles == 1)
    var changed = [stated, other]
    for index in changed.indices { changed[index].recycle(3) }
    #expect(changed.map(\.network.recycles) == [3, 3])
    #expect(changed.map(\.validation.recycles) == [3, 1])
    for name in TrainingConfig.presetNames {
      #expect(try parse("{\"preset\": \"\(name)\"}") == TrainingConfig.preset(named: name))
    }
  }

  @Test("the largest seed reads back from the document of a configuration")
  func largestSeed() throws {
    var config = TrainingConfig.mini
    config.run.seed = .max
    #expect(try parse(config.document()) == config)
  }

  @Test(
    "a setting without effect is mentioned in one line, what a preset brings along is not",
    arguments: [
      (#"{"preset": "mini", "optimizer": {"clip": "adagc", "clipNorm": 2}}"#, "clipNorm"),
      (#"{"preset": "mini", "optimizer": {"adaGC": {"warmUpSteps": 5}}}"#, "adaGC"),
      (#"{"preset": "mini", "data": {"recycleWeights": [1, 1]}}"#, "recycleWeights"),
      (#"{"preset": "mini", "network": {"recycles": 3}}"#, "set 'network.recycles' to 0"),
      (
        #"{"preset": "initial", "loss": {"weights": {"alignedError": 0.5}}}"#,
        "loss.weights.alignedError"
      ),
      (#"{"preset": "mini", "run": {"newParts": ["distogram_head"]}}"#, "run.newParts"),
      (#"{"preset": "mini", "optimizer": {"clip": "adagc"}}"#, ""),
      (#"{"preset": "mini", "network": {"recycles": 1}, "data": {"recycleWeights": [1, 1]}}"#, ""),
      (#"{"preset": "initial"}"#, ""), (#"{"preset": "finetune"}"#, ""),
      (#"{"preset": "tiny"}"#, ""), (#"{"preset": "mini"}"#, ""),
    ])
  func cautions(_ text: String, _ word: String) throws {
    let lines = try parse(text).cautions
    #expect(lines.count == (word.isEmpty ? 0 : 1), "\(lines)")
    #expect(lines.allSatisfy { $0.contains("'") && $0.contains(word) && !$0.contains("\n") })
  }

  @Test("the mini network takes less than 20 MiB in bf16")
  func miniSize() {
    let count = FoldingConfig.mini.parameterManifest.reduce(0) { $0 + $1.count }
    #expect(2 * count < 20 << 20, "\(count)")
  }
}
