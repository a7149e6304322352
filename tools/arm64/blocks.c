// Blocks of 32 elements with one scale, and the numbers of E4M3.

#include "sweep.h"

#include <math.h>
#include <string.h>

/// By the layout: 1 sign, 4 exponent (bias 7), 3 mantissa bits; S.1111.111 is NaN.
static float plain_value(int code) {
  const float sign = code & 0x80 ? -1 : 1, mantissa = (float)(code & 7);
  const int exponent = code >> 3 & 15;
  if ((code & 0x7f) == 0x7f) return NAN;
  if (exponent == 0) return sign * mantissa * 0x1p-9f;
  return sign * ldexpf(1 + mantissa / 8, exponent - 7);
}

/// Nearest code by looking at all, ties to the even one, saturating.
static uint8_t plain_code(float x) {
  if (x != x) return signbit(x) ? 0xff : 0x7f;
  const double magnitude = fmin(fabs((double)x), 448);
  int best = 0;
  double distance = INFINITY;
  for (int code = 0; code < 0x7f; ++code) {
    const double d = fabs(plain_value(code) - magnitude);
    if (d < distance || (d == distance && code % 2 == 0)) best = code, distance = d;
  }
  return (uint8_t)(best | (signbit(x) ? 0x80 : 0));
}

static void plain_encode(hf_block_code code, const float *x, int count, uint8_t *block) {
  float largest = 0, scale = 0;
  bool finite = true;
  for (int i = 0; i < count; ++i) finite &= isfinite(x[i]) != 0, largest = fmaxf(largest, fabsf(x[i]));
  memset(block, 0, HF_BLOCK_BYTES);
  if (!finite) {
    memcpy(block, &(uint16_t){0x7fc0}, 2);
    return;
  }
  if (code == HF_INT8_BLOCKS) scale = largest / 127 < 0x1p-126f ? 0 : stored(largest / 127, HF_BF16);
  else if (largest > 0) scale = ldexpf(1, (int)fmax(logbf(largest) - 8, -126));
  const uint16_t bits = bf16_bits(scale);
  memcpy(block, &bits, 2);
  if (scale == 0) return;
  volatile const float inverse = 1 / scale;
  for (int i = 0; i < count; ++i) {
    const float scaled = x[i] * inverse;
    block[2 + i] = code == HF_INT8_BLOCKS ? (uint8_t)(int8_t)fmaxf(-127, fminf(127, rintf(scaled))) : plain_code(scaled);
  }
}

static void compare(hf_block_code code, const buffer *x) {
  const int count = (int)x->count, blocks = (count + HF_BLOCK_ELEMENTS - 1) / HF_BLOCK_ELEMENTS;
  const buffer found = filled(blocks * HF_BLOCK_BYTES / 2, HF_BF16, NAN);
  hf_block_encode(code, count, x->data, x->type, found.data);
  for (int b = 0; b < blocks; ++b) {
    float values[HF_BLOCK_ELEMENTS];
    uint8_t expected[HF_BLOCK_BYTES];
    const int first = b * HF_BLOCK_ELEMENTS, n = count - first < HF_BLOCK_ELEMENTS ? count - first : HF_BLOCK_ELEMENTS;
    for (int i = 0; i < n; ++i) values[i] = get(x, first + i);
    plain_encode(code, values, n, expected);
    demand(memcmp(found.data + b * HF_BLOCK_BYTES, expected, HF_BLOCK_BYTES) == 0, "blocks have the bytes of the plain code");
  }
  moved(&found);
  for (int type = 0; type < 2; ++type) {
    const buffer y = filled(count, (hf_dtype)type, -7);
    hf_block_decode(code, count, found.data, y.data, y.type);
    for (int i = 0; i < count; ++i) {
      const uint8_t *block = (const uint8_t *)found.data + i / HF_BLOCK_ELEMENTS * HF_BLOCK_BYTES;
      const uint32_t bits = (uint32_t)(block[0] | block[1] << 8) << 16;
      float scale;
      memcpy(&scale, &bits, 4);
      const int one = block[2 + i % HF_BLOCK_ELEMENTS];
      check(get(&y, i), stored(scale * (code == HF_INT8_BLOCKS ? (float)(int8_t)one : plain_value(one)), y.type), 0);
    }
    result(&y);
  }
}

static void random_blocks(numbers *from) {
  for (int s = 0; s < SIZES + 2; ++s) {
    const int count = s < SIZES ? sizes[s] : 32 * (2 * (s - SIZES) + 1);
    for (int kind = 0; kind < 4; ++kind) {
      begin_case("block codec", s % 4, "%d %d", count, kind);
      const float scale = ldexpf(1, choice(from, 60) - 30);
      buffer x = random_values(count, (hf_dtype)(kind % 2), from);
      for (int i = 0; i < count; ++i) set(&x, i, scale * get(&x, i));
      compare((hf_block_code)(kind / 2), &x);
      end_case();
    }
  }
}

static void ends(void) {
  const float rows[][7] = {
      {0, -0.0f, 0, 0, 0, 0, 0}, {0x1.fffffep127f, -0x1.fffffep127f, 1}, {0x1p-126f, 0}, {0x1p-118f, -0x1p-120f},
      {1, 1e-6f, -1e-6f, 60}, {448, -464, 500, 1}, {127, -127, 126.5f, 125.5f, -0.5f, 0.5f, 1.5f}, {1, INFINITY},
      {-INFINITY, 2}, {3, 4, NAN}};
  for (int row = 0; row < 10; ++row) {
    for (int code = 0; code < 2; ++code) {
      begin_case("block codec", row % 4, "ends %d %d", row, code);
      buffer x = filled(70, HF_F32, 0);
      for (int i = 0; i < 7; ++i) set(&x, 32 + i, rows[row][i]);
      compare((hf_block_code)code, &x);
      end_case();
    }
  }
}

static void e4m3(void) {
  begin_case("e4m3", 0, "every code");
  buffer values = filled(256, HF_F32, 0);
  for (int code = 0; code < 256; ++code) {
    set(&values, code, hf_e4m3_value((uint8_t)code));
    check(get(&values, code), plain_value(code), 0);
  }
  result(&values);
  end_case();
  begin_case("e4m3", 0, "every bf16");
  buffer codes = filled(65536, HF_F32, 0);
  for (uint32_t i = 0; i < 65536; ++i) {
    const uint32_t bits = i << 16;
    float x;
    memcpy(&x, &bits, 4);
    const uint8_t code = hf_e4m3_code(x);
    set(&codes, i, code);
    if (i % 7 == 0 || i % 0x8000 > 0x3b00) demand(code == plain_code(x), "codes are nearest, ties to even");
  }
  result(&codes);
  end_case();
}

void sweep_blocks(void) {
  numbers from = seeded(5);
  random_blocks(&from);
  ends();
  e4m3();
}
