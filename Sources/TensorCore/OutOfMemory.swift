import CLibrary
import Synchronization

/// A hook run before the program exits for lack of memory, for instance to end the processes that would wait for it.
public enum OutOfMemory {
  fileprivate static let lastAct = Mutex<@Sendable () -> Void>({})

  /// Sets the hook.
  public static func before(ending act: @escaping @Sendable () -> Void) {
    lastAct.withLock { $0 = act }
  }
}

/// Ends the program with status 75 and one line: the system refused memory.
///
/// Tensors are made deep inside computations that do not throw. Files are written under temporary names and renamed, so nothing
/// half-written is left.
func endOutOfMemory(_ byteCount: Int) -> Never {
  let amount = byteCount < 1 << 20 ? "\(byteCount) bytes" : "\(byteCount >> 20) MiB"
  let line =
    "helixfold: out of memory: the system refused \(amount); --dry-run tells the need, --max-memory keeps within a limit\n"
  _ = Array(line.utf8).withUnsafeBytes { write(2, $0.baseAddress, $0.count) }
  let act = OutOfMemory.lastAct.withLock { $0 }
  act()
  exit(75)
}
