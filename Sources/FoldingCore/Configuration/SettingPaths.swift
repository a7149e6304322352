import Foundation

/// The values of a configuration as texts by their paths in its JSON document, such as `sampling.maxClusters`.
///
/// A list is one value; what is nil has no path.
package func settingPaths(of configuration: some Encodable) -> [String: String] {
  var result: [String: String] = [:]
  func text(_ value: Any) -> String {
    switch value {
    case let list as [Any]: "[\(list.map(text).joined(separator: ", "))]"
    case let object as [String: Any]:
      "{\(object.sorted { $0.key < $1.key }.map { "\($0.key): \(text($0.value))" }.joined(separator: ", "))}"
    default: "\(value)"
    }
  }
  func add(_ value: Any, _ path: String) {
    guard let object = value as? [String: Any] else {
      result[path] = text(value)
      return
    }
    for (key, value) in object { add(value, path.isEmpty ? key : "\(path).\(key)") }
  }
  if let data = try? JSONEncoder().encode(configuration),
    let object = try? JSONSerialization.jsonObject(with: data)
  {
    add(object, "")
  }
  return result
}
