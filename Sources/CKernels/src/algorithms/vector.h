// Vectors of HF_LANES floats: loads, stores, bf16 rounding and transposition, in the compiler's portable vector language.

#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("clang loop unroll(full)")

enum { LANES = HF_LANES, ROWS = HF_ROWS, VECTORS = HF_VECTORS, PANEL = HF_LANES * HF_VECTORS };

// Of products of pairs: rows of the largest tile, rows that a tile reads and writes together, and pairs along k that it sums together.
#ifdef HF_PAIR_TILES
enum { PAIR_ROWS = 32, ROW_UNIT = 16, PAIR_BLOCK = 16 };
#else
enum { PAIR_ROWS = HF_ROWS, ROW_UNIT = 1, PAIR_BLOCK = 1 };
#endif

typedef float vf __attribute__((ext_vector_type(HF_LANES)));
typedef int32_t vi __attribute__((ext_vector_type(HF_LANES)));
typedef uint32_t vu __attribute__((ext_vector_type(HF_LANES)));
typedef uint16_t vh __attribute__((ext_vector_type(HF_LANES)));
typedef float v4f __attribute__((ext_vector_type(4)));

INLINE int64_t min64(int64_t a, int64_t b) { return a < b ? a : b; }
INLINE int64_t round_up(int64_t n, int64_t unit) { return (n + unit - 1) / unit * unit; }
INLINE size_t element_size(hf_dtype type) { return type == HF_BF16 ? 2 : 4; }

/// a·b + c, one rounding where the path has the instruction.
INLINE vf multiply_add(vf a, vf b, vf c) {
#ifdef HF_FUSED_MULTIPLY_ADD
  return __builtin_elementwise_fma(a, b, c);
#else
  return a * b + c;
#endif
}
/// The larger value; b where the comparison is false, so a NaN in a gives b.
INLINE vf larger(vf a, vf b) { return a > b ? a : b; }

INLINE vf splat(float x) { return (vf)x; }

// MARK: - bfloat16

/// bf16 is the upper half of fp32: widening is exact.
INLINE vf widen(vh h) { return (vf)(__builtin_convertvector(h, vu) << 16); }

/// Bits of x rounded to bf16, to nearest even. A NaN keeps its sign and upper bits and stays a NaN (quiet). Paths that multiply pairs
/// of bf16 take denormals for zeros as the instruction does: HF_NARROW where there is one, the same written out where not.
INLINE uint16_t narrow_scalar(float x) {
  uint32_t u;
  memcpy(&u, &x, 4);
  if (x != x) return (uint16_t)((u >> 16) | 0x40);
#ifdef HF_BF16_OPERANDS
  if ((u & 0x7f800000) == 0) return (uint16_t)(u >> 16 & 0x8000);
#endif
  return (uint16_t)((u + 0x7fff + ((u >> 16) & 1)) >> 16);
}
#ifdef HF_NARROW
INLINE vh narrow(vf x) { return HF_NARROW(x); }
#else
INLINE vh narrow(vf x) {
  const vu u = (vu)x;
  vu rounded = (u + 0x7fff + ((u >> 16) & 1)) >> 16;
#ifdef HF_BF16_OPERANDS
  rounded = (u & 0x7f800000) == 0 ? u >> 16 & 0x8000 : rounded;
#endif
  return __builtin_convertvector(x == x ? rounded : (u >> 16) | 0x40, vh);
}
#endif

INLINE float widen_scalar(uint16_t h) {
  uint32_t u = (uint32_t)h << 16;
  float x;
  memcpy(&x, &u, 4);
  return x;
}

// MARK: - Memory

INLINE const void *element(const void *base, hf_dtype type, int64_t index) {
  return (const char *)base + index * (int64_t)element_size(type);
}
INLINE float load_scalar(const void *p, hf_dtype type) {
  if (type == HF_BF16) {
    uint16_t h;
    memcpy(&h, p, 2);
    return widen_scalar(h);
  }
  float x;
  memcpy(&x, p, 4);
  return x;
}
INLINE void store_scalar(void *p, hf_dtype type, float x) {
  if (type == HF_BF16) {
    uint16_t h = narrow_scalar(x);
    memcpy(p, &h, 2);
  } else {
    memcpy(p, &x, 4);
  }
}
INLINE vu load_bits(const void *p) {
  vu v;
  memcpy(&v, p, sizeof v);
  return v;
}
INLINE void store_bits(void *p, vu v) { memcpy(p, &v, sizeof v); }

