import FoldingCore
import Foundation
import Testing

@testable import TrainingRun

@Suite("Training configuration")
struct ConfigurationTests {
  private func parse(_ text: String) throws -> TrainingConfig {
    try TrainingConfig.parse(Data(text.utf8), file: "c.json")
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
    expected.optimizer.clip = "adagc"
    expected.data.maximumResolution = nil
    #expect(config == expected)
    #expect(try parse(#"{"network": "tiny"}"#).network == .tiny)
    let saved = try parse(#"{"run": {"savedActivations": "int8"}}"#)
    #expect(saved.run.savedActivations == "int8")
    #expect(try parse(saved.document()) == saved)
  }

  @Test(
    "what is wrong is named with its key in one line",
    arguments: [
      (#"{"stepz": 3}"#, "'stepz'"), (#"{"run": {"stepz": 3}}"#, "'run.stepz'"),
      (#"{"network": {"evoformer": {"bloks": 1}}}"#, "'network.evoformer.bloks'"),
      (#"{"network": "huge"}"#, "'huge'"), (#"{"preset": "x"}"#, "'preset'"),
      (#"{"run": {"steps": "many"}}"#, "'run.steps'"), (#"{"run": {"steps": 0}}"#, "'run.steps'"),
      (#"{"run": {"batch": -1}}"#, "'run.batch'"), (#"{"data": {"crop": 0}}"#, "'data.crop'"),
      (#"{"optimizer": {"clip": "hard"}}"#, "'optimizer.clip'"), ("[]", "JSON"), ("{", "JSON"),
      (#"{"run": {"savedActivations": "int4"}}"#, "'run.savedActivations'"),
      (
        #"{"run": {"savedActivations": "int8", "recompute": false}}"#, "'run.savedActivations'"
      ),
      (#"{"optimizer": {"clipNorm": -0.1}}"#, "'optimizer.clipNorm'"),
      (#"{"optimizer": {"clipNorm": 0}}"#, "'optimizer.clipNorm'"),
      (#"{"optimizer": {"adam": {"beta1": 1}}}"#, "'optimizer.adam.beta1'"),
      (#"{"optimizer": {"adam": {"epsilon": 0}}}"#, "'optimizer.adam.epsilon'"),
      (#"{"loss": {"structure": {"backbone": {"unit": 0}}}}"#, "'loss.structure.backbone.unit'"),
      (
        #"{"optimizer": {"rateFactors": [{"scope": "structur_module", "factor": 2}]}}"#,
        "'structur_module'"
      ),
      (#"{"data": {"recycleWeights": [0]}}"#, "'data.recycleWeights'"),
      (#"{"network": {"channels": {"msa": 9999999999}}}"#, "'network.channels.msa'"),
    ])
  func refused(_ text: String, _ word: String) throws {
    let error = #expect(throws: ConfigurationError.self) { try parse(text) }
    let message = "\(try #require(error))"
    #expect(message.contains(word) && message.contains("c.json") && !message.contains("\n"))
  }

  @Test("the mini network takes less than 20 MiB in bf16")
  func miniSize() {
    let count = FoldingConfig.mini.parameterManifest.reduce(0) { $0 + $1.count }
    #expect(2 * count < 20 << 20, "\(count)")
  }
}
