import Foundation
import HelixFold

extension ThreadDefault {
  /// The default from the environment of this process.
  static let own = ThreadDefault(environment: ProcessInfo.processInfo.environment)
}