INLINE vf load(const void *p, hf_dtype type) {
  if (type == HF_BF16) {
    vh h;
    memcpy(&h, p, sizeof h);
    return widen(h);
  }
  vf v;
  memcpy(&v, p, sizeof v);
  return v;
}
INLINE void store(void *p, hf_dtype type, vf v) {
  if (type == HF_BF16) {
    vh h = narrow(v);
    memcpy(p, &h, sizeof h);
  } else {
    memcpy(p, &v, sizeof v);
  }
}
/// Stores two vectors one behind the other as bf16.
INLINE void store_pair_narrowed(void *p, vf first, vf second) {
#ifdef HF_NARROW_PAIR
  store_bits(p, HF_NARROW_PAIR(first, second));
#else
  store(p, HF_BF16, first);
  store((uint16_t *)p + LANES, HF_BF16, second);
#endif
}
// The first `count` lanes from and to memory, zeros behind them: nothing past them is read or written. The instructions do this where
// there are masks, else a detour through the stack.
#ifdef HF_MASKS

INLINE uint32_t lowest_bits(int64_t count) {
  return count <= 0 ? 0 : count >= 32 ? UINT32_MAX : (UINT32_C(1) << count) - 1;
}

INLINE vf first_lanes(vf v, int64_t count) {
  return (vf)_mm512_maskz_mov_ps((__mmask16)lowest_bits(count), (__m512)v);
}
/// Bits of `count` bf16, at most 2 · LANES.
INLINE vu load_first_halves(const void *p, int64_t count) {
  return (vu)_mm512_maskz_loadu_epi16(lowest_bits(count), p);
}
INLINE vf load_first(const void *p, hf_dtype type, int64_t count) {
  if (count >= LANES) return load(p, type);
  const __mmask16 mask = (__mmask16)lowest_bits(count);
  return type == HF_BF16 ? widen((vh)_mm256_maskz_loadu_epi16(mask, p)) : (vf)_mm512_maskz_loadu_ps(mask, p);
}
INLINE void store_first(void *p, hf_dtype type, int64_t count, vf v) {
  const __mmask16 mask = (__mmask16)lowest_bits(count);
  if (count >= LANES) store(p, type, v);
  else if (type == HF_BF16) _mm256_mask_storeu_epi16(p, mask, (__m256i)narrow(v));
  else _mm512_mask_storeu_ps(p, mask, (__m512)v);
}

#else

INLINE vf first_lanes(vf v, int64_t count) {
  float lanes[LANES];
  memcpy(lanes, &v, sizeof v);
  for (int64_t l = count; l < LANES; ++l) lanes[l] = 0;
  memcpy(&v, lanes, sizeof v);
  return v;
}
INLINE vu load_first_halves(const void *p, int64_t count) {
  uint16_t halves[2 * LANES] = {0};
  for (int64_t l = 0; l < min64(count, 2 * LANES); ++l) halves[l] = ((const uint16_t *)p)[l];
  return load_bits(halves);
}
INLINE vf load_first(const void *p, hf_dtype type, int64_t count) {
  if (count >= LANES) return load(p, type);
  float lanes[LANES] = {0};
  for (int64_t l = 0; l < count; ++l) lanes[l] = load_scalar(element(p, type, l), type);
  return load(lanes, HF_F32);
}
INLINE void store_first(void *p, hf_dtype type, int64_t count, vf v) {
  if (count >= LANES) {
    store(p, type, v);
    return;
  }
  float lanes[LANES];
  store(lanes, HF_F32, v);
  for (int64_t l = 0; l < count; ++l) store_scalar((char *)p + l * (int64_t)element_size(type), type, lanes[l]);
}

#endif

// MARK: - Across lanes

