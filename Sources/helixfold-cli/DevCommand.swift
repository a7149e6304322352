import ArgumentParser
import Foundation
import ArrayFiles
import FoldingCore
import FoldingModel
import HelixFold
import NumericArrays
import TensorCore
struct TempSource: ParameterSource {
  let archive: NumpyArchive
  var keys: [String] { archive.names }
  func shape(of key: String) -> [Int]? { try? archive.header(of: key).shape }
  func floats(for key: String) throws -> NDArray<Float> { try archive.array(named: key).floats! }
}
struct DevCommand: ParsableCommand {
  @Option var params: String
  @Option var inputs: String
  @Option var output: String
  @Option var config: String
  @Option var precision = "fp32"
  @Option var teacher: String?
  @Option var recycles = 0
  @Option var threads = 1
  func run() throws {
    var c = FoldingConfig.preset(named: config)!
    let s = TempSource(archive: try NumpyArchive(path: params))
    c.evoformer.blocks = s.shape(of: "alphafold/alphafold_iteration/evoformer/evoformer_iteration/outer_product_mean//output_b")![0]
    c.extraMSA.blocks = s.shape(of: "alphafold/alphafold_iteration/evoformer/extra_msa_stack/outer_product_mean//output_b")![0]
    let k = "alphafold/alphafold_iteration/evoformer/template_embedding/single_template_embedding/template_pair_stack/__layer_stack_no_state/pair_transition/transition1//bias"
    if let sh = s.shape(of: k) { c.template?.blocks = sh[0] }
    let pool = BufferPool()
    let storage: DType = precision == "fp32" ? .float32 : .bfloat16
    let context = ExecutionContext(workers: WorkerGroup(count: threads), pool: pool, storage: storage)
    let net = try FoldingNetwork(c, parameters: s, storage: storage, pool: pool)
    let f = try ProcessedFeatures(path: inputs)
    if output == "time" {
      let clock = ContinuousClock()
      for _ in 0..<2 {
        let t = clock.now
        let state = net.initialState(f.target, context)
        var last = clock.now
        var totals: [String: Double] = [:]
        let o = net.pass(f.target, draws: [f.draw(pass: 0, ensemble: 0)], state, context, nil)
        _ = o
        print("seconds", clock.now - t, "pool peak MiB", pool.statistics.peak >> 20)
      }
      let text = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
      print(text.split(separator: "\n").filter { $0.hasPrefix("VmHWM") }[0])
      return
    }
    let dump = ForwardDump(network: net, features: f, context: context, teacher: try teacher.map { try NumpyArchive(path: $0) })
    try NumpyArchive.write(try dump.run(recycles: recycles), to: output)
  }
}
