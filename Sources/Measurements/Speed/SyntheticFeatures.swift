import FoldingCore
import FoldingModel
import NumericArrays
import Protein

/// Meaningless features of given sizes, the same in every run.
struct SyntheticFeatures: Features {
  let target: TargetFeatures
  private let alignment: AlignmentDraw

  init(_ size: ProblemSize, config: FoldingConfig) {
    var stream = SplitMix64(seed: 1)
    let n = size.residues
    func floats(_ shape: [Int], _ scale: Float = 1) -> NDArray<Float> {
      NDArray(
        shape: shape,
        values: (0..<shape.reduce(1, *)).map { _ in Float(stream.next() >> 40) * 0x1p-24 * scale })
    }
    func classes(_ shape: [Int], _ count: Float) -> [Float] { floats(shape, count).values }
    let templates =
      config.template != nil
      ? TemplateFeatures(
        aatype: NDArray(
          shape: [size.templates, n], values: classes([size.templates, n], 20).map { Int32($0) }),
        positions: floats([size.templates, n, AtomName.count, 3], 30),
        mask: NDArray(repeating: 1, shape: [size.templates, n, AtomName.count]),
        pseudoBeta: floats([size.templates, n, 3], 30),
        pseudoBetaMask: NDArray(repeating: 1, shape: [size.templates, n]),
        templateMask: Array(repeating: 1, count: size.templates)) : nil
    target = TargetFeatures(
      aatype: classes([n], 20).map { Int($0) }, residueIndex: Array(0..<n),
      residueMask: Array(repeating: 1, count: n),
      targetFeature: floats([n, config.channels.target.width]),
      templates: templates)
    let (rows, extra) = (size.clusters, size.extraRows)
    alignment = AlignmentDraw(
      msaFeature: floats([rows, n, FeatureWidths.msa]),
      msaMask: NDArray(repeating: 1, shape: [rows, n]),
      extraMSA: NDArray(shape: [extra, n], values: classes([extra, n], 22).map { UInt8($0) }),
      extraMask: NDArray(repeating: 1, shape: [extra, n]),
      extraHasDeletion: NDArray(repeating: 0, shape: [extra, n]),
      extraDeletionValue: NDArray(repeating: 0, shape: [extra, n]),
      bertMask: NDArray(repeating: 0, shape: [rows, n]),
      trueMSA: NDArray(repeating: 0, shape: [rows, n]))
  }

  func draw(pass: Int, ensemble: Int) -> AlignmentDraw { alignment }
}
