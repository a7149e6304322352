import NumericArrays
import TensorCore

/// How fast this machine computes passes of a network, from a measurement of a moment.
///
/// A rough figure, for the plan of a job: other work on the machine, small networks and deep alignments change it.
struct WorkRate {
  /// Operations of a pass per second.
  let perSecond: Double

  /// Share of the rate of one large product that whole passes reach: 0.6 to 0.75 with AlphaFold2's network (docs/performance.md).
  private static let share = 0.65
  /// How long to measure.
  private static let moment = 0.3

  /// Times products of the shape of the MSA transition on all workers, for a third of a second.
  init(_ context: ExecutionContext) {
    let (rows, inner, columns) = (1024, 256, 1024)
    let left = context.zeros([rows, inner], context.operandType)
    let right = context.packShared(Matrix(context.zeros([inner, columns], context.operandType)))
    let result = context.empty([rows, columns])
    var fastest = Double.infinity
    let start = ContinuousClock.now
    while (ContinuousClock.now - start).seconds < Self.moment {
      let begin = ContinuousClock.now
      context.multiplyShared(Matrix(left), right, into: Matrix(result))
      fastest = min(fastest, (ContinuousClock.now - begin).seconds)
    }
    let operations = 2 * Double(rows) * Double(inner) * Double(columns)
    perSecond = Self.share * operations / max(fastest, 1e-9)
  }
}
