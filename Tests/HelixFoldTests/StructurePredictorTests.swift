import FeaturePipeline
import FoldingCore
import Testing

@testable import HelixFold

@Suite("Predictions in memory")
struct StructurePredictorTests {
  @Test(
    "coordinates and pLDDT are those that a run writes, whatever the number of threads",
    arguments: [1, 3])
  func sameAsRun(threads: Int) throws {
    let bench = try PredictionBench()
    try bench.predict(["net"])
    var options = bench.options
    options.threads = threads
    let model = PredictionBench.model("net")
    let raw = try PredictionBench.target(PredictionBench.letters).features.get().load()
    let prediction = try StructurePredictor(model, options).predict(raw)
    #expect(prediction.passes == 2)
    let folder = PredictionFolder(path: bench.path + "/memory", isKept: true)
    try folder.begin(replacing: nil)
    try folder.write(
      ModelResult(name: "net", prediction: prediction, history: []), of: raw,
      provenance: PredictionRun(model, seedIndex: 0, options).provenance(of: raw, options))
    for file in ["unrelaxed_net.cif", "unrelaxed_net.pdb", "confidence_net.json"] {
      let (mine, theirs) = (try bench.text("memory/" + file), try bench.text("toy/" + file))
      #expect(mine == theirs, "\(file)")
    }
  }
}
