import CKernels
import CLibrary
import NumericArrays
import Testing

/// The paths this machine can run, the emulated ones included.
let kernelPaths: [hf_isa] = [
  HF_ISA_PORTABLE, HF_ISA_NEON, HF_ISA_AVX2, HF_ISA_AVX512, HF_ISA_AVX512_BF16, HF_ISA_AMX_BF16,
  HF_ISA_EMULATED_BF16, HF_ISA_EMULATED_AMX, HF_ISA_EMULATED_NEON,
].filter { hf_isa_available($0) }

/// The paths that multiply pairs of bf16.
let pairKernelPaths = kernelPaths.filter {
  [HF_ISA_AVX512_BF16, HF_ISA_AMX_BF16, HF_ISA_EMULATED_BF16, HF_ISA_EMULATED_AMX].contains($0)
}

/// Runs `body` with every kernel call of this thread on `path`; other tests keep theirs.
func onPath<R>(_ path: hf_isa, _ body: () throws -> R) rethrows -> R {
  #expect(hf_isa_override(path))
  defer { hf_isa_end_override() }
  return try body()
}

/// Sizes around every vector width and tile height.
let kernelSizes = [1, 2, 3, 5, 6, 7, 8, 13, 14, 15, 16, 17, 29, 31, 33, 64, 65, 100, 129]

/// Values of a fixed sequence (SplitMix64), so that every run tests the same numbers.
struct KernelRandom {
  private var numbers: SplitMix64

  init(_ seed: Int) { numbers = SplitMix64(seed: UInt64(seed) &* SplitMix64.increment) }

  mutating func next() -> UInt64 { numbers.next() }
  /// Uniform in (−1, 1).
  mutating func value() -> Float { Float(Int64(bitPattern: next()) >> 40) * 0x1p-23 }
  mutating func values(_ count: Int) -> [Float] { (0..<count).map { _ in value() } }
  mutating func bool() -> Bool { next() & (1 << 40) != 0 }
  mutating func choice<T>(_ options: [T]) -> T { options[Int(next() >> 33) % options.count] }
}

/// bf16 bits nearest to x, ties to even, by the definition: the neighbours of x among the floats whose low half is zero.
func bfloat16Bits(_ x: Float) -> UInt16 {
  if x.isNaN { return UInt16(x.bitPattern >> 16) | 0x40 }
  let below = x.bitPattern & 0xffff_0000
  let rest = x.bitPattern & 0xffff
  let up = rest > 0x8000 || (rest == 0x8000 && below & 0x1_0000 != 0)
  return UInt16(truncatingIfNeeded: (below &+ (up ? 0x1_0000 : 0)) >> 16)
}

func roundedToBFloat16(_ x: Float) -> Float {
  Float(bitPattern: UInt32(bfloat16Bits(x)) << 16)
}

/// A 64-byte aligned array of either type between two guards of NaNs: reading a guard spoils results, writing one is noticed.
final class KernelBuffer {
  static let guardBytes = 256
  let type: hf_dtype
  let count: Int
  private let memory: UnsafeMutableRawPointer
  private let bytes: Int

  var pointer: UnsafeMutableRawPointer { memory + Self.guardBytes }
  var floats: UnsafeMutablePointer<Float> { pointer.assumingMemoryBound(to: Float.self) }
  var elementSize: Int { type == HF_BF16 ? 2 : 4 }

  init(_ values: [Float], _ type: hf_dtype = HF_F32) {
    self.type = type
    count = values.count
    bytes = values.count * (type == HF_BF16 ? 2 : 4)
    let total = bytes + 2 * Self.guardBytes
    memory = .allocate(byteCount: total, alignment: 64)
    memset(memory, 0xff, total)
    for (i, x) in values.enumerated() { self[i] = x }
  }

  convenience init(count: Int, _ type: hf_dtype = HF_F32, filledWith x: Float = .nan) {
    self.init([Float](repeating: x, count: count), type)
  }

  deinit { memory.deallocate() }

  subscript(i: Int) -> Float {
    get {
      type == HF_BF16
        ? Float(bitPattern: UInt32(pointer.load(fromByteOffset: 2 * i, as: UInt16.self)) << 16)
        : pointer.load(fromByteOffset: 4 * i, as: Float.self)
    }
    set {
      if type == HF_BF16 {
        pointer.storeBytes(of: bfloat16Bits(newValue), toByteOffset: 2 * i, as: UInt16.self)
      } else {
        pointer.storeBytes(of: newValue, toByteOffset: 4 * i, as: Float.self)
      }
    }
  }

  var values: [Float] { (0..<count).map { self[$0] } }

  /// The contents byte by byte, for comparisons of every bit.
  var bits: [UInt8] { [UInt8](UnsafeRawBufferPointer(start: pointer, count: bytes)) }

  var guardsAreIntact: Bool {
    let all = UnsafeRawBufferPointer(start: memory, count: bytes + 2 * Self.guardBytes)
    return all.prefix(Self.guardBytes).allSatisfy { $0 == 0xff }
      && all.suffix(Self.guardBytes).allSatisfy { $0 == 0xff }
  }
}

/// Scratch memory of `bytes`, its contents NaN so that nothing can rely on them.
func withKernelScratch<R>(_ bytes: Int, _ body: (UnsafeMutableRawPointer) throws -> R) rethrows -> R
{
  let buffer = KernelBuffer(count: (bytes + 3) / 4)
  defer { #expect(buffer.guardsAreIntact, "scratch was written past its end") }
  return try body(buffer.pointer)
}

/// Half a unit in the last place of the stored type, relative: 2⁻²⁴ for fp32, 2⁻⁸ for bf16.
func roundingUnit(_ type: hf_dtype) -> Double { type == HF_BF16 ? 0x1p-8 : 0x1p-24 }

/// The largest ratio of error to allowed error, and where it occurs.
///
/// A ratio ≤ 1 passes; NaN fails.
struct WorstError: CustomStringConvertible {
  var ratio = 0.0
  var place = ""

  mutating func add(
    _ found: Float, _ expected: Double, allowed: Double, _ where: @autoclosure () -> String
  ) {
    let error = abs(Double(found) - expected)
    let this =
      error <= allowed ? error / max(allowed, .leastNormalMagnitude) : max(error / allowed, 2)
    if this > ratio || this.isNaN {
      ratio = this.isNaN ? .infinity : this
      place = "\(`where`()): \(found), expected \(expected) ± \(allowed)"
    }
  }

  var description: String { "error \(ratio) × allowed at \(place)" }
}

extension hf_isa: @retroactive CustomTestStringConvertible {
  /// The name of the path.
  public var testDescription: String { String(cString: hf_isa_name(self)) }
}

extension hf_dtype: @retroactive CustomTestStringConvertible {
  /// fp32 or bf16.
  public var testDescription: String { self == HF_BF16 ? "bf16" : "fp32" }
}
