import Messages
import Testing

@Test(
  "decimals are those of the product with a power of ten, halves to the even digit",
  arguments: [
    (0.165, 2, "0.16"), (0.175, 2, "0.18"), (-0.004, 2, "0.00"), (-1.5, 0, "-2"), (2.5, 0, "2"),
    (12.03, 3, "12.030"), (1e25, 1, "1e+25"), (Double.infinity, 2, "inf"),
  ])
func fixedDecimals(value: Double, decimals: Int, text: String) {
  #expect(fixed(value, decimals: decimals) == text)
}
