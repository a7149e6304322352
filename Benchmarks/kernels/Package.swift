// swift-tools-version: 6.0
import PackageDescription

// Times the kernels alone: `swift run -c release --package-path Benchmarks/kernels kernel-bench [isa]`.
// Sources/CKernels is a link to the kernels of the main package, so nothing else has to be built.
let package = Package(
  name: "kernels-benchmark",
  targets: [
    .target(name: "CKernels", linkerSettings: [.linkedLibrary("m")]),
    .executableTarget(name: "kernel-bench", dependencies: ["CKernels"]),
  ],
  cLanguageStandard: .c17
)
