#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Ends the program with status 75 and one line: the system refused memory.
///
/// Tensors are made deep inside computations that do not throw. Files are written beside and renamed, so nothing half-written is left.
func endOutOfMemory(_ byteCount: Int) -> Never {
  let line =
    "helixfold: out of memory: the system refused \(byteCount >> 20) MiB; --dry-run tells the need, --max-memory keeps within a limit\n"
  _ = Array(line.utf8).withUnsafeBytes { write(2, $0.baseAddress, $0.count) }
  exit(75)
}
