import FoldingCore
import FoldingModel
import NeuralNet
import NumericArrays
import Protein
import TensorCore

/// Random parameters of a whole network; shapes are what the network last asked for.
public struct RandomSource: ParameterSource {
  /// Expected shape of each key.
  public var shapes: [String: [Int]] = [:]

  /// No keys and no shapes.
  public init() {}

  /// The keys asked for so far.
  public var keys: [String] { shapes.keys.sorted() }
  /// The expected shape; one that nothing expects for an unknown key.
  public func shape(of key: String) -> [Int]? { shapes[key, default: [-1]] }
  /// Random values.
  public func floats(for key: String) throws -> NDArray<Float> {
    RandomParameters.array(key, shape: shapes[key, default: []])
  }
}

extension FoldingNetwork {
  /// A network with random parameters.
  ///
  /// It says itself which shapes it expects, one array at a time.
  public static func random(_ config: FoldingConfig, storage: DType = .float32) throws
    -> FoldingNetwork
  {
    var source = RandomSource()
    while true {
      do {
        return try FoldingNetwork(
          config, parameters: source, storage: storage, pool: BufferPool())
      } catch ParameterError.shape(let key, _, let expected) {
        source.shapes[key] = expected
      }
    }
  }
}

extension TargetFeatures {
  /// Random residues, and `templates` random templates.
  public static func random(
    residues: Int, kind: TargetFeatureKind = .residues, templates: Int = 0, mask: [Float]? = nil
  ) -> TargetFeatures {
    var stream = RandomStream("target")
    let aatype = (0..<residues).map { _ in Int(stream.next() % 21) }
    return TargetFeatures(
      aatype: aatype, residueIndex: (0..<residues).map { $0 < 5 ? $0 : $0 + 40 },
      residueMask: mask ?? Array(repeating: 1, count: residues),
      targetFeature: randomArray([residues, kind.width], "target feature"),
      templates: .random(count: templates, residues: residues))
  }
}

extension TemplateFeatures {
  /// Templates of random atoms a few Å apart, a quarter of them missing.
  public static func random(count: Int, residues: Int) -> TemplateFeatures {
    var stream = RandomStream("templates")
    let atoms = [count, residues, 37]
    return TemplateFeatures(
      aatype: NDArray(
        shape: [count, residues],
        values: (0..<count * residues).map { _ in Int32(stream.next() % 22) }),
      positions: randomArray(atoms + [3], "template positions", scale: 8),
      mask: randomMask(atoms, "template atoms", holes: true),
      pseudoBeta: randomArray([count, residues, 3], "pseudo-beta", scale: 8),
      pseudoBetaMask: randomMask([count, residues], "pseudo-beta mask", holes: true),
      templateMask: Array(repeating: 1, count: count))
  }
}

extension AlignmentDraw {
  /// A random draw with holes in both alignments.
  public static func random(
    clusters: Int, extra: Int, residues: Int, name: String = "draw"
  ) -> AlignmentDraw {
    var stream = RandomStream(name)
    let (rows, extraRows) = ([clusters, residues], [extra, residues])
    func letters(_ shape: [Int], _ count: UInt64) -> NDArray<UInt8> {
      NDArray(
        shape: shape,
        values: (0..<shape.reduce(1, *)).map { _ in UInt8(stream.next() % count) })
    }
    return AlignmentDraw(
      msaFeature: randomArray(rows + [49], name + " feature", scale: 0.5),
      msaMask: randomMask(rows, name + " mask", holes: true), extraMSA: letters(extraRows, 23),
      extraMask: randomMask(extraRows, name + " extra mask", holes: true),
      extraHasDeletion: randomMask(extraRows, name + " deletion", holes: true),
      extraDeletionValue: randomArray(extraRows, name + " value", scale: 0.3),
      bertMask: NDArray(repeating: 0, shape: rows), trueMSA: letters(rows, 22))
  }
}
