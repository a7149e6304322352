import Foundation

extension Bundle {
  /// Path of a file under the `Fixtures` of a test target, whose bundle this is.
  public func fixture(_ name: String) throws -> String {
    guard let url = url(forResource: "Fixtures/" + name, withExtension: nil) else {
      throw MissingFixture(name: name)
    }
    return url.path
  }
}

/// A file that a test needs and its target does not have.
struct MissingFixture: Error, CustomStringConvertible {
  let name: String

  var description: String { "no fixture '\(name)' in the test bundle" }
}

/// Features of a target `packed`, MKAY with two rows, as a pickle packed with gzip.
public enum PackedFeatures {
  /// The bytes of the file, made by numpy 2.4.6 and CPython 3.11.
  public static var data: Data {
    Data(base64Encoded: lines.joined()) ?? Data()
  }

  private static let lines = [
    "H4sIAAAAAAAC/7VRy0rDQBTNqw+fKKWuXbjoKisXLgTR7hyM4s6FhGlmIIPNJE5moAUFN1YLs+v1e3WSNCJSFaVe",
    "uAOHuefcx3nwXgLXKuMeerqJsRxnFPQOV0k29sMoFdRP1FAyLAQeg14PBY1SnkuhIgkz0I2yEnSLk6pkBsh6hL49",
    "gCe4hB6ykYe6E4gbukFKcUNy2D5Mn6t/V9uHEATB6auJ8kGWhMH05MK2fh1/oCxFb9l9/2sHMJfVG4LmjCgaMk7o",
    "CGIvbhWWxSvvhhmwPe1v1WzHpFuz2zm9VZRHdAHRNmBTO+cHH929++TuUeHuNfS9M3R8BbjQXCNpghkPOU6+kt0r",
    "KM0MRzeUVCQ3yfGCYgd5k3L83VUzcnu+eMdkjbtzXK7TIXRIJUt5mGAp2MgcRX6r+tO5C1XlvwFijf/bWQMAAA==",
  ]
}
