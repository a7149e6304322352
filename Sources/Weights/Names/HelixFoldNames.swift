import Foundation

/// Parameter names of PaddleHelix's HelixFold.
///
/// Mechanical: slashes become dots, the block number follows the stack, linear and norm arrays are called `weight`
/// and `bias`. Queries, keys and values of one input are merged as `qkv_w [3, heads, channels, in]`.
enum HelixFoldNames: ForeignNaming {
  /// Names of linear and norm arrays.
  static let leaves = ["weights": "weight", "scale": "weight", "bias": "bias", "offset": "bias"]
  /// Index of an array in the merged projections.
  static let merged = ["query_w": 0, "key_w": 1, "value_w": 2]

  static func places(of key: OfficialKey, block: Int?) -> [ForeignArray] {
    let scope = scope(of: key, block: block)
    let single = ForeignArray(name: "\(scope).\(leaves[key.name] ?? key.name)", transform: .copied)
    guard let part = merged[key.name] else { return [single] }
    return [ForeignArray(name: scope + ".qkv_w", transform: .merged(part: part)), single]
  }

  private static func scope(of key: OfficialKey, block: Int?) -> String {
    var path = key.scope
    if let (stack, inner) = key.block, let block {
      let folder = stack.replacingOccurrences(of: "__layer_stack_no_state/", with: "")
      path = "\(folder)\(block)/\(inner)"
    }
    return "alphafold_iteration." + path.replacingOccurrences(of: "/", with: ".")
  }
}
