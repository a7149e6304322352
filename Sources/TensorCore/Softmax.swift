import CKernels

/// Softmax over the last axis of a float32 tensor, in place; a row of −∞ becomes zeros.
public func softmaxInPlace(_ x: Tensor) {
  let columns = x.channels
  if columns == 0 { return }
  hf_softmax(Int64(x.count / columns), Int64(columns), x.floats, Int64(columns))
}

/// Softmax of a few numbers, in place.
public func softmaxInPlace(_ logits: UnsafeMutableBufferPointer<Float>) {
  guard let base = logits.baseAddress else { return }
  hf_softmax(1, Int64(logits.count), base, Int64(logits.count))
}
