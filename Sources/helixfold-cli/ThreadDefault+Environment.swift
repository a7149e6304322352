import Foundation
import HelixFold

extension ThreadDefault {
  /// What the environment of this process says.
  static let own = ThreadDefault(environment: ProcessInfo.processInfo.environment)
}
