import CKernels
import NumericArrays

/// An array in 8-bit blocks: 32 consecutive values share one scale, and each slice of the first axis begins a new block.
///
/// A block is 34 bytes, the scale in bfloat16 (low byte first) and 32 signed integers; see `BlockCodec.h`.
struct WeightBlocks {
  /// Name of the encoding in files.
  static let name = "int8-blocks-32"

  /// Shape of the numbers.
  let shape: [Int]

  /// Bytes of a slice of the first axis; nil if the shape is invalid.
  var bytesPerSlice: Int? {
    guard !shape.isEmpty, shape.allSatisfy({ (1...1 << 24).contains($0) }) else { return nil }
    var count = 1
    for extent in shape.dropFirst() {
      let (product, overflows) = count.multipliedReportingOverflow(by: extent)
      if overflows || product > 1 << 40 { return nil }
      count = product
    }
    return (count + Int(HF_BLOCK_ELEMENTS) - 1) / Int(HF_BLOCK_ELEMENTS) * Int(HF_BLOCK_BYTES)
  }

  /// The numbers encoded, a row of bytes per slice.
  func encode(_ array: NDArray<Float>) -> NDArray<UInt8> {
    let bytes = bytesPerSlice ?? 0
    let width = array.count / max(1, shape[0])
    var result = [UInt8](repeating: 0, count: shape[0] * bytes)
    array.values.withUnsafeBufferPointer { source in
      result.withUnsafeMutableBytes { target in
        guard let from = source.baseAddress, let to = target.baseAddress else { return }
        for slice in 0..<shape[0] {
          hf_block_encode(
            HF_INT8_BLOCKS, Int64(width), from + slice * width, HF_F32, to + slice * bytes)
        }
      }
    }
    return NDArray(shape: [shape[0], bytes], values: result)
  }

  /// The numbers encoded by rows of bytes.
  func decode(_ blocks: NDArray<UInt8>) -> NDArray<Float> {
    let width = shape.dropFirst().reduce(1, *)
    let bytes = blocks.shape[1]
    let values = [Float](unsafeUninitializedCapacity: shape[0] * width) { target, used in
      blocks.values.withUnsafeBytes { source in
        guard let from = source.baseAddress, let to = target.baseAddress else { return }
        for slice in 0..<shape[0] {
          hf_block_decode(
            HF_INT8_BLOCKS, Int64(width), from + slice * bytes, to + slice * width, HF_F32)
        }
      }
      used = shape[0] * width
    }
    return NDArray(shape: shape, values: values)
  }
}
