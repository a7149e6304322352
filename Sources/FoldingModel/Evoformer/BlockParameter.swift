import TensorCore

/// Tells from the official key of a parameter which processes compute its gradient.
public enum BlockParameter {
  private static let stacks = ["/evoformer_iteration/", "/extra_msa_stack/"]
  private static let pairTrack = ["/triangle_", "/pair_transition"]

  /// The branch whose process alone computes the gradient of a parameter, in blocks of parallel order; nil outside of the blocks.
  public static func owner(_ key: String) -> BranchRole? {
    guard let stack = stacks.first(where: { key.contains($0) }) else { return nil }
    let layer = key.components(after: stack)
    return pairTrack.contains { layer.hasPrefix($0) } ? .second : .first
  }

  /// Whether a parameter belongs to a block of the main or the extra-MSA stack.
  static func isStacked(_ key: String) -> Bool { stacks.contains { key.contains($0) } }

  /// Whether each of the processes that share operations along an axis has a part of the gradient; other gradients they all compute whole.
  public static func isShared(_ key: String) -> Bool {
    (stacks + ["/template_pair_stack/"]).contains { key.contains($0) }
  }
}

extension String {
  /// What follows the first occurrence of a text that ends with a slash, the slash included.
  fileprivate func components(after text: String) -> Substring {
    var rest = self[...]
    while !rest.isEmpty, !rest.hasPrefix(text) { rest = rest.dropFirst() }
    return rest.dropFirst(text.count - 1)
  }
}
