import ArrayFiles
import AtomicFiles
import FeaturePipeline
import Foundation
import StructureIO
import Testing

@testable import HelixFold

@Suite("Results of earlier runs")
struct EarlierResultsTests {
  @Test("with --resume another network joins: nothing is computed again, and all are ranked")
  func joining() throws {
    let bench = try PredictionBench()
    try bench.predict(["first"])
    let before = try bench.text("toy/unrelaxed_first.pdb")
    bench.options.resumes = true
    try bench.predict(["second"])
    #expect(bench.passes == 2)
    #expect(bench.said.contains("toy: ranked with the results of earlier runs: first\n"))
    let kept = try bench.text("toy/unrelaxed_first.pdb")
    #expect(kept == before)
    let order = try bench.order()
    #expect(Set(order) == ["first", "second"])
    for (rank, name) in order.enumerated() {
      for format in ["pdb", "cif"] {
        let ranked = try bench.text("toy/ranked_\(rank).\(format)")
        let own = try bench.text("toy/unrelaxed_\(name).\(format)")
        #expect(ranked == own, "\(rank) \(format)")
      }
    }
    let ranking = try bench.text("toy/ranking_debug.json")
    #expect(ranking.components(separatedBy: "\"first\":").count == 3, "in plddts and ptms")
    let page = try bench.text("toy/report.html")
    #expect(page.contains("not shown on this page: first (mean pLDDT"))
    try bench.predict(["first", "second"])
    #expect(bench.passes == 0 && bench.said.contains("finished before"))
  }

  @Test("a network asked for again among others is kept, and all files are as of one run")
  func growing() throws {
    let bench = try PredictionBench()
    try bench.predict(["first"])
    bench.options.resumes = true
    try bench.predict(["first", "second"])
    #expect(bench.passes == 2)
    #expect(bench.said.contains("toy: computed before and kept: first\n"))
    let page = try bench.text("toy/report.html")
    #expect(!page.contains("not shown on this page"))
    let whole = try PredictionBench()
    try whole.predict(["first", "second"])
    for name in ["ranked_0.cif", "ranked_1.pdb", "ranking_debug.json", "provenance_first.json"] {
      let (found, expected) = (try bench.text("toy/" + name), try whole.text("toy/" + name))
      #expect(found == expected, "\(name)")
    }
  }

  @Test("results are named by their seeds, so that runs with other seeds add to them")
  func seeds() throws {
    let bench = try PredictionBench()
    try bench.predict(["tiny"])
    bench.options.resumes = true
    bench.options.seedCount = 3
    try bench.predict(["tiny"])
    #expect(bench.passes == 4)
    let order = try bench.order()
    #expect(order.sorted() == ["tiny", "tiny_pred_1", "tiny_pred_2"])
    let first = try bench.text("toy/unrelaxed_tiny.pdb")
    (bench.options.seedCount, bench.options.seed) = (2, 2)
    try bench.predict(["tiny"])
    #expect(bench.passes == 2, "seed 3 alone")
    let all = try bench.order()
    #expect(all.sorted() == ["tiny", "tiny_pred_1", "tiny_pred_2", "tiny_pred_3"])
    let kept = try bench.text("toy/unrelaxed_tiny.pdb")
    #expect(kept == first)
  }

  @Test("a finished result of another version or other instructions is kept, and a line says so")
  func otherArithmetic() throws {
    let bench = try PredictionBench()
    try bench.predict(["tiny"])
    let provenance = try bench.text("toy/provenance_tiny.json")
    let bits = try #require(provenance.firstMatch(of: /"fingerprint": "([0-9a-f]+)"/)?.1)
    try bench.write(provenance.replacing(bits, with: "0"), to: "toy/provenance_tiny.json")
    bench.options.resumes = true
    try bench.predict(["tiny"])
    #expect(bench.passes == 0)
    #expect(bench.said.contains("finished before by another version, --isa or --gemm, nothing"))
    try bench.write(
      provenance.replacing(bits, with: "0")
        .replacing("\"version\": \"\(helixFoldVersion)\"", with: "\"version\": \"0.0.7\""),
      to: "toy/provenance_tiny.json")
    try bench.predict(["tiny", "other"])
    #expect(bench.passes == 2)
    #expect(bench.said.contains("by another version, --isa or --gemm, and kept: tiny\n"))
    let page = try bench.text("toy/report.html")
    #expect(page.contains("0.0.7") && page.contains(helixFoldVersion))
    let calculation = try #require(provenance.firstMatch(of: /"calculation": "([0-9a-f]+)"/)?.1)
    try bench.write(
      provenance.replacing(bits, with: "0").replacing(calculation, with: "1"),
      to: "toy/provenance_tiny.json")
    bench.options.replacesDiffering = true
    try bench.predict(["tiny"])
    #expect(bench.passes == 2 && bench.said.contains("options or weights differ: tiny\n"))
  }

