/// Python pickle files of plain values and arrays: `features.pkl`, `.pdparams`.
///
/// Never runs code: names outside a fixed list are errors. See ``PickleValue``.
public enum PickleFile {
  /// Reads the file at `path`; arrays stay in the mapped file until read.
  public static func read(path: String) throws -> PickleValue {
    var machine = PickleMachine(try MappedFile(path: path))
    return try machine.run()
  }

  /// Reads a pickle in memory, which messages call `name`.
  public static func read(bytes: [UInt8], name: String) throws -> PickleValue {
    var machine = PickleMachine(MappedFile(path: name, bytes: bytes))
    return try machine.run()
  }
}
