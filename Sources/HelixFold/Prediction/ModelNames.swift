/// Unique names of the networks of a run, used in the names of results and in tables of scores.
struct ModelNames {
  /// Names given by the user: no other network is given one of them.
  private let given: Set<String>
  /// Claims so far: the name of the network, the name that it got, and where its parameters are.
  private var claims: [(network: String, name: String, place: String)] = []

  init(given: [String]) { self.given = Set(given) }

  /// The given name, or else that of the network, with `_2`, `_3` … if another has it.
  mutating func claim(_ network: String, given name: String?, for place: String) -> String {
    let taken = given.union(claims.map(\.name))
    let candidates = (1...(taken.count + 1)).lazy.map { $0 == 1 ? network : "\(network)_\($0)" }
    let found = name ?? candidates.first { !taken.contains($0) } ?? network
    claims.append((name == nil ? network : found, found, place))
    return found
  }

  /// Which file is which if names had to be made up, `mini is w1/best.h5, mini_2 is w2/best.h5`; nil if none had to be.
  var line: String? {
    let changed = Set(claims.filter { $0.name != $0.network }.map(\.network))
    let parts = claims.filter { changed.contains($0.network) }.map { "\($0.name) is \($0.place)" }
    return parts.isEmpty ? nil : parts.joined(separator: ", ")
  }
}
