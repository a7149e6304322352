extension Figure {
  /// The drawing as an SVG document: scalable, readable by screen readers, and without any outside reference.
  ///
  /// Ink takes the colour of the text around it, so that one drawing fits light and dark pages.
  ///
  /// - Parameter id: unique on the page; ties the drawing to its title and description.
  public func svg(id: String = "figure") -> String {
    let id = Self.identifier(id)
    var lines = [
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 \(number(width)) \(number(height))\""
        + " width=\"\(number(width))\" height=\"\(number(height))\" role=\"img\""
        + " aria-labelledby=\"\(id)-title \(id)-desc\" font-family=\"system-ui, sans-serif\""
        + "\(axisAttributes)>",
      "<title id=\"\(id)-title\">\(escaped(title))</title>",
      "<desc id=\"\(id)-desc\">\(escaped(summary))</desc>",
    ]
    lines += shapes.map(\.svg)
    return lines.joined(separator: "\n") + "\n</svg>\n"
  }

  private var axisAttributes: String {
    guard let axis = residueAxis else { return "" }
    let frame = [axis.frame.x, axis.frame.y, axis.frame.width, axis.frame.height].map(number)
    let matrix = axis.matrix.map {
      " data-low=\"\(number($0.range.lowerBound))\" data-high=\"\(number($0.range.upperBound))\""
        + " data-unit=\"\(escaped($0.unit))\" data-row=\"\(escaped($0.row))\""
        + " data-column=\"\(escaped($0.column))\""
    }
    return " data-frame=\"\(frame.joined(separator: " "))\" data-residues=\"\(axis.count)\""
      + " data-first=\"\(axis.first)\"" + (matrix ?? "")
  }

  /// Letters, digits and hyphens, a letter first.
  private static func identifier(_ text: String) -> String {
    "f-" + String(text.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "-" })
  }
}

extension Shape {
  fileprivate var svg: String {
    switch self {
    case .box(let box, let fill, let opacity, let tip):
      let attributes =
        "x=\"\(number(box.x))\" y=\"\(number(box.y))\" width=\"\(number(box.width))\""
        + " height=\"\(number(box.height))\" \(Self.fill(fill, opacity))"
      return Self.element("rect", attributes, tip: tip)
    case .line(let points, let stroke, let width, let isDashed):
      return "<polyline points=\"\(Self.list(points))\" fill=\"none\" stroke=\"\(stroke.svg)\""
        + (stroke.opacity < 1 ? " stroke-opacity=\"\(number(stroke.opacity))\"" : "")
        + " stroke-width=\"\(number(width))\" stroke-linejoin=\"round\""
        + (isDashed ? " stroke-dasharray=\"5 4\"" : "") + "/>"
    case .area(let points, let fill, let opacity):
      return "<polygon points=\"\(Self.list(points))\" \(Self.fill(fill, opacity))/>"
    case .dot(let place, let radius, let fill, let opacity, let tip):
      let attributes =
        "cx=\"\(number(place.x))\" cy=\"\(number(place.y))\" r=\"\(number(radius))\" "
        + Self.fill(fill, opacity)
      return Self.element("circle", attributes, tip: tip)
    case .text(let text, let place, let anchor, let size, let isBold, let isUpright):
      let turn =
        isUpright ? " transform=\"rotate(-90 \(number(place.x)) \(number(place.y)))\"" : ""
      return "<text x=\"\(number(place.x))\" y=\"\(number(place.y))\" font-size=\"\(number(size))\""
        + " text-anchor=\"\(anchor.rawValue)\" fill=\"currentColor\""
        + (isBold ? " font-weight=\"600\"" : "") + "\(turn)>\(escaped(text))</text>"
    case .image(let image, let box):
      return "<image x=\"\(number(box.x))\" y=\"\(number(box.y))\" width=\"\(number(box.width))\""
        + " height=\"\(number(box.height))\" preserveAspectRatio=\"none\""
        + " style=\"image-rendering:pixelated\""
        + " href=\"data:image/png;base64,\(base64(image.png))\"/>"
    }
  }

  private static func element(_ name: String, _ attributes: String, tip: String?) -> String {
    guard let tip else { return "<\(name) \(attributes)/>" }
    return "<\(name) \(attributes)><title>\(escaped(tip))</title></\(name)>"
  }

  private static func fill(_ color: Color, _ opacity: Double) -> String {
    let total = color.opacity * opacity
    return "fill=\"\(color.svg)\"" + (total < 1 ? " fill-opacity=\"\(number(total))\"" : "")
  }

  private static func list(_ points: [Point]) -> String {
    points.map { "\(number($0.x)),\(number($0.y))" }.joined(separator: " ")
  }
}

/// Text escaped for elements and quoted attributes of HTML and XML.
///
/// Characters that XML forbids become a replacement character.
func escaped(_ text: String) -> String {
  var result = ""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "&": result += "&amp;"
    case "<": result += "&lt;"
    case ">": result += "&gt;"
    case "\"": result += "&quot;"
    case "'": result += "&#39;"
    case "\n", "\t": result.unicodeScalars.append(scalar)
    case _
    where scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
      || scalar.value & 0xFFFE == 0xFFFE:
      result += "\u{FFFD}"
    default: result.unicodeScalars.append(scalar)
    }
  }
  return result
}

/// A number with at most two decimals; values that are not finite become 0.
func number(_ value: Double) -> String {
  guard value.isFinite, abs(value) < 1e12 else { return "0" }
  let hundredths = Int((value * 100).rounded())
  let (whole, rest) = (abs(hundredths) / 100, abs(hundredths) % 100)
  let sign = hundredths < 0 ? "-" : ""
  if rest == 0 { return "\(sign)\(whole)" }
  if rest % 10 == 0 { return "\(sign)\(whole).\(rest / 10)" }
  return "\(sign)\(whole).\(rest < 10 ? "0" : "")\(rest)"
}

/// Base64 of bytes (RFC 4648).
func base64(_ bytes: [UInt8]) -> String {
  let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
  var result: [UInt8] = []
  result.reserveCapacity((bytes.count + 2) / 3 * 4)
  for start in stride(from: 0, to: bytes.count, by: 3) {
    let group = bytes[start..<min(start + 3, bytes.count)]
    var word: UInt32 = 0
    for offset in 0..<3 {
      word = word << 8 | (offset < group.count ? UInt32(group[start + offset]) : 0)
    }
    for place in 0..<4 {
      let digit = Int(word >> UInt32(18 - 6 * place) & 63)
      result.append(place <= group.count ? alphabet[digit] : UInt8(ascii: "="))
    }
  }
  return String(decoding: result, as: UTF8.self)
}
