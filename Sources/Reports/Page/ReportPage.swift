/// One page that holds everything it shows: text, tables, drawings and structures, without network access.
public struct ReportPage: Sendable {
  /// What the page is about.
  public var title: String
  /// One line below the title.
  public var lead: String
  /// Warnings at the top of the page, such as that the parameters are random.
  public var warnings: [String] = []
  /// The few numbers that matter most.
  public var figures: [(value: String, name: String)] = []
  /// Structures to show; without any there is no viewer.
  public var scenes: [StructureScene] = []
  /// Whether all scenes show one chain, in one frame, so that the view stays the same when another is chosen.
  public var scenesAreOneChain = false
  /// Drawings and tables in order.
  public var sections: [Section] = []
  /// How the page was made.
  public var footer: String

  /// A part of the page.
  public enum Section: Sendable {
    /// Drawings, side by side if there is room.
    case plots([Figure])
    /// A table.
    case table(Table)
  }

  /// A table; below a head, cells that look like numbers stand to the right, and what follows the first line of a cell is smaller.
  public struct Table: Sendable, Hashable {
    /// What the table is about.
    public var title: String
    /// Names of columns; none for a list of names and values.
    public var head: [String]
    /// Rows of cells.
    public var rows: [[String]]
    /// A remark below the table.
    public var note: String?

    /// A table.
    public init(title: String, head: [String] = [], rows: [[String]], note: String? = nil) {
      self.title = title
      self.head = head
      self.rows = rows
      self.note = note
    }
  }

  /// A page without content.
  public init(title: String, lead: String, footer: String) {
    self.title = title
    self.lead = lead
    self.footer = footer
  }

  /// The page as HTML.
  ///
  /// Its content security policy forbids every request, so that the browser enforces that nothing is loaded.
  public var html: String {
    var parts = [
      """
      <!doctype html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:">
      <title>\(escaped(title))</title>
      <style>
      \(Self.text(PackageResources.page_css))</style>
      </head>
      <body>
      <a class="skip" href="#content">Skip to the content</a>
      <header>
      <h1>\(escaped(title))</h1>
      <p class="lead">\(escaped(lead))</p>
      """
    ]
    parts += warnings.map { "<p class=\"warning\" role=\"note\">\(escaped($0))</p>" }
    parts += ["</header>", "<main id=\"content\">", figureList]
    if !scenes.isEmpty { parts.append(viewer) }
    for (index, section) in sections.enumerated() { parts.append(html(section, index)) }
    parts += ["</main>", "<footer>\(escaped(footer))</footer>"]
    if !scenes.isEmpty { parts.append(scripts) }
    return parts.joined(separator: "\n") + "\n</body>\n</html>\n"
  }

  private var figureList: String {
    if figures.isEmpty { return "" }
    let items = figures.map {
      "<li><b>\(escaped($0.value))</b><span>\(escaped($0.name))</span></li>"
    }
    return "<ul class=\"figures\">\(items.joined())</ul>"
  }

  private func html(_ section: Section, _ index: Int) -> String {
    switch section {
    case .plots(let figures):
      let cells = figures.enumerated().map { place, figure in
        let drawing = figure.svg(id: "s\(index)p\(place)")
        let caption = figure.caption.map { "<p class=\"note\">\(escaped($0))</p>" } ?? ""
        if figure.width <= Self.narrowest { return "<section>\(drawing)\(caption)</section>" }
        return
          "<section class=\"wide\">\(Self.scrolling(drawing, figure.title))"
          + "<p class=\"note sideways\">Swipe sideways to see all of it.</p>\(caption)</section>"
      }
      return "<div class=\"plots\">\n\(cells.joined(separator: "\n"))\n</div>"
    case .table(let table): return html(table)
    }
  }

