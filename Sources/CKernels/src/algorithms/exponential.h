// Vector exp and sigmoid.
//
// exp(x) = 2^n · exp(r), n = round(x / ln 2), r = x − n ln 2 in [−ln2/2, ln2/2]. ln 2 is subtracted in two parts; the first has
// 9 significant bits, so n · part is exact and r carries one rounding. exp(r) = 1 + r (1 + r q(r)) with q of degree 4, the minimax
// polynomial of the relative error (3.1e-9, Remez exchange in 40 digits); 2^n is added to the exponent bits.
// The last operation adds to 1 and rounds by 2⁻²⁴ to 2⁻²³ of the result; what precedes it is scaled by |r| < 0.35. Relative error of
// the result ≤ 2e-7, with or without fused multiply-add (tested over the whole range against Double).

enum { EXPONENT_SHIFT = 23 };
#define EXP_LOWEST -87.3f    // smaller results would be denormal
#define EXP_HIGHEST 88.7f    // larger ones would be infinite

/// exp(x[i]) for x ≤ 88.7; 0 from −87.3 down (−inf included), so that fully masked terms vanish exactly. A NaN as arithmetic makes it
/// stays one; one with a payload in its lowest nine bits, which only a file can hold, may turn finite: see exp_vector.
/// One or two vectors step by step together: their chains hide each other's latency and share the constants.
INLINE void exp_nonpositive_each(const int count, vf *x) {
  const vf magic = splat(12582912.0f);  // 1.5 · 2²³: adding it leaves round(t) in the low bits
  const float coefficients[] = {0.00836874544620514f, 0.04166838899254799f, 0.1666652113199234f, 0.4999999403953552f, 1, 1};
  vf shifted[2], r[2], p[2];
  UNROLL for (int i = 0; i < count; ++i) {
    shifted[i] = multiply_add(x[i], splat(1.44269504f), magic);
    const vf n = shifted[i] - magic;
    r[i] = multiply_add(n, splat(-0.693359375f), x[i]);
    r[i] = multiply_add(n, splat(2.12194440e-4f), r[i]);
    p[i] = splat(0.0013814540579915047f);
  }
  UNROLL for (int c = 0; c < 6; ++c) {
    UNROLL for (int i = 0; i < count; ++i) p[i] = multiply_add(p[i], r[i], splat(coefficients[c]));
  }
  UNROLL for (int i = 0; i < count; ++i) {
    const vf result = (vf)((vu)p[i] + ((vu)shifted[i] << EXPONENT_SHIFT));
    x[i] = x[i] <= splat(EXP_LOWEST) ? splat(0.0f) : result;
  }
}

INLINE vf exp_nonpositive(vf x) {
  exp_nonpositive_each(1, &x);
  return x;
}

/// The same for results that are rounded to bf16 (2⁻⁹ of themselves), in ten operations instead of thirteen: relative error ≤ 1.1e-4.
///
/// exp(x) = 2^n · 2^r, n + r = x / ln 2, r in [−½, ½]; 2^r = 1 + r q(r), q of degree 2, least relative error 1.013e-4 (reweighted least
/// squares); exp(0) is exactly 1. The quotient is off by 126 · 2⁻²⁵ at most.
INLINE void exp_nonpositive_coarse_each(const int count, vf *x) {
  const vf magic = splat(12582912.0f), scale = splat(1.44269504f);
  vf shifted[2], r[2], p[2];
  UNROLL for (int i = 0; i < count; ++i) {
    shifted[i] = multiply_add(x[i], scale, magic);
    r[i] = multiply_add(x[i], scale, magic - shifted[i]);
    p[i] = multiply_add(r[i], splat(0.05500885099172592f), splat(0.24221095442771912f));
  }
  UNROLL for (int i = 0; i < count; ++i) p[i] = multiply_add(p[i], r[i], splat(0.693282961845398f));
  UNROLL for (int i = 0; i < count; ++i) p[i] = multiply_add(p[i], r[i], splat(1.0f));
  UNROLL for (int i = 0; i < count; ++i) {
    const vf result = (vf)((vu)p[i] + ((vu)shifted[i] << EXPONENT_SHIFT));
    x[i] = x[i] <= splat(EXP_LOWEST) ? splat(0.0f) : result;
  }
}

/// exp(x) everywhere: +inf from 88.7 up, NaN for NaN.
INLINE vf exp_vector(vf x) {
  vf result = exp_nonpositive(x);
  result = x == x ? result : x;
  return x >= splat(EXP_HIGHEST) ? splat(INFINITY) : result;
}

/// 1 / (1 + exp(−x)): exp saturates to 0 or inf, which gives exactly 1 or 0.
INLINE vf sigmoid_vector(vf x) { return splat(1.0f) / (splat(1.0f) + exp_vector(-x)); }

/// The sigmoid of a gate whose products are stored in `type`: for bf16 from the coarse exponential, off by 2.6e-5 at most.
INLINE vf gate_vector(vf x, const hf_dtype type) {
  if (type != HF_BF16) return sigmoid_vector(x);
  vf e = -x;
  exp_nonpositive_coarse_each(1, &e);
  return splat(1.0f) / (splat(1.0f) + (-x >= splat(EXP_HIGHEST) ? splat(INFINITY) : e));
}
