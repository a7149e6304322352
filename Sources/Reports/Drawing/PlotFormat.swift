import AtomicFiles

/// How drawings are written to files.
public enum PlotFormat: String, CaseIterable, Sendable {
  case svg, png

  /// Writes drawings as `plot_<name>.<format>` and returns their paths.
  public func write(
    _ figures: [(name: String, figure: Figure)], to folder: String
  ) throws -> [String] {
    try figures.map { name, figure in
      let path = "\(folder)/plot_\(name).\(rawValue)"
      switch self {
      case .svg: try AtomicFile.write(figure.svg(id: name), to: path)
      case .png: try figure.png().withUnsafeBytes { try AtomicFile.write($0, to: path) }
      }
      return path
    }
  }
}