  private func html(_ table: Table) -> String {
    var rows = table.rows.map { row in
      let cells = row.enumerated().map { place, cell in
        place == 0
          ? "<th scope=\"row\">\(escaped(cell))</th>"
          : "<td\(!table.head.isEmpty && Self.isNumber(cell) ? " class=\"number\"" : "")>"
            + "\(Self.lines(cell))</td>"
      }
      return "<tr>\(cells.joined())</tr>"
    }
    if !table.head.isEmpty {
      let cells = table.head.enumerated().map { place, name in
        let isNumber = table.rows.first.map {
          place > 0 && place < $0.count && Self.isNumber($0[place])
        }
        return
          "<th scope=\"col\"\(isNumber == true ? " class=\"number\"" : "")>\(escaped(name))</th>"
      }
      rows.insert("<thead><tr>\(cells.joined())</tr></thead>", at: 0)
    }
    let note = table.note.map { "<p class=\"note\">\(escaped($0))</p>" } ?? ""
    let content = "<table>\n\(rows.joined(separator: "\n"))\n</table>"
    return
      "<section><h2>\(escaped(table.title))</h2>\(Self.scrolling(content, table.title))\(note)</section>"
  }

  /// Pixels up to which a drawing fits a phone.
  private static let narrowest = 500.0

  /// What may be wider than the page, in a part that scrolls to the side, by keyboard too.
  private static func scrolling(_ content: String, _ title: String) -> String {
    "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"\(escaped(title))\">"
      + "\(content)</div>"
  }

  /// The first line of a cell, and the others in small letters below it.
  private static func lines(_ cell: String) -> String {
    let lines = cell.split(separator: "\n").map { escaped(String($0)) }
    return (lines.prefix(1) + lines.dropFirst().map { "<br><small>\($0)</small>" }).joined()
  }

  private static func isNumber(_ text: String) -> Bool {
    text == "–"  // for a missing number
      || text.wholeMatch(of: /[0-9]+ of [0-9]+/) != nil
      || text.allSatisfy { "0123456789.,-+–±… %[]()eE\n".contains($0) }
        && text.contains(where: \.isNumber)
  }

  private var viewer: String {
    """
    <section id="viewer" aria-labelledby="viewer-title">
    <h2 id="viewer-title">Structure</h2>
    <canvas id="view" tabindex="0" role="application" aria-roledescription="structure" aria-label="Cartoon of the structure. Arrow keys turn it, plus and minus change its size, 0 goes back." aria-describedby="view-text"></canvas>
    <ul class="legend" id="legend" aria-label="Colours"></ul>
    <div class="tools">
    <label id="scene-choice">Show <select id="scene"></select></label>
    <label>Colour by <select id="coloring"></select></label>
    <label id="reference-choice" hidden><input type="checkbox" id="shows-reference" checked> reference</label>
    <button type="button" id="nearer" aria-label="Nearer">+</button>
    <button type="button" id="farther" aria-label="Farther">−</button>
    <button type="button" id="spin" aria-pressed="false">Spin</button>
    <button type="button" id="reset">Reset</button>
    <button type="button" id="save">Save image</button>
    </div>
    <div class="residue"><label for="residue">Residue</label>
    <input type="range" id="residue" min="0" max="1" value="0" aria-valuetext="none">
    <output id="residue-text" for="residue">Choose a residue here, in the structure or in a plot.</output></div>
    <p class="hint" id="view-text">Drag to turn; Shift and drag, or two fingers, to move; pinch or, once the view has the focus, use the wheel to change the size. On a touch screen, up and down scroll the page until the view is tapped. Keyboard: arrows, + and −, 0.</p>
    </section>
    """
  }

  private var scripts: String {
    let code = [PackageResources.mesh_js, PackageResources.viewer_js, PackageResources.page_js]
    let bands = ConfidenceBand.allCases.reversed().map(\.json).joined(separator: ",")
    return
      "<script type=\"application/json\" id=\"scenes\">{\"bands\":[\(bands)]"
      + ",\"isOneChain\":\(scenesAreOneChain)"
      + ",\"scenes\":[\(scenes.map(\.json).joined(separator: ","))]}</script>\n"
      + code.map { "<script>\n\(Self.text($0))</script>" }.joined(separator: "\n")
  }

  private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
}
