import Foundation
import Protein
import StructureIO

@testable import Reports

#if canImport(FoundationXML)
  import FoundationXML
#endif

/// Counts elements of a document and keeps what a parser says of it.
final class MarkupReader: NSObject, XMLParserDelegate {
  private(set) var elements: [String: Int] = [:]
  private(set) var texts: [String] = []
  private(set) var attributes: [[String: String]] = []
  private(set) var isWellFormed = false

  init(_ text: String) {
    super.init()
    let parser = XMLParser(data: Data(text.utf8))
    parser.delegate = self
    isWellFormed = parser.parse()
  }

  func parser(
    _ parser: XMLParser, didStartElement name: String, namespaceURI: String?,
    qualifiedName: String?, attributes: [String: String]
  ) {
    elements[name, default: 0] += 1
    self.attributes.append(attributes)
  }

  func parser(_ parser: XMLParser, foundCharacters string: String) { texts.append(string) }
}

/// An ideal α-helix of alanine: rise 1.5 Å and turn 100° per residue.
func idealHelix(_ count: Int) -> [Residue] {
  // Radius, angle and height of N, CA, C, O about the axis (Pauling, Corey & Branson 1951, refined).
  let atoms: [(String, Double, Double, Double)] = [
    ("N", 1.55, -27.5, -0.88), ("CA", 2.29, 0, 0), ("C", 1.65, 26.3, 1.11), ("O", 2.02, 21.6, 2.33),
  ]
  return (0..<count).map { index in
    Residue(
      name: "ALA", number: index + 1,
      atoms: atoms.map { name, radius, angle, height in
        let turn = (angle + 100 * Double(index)) * .pi / 180
        return Atom(
          name: name, element: String(name.prefix(1)),
          position: SIMD3(
            radius * cos(turn), radius * sin(turn), height + 1.5 * Double(index)),
          bFactor: Double(40 + index % 60))
      })
  }
}

/// Two flat strands of seven alanines each (φ −130°, ψ 127°), side by side or one against the other, without a turn.
func idealStrands(antiparallel: Bool) -> [Residue] {
  // Places of N, CA, C, O about the axis of the strand, which each residue turns by 180° and climbs by 3.4 Å.
  let atoms: [(String, SIMD3<Double>)] = [
    ("N", SIMD3(0.32, -0.25, -1.22)), ("CA", SIMD3(-0.21, -0.83, 0)),
    ("C", SIMD3(0.47, -0.25, 1.23)), ("O", SIMD3(1.70, -0.25, 1.32)),
  ]
  return (0..<14).map { index in
    let place = index % 7
    let isSecond = index >= 7
    return Residue(
      name: "ALA", number: index + 1,
      atoms: atoms.map { name, local in
        var position = SIMD3(local.x, local.y, local.z + 3.4 * Double(place))
        if place % 2 == 1 { (position.x, position.y) = (-local.x, -local.y) }
        if isSecond, antiparallel {
          position = SIMD3(5 - position.x, position.y, 27.1 - position.z)
        } else if isSecond {
          position.x += 5
        }
        return Atom(name: name, element: String(name.prefix(1)), position: position)
      })
  }
}

/// A prediction of an ideal helix with made-up confidence.
func helixPrediction(_ count: Int, name: String = "helix", model: String = "model_1")
  -> PredictedStructure
{
  var positions = [Float](repeating: 0, count: count * 111)
  var mask = [Float](repeating: 0, count: count * 37)
  for (row, residue) in idealHelix(count).enumerated() {
    for (atom, value) in residue.standardAtoms {
      mask[row * 37 + atom.index] = 1
      for axis in 0..<3 {
        positions[(row * 37 + atom.index) * 3 + axis] = Float(value.position[axis])
      }
    }
  }
  return PredictedStructure(
    name: name, sequence: ProteinSequence([AminoAcid](repeating: .alanine, count: count)),
    positions: positions, mask: mask, plddt: (0..<count).map { Float(40 + $0 % 60) },
    modelName: model, softwareVersion: "0.0.0")
}