  @Test(
    "a folder with results of another program is refused and left as it is",
    arguments: ["ranked_0.pdb", "unrelaxed_model_1_pred_0.pdb", "report.html", "timings.json"])
  func foreign(_ name: String) throws {
    let bench = try PredictionBench()
    try bench.write("theirs", to: "toy/" + name)
    let status = try bench.run(["tiny"])
    #expect(status == .cannotCreate)
    #expect(bench.said.contains("/toy: holds \(name) of another program"), "\(bench.said)")
    let files = try FileManager.default.contentsOfDirectory(atPath: bench.path + "/toy")
    #expect(files.filter { !$0.hasPrefix(".") } == [name])
  }

  @Test("files of others stay in a folder of ours, whatever they are called")
  func othersFiles() throws {
    let bench = try PredictionBench()
    try bench.predict(["tiny"])
    let names = ["plot_mine.png", "result_docking.npz", "notes.txt", "unrelaxed_theirs.pdb"]
    for name in names { try bench.write("theirs", to: "toy/" + name) }
    try bench.predict(["tiny"])
    #expect(names.allSatisfy { bench.has("toy/" + $0) })
  }

  @Test("no further network runs once a prediction is as good as asked for")
  func stopScore() throws {
    let bench = try PredictionBench()
    bench.options.stopScore = 0
    try bench.predict(["first", "second", "third"])
    #expect(bench.passes == 2)
    #expect(bench.said.contains("reaches --stop-at-score, so second and what comes after it"))
    var order = try bench.order()
    #expect(order == ["first"] && bench.has("toy/timings.json"))
    let timings = try bench.text("toy/timings.json")
    bench.options.resumes = true
    try bench.predict(["first", "second", "third"])
    #expect(bench.passes == 0 && bench.said.contains("finished before, nothing to do"))
    let after = try bench.text("toy/timings.json")
    #expect(after == timings)
    bench.options.stopScore = 100
    try bench.predict(["first", "second"])
    #expect(bench.passes == 2 && !bench.said.contains("--stop-at-score"))
    order = try bench.order()
    #expect(order.sorted() == ["first", "second"])
  }

