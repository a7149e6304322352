import Testing

@testable import Measurements

@Suite("Spike experiment")
struct SpikeExperimentTests {
  @Test("the low tensor is the smallest of those that are a thousandth of the whole gradient")
  func places() {
    // The whole has the norm 5: 0.004 is below its thousandth, as rounding is.
    let norms = [0, 1e-8, 0.004, 0.006, 3, 4]
    #expect(SpikeExperiment.Target.none.place(in: norms) == nil)
    #expect(SpikeExperiment.Target.low.place(in: norms) == 3)
    #expect(SpikeExperiment.Target.high.place(in: norms) == 5)
  }

  @Test("a gradient of 0, or one that is not finite, has no tensor to hit")
  func nothing() {
    for norms in [[0, 0], [1, Double.nan]] {
      for target in SpikeExperiment.Target.allCases {
        #expect(target.place(in: norms) == nil)
      }
    }
  }
}
