import FoldingCore

/// The contents of a parameter file, after reading every array once to verify checksums and values.
public struct ParameterReport: Sendable {
  /// The file, as messages name it.
  public let path: String
  /// The layout of the file.
  public let format: ParameterFormat
  /// The network it was recognised as.
  public let config: FoldingConfig
  /// Place of the outer product mean in training; nil if the file does not state it.
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
  /// Arrays with values that are not finite, sorted.
  public private(set) var nonFinite: [String] = []
  /// Arrays missing from or foreign to the network that it is compared with.
  public let differences: ParameterDifferences
  /// Name of that network.
  public let comparedName: String
  /// Settings of that network that make it compute something else from the same arrays, as far as the file states them.
  public let otherSettings: [String]

  /// Reads the whole file; throws if an array is damaged.
  ///
  /// - Parameter network: the network for comparison; nil for the recognised one.
  public init(_ file: ParameterFile, comparedWith network: FoldingConfig? = nil) throws {
    comparedName = network?.name ?? file.config.name
    otherSettings =
      file.format == .own ? file.config.functionalDifferences(from: network ?? file.config) : []
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
      if surplus.contains(key) || file.lacksParts(of: key) { continue }
      let values = try file.floats(for: key).values
      parameters += values.count
      if !values.allSatisfy(\.isFinite) { nonFinite.append(key) }
    }
  }

  /// Whether the network can be run with the file.
  public var isSound: Bool { differences.isEmpty && otherSettings.isEmpty && nonFinite.isEmpty }

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
    lines += otherSettings.map { "  setting      \($0) of \(comparedName)" }
    lines += nonFinite.map { "  not finite   \($0)" }
    lines.append(isSound ? "  complete" : "  not usable as \(comparedName)")
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
