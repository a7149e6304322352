import FoldingCore
import Messages
import Testing

@testable import HelixFold

@Suite("Predictions with dropout")
struct DropoutPredictionTests {
  @Test("dropout is drawn from the seed: the same bits for any threads, other structures for seeds")
  func seeds() throws {
    let bench = try PredictionBench()
    func coordinates(dropout: Bool, seed: UInt64 = 0, threads: Int = 1) throws -> String {
      (bench.options.usesDropout, bench.options.seed) = (dropout, seed)
      bench.options.threads = threads
      try bench.predict(["net"])
      return try bench.text("toy/ranked_0.pdb").split(separator: "\n")
        .filter { $0.hasPrefix("ATOM") }.joined(separator: "\n")
    }
    let dropped = try coordinates(dropout: true)
    #expect(try coordinates(dropout: true, threads: 3) == dropped)
    #expect(try coordinates(dropout: true, seed: 1) != dropped)
    #expect(try coordinates(dropout: false) != dropped)
  }

  @Test("a run that was stopped goes on with the same masks, and its files say that there were any")
  func resumed() throws {
    let (whole, stopped) = (try PredictionBench(), try PredictionBench())
    for bench in [whole, stopped] {
      bench.options.usesDropout = true
      bench.options.recycles = 2
    }
    try whole.predict(["net"])
    #expect(throws: Interrupted.self) { try stopped.run(["net"], stopAfter: 1) }
    stopped.options.resumes = true
    try stopped.predict(["net"])
    #expect(stopped.passes == 2)
    for file in ["ranked_0.pdb", "confidence_net.json", "provenance_net.json"] {
      let (mine, theirs) = (try stopped.text("toy/" + file), try whole.text("toy/" + file))
      #expect(mine == theirs, "\(file)")
    }
    #expect(try whole.text("toy/provenance_net.json").contains("\"dropout\": true"))
    #expect(try whole.text("toy/ranked_0.pdb").contains("seed 0 with dropout, 2 recycles"))
    // Structures without dropout are others: they are made.
    (stopped.options.usesDropout, stopped.options.replacesDiffering) = (false, true)
    try stopped.predict(["net"])
    #expect(stopped.passes == 3)
    #expect(try !stopped.text("toy/provenance_net.json").contains("dropout"))
  }

  @Test("a network without dropout is told once")
  func without() {
    var config = FoldingConfig.tiny
    (config.evoformer.msaDropout, config.evoformer.pairDropout) = (0, 0)
    (config.extraMSA.msaDropout, config.extraMSA.pairDropout) = (0, 0)
    config.template?.dropout = 0
    config.structure.dropout = 0
    func cautions(_ config: FoldingConfig, dropout: Bool) -> [String] {
      var options = PredictionOptions()
      options.usesDropout = dropout
      let models = [PredictionBench.model("net", config: config)]
      return TargetCautions(options: options, models: models).aboutModels()
    }
    let said = "network 'net' has no dropout: every rate in its configuration is 0"
    #expect(cautions(config, dropout: true) == [said])
    #expect(cautions(config, dropout: false).isEmpty)
    #expect(cautions(.tiny, dropout: true).isEmpty)
    config.structure.dropout = 0.1
    #expect(cautions(config, dropout: true).isEmpty)
  }
}