  @Test("drawings and scores are made for a target that is finished, and stay up to date")
  func drawnLater() throws {
    let bench = try PredictionBench()
    try bench.predict(["first"])
    let page = try bench.text("toy/report.html")
    bench.options.resumes = true
    bench.options.plots = .svg
    try bench.predict(["first"])
    #expect(bench.passes == 0 && bench.has("toy/plot_plddt.svg") && bench.has("toy/plot_pae.svg"))
    var found = try bench.text("toy/report.html")
    #expect(found == page)
    let before = try bench.text("toy/plot_plddt.svg")
    bench.options.plots = nil
    try bench.predict(["second"])
    let after = try bench.text("toy/plot_plddt.svg")
    #expect(after != before)
    bench.options.reference = try StructureFile.read(bench.path + "/toy/ranked_0.pdb")
    bench.options.referenceName = "native.pdb"
    try bench.predict(["first", "second"])
    #expect(bench.passes == 0)
    #expect(
      bench.said.contains(": lDDT-Cα 1.000 TM 1.000 GDT-TS 1.000 against native.pdb\n"))
    #expect(bench.said.contains("toy first: lDDT-Cα "), "\(bench.said)")
    let scores = try bench.text("toy/reference_scores.json")
    #expect(scores.contains("\"first\"") && scores.contains("\"second\""))
    found = try bench.text("toy/report.html")
    #expect(found.contains("TM-score"))
    (bench.options.reference, bench.options.seed) = (nil, 1)
    try bench.predict(["first"])
    #expect(bench.has("toy/reference_scores.json"))
  }

  @Test("without --resume a target begins anew, and a line names what that replaces")
  func replacing() throws {
    let bench = try PredictionBench()
    try bench.predict(["first"])
    #expect(!bench.said.contains("replaces"))
    try bench.predict(["second"])
    #expect(
      bench.said.contains(
        "toy: replaces the results of first as soon as there are new ones; --resume"))
    #expect(!bench.has("toy/unrelaxed_first.pdb") && !bench.has("toy/provenance_first.json"))
    let order = try bench.order()
    #expect(order == ["second"])
    bench.options.recycles = 0
    try bench.predict(["second"])
    #expect(
      bench.said.contains("toy: replaces the results of second as soon as there are new ones\n"))
  }

  @Test(
    "a run that is stopped before its first result leaves all files of the earlier one",
    arguments: [(false, 0), (false, 1), (true, 0)])
  func stoppedAnew(_ resumes: Bool, _ recycles: Int) throws {
    let bench = try PredictionBench()
    try bench.predict(["first"])
    let names = try bench.files().filter { $0 != "state_first.npz" }
    let before = try names.map(bench.bytes)
    (bench.options.resumes, bench.options.replacesDiffering) = (resumes, true)
    bench.options.recycles = recycles == 0 ? 2 : 1
    #expect(throws: Interrupted.self) { _ = try bench.run(["first"], stopAfter: 1) }
    let files = try bench.files()
    #expect(files.filter { $0 != "state_first.npz" } == names && files.count > names.count)
    let after = try names.map(bench.bytes)
    #expect(after == before)
    (bench.options.resumes, bench.options.recycles) = (true, 1)
    try bench.predict(["first"])
    #expect(bench.passes == 0 && bench.said.contains("finished before"))
    bench.options.recycles = 2
    try bench.predict(["first"])
    #expect(bench.passes == 3 && bench.has("toy/timings.json"))
  }

  @Test("--resume does not replace results that were made in another way, and says what differs")
  func refused() throws {
    let bench = try PredictionBench()
    try bench.predict(["first"])
    let before = try bench.files().map(bench.bytes)
    bench.options.resumes = true
    bench.options.recycles = 2
    bench.options.usesDropout = true
    let status = try bench.run(["first", "second"])
    #expect(status == .cannotCreate)
    #expect(
      bench.said.contains(
        "/toy: first was made with 1 recycle (now 2 recycles), no --use-dropout; --resume goes on"),
      "\(bench.said)")
    let after = try bench.files().map(bench.bytes)
    #expect(after == before)
    (bench.options.recycles, bench.options.usesDropout) = (1, false)
    let longer = try PredictionBench.target("MKTAYIAKQR", id: "toy")
    let other = try bench.run(["first"], [longer])
    #expect(other == .cannotCreate)
    bench.options.replacesDiffering = true
    try bench.predict(["first"], letters: "MKTAYIAKQR")
    #expect(bench.passes == 2)
  }

  @Test("a run that was stopped while it replaced results goes on, with all of its networks")
  func goesOn() throws {
    let bench = try PredictionBench()
    try bench.predict(["first", "second"])
    bench.options.recycles = 2
    #expect(throws: Interrupted(.goesOnWithReplace)) {
      _ = try bench.run(["first", "second"], stopAfter: 1)
    }
    (bench.options.resumes, bench.options.recycles) = (true, 3)
    let other = try bench.run(["first"])
    #expect(other == .cannotCreate, "the state is of another number of recycles")
    bench.options.recycles = 2
    try bench.predict(["first", "second"])
    #expect(bench.said.contains("resuming after pass 1"), "\(bench.said)")
    #expect(bench.passes == 5)
  }

  @Test("a result that was kept is kept again when the run that adds to it is stopped")
  func keptTwice() throws {
    let bench = try PredictionBench()
    try bench.predict(["first"])
    let first = try bench.bytes("unrelaxed_first.pdb")
    // A run that would replace it leaves a state beside it.
    bench.options.recycles = 2
    #expect(throws: Interrupted.self) { _ = try bench.run(["first"], stopAfter: 1) }
    #expect(bench.has("toy/state_first.npz"))
    (bench.options.recycles, bench.options.resumes) = (1, true)
    #expect(throws: Interrupted.self) { _ = try bench.run(["first", "second"], stopAfter: 1) }
    try bench.predict(["first", "second"])
    #expect(bench.said.contains("kept: first") && bench.passes == 1)
    let kept = try bench.bytes("unrelaxed_first.pdb")
    #expect(kept == first)
    let order = try bench.order()
    #expect(Set(order) == ["first", "second"])
  }

  @Test("until another network is done the ranking of the others stands")
  func stopped() throws {
    let bench = try PredictionBench()
    try bench.predict(["first"])
    bench.options.resumes = true
    #expect(throws: Interrupted(.goesOn)) {
      _ = try bench.run(["second"], stopAfter: 1)
    }
    let order = try bench.order()
    #expect(order == ["first"] && bench.has("toy/ranked_0.pdb") && bench.has("toy/report.html"))
    #expect(!bench.has("toy/timings.json"), "not finished")
  }

  @Test("results of another sequence stay with --resume, but are not ranked")
  func unrelated() throws {
    let bench = try PredictionBench()
    try bench.predict(["first"])
    bench.options.resumes = true
    try bench.predict(["second"], letters: "MKTAYIAK")
    #expect(bench.said.contains("left alone and not ranked"))
    #expect(bench.has("toy/unrelaxed_first.pdb"))
    let order = try bench.order()
    #expect(order == ["second"])
  }

  @Test("structures of the passes go with their network, but not a network that is called like one")
  func passes() throws {
    let bench = try PredictionBench()
    bench.options.savesRecycles = true
    try bench.predict(["net", "net_r7"])
    #expect(bench.has("toy/unrelaxed_net_r1.pdb"))
    bench.options.savesRecycles = false
    (bench.options.resumes, bench.options.replacesDiffering) = (true, true)
    bench.options.recycles = 0
    try bench.predict(["net"])
    #expect(bench.said.contains("since inputs, options or weights differ: net\n"))
    #expect(!bench.has("toy/unrelaxed_net_r1.pdb"))
    #expect(bench.has("toy/unrelaxed_net_r7.pdb") && bench.has("toy/unrelaxed_net_r7_r1.pdb"))
  }

  @Test("a run that goes on keeps structures of its own passes, not of those of other runs")
  func earlierPasses() throws {
    let bench = try PredictionBench()
    bench.options.savesRecycles = true
    bench.options.recycles = 3
    #expect(throws: Interrupted.self) { try bench.run(["net"], stopAfter: 2) }
    try bench.write("of a pass that the state does not have", to: "toy/unrelaxed_net_r7.pdb")
    let before = try bench.bytes("unrelaxed_net_r0.cif")
    bench.options.savesRecycles = false
    bench.options.resumes = true
    #expect(throws: Interrupted.self) { try bench.run(["net"], stopAfter: 1) }
    let after = try bench.bytes("unrelaxed_net_r0.cif")
    #expect(after == before && bench.has("toy/unrelaxed_net_r1.pdb"))
    #expect(!bench.has("toy/unrelaxed_net_r7.pdb"))
    bench.options.recycles = 2
    try bench.predict(["net"])
    #expect(bench.passes == 3 && !bench.has("toy/unrelaxed_net_r0.cif"))
  }

  @Test("a result made without searches does not stand beside those of an earlier run")
  func evidence() throws {
    let bench = try PredictionBench()
    let files = ["searches.tsv", "templates.tsv", "msas/uniref90_hits.sto"]
    func leave() throws { for file in files { try bench.write("x", to: "toy/" + file) } }
    try leave()
    try bench.write("mine", to: "toy/notes.txt")
    try bench.predict(["tiny"])
    #expect(files.allSatisfy { !bench.has("toy/" + $0) } && !bench.has("toy/msas"))
    #expect(bench.has("toy/notes.txt"))

    try leave()
    var gathered = GatheredEvidence()
    gathered.files = ["templates.tsv"]
    bench.options.inputs = [bench.path + "/toy/msas"]
    let status = try bench.run(["tiny"], gathered: gathered)
    #expect(status == .success)
    #expect(files.allSatisfy { bench.has("toy/" + $0) }, "inputs lie in the folder")

    bench.options.inputs = []
    let again = try bench.run(["tiny"], gathered: gathered)
    #expect(again == .success)
    #expect(files.filter { bench.has("toy/" + $0) } == ["templates.tsv"])

    try bench.write("x", to: "toy/msas/uniref90_hits.sto")
    try bench.predict(["tiny"])
    #expect(bench.has("toy/msas/uniref90_hits.sto"), "no table says that a search of ours made it")

    try leave()
    bench.options.resumes = true
    try bench.predict(["other"])
    #expect(files.allSatisfy { bench.has("toy/" + $0) })
  }

  @Test("a folder that another process has is refused with the status of one in use")
  func busy() throws {
    let bench = try PredictionBench()
    try AtomicFile.createFolder(bench.path + "/toy")
    let lock = FolderLock(bench.path + "/toy")
    let alone = try bench.run(["tiny"])
    #expect(alone == .cannotCreate)
    #expect(bench.said.contains("/toy: another process predicts in this folder"))
    let targets = [
      try PredictionBench.target("MKTAYIAK"), try PredictionBench.target("MKV", id: "other"),
    ]
    let both = try bench.run(["tiny"], targets)
    #expect(both == .someFailed)
    #expect(bench.has("other/ranked_0.pdb") && !bench.has("toy/ranked_0.pdb"))
    withExtendedLifetime(lock) {}
  }

  @Test(
    "a result whose files are missing or have changed is computed again",
    arguments: [
      ("unrelaxed_tiny.pdb", nil), ("pae_tiny.json", nil), ("confidence_tiny.json", nil),
      ("unrelaxed_tiny.cif", "data_x\n"), ("pae_tiny.json", "[]"), ("confidence_tiny.json", "{"),
    ])
  func damagedResult(_ name: String, _ text: String?) throws {
    let bench = try PredictionBench()
    try bench.predict(["tiny"])
    let before = try bench.text("toy/" + name)
    bench.options.resumes = true
    try bench.predict(["tiny"])
    #expect(bench.passes == 0 && bench.said.contains("finished before"))
    if let text {
      try bench.write(text, to: "toy/" + name)
    } else {
      try FileManager.default.removeItem(atPath: bench.path + "/toy/" + name)
    }
    try bench.predict(["tiny"])
    #expect(bench.passes == 2)
    #expect(bench.said.contains("toy: computed again, files being missing or changed: tiny\n"))
    let after = try bench.text("toy/" + name)
    #expect(after == before)
  }

  @Test("a result whose provenance knows no files is whole where structure and confidence are")
  func earlierVersion() throws {
    let bench = try PredictionBench()
    try bench.predict(["tiny"])
    let provenance = try bench.text("toy/provenance_tiny.json")
    try bench.write(
      provenance.replacing("\"files\"", with: "\"others\""), to: "toy/provenance_tiny.json")
    try bench.write("[]", to: "toy/pae_tiny.json")
    bench.options.resumes = true
    try bench.predict(["tiny"])
    #expect(bench.passes == 0)
  }

  @Test("a state with a number that is not finite is damaged", arguments: ["positions", "pair"])
  func notFiniteState(_ name: String) throws {
    let bench = try PredictionBench()
    #expect(throws: Interrupted(.goesOnWithResume)) { try bench.run(["tiny"], stopAfter: 1) }
    let path = bench.path + "/toy/state_tiny.npz"
    let archive = try NumpyArchive(path: path, uint16: .bfloat16)
    let arrays = try archive.names.map { part in
      var array = try archive.array(named: part)
      if part == name, var floats = array.floats {
        floats.values[7] = .nan
        array = .float32(floats)
      }
      return (name: part, array: array)
    }
    try NumpyArchive.write(arrays, to: path)
    bench.options.resumes = true
    try bench.predict(["tiny"])
    #expect(bench.passes == 2)
    #expect(bench.said.contains("state_tiny.npz is damaged"))
  }

  @Test("a damaged state is left out with one line")
  func damagedState() throws {
    let bench = try PredictionBench()
    #expect(throws: Interrupted(.goesOnWithResume)) { try bench.run(["tiny"], stopAfter: 1) }
    try bench.write("damaged", to: "toy/state_tiny.npz")
    bench.options.resumes = true
    try bench.predict(["tiny"])
    #expect(bench.passes == 2)
    #expect(bench.said.components(separatedBy: "state_tiny.npz is damaged").count == 2)
  }

  @Test("flags that are of no effect for a finished target are named")
  func finished() throws {
    let bench = try PredictionBench()
    try bench.predict(["tiny"])
    bench.options.resumes = true
    bench.options.plots = .svg
    bench.options.savesRecycles = true
    try bench.predict(["tiny"])
    #expect(bench.said.contains("nothing to do; --save-recycles does nothing for it"))
  }

  @Test("the plans of several networks are told apart")
  func plans() throws {
    let bench = try PredictionBench()
    bench.options.isDryRun = true
    bench.options.seedCount = 2
    try bench.predict(["first", "second"])
    #expect(bench.said.contains("toy first  22 residues"))
    #expect(bench.said.contains("toy second: 2 passes for each of 2 seeds"))
    #expect(!FileManager.default.fileExists(atPath: bench.path), "a dry run makes no folder")
  }
}
