import FoldingCore
import Foundation

/// An official key, `scope//name`, and its parts.
struct OfficialKey: Hashable {
  /// The prefix of all keys.
  static let root = ParameterSpec.root + "/"
  /// Scopes below which arrays carry a block axis.
  static let stacks = [
    "evoformer/evoformer_iteration/", "evoformer/extra_msa_stack/",
    "evoformer/template_embedding/single_template_embedding/template_pair_stack/"
      + "__layer_stack_no_state/",
  ]

  let key: String

  init(_ key: String) { self.key = key }

  /// The part after the double slash.
  var name: String { key.range(of: "//").map { String(key[$0.upperBound...]) } ?? key }

  /// The part before the double slash, without the common root.
  var scope: String {
    let scope = key.range(of: "//").map { key[..<$0.lowerBound] } ?? ""
    return scope.hasPrefix(Self.root) ? String(scope.dropFirst(Self.root.count)) : String(scope)
  }

  /// The stack that the array belongs to and its scope inside a block; nil outside stacks.
  var block: (stack: String, scope: String)? {
    let scope = scope
    guard let stack = Self.stacks.first(where: scope.hasPrefix) else { return nil }
    return (stack, String(scope.dropFirst(stack.count)))
  }

  /// Whether the first axis counts blocks.
  var isStacked: Bool { block != nil }

  /// The key without the common root, as messages print it.
  var short: String { key.hasPrefix(Self.root) ? String(key.dropFirst(Self.root.count)) : key }
}
