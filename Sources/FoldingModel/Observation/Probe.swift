import NeuralNet
import TensorCore

/// Watches a forward pass: receives named intermediate tensors, for comparison with other implementations.
///
/// Watching copies tensors and never changes a result.
public struct Probe {
  /// Called with the name of a tensor and the tensor, which is only valid during the call.
  public let record: (String, Tensor) -> Void
  let scope: String

  /// A probe that hands every tensor to `record`.
  public init(_ record: @escaping (String, Tensor) -> Void) { self.init(scope: "", record) }

  private init(scope: String, _ record: @escaping (String, Tensor) -> Void) {
    self.record = record
    self.scope = scope
  }

  /// A probe whose names begin with `name/`.
  func scoped(_ name: String) -> Probe { Probe(scope: scope + name + "/", record) }

  /// Records a tensor.
  func callAsFunction(_ name: String, _ tensor: Tensor) { record(scope + name, tensor) }
}

extension Optional where Wrapped == Probe {
  /// Runs one step that updates `stream` in place; a probe sees what the step adds.
  func step(
    _ name: String, on stream: Tensor, _ context: ExecutionContext, _ body: () -> Void
  ) {
    guard let probe = self else { return body() }
    let before = context.copyShared(stream, as: .float32)
    body()
    let update = context.copyShared(stream, as: .float32)
    for index in 0..<update.count { update.floats[index] -= before.floats[index] }
    probe(name, update)
  }
}
