import Foundation

/// The recipe file of a dump, on how it was made: `X_recipe.json` beside `X_inputs.npz`.
///
/// Inputs do not record how many passes were run on one draw; the recipe does.
struct OracleRecipe {
  /// Passes before the last one.
  let recycles: Int

  /// The recipe beside an input file; nil if there is none.
  init?(besideInputs path: String) {
    guard path.hasSuffix("_inputs.npz") else { return nil }
    let recipe = path.dropLast("_inputs.npz".count) + "_recipe.json"
    guard let data = FileManager.default.contents(atPath: String(recipe)) else { return nil }
    guard let content = try? JSONDecoder().decode(Content.self, from: data) else { return nil }
    recycles = min(max(content.command.recycles, 0), 1000)
  }

  private struct Content: Decodable {
    struct Command: Decodable { let recycles: Int }
    let command: Command
  }
}
