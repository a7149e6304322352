/// Python pickle files of plain values and arrays: `features.pkl`, `.pdparams`.
///
/// Never runs code: names outside a fixed list are errors. See ``PickleValue``.
public enum PickleFile {
  /// Reads the file at `path`; arrays stay in the file until asked for.
  public static func read(path: String) throws -> PickleValue {
    var machine = PickleMachine(try FileBytes(path: path))
    return try machine.run()
  }

  /// Reads a pickle in memory, which messages call `name`.
  public static func read(bytes: [UInt8], name: String) throws -> PickleValue {
    var machine = PickleMachine(FileBytes(path: name, bytes: bytes))
    return try machine.run()
  }
}
