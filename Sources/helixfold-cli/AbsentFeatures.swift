import HelixFold

/// Features of AlphaFold2 and ColabFold that helixfold lacks or handles differently: one line each instead of the parser's error.
enum AbsentFeatures {
  private static let topics: [(words: Set<String>, sentence: String)] = [
    (
      [
        "--relax", "--amber", "--run-relax", "--num-relax", "--models-to-relax", "--use-gpu-relax",
        "relax",
      ],
      "relaxation is not part of helixfold; structures are written as the network made them (unrelaxed_*.pdb)"
    ),
    (
      ["--gpu", "--use-gpu", "--cuda", "--device"],
      "helixfold computes on CPUs only; --threads says on how many cores"
    ),
    (
      ["--multimer", "--model-preset", "multimer"],
      "helixfold predicts single chains only, with the networks of --preset; give each chain its own FASTA record"
    ),
    (
      ["serve", "server", "web"],
      "helixfold has no web service; predict writes a page to look at, OUT/<target>/report.html"
    ),
    (
      ["--data-dir", "--db-preset"],
      "parameters and databases are named apart: --weights FOLDER, and --database NAME=PATH or --database-set NAME (tools/setup-swissprot.sh makes a small one)"
    ),
    (
      [
        "--uniref90-database-path", "--mgnify-database-path", "--bfd-database-path",
        "--small-bfd-database-path", "--uniref30-database-path", "--uniclust30-database-path",
        "--uniprot-database-path", "--pdb70-database-path", "--pdb-seqres-database-path",
      ],
      "databases are given as --database NAME=PATH, NAME as in AlphaFold2: uniref90, mgnify, bfd, small_bfd, uniref30, pdb70, pdb_seqres"
    ),
    (
      [
        "--jackhmmer-binary-path", "--hhblits-binary-path", "--hhsearch-binary-path",
        "--hmmsearch-binary-path", "--hmmbuild-binary-path",
      ],
      "search programs are named by themselves: --jackhmmer PATH, --hhblits PATH, --hhsearch PATH, --hmmsearch PATH, --hmmbuild PATH"
    ),
    (
      ["--kalign-binary-path"],
      "helixfold aligns templates itself and needs no kalign"
    ),
    (
      ["--use-precomputed-msas"],
      "search results are kept and used again by themselves (--cache FOLDER); alignments of your own are given with --msa"
    ),
    (
      ["--benchmark"],
      "'helixfold bench forward' measures time; predict writes timings.json"
    ),
    (
      ["--fasta-paths", "--fasta-path"],
      "the FASTA file is named without a flag: helixfold predict target.fasta; it may hold several targets"
    ),
    (
      ["--msa-mode", "--host-url", "--pair-mode", "--pair-strategy"],
      "no server is asked for alignments: searches run here with --database NAME=PATH, and alignments of your own are given with --msa"
    ),
    (
      ["--custom-template-path", "--templates", "--pdb-hit-file"],
      "templates come from structures of your own (--template FILE…) or from the hits of a search (--template-hits)"
    ),
    (
      ["--model-type", "--model-order", "--model-names"],
      "networks are those of the files of --weights, in that order; --preset names one whose file does not tell"
    ),
    (
      ["--max-seq", "--max-extra-seq"],
      "alignment rows are given together: --max-msa 512:1024"
    ),
    (
      ["--overwrite-existing-results"],
      "results are made anew unless --resume is given"
    ),
    (
      [
        "--save-all", "--save-single-representations", "--save-pair-representations",
        "--save-to-pickle",
      ],
      "logits and representations are written by --save-raw"
    ),
    (
      ["--rank"],
      "predictions are ranked by mean pLDDT; ranking_debug.json has pTM beside it"
    ),
    (
      ["--sort-queries-by"],
      "targets are predicted in the order in which they are given; memory does not depend on it"
    ),
    (
      ["--zip"],
      "results are folders of plain files, OUT/<target>/; pack them with zip or tar"
    ),
    (
      ["--disable-unified-memory", "--subbatch-size", "--amp-level"],
      "memory is planned ahead and kept below --max-memory; --precision says how activations are stored"
    ),
    (
      ["--local-pdb-path"],
      "the folder of structures that hits name is given as --template-mmcif-dir FOLDER"
    ),
    (
      ["--disable-cluster-profile", "--initial-guess"],
      "networks are computed as they were trained: nothing replaces the cluster profile or the first structure"
    ),
    (
      ["--use-msa-server"],
      "no server is asked for alignments: searches run here with --database NAME=PATH, and alignments of your own are given with --msa"
    ),
    (
      ["--recycling-steps"],
      "passes after the first are given as --num-recycle"
    ),
    (
      ["--diffusion-samples"],
      "several structures come from several seeds: --num-seeds, with --use-dropout for more variety"
    ),
    (
      ["--output-format"],
      "structures are written as PDB and as ModelCIF, always both"
    ),
    (
      ["--max-template-hits"],
      "a network takes as many templates as it was made for, four in AlphaFold2's"
    ),
  ]

  /// The sentences about arguments that ask for such things, each once.
  ///
  /// - Parameter known: flags that the command has, whatever other programs mean by them.
  static func sentences(for arguments: [String], besides known: Set<String>) -> [String] {
    var found: [String] = []
    for (index, argument) in arguments.enumerated() where index == 0 || argument.hasPrefix("--") {
      let parts = argument.split(separator: "=", maxSplits: 1).map(String.init)
      let name = (parts.first ?? argument).lowercased().replacing("_", with: "-")
      let next = index + 1 < arguments.count ? arguments[index + 1] : ""
      let value = parts.count > 1 ? parts[1] : next
      if !known.contains(name), let sentence = sentence(for: name, value), !found.contains(sentence)
      {
        found.append(sentence)
      }
    }
    return found
  }

  private static func sentence(for name: String, _ value: String) -> String? {
    if name == "--model-preset", let networks = UnknownPresetError.networkSets[value] {
      return networks
    }
    return topics.first { $0.words.contains(name) }?.sentence
  }
}
