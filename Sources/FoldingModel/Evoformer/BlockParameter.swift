import TensorCore

/// Which processes differentiate a parameter, by its official key.
public enum BlockParameter {
  private static let stacks = ["/evoformer_iteration/", "/extra_msa_stack/"]
  private static let pairTrack = ["/triangle_", "/pair_transition"]

  /// The branch that alone differentiates a parameter of a block in parallel order; nil outside of the blocks.
  public static func owner(_ key: String) -> BranchRole? {
    guard let stack = stacks.first(where: { key.contains($0) }) else { return nil }
    let layer = key.components(after: stack)
    return pairTrack.contains { layer.hasPrefix($0) } ? .second : .first
  }

  /// Whether a parameter belongs to a block of the main or the extra-MSA stack.
  static func isStacked(_ key: String) -> Bool { stacks.contains { key.contains($0) } }

  /// Whether processes that share operations along an axis each have a part of the gradient; the rest they all compute whole.
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
