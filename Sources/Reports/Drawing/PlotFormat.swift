import AtomicFiles

extension Figure {
  /// Writes the drawing; the ending of the path chooses PNG, or else SVG.
  public func write(to path: String) throws {
    try write(to: path, as: path.lowercased().hasSuffix(".png") ? .png : .svg)
  }

  /// Writes the drawing in a format; `id` is that of ``svg(id:)``.
  fileprivate func write(to path: String, as format: PlotFormat, id: String = "figure") throws {
    switch format {
    case .svg: try AtomicFile.write(svg(id: id), to: path)
    case .png: try png().withUnsafeBytes { try AtomicFile.write($0, to: path) }
    }
  }
}

/// How drawings are written to files.
public enum PlotFormat: String, CaseIterable, Sendable {
  case svg, png

  /// Writes drawings as `plot_<name>.<format>` and returns their paths.
  public func write(
    _ figures: [(name: String, figure: Figure)], to folder: String
  ) throws -> [String] {
    try figures.map { name, figure in
      let path = "\(folder)/plot_\(name).\(rawValue)"
      try figure.write(to: path, as: self, id: name)
      return path
    }
  }
}
