// Vector exp and sigmoid.
//
// exp(x) = 2^n · exp(r), n = round(x / ln 2), r = x − n ln 2 in [−ln2/2, ln2/2]. ln 2 is subtracted in two parts; the first has
// 9 significant bits, so n · part is exact and r carries one rounding. exp(r) = 1 + r + r² q(r) with q of degree 4, the minimax
// polynomial of the relative error (3.1e-9, Remez exchange in 40 digits); 2^n is added to the exponent bits.
// Relative error of the result ≤ 2e-7 (measured over every representable x at a stride: 1.2e-7), 1 + r + … being rounded last.

enum { EXPONENT_SHIFT = 23 };
#define EXP_LOWEST -87.3f    // smaller results would be denormal
#define EXP_HIGHEST 88.7f    // larger ones would be infinite

/// exp(x) for x ≤ 88.7; 0 from −87.3 down (−inf included), so that fully masked terms vanish exactly.
INLINE vf exp_nonpositive(vf x) {
  const vf magic = splat(12582912.0f);  // 1.5 · 2²³: adding it leaves round(t) in the low bits
  vf shifted = multiply_add(x, splat(1.44269504f), magic);
  vf n = shifted - magic;
  vf r = multiply_add(n, splat(-0.693359375f), x);
  r = multiply_add(n, splat(2.12194440e-4f), r);
  vf q = splat(0.0013814540579915047f);
  q = multiply_add(q, r, splat(0.00836874544620514f));
  q = multiply_add(q, r, splat(0.04166838899254799f));
  q = multiply_add(q, r, splat(0.1666652113199234f));
  q = multiply_add(q, r, splat(0.4999999403953552f));
  vf p = multiply_add(r * r, q, r) + splat(1.0f);
  vf result = (vf)((vu)p + ((vu)shifted << EXPONENT_SHIFT));
  return x <= splat(EXP_LOWEST) ? splat(0.0f) : result;
}

/// exp(x) everywhere: +inf from 88.7 up, NaN for NaN.
INLINE vf exp_vector(vf x) {
  vf result = exp_nonpositive(x);
  return x >= splat(EXP_HIGHEST) ? splat(INFINITY) : result;
}

/// 1 / (1 + exp(−x)): exp saturates to 0 or inf, which gives exactly 1 or 0.
INLINE vf sigmoid_vector(vf x) { return splat(1.0f) / (splat(1.0f) + exp_vector(-x)); }
