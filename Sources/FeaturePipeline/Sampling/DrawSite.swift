/// The purpose of a draw; the raw value is part of the key's path.
///
/// Draws for one target use the path seed → pass → ensemble member → site → element index.
enum DrawSite: Int {
  case blockDeletion, rowOrder, maskedCells, replacements, extraRows
}
