/// The parts of a block of the Evoformer or of the extra-MSA stack, by which work is assigned to branches.
///
/// Lines of Suppl. 1.6 and 1.7.2.
public enum BlockPart: Sendable, Hashable {
  /// Row attention, column attention and transition of the MSA: lines 2 to 4.
  case msaTrack
  /// Outer product mean: line 5.
  case outerProductMean
  /// Triangle updates and transition of the pair representation: lines 6 to 10.
  case pairTrack
}
