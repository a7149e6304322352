import PlainTensors
import TensorCore

extension PlainTensor {
  /// A leaf with the values of a parameter, exactly as the fast layer holds them.
  public convenience init(_ tensor: Tensor) { self.init(tensor.array()) }
}
