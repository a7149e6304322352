// Blocks of 32 elements with one scale; the format is described in BlockCodec.h.

enum { BLOCK_VECTORS = HF_BLOCK_ELEMENTS / LANES };
typedef int8_t vb __attribute__((ext_vector_type(HF_LANES)));
typedef uint8_t vub __attribute__((ext_vector_type(HF_LANES)));

static const float INT8_LARGEST = 127;
static const float E4M3_LARGEST = 448;
/// Added to and taken from a number below 2^22 in magnitude, it leaves the nearest integer, ties to even.
static const float TO_INTEGER = 0x1.8p23f;

INLINE vu larger_bits(vu a, vu b) { return a > b ? a : b; }
INLINE uint32_t largest_bits(const vu x[BLOCK_VECTORS]) {
  vu top = x[0];
  UNROLL for (int v = 1; v < BLOCK_VECTORS; ++v) top = larger_bits(top, x[v]);
  uint32_t lanes[LANES], largest = 0;
  store_bits(lanes, top);
  for (int l = 0; l < LANES; ++l) largest = lanes[l] > largest ? lanes[l] : largest;
  return largest;
}
INLINE float float_of(uint32_t bits) {
  float x;
  memcpy(&x, &bits, 4);
  return x;
}

/// The scale of a block of which the largest magnitude has these bits; 0 where everything is coded as 0. Finite magnitudes only.
INLINE uint16_t scale_of(hf_block_code code, uint32_t largest) {
  if (code == HF_INT8_BLOCKS) {
    float scale = float_of(largest) / INT8_LARGEST;
    return scale < FLT_MIN ? 0 : narrow_scalar(scale);
  }
  int32_t exponent = (int32_t)(largest >> 23) - 8;  // biased
  if (largest == 0) return 0;
  return (uint16_t)((exponent < 1 ? 1 : exponent) << 7);
}

INLINE vf clamped(vf x, float bound) {
  x = x > splat(bound) ? splat(bound) : x;
  return x < splat(-bound) ? splat(-bound) : x;
}
INLINE vu int8_codes(vf x) {
  x = clamped(x, INT8_LARGEST);
  vf shifted = x + splat(TO_INTEGER);
  return (vu)shifted - (vu)splat(TO_INTEGER);
}
/// Normal numbers are rounded at their fourth mantissa bit; below 2^-6 codes are multiples of 2^-9, of which the eighth is the code
/// of 2^-6.
INLINE vu e4m3_codes(vf x) {
  vu sign = ((vu)x >> 24) & 0x80;
  vf magnitude = (vf)((vu)x & 0x7fffffff);
  vf bounded = magnitude > splat(E4M3_LARGEST) ? splat(E4M3_LARGEST) : magnitude;
  vu bits = (vu)bounded;
  vu normal = ((bits + 0x7ffff + ((bits >> 20) & 1)) >> 20) - ((127 - 7) << 3);
  vf multiples = bounded * splat(512);
  vf shifted = multiples + splat(TO_INTEGER);
  vu small = (vu)shifted - (vu)splat(TO_INTEGER);
  vu code = bounded < splat(0x1p-6f) ? small : normal;
  code = magnitude == magnitude ? code : (vu)0x7f;
  return code | sign;
}
INLINE vf e4m3_values(vu code) {
  vu low = code & 0x7f;
  vf normal = (vf)((low << 20) + ((127 - 7) << 23));
  vf small = __builtin_convertvector(low, vf) * splat(0x1p-9f);
  vf value = low < 8 ? small : normal;
  value = low == 0x7f ? splat(NAN) : value;
  return (vf)((vu)value | (code & 0x80) << 24);
}

/// Scale and codes of one block; elements are multiplied by the inverse of the scale before they are rounded.
INLINE void encode_block(hf_block_code code, const vf x[BLOCK_VECTORS], uint8_t *block) {
  vu magnitudes[BLOCK_VECTORS];
  UNROLL for (int v = 0; v < BLOCK_VECTORS; ++v) magnitudes[v] = (vu)x[v] & 0x7fffffff;
  const uint32_t largest = largest_bits(magnitudes);
  const bool is_finite = largest < 0x7f800000;
  const uint16_t scale = is_finite ? scale_of(code, largest) : 0x7fc0;
  memcpy(block, &scale, 2);
  if (scale == 0 || !is_finite) {
    memset(block + 2, 0, HF_BLOCK_ELEMENTS);
    return;
  }
  const vf inverse = splat(1 / widen_scalar(scale));
  UNROLL for (int v = 0; v < BLOCK_VECTORS; ++v) {
    vf scaled = x[v] * inverse;
    vub bytes = __builtin_convertvector(code == HF_INT8_BLOCKS ? int8_codes(scaled) : e4m3_codes(scaled), vub);
    memcpy(block + 2 + v * LANES, &bytes, sizeof bytes);
  }
}

static void block_encode(hf_block_code code, int64_t n, const void *x, hf_dtype x_type, void *blocks) {
  uint8_t *block = blocks;
  for (int64_t i = 0; i < n; i += HF_BLOCK_ELEMENTS, block += HF_BLOCK_BYTES) {
    vf values[BLOCK_VECTORS];
    for (int v = 0; v < BLOCK_VECTORS; ++v) {
      const int64_t start = i + v * LANES;
      values[v] = start < n ? load_first(element(x, x_type, start), x_type, n - start) : splat(0);
    }
    if (code == HF_INT8_BLOCKS) encode_block(HF_INT8_BLOCKS, values, block);
    else encode_block(HF_E4M3_BLOCKS, values, block);
  }
}

INLINE vf decode_vector(hf_block_code code, const uint8_t *codes, vf scale) {
  if (code == HF_INT8_BLOCKS) {
    vb bytes;
    memcpy(&bytes, codes, sizeof bytes);
    return __builtin_convertvector(bytes, vf) * scale;
  }
  vub bytes;
  memcpy(&bytes, codes, sizeof bytes);
  return e4m3_values(__builtin_convertvector(bytes, vu)) * scale;
}

INLINE void decode_blocks(hf_block_code code, int64_t n, const uint8_t *block, void *y, hf_dtype y_type) {
  for (int64_t i = 0; i < n; i += HF_BLOCK_ELEMENTS, block += HF_BLOCK_BYTES) {
    uint16_t bits;
    memcpy(&bits, block, 2);
    const vf scale = splat(widen_scalar(bits));
    for (int v = 0; v < BLOCK_VECTORS && i + v * LANES < n; ++v) {
      const int64_t start = i + v * LANES;
      store_first((void *)element(y, y_type, start), y_type, n - start, decode_vector(code, block + 2 + v * LANES, scale));
    }
  }
}

static void block_decode(hf_block_code code, int64_t n, const void *blocks, void *y, hf_dtype y_type) {
  if (code == HF_INT8_BLOCKS) {
    if (y_type == HF_BF16) decode_blocks(HF_INT8_BLOCKS, n, blocks, y, HF_BF16);
    else decode_blocks(HF_INT8_BLOCKS, n, blocks, y, HF_F32);
  } else {
    if (y_type == HF_BF16) decode_blocks(HF_E4M3_BLOCKS, n, blocks, y, HF_BF16);
    else decode_blocks(HF_E4M3_BLOCKS, n, blocks, y, HF_F32);
  }
}

static float e4m3_value(uint8_t code) { return e4m3_values((vu)(uint32_t)code).x; }
static uint8_t e4m3_code(float x) { return (uint8_t)e4m3_codes(splat(x)).x; }
