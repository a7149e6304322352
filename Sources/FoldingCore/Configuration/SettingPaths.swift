import Foundation

/// The values of a configuration as text, by their paths in its JSON document, such as `sampling.maxClusters`.
///
/// A list is one value; what is nil has no path.
package func settingPaths(of configuration: some Encodable) -> [String: String] {
  var result: [String: String] = [:]
  func add(_ setting: Setting, _ path: String) {
    guard case .group(let members) = setting else {
      result[path] = setting.text
      return
    }
    for (key, value) in members { add(value, path.isEmpty ? key : "\(path).\(key)") }
  }
  if let data = try? JSONEncoder().encode(configuration),
    let setting = try? JSONDecoder().decode(Setting.self, from: data)
  {
    add(setting, "")
  }
  return result
}

/// A value of a JSON document.
private enum Setting: Decodable {
  case single(String)
  case list([Setting])
  case group([String: Setting])

  init(from decoder: any Decoder) throws {
    let value = try decoder.singleValueContainer()
    if value.decodeNil() {
      self = .single("null")
    } else if let flag = try? value.decode(Bool.self) {
      self = .single("\(flag)")
    } else if let number = try? value.decode(Int.self) {
      self = .single("\(number)")
    } else if let number = try? value.decode(UInt64.self) {
      self = .single("\(number)")
    } else if let number = try? value.decode(Double.self) {
      self = .single("\(number)")
    } else if let text = try? value.decode(String.self) {
      self = .single(text)
    } else if let list = try? value.decode([Setting].self) {
      self = .list(list)
    } else {
      self = .group(try value.decode([String: Setting].self))
    }
  }

  /// The value as a document has it, texts without quotes.
  var text: String {
    switch self {
    case .single(let text): text
    case .list(let list): "[\(list.map(\.text).joined(separator: ", "))]"
    case .group(let members):
      "{\(members.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value.text)" }.joined(separator: ", "))}"
    }
  }
}
