// swift-tools-version: 6.0
import Foundation
import PackageDescription

// Optional: HELIXFOLD_MPI is the pkg-config module of an MPI library (tools/mpi-flags.sh); without it everything but runs over
// several processes is built.
let mpi = ProcessInfo.processInfo.environment["HELIXFOLD_MPI"].flatMap { $0.isEmpty ? nil : $0 }

// Layers, lowest first; a target may only depend on targets above it in this file.
let package = Package(
  name: "helixfold",
  platforms: [.macOS(.v15)],
  products: [
    .executable(name: "helixfold", targets: ["helixfold-cli"]),
    .library(name: "HelixFold", targets: ["HelixFold", "Messages"]),
    .library(name: "Scoring", targets: ["Protein", "StructureIO", "Scoring"]),
    .library(name: "Reports", targets: ["Reports", "Evaluation"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0")
  ],
  targets: [
    // System libraries and the hot loops.
    .systemLibrary(
      name: "CHDF5", pkgConfig: "hdf5", providers: [.apt(["libhdf5-dev"]), .brew(["hdf5"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(
      name: "CZip", pkgConfig: "libzip", providers: [.apt(["libzip-dev"]), .brew(["libzip"])]),
    .target(name: "CLibrary"),
    .target(name: "CKernels"),
    .target(name: "COpenBLAS"),
    .target(name: "CProcess"),
    .target(
      name: "CMessagePassing", dependencies: mpi == nil ? [] : ["CMPI"],
      cSettings: mpi == nil ? [] : [.define("HF_WITH_MPI")]),

    // Plain values and files.
    .target(name: "Messages", dependencies: ["CLibrary"]),
    .target(name: "NumericArrays", dependencies: ["CLibrary"]),
    .target(name: "PlainTensors", dependencies: ["NumericArrays"]),
    .target(name: "AtomicFiles", dependencies: ["CLibrary", "Messages", "CZlib"]),
    .target(
      name: "ArrayFiles", dependencies: ["Messages", "NumericArrays", "AtomicFiles", "CZip"]),
    .target(
      name: "HDF5Files", dependencies: ["Messages", "NumericArrays", "AtomicFiles", "CHDF5"]),
    .target(name: "Protein", dependencies: ["CLibrary"]),
    .target(name: "StructureIO", dependencies: ["CLibrary", "Messages", "Protein", "AtomicFiles"]),
    .target(name: "Scoring", dependencies: ["CLibrary", "Messages", "Protein"]),
    .target(
      name: "Reports",
      dependencies: [
        "CLibrary", "Messages", "Protein", "StructureIO", "Scoring", "NumericArrays", "AtomicFiles",
        "CZlib",
      ],
      resources: [
        .embedInCode("Resources/page.css"), .embedInCode("Resources/viewer.js"),
        .embedInCode("Resources/mesh.js"), .embedInCode("Resources/page.js"),
      ]),
    .target(
      name: "Evaluation",
      dependencies: [
        "CLibrary", "Messages", "Protein", "StructureIO", "Scoring", "Reports", "NumericArrays",
        "AtomicFiles",
      ]),

    // The contract between data and network.
    .target(name: "FoldingCore", dependencies: ["Messages", "Protein", "NumericArrays"]),

    // Data side.
    .target(
      name: "FeaturePipeline",
      dependencies: [
        "Messages", "AtomicFiles", "FoldingCore", "Protein", "StructureIO", "NumericArrays",
        "ArrayFiles", "HDF5Files",
      ]),
    .target(
      name: "Evidence",
      dependencies: [
        "CLibrary", "Messages", "CProcess", "FoldingCore", "Protein", "StructureIO",
        "NumericArrays", "AtomicFiles", "ArrayFiles", "HDF5Files", "FeaturePipeline",
      ]),
    .target(
      name: "Weights",
      dependencies: [
        "CLibrary", "Messages", "AtomicFiles", "FoldingCore", "NumericArrays", "ArrayFiles",
        "HDF5Files", "CKernels",
      ]),

    // Network side.
    .target(
      name: "TensorCore", dependencies: ["CLibrary", "NumericArrays", "CKernels", "COpenBLAS"]),
    .target(
      name: "Distribution", dependencies: ["CLibrary", "Messages", "CMessagePassing", "TensorCore"]),
    .target(name: "NeuralNet", dependencies: ["NumericArrays", "TensorCore", "PlainTensors"]),
    .target(
      name: "FoldingModel",
      dependencies: [
        "CLibrary", "Messages", "FoldingCore", "Protein", "NumericArrays", "PlainTensors",
        "TensorCore", "NeuralNet",
      ]),
    .target(
      name: "Training",
      dependencies: [
        "CLibrary", "Messages", "FoldingCore", "Protein", "NumericArrays", "TensorCore",
        "FoldingModel",
      ]),
    .target(
      name: "TrainingData",
      dependencies: [
        "CLibrary", "Messages", "AtomicFiles", "NumericArrays", "Protein", "StructureIO",
        "FoldingCore", "FeaturePipeline", "Evidence", "Training",
      ]),
    .target(
      name: "TrainingRun",
      dependencies: [
        "Messages", "AtomicFiles", "NumericArrays", "Protein", "Scoring", "TensorCore",
        "Distribution", "FoldingCore", "FeaturePipeline", "Weights", "Training", "TrainingData",
      ]),

    // The facade and the command.
    .target(
      name: "HelixFold",
      dependencies: [
        "CLibrary", "Messages", "AtomicFiles", "CKernels", "CProcess", "NumericArrays",
        "ArrayFiles", "Protein", "FoldingCore", "FeaturePipeline", "Evidence", "TensorCore",
        "FoldingModel", "Weights", "StructureIO", "Scoring", "Reports", "Evaluation", "Training",
        "TrainingData", "TrainingRun", "Distribution",
      ]),
    // Benchmarks, and comparisons with the oracle: what stands behind the figures of docs/evidence.md.
    .target(
      name: "Measurements",
      dependencies: [
        "Messages", "AtomicFiles", "NumericArrays", "ArrayFiles", "Protein", "FoldingCore",
        "FeaturePipeline", "TensorCore", "FoldingModel", "Weights", "Scoring", "Reports",
        "Training", "TrainingData", "TrainingRun", "Distribution", "HelixFold",
      ]),
    .executableTarget(
      name: "helixfold-cli",
      dependencies: [
        "Messages", "NumericArrays", "HelixFold", "Measurements", "CKernels", "TensorCore",
        "Weights",
        "FeaturePipeline", "Evidence", "AtomicFiles", "ArrayFiles", "Protein", "FoldingCore",
        "FoldingModel", "Scoring", "StructureIO", "Reports", "Evaluation", "TrainingData",
        "TrainingRun", "Distribution",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),

    // Files damaged on purpose: a program for long runs, and a library for a slice of them in the tests.
    .target(
      name: "MutatedInputs",
      dependencies: [
        "NumericArrays", "ArrayFiles", "Protein", "StructureIO", "FoldingCore", "FeaturePipeline",
        "Evidence", "HelixFold",
      ],
      path: "Benchmarks/mutations/MutatedInputs"),
    .executableTarget(
      name: "mutate-inputs", dependencies: ["CLibrary", "MutatedInputs"],
      path: "Benchmarks/mutations/mutate-inputs"),
    .executableTarget(
      name: "store-bench",
      dependencies: ["CLibrary", "FeaturePipeline", "StructureIO", "Protein", "NumericArrays"],
      path: "Benchmarks/store"),

    // Tests; what several of them use is in targets of its own.
    .target(name: "BasicTestSupport", path: "Tests/BasicTestSupport"),
    .testTarget(
      name: "EvidenceTests",
      dependencies: [
        "Evidence", "FeaturePipeline", "AtomicFiles", "ArrayFiles", "Protein", "NumericArrays",
        "BasicTestSupport",
      ],
      resources: [.copy("Fixtures")]),
    .target(
      name: "TestSupport",
      dependencies: [
        "FoldingModel", "NeuralNet", "PlainTensors", "TensorCore", "NumericArrays", "FoldingCore",
        "Protein",
      ],
      path: "Tests/TestSupport"),
    .testTarget(
      name: "TensorCoreTests",
      dependencies: [
        "CLibrary", "TensorCore", "CKernels", "NumericArrays", "PlainTensors", "TestSupport",
      ]),
    .executableTarget(
      name: "rank-stand-in", dependencies: ["CMessagePassing"], path: "Tests/RankStandIn"),
    .testTarget(
      name: "DistributionTests",
      dependencies: ["Distribution", "Messages", "BasicTestSupport", "rank-stand-in"]),
    .testTarget(name: "MessagesTests", dependencies: ["Messages"]),
    .testTarget(name: "NumericArraysTests", dependencies: ["NumericArrays"]),
    .testTarget(
      name: "AtomicFilesTests", dependencies: ["Messages", "AtomicFiles", "BasicTestSupport"]),
    .testTarget(name: "ProteinTests", dependencies: ["Protein", "NumericArrays"]),
    .testTarget(name: "FoldingCoreTests", dependencies: ["FoldingCore", "Protein", "TestSupport"]),
    .testTarget(name: "PlainTensorsTests", dependencies: ["PlainTensors", "TestSupport"]),
    .testTarget(
      name: "NeuralNetTests",
      dependencies: ["NeuralNet", "TensorCore", "NumericArrays", "PlainTensors", "TestSupport"]),
    .testTarget(
      name: "ArrayFilesTests", dependencies: ["ArrayFiles", "NumericArrays", "BasicTestSupport"],
      resources: [.copy("Fixtures")]),
    .testTarget(
      name: "HDF5FilesTests", dependencies: ["HDF5Files", "NumericArrays", "BasicTestSupport"],
      resources: [.copy("Fixtures")]),
    .testTarget(
      name: "StructureTests",
      dependencies: ["StructureIO", "Protein", "AtomicFiles", "BasicTestSupport"],
      resources: [.copy("Fixtures")]),
    .testTarget(
      name: "ScoringTests",
      dependencies: ["Scoring", "StructureIO", "Protein", "NumericArrays", "BasicTestSupport"],
      resources: [.copy("Fixtures")]),
    .testTarget(
      name: "ReportsTests", dependencies: ["Reports", "Scoring", "StructureIO", "Protein", "CZlib"]
    ),
    .testTarget(
      name: "EvaluationTests",
      dependencies: [
        "Evaluation", "Scoring", "StructureIO", "Protein", "NumericArrays", "BasicTestSupport",
      ]),
    .testTarget(
      name: "FeaturePipelineTests",
      dependencies: [
        "FeaturePipeline", "FoldingCore", "Protein", "NumericArrays", "AtomicFiles", "ArrayFiles",
        "HDF5Files", "BasicTestSupport",
      ],
      resources: [.copy("Fixtures")]),
    .testTarget(
      name: "WeightsTests",
      dependencies: [
        "Weights", "AtomicFiles", "FoldingCore", "NumericArrays", "ArrayFiles", "HDF5Files",
        "BasicTestSupport",
      ],
      resources: [.copy("Fixtures")]),
    .testTarget(
      name: "FoldingModelTests",
      dependencies: [
        "FoldingModel", "FoldingCore", "Protein", "NeuralNet", "TensorCore", "NumericArrays",
        "PlainTensors", "TestSupport",
      ]),
    .testTarget(
      name: "TrainingTests",
      dependencies: [
        "Training", "FoldingModel", "FoldingCore", "Protein", "TensorCore", "NumericArrays",
        "TestSupport",
      ],
      resources: [.copy("Fixtures")]),
    .target(
      name: "TrainingTestSupport",
      dependencies: [
        "TrainingRun", "TrainingData", "Training", "FeaturePipeline", "FoldingCore", "Protein",
        "NumericArrays",
      ],
      path: "Tests/TrainingTestSupport"),
    .executableTarget(
      name: "training-stand-in",
      dependencies: ["TrainingTestSupport", "TrainingRun", "TrainingData", "FeaturePipeline"],
      path: "Tests/TrainingStandIn"),
    .testTarget(
      name: "TrainingDataTests",
      dependencies: [
        "TrainingData", "FeaturePipeline", "FoldingCore", "Protein", "NumericArrays",
        "TrainingTestSupport", "BasicTestSupport",
      ]),
    .testTarget(
      name: "TrainingRunTests",
      dependencies: [
        "TrainingRun", "TrainingData", "Training", "FeaturePipeline", "FoldingCore", "TensorCore",
        "NumericArrays", "TrainingTestSupport", "BasicTestSupport", "training-stand-in",
        "Distribution", "Weights", "AtomicFiles",
      ]),
    .testTarget(
      name: "HelixFoldTests",
      dependencies: [
        "Messages", "HelixFold", "Weights", "Evidence", "FeaturePipeline", "Reports",
        "FoldingModel", "FoldingCore", "Protein", "TensorCore", "NumericArrays", "ArrayFiles",
        "AtomicFiles", "Training", "TrainingData", "TrainingRun", "Distribution",
        "StructureIO", "Evaluation", "TrainingTestSupport", "BasicTestSupport",
      ]),
    .testTarget(
      name: "MeasurementsTests",
      dependencies: [
        "Measurements", "HelixFold", "Weights", "FeaturePipeline", "FoldingModel", "FoldingCore",
        "Distribution", "Protein", "TensorCore", "NumericArrays", "ArrayFiles", "Training",
        "Messages", "BasicTestSupport",
      ],
      resources: [.copy("Fixtures")]),
    .testTarget(name: "MutationTests", dependencies: ["MutatedInputs", "BasicTestSupport"]),
    .testTarget(
      name: "CLITests",
      dependencies: [
        "CProcess", "helixfold-cli", "HelixFold", "TrainingTestSupport", "BasicTestSupport",
      ]),
    .testTarget(name: "RepositoryTests", dependencies: ["BasicTestSupport"]),
  ],
  swiftLanguageModes: [.v6],
  cLanguageStandard: .c17
)

if let mpi {
  package.targets.append(
    .systemLibrary(name: "CMPI", pkgConfig: mpi, providers: [.apt(["libmpich-dev"])]))
}
