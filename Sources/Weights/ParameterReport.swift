import FoldingCore

/// What a parameter file holds, after reading every array once: checksums verified, values looked at.
public struct ParameterReport: Sendable {
  /// The file, as messages name it.
  public let path: String
  /// Whose layout it has.
  public let format: ParameterFormat
  /// The network it was recognised as.
  public let config: FoldingConfig
  /// Place of the outer product mean in training; nil where the file does not tell.
  public let blockOrder: BlockOrder?
  /// Origin and terms; nil in files of others.
  public let provenance: ParameterProvenance?
  /// CRC-64/XZ that identifies the parameters.
  public let checksum: String
  /// Number of arrays.
  public private(set) var arrays = 0
  /// Number of values in all arrays.
  public private(set) var parameters = 0
  /// Number of arrays by element type.
  public private(set) var types: [String: Int] = [:]
  /// Arrays with values that are no finite numbers, sorted.
  public private(set) var nonFinite: [String] = []
  /// What the file lacks or has beyond its network.
  public let differences: ParameterDifferences

  /// Reads the whole file; throws where an array is damaged.
  public init(_ file: ParameterFile) throws {
    path = file.path
    format = file.format
    config = file.config
    blockOrder = file.blockOrder
    provenance = file.provenance
    checksum = try file.checksum()
    differences = file.differences
    let surplus = Set(differences.surplus)
    for key in file.keys {
      arrays += 1
      types[file.elementName(of: key), default: 0] += 1
      if surplus.contains(key) { continue }
      let values = try file.floats(for: key).values
      parameters += values.count
      if !values.allSatisfy(\.isFinite) { nonFinite.append(key) }
    }
  }

  /// Whether the network can be run with the file.
  public var isSound: Bool { differences.isEmpty && nonFinite.isEmpty }

  /// One fact per line; arrays that are wrong have a line each.
  public var lines: [String] {
    var lines = [
      path, "  format       \(format.rawValue)", "  preset       \(config.name)",
      "  block order  \(blockOrder?.rawValue ?? "not recorded")",
      "  passes       \(config.recycles + 1)", "  arrays       \(arrays)",
      "  parameters   \(grouped(parameters))",
      "  types        \(types.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", "))",
      "  checksum     \(checksum)",
    ]
    if let provenance {
      lines.append("  source       \(provenance.source)")
      lines.append("  licence      \(provenance.licence)")
      if provenance.isRandom {
        lines.append("  values       random numbers, predictions mean nothing")
      }
    }
    lines += differences.missing.map { "  missing      \($0)" }
    lines += differences.surplus.map { "  surplus      \($0)" }
    lines += differences.misshapen.map {
      "  misshapen    \($0.key) \($0.found) instead of \($0.expected)"
    }
    lines += nonFinite.map { "  not finite   \($0)" }
    lines.append(isSound ? "  complete" : "  not usable as \(config.name)")
    return lines
  }

  /// Digits in groups of three.
  private func grouped(_ number: Int) -> String {
    var text = ""
    for (place, digit) in String(number).reversed().enumerated() {
      if place > 0 && place.isMultiple(of: 3) { text.append(",") }
      text.append(digit)
    }
    return String(text.reversed())
  }
}
