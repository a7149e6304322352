import FoldingCore
import TensorCore

/// How many bytes the forward and backward pass of one training sample needs besides parameters and their gradients.
///
/// Representations, their gradients and the inputs of blocks that run again are counted from their shapes. The tape of a block and
/// the temporaries of operations are counted in copies of the representation in its storage type: one before each update, and what
/// was measured beyond that (`bench train` on networks of one and three blocks).
public struct SampleMemory: Sendable, Hashable {
  /// Representations and their gradients, features of heads, coordinates of all layers.
  public let representations: Int
  /// Inputs of blocks that run again, or the tapes of all blocks.
  public let saved: Int
  /// Tape of the block that is being differentiated, and temporaries of its operations.
  public let block: Int

  /// Bytes at the peak, plus 25 % and 1 MiB, which covers temporaries and losses in small networks.
  public var peak: Int { (representations + saved + block) / 4 * 5 + (1 << 20) }

  /// Copies of a representation on the tape of a block, one before each update.
  private static let (pairTape, msaTape) = (6, 3)
  /// Copies that a block holds if its inputs are kept elsewhere, operations included; measured in `model_1` 5.1 of the pair tensor,
  /// 4.0 of the MSA and 2.4 of the extra MSA in bf16, 4.9, 3.3 and 2.3 in fp32.
  private static let (pairWork, msaWork) = (5, 4)

  /// The memory of a sample.
  ///
  /// - Parameters:
  ///   - recomputes: whether blocks run again for their gradients.
  ///   - format: block format in which their inputs are kept for that; nil for the storage type.
  public init(
    _ config: FoldingConfig, _ size: ProblemSize, storage: DType, recomputes: Bool,
    format: BlockFormat? = nil
  ) {
    let (n, b, gradient) = (size.residues, storage.byteCount, DType.float32.byteCount)
    let templates = config.template == nil ? 0 : size.templates
    let rows = size.clusters + (config.template?.embedsTorsions == true ? templates : 0)
    let pair = n * n * config.channels.pair
    let msa = rows * n * config.channels.msa
    let extra = size.extraRows * n * config.channels.extraMSA
    let template = templates * n * n * (config.template?.channels ?? 0)
    let (main, side) = (config.evoformer.blocks, config.extraMSA.blocks)
    let small = template * (config.template?.blocks ?? 0)

    let (heads, structure) = (config.heads, config.structure)
    let perPair =
      2 * (heads.distogramBins + (heads.alignedError?.bins ?? 0)) + structure.layers
      * structure.heads
    representations =
      (pair + msa + extra + template) * (b + gradient) + pair * b  // the pass before
      + (n * n * perPair + 2 * rows * n * heads.maskedMSAClasses) * gradient
    if recomputes {
      func kept(_ count: Int) -> Int {
        format == nil ? count * b : BlockFormat.byteCount(of: count)
      }
      saved = main * (kept(pair) + kept(msa)) + side * (kept(pair) + kept(extra)) + kept(small)
      block =
        b
        * (Self.pairWork * max(pair, template)
          + Self.msaWork * max(msa, extra))
    } else {
      saved =
        b
        * (main * (Self.pairTape * pair + Self.msaTape * msa)
          + side * (Self.pairTape * pair + Self.msaTape * extra) + Self.pairTape * small)
      block = b * (max(pair, template) + max(msa, extra))
    }
  }
}