/// Halves are combined first: a fixed order that does not depend on the data's place in memory.
INLINE float sum_lanes(vf v) {
#if HF_LANES == 16
  __typeof__(v.lo) v8 = v.lo + v.hi;
  v4f v4 = v8.lo + v8.hi;
#elif HF_LANES == 8
  v4f v4 = v.lo + v.hi;
#else
  v4f v4 = v;
#endif
  return (v4.x + v4.z) + (v4.y + v4.w);
}
INLINE float largest_lane(vf v) {
#if HF_LANES == 16
  __typeof__(v.lo) v8 = v.lo > v.hi ? v.lo : v.hi;
  v4f v4 = v8.lo > v8.hi ? v8.lo : v8.hi;
#elif HF_LANES == 8
  v4f v4 = v.lo > v.hi ? v.lo : v.hi;
#else
  v4f v4 = v;
#endif
  float a = v4.x > v4.z ? v4.x : v4.z, b = v4.y > v4.w ? v4.y : v4.w;
  return a > b ? a : b;
}

// Lane orders of the transposition: interleaved pairs within 128 bits, then exchanged blocks of 4 and of 8 lanes.
#if HF_LANES == 4
#define ZIP_LOW 0, 4, 1, 5
#define ZIP_HIGH 2, 6, 3, 7
#define PAIR_LOW 0, 1, 4, 5
#define PAIR_HIGH 2, 3, 6, 7
#elif HF_LANES == 8
#define ZIP_LOW 0, 8, 1, 9, 4, 12, 5, 13
#define ZIP_HIGH 2, 10, 3, 11, 6, 14, 7, 15
#define PAIR_LOW 0, 1, 8, 9, 4, 5, 12, 13
#define PAIR_HIGH 2, 3, 10, 11, 6, 7, 14, 15
#define BLOCK4_LOW 0, 1, 2, 3, 8, 9, 10, 11
#define BLOCK4_HIGH 4, 5, 6, 7, 12, 13, 14, 15
#else
#define ZIP_LOW 0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29
#define ZIP_HIGH 2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27, 14, 30, 15, 31
#define PAIR_LOW 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29
#define PAIR_HIGH 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31
#define BLOCK4_LOW 0, 1, 2, 3, 16, 17, 18, 19, 8, 9, 10, 11, 24, 25, 26, 27
#define BLOCK4_HIGH 4, 5, 6, 7, 20, 21, 22, 23, 12, 13, 14, 15, 28, 29, 30, 31
#define BLOCK8_LOW 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23
#define BLOCK8_HIGH 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31
#endif

/// r[i] lane j becomes r[j] lane i. First every 4 × 4 block within 128 bits, then blocks change places, which takes
/// log2(LANES) shuffles per vector and no memory.
INLINE void transpose(vu r[LANES]) {
  UNROLL for (int i = 0; i < LANES; i += 4) {
    vu a = __builtin_shufflevector(r[i], r[i + 1], ZIP_LOW), b = __builtin_shufflevector(r[i], r[i + 1], ZIP_HIGH);
    vu c = __builtin_shufflevector(r[i + 2], r[i + 3], ZIP_LOW), d = __builtin_shufflevector(r[i + 2], r[i + 3], ZIP_HIGH);
    r[i] = __builtin_shufflevector(a, c, PAIR_LOW);
    r[i + 1] = __builtin_shufflevector(a, c, PAIR_HIGH);
    r[i + 2] = __builtin_shufflevector(b, d, PAIR_LOW);
    r[i + 3] = __builtin_shufflevector(b, d, PAIR_HIGH);
  }
#if HF_LANES >= 8
  UNROLL for (int i = 0; i < LANES; ++i) {
    if (i & 4) continue;
    vu a = r[i], b = r[i + 4];
    r[i] = __builtin_shufflevector(a, b, BLOCK4_LOW);
    r[i + 4] = __builtin_shufflevector(a, b, BLOCK4_HIGH);
  }
#endif
#if HF_LANES == 16
  UNROLL for (int i = 0; i < 8; ++i) {
    vu a = r[i], b = r[i + 8];
    r[i] = __builtin_shufflevector(a, b, BLOCK8_LOW);
    r[i + 8] = __builtin_shufflevector(a, b, BLOCK8_HIGH);
  }
#endif
}
