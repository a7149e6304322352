import FoldingModel
import NumericArrays

/// Turns finished stages into a fraction and a remaining time.
struct PassMeter {
  private let costs: CostModel
  private let passes: Int
  private let ensembles: Int
  private let done: Int
  private let time = RemainingTime(silence: 0.2)
  /// Pass, draw of the ensemble, and share of the last stage, which reveals the next draw.
  private var last = (pass: 0, draw: 0, share: 0.0)

  init(_ costs: CostModel, passes: Int, ensembles: Int, done: Int) {
    self.costs = costs
    self.passes = passes
    self.ensembles = max(1, ensembles)
    self.done = done
  }

  /// The share of all passes that is done, and the seconds left at the rate since the start.
  mutating func update(pass: Int, stage: PassStage) -> (fraction: Double, remaining: Double?) {
    update(pass: pass, share: costs.fraction(after: stage))
  }

  /// - Parameter share: of a pass with one draw; the draws of an ensemble begin again from its start.
  mutating func update(pass: Int, share: Double) -> (fraction: Double, remaining: Double?) {
    let isNextDraw = pass == last.pass && share < last.share
    last = (pass, pass != last.pass ? 0 : last.draw + (isNextDraw ? 1 : 0), share)
    let ofPass = min(1, (Double(last.draw) + share) / Double(ensembles))
    let fraction = (Double(pass) + ofPass) / Double(passes)
    let before = Double(done) / Double(passes)
    return (min(fraction, 1), time.seconds(done: fraction - before, left: 1 - fraction))
  }
}
