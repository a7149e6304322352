// Conversions, sums and products of two, slopes, exponentials, and what a thread asks of the processor.

#include "sweep.h"

#include <math.h>
#include <string.h>

static float from_bits(uint32_t bits) {
  float x;
  memcpy(&x, &bits, 4);
  return x;
}

static uint32_t bits_of(float x) {
  uint32_t bits;
  memcpy(&bits, &x, 4);
  return bits;
}

/// Every 40,009th float from `first` to `last`, of one sign.
static buffer walk(float first, float last) {
  const uint32_t start = bits_of(first), stop = bits_of(last), step = 40009;
  buffer x = filled((stop - start) / step + 1, HF_F32, 0);
  for (int64_t i = 0; i < x.count; ++i) set(&x, i, from_bits(start + (uint32_t)i * step));
  return x;
}

static void exponential(float first, float last) {
  begin_case("exp", 1, "from %g to %g", (double)first, (double)last);
  const buffer x = walk(first, last), y = filled(x.count, HF_F32, NAN);
  hf_exp(x.count, floats(&x), floats(&y));
  for (int64_t i = 0; i < x.count; ++i) {
    const double one = get(&x, i), expected = exp(one);
    if (one > -87.3 && one < 88.7) check(get(&y, i), expected, 2e-7 * expected);
  }
  result(&y);
  end_case();
}

static void coarse_exponential(void) {
  begin_case("exp coarse", 3, "from -1e-30 to -87.3");
  const buffer x = walk(-1e-30f, -87.3f), y = filled(x.count, HF_F32, NAN);
  hf_exp_coarse(x.count, floats(&x), floats(&y));
  for (int64_t i = 0; i < x.count; ++i) {
    const double expected = exp(get(&x, i));
    if (get(&x, i) > -87.3f) check(get(&y, i), expected, 1.1e-4 * expected);
  }
  result(&y);
  end_case();
}

static void ends_of_exponentials(void) {
  const float ends[] = {0, -0.0f, -87.3f, -1e9f, -INFINITY, 88.7f, 1e9f, INFINITY, NAN, 1e-40f, from_bits(0xffffffff),
                        from_bits(0x7fc00001)};
  const float expected[] = {1, 1, 0, 0, 0, INFINITY, INFINITY, INFINITY, NAN, 1, NAN, NAN};
  enum { COUNT = sizeof ends / sizeof ends[0] };
  begin_case("exp", 1, "ends");
  buffer x = filled(COUNT, HF_F32, 0), y = filled(COUNT, HF_F32, 0), coarse = filled(COUNT, HF_F32, 0);
  for (int i = 0; i < COUNT; ++i) set(&x, i, ends[i]);
  hf_exp(COUNT, floats(&x), floats(&y));
  hf_exp_coarse(5, floats(&x), floats(&coarse));
  for (int i = 0; i < COUNT; ++i) check(get(&y, i), expected[i], 0);
  for (int i = 0; i < 5; ++i) check(get(&coarse, i), expected[i], 0);
  result(&y), result(&coarse);
  end_case();
}

/// Every bf16 widened, and fp32 numbers of all kinds rounded, NaNs with their payloads.
static void conversions(numbers *from) {
  const bool flushes = hf_gemm_operand_type(HF_BF16) == HF_BF16;
  begin_case("convert", 0, "every bf16");
  buffer halves = filled(65536, HF_BF16, 0), wide = filled(65536, HF_F32, 0);
  for (int i = 0; i < 65536; ++i) memcpy(halves.data + 2 * i, &(uint16_t){(uint16_t)i}, 2);
  hf_convert(65536, halves.data, HF_BF16, wide.data, HF_F32);
  for (int i = 0; i < 65536; ++i) demand(memcmp(wide.data + 4 * i, &(uint32_t){(uint32_t)i << 16}, 4) == 0, "widening is exact");
  moved(&wide);
  end_case();
  for (int s = 0; s < SIZES; ++s) {
    begin_case("convert", s % 4, "%d", sizes[s]);
    buffer x = filled(sizes[s], HF_F32, 0), y = filled(sizes[s], HF_BF16, 0);
    for (int i = 0; i < sizes[s]; ++i) set(&x, i, from_bits((uint32_t)next(from)));
    if (s % 3 == 1) set(&x, sizes[s] - 1, 1.00390625f);
    if (s % 3 == 2) set(&x, sizes[s] - 1, from_bits(0x7f7fffff));
    hf_convert(sizes[s], x.data, HF_F32, y.data, HF_BF16);
    for (int i = 0; i < sizes[s]; ++i) {
      const float one = get(&x, i);
      const uint16_t expected = flushes && fabsf(one) < 0x1p-126f ? bf16_bits(copysignf(0, one)) : bf16_bits(one);
      demand(memcmp(y.data + 2 * i, &expected, 2) == 0, "rounded to nearest even");
    }
    moved(&y);
    end_case();
  }
}

enum { ADD, MULTIPLY, RELU, SIGMOID };

static float expected_of(int kernel, float x, float y) {
  volatile float rest = 1 - x, slope = x * rest;
  if (kernel == ADD) return y + x;
  if (kernel == MULTIPLY) return y * x;
  if (kernel == RELU) return x <= 0 ? 0 : y;
  return y * slope;
}

static void two_operands(int kernel, int count, hf_dtype xt, hf_dtype yt, numbers *from) {
  void (*const kernels[])(int64_t, const void *, hf_dtype, void *, hf_dtype) = {hf_add, hf_multiply, hf_relu_gradient,
                                                                                hf_sigmoid_gradient};
  const char *const names[] = {"add", "multiply", "relu gradient", "sigmoid gradient"};
  begin_case(names[kernel], (count + kernel) % 4, "%d %d%d", count, xt, yt);
  buffer x = random_values(count, xt, from), y = random_values(count, yt, from);
  for (int i = 0; i < count; ++i) set(&x, i, fabsf(get(&x, i)) < 0.3f && kernel == RELU ? 0 : 10 * get(&x, i));
  if (count > 12) set(&x, 3, NAN), set(&x, 4, INFINITY), set(&y, 5, -INFINITY), set(&y, 12, NAN);
  const buffer before = copy_of(&y);
  kernels[kernel](count, x.data, xt, y.data, yt);
  for (int i = 0; i < count; ++i) check(get(&y, i), stored(expected_of(kernel, get(&x, i), get(&before, i)), yt), 0);
  result(&y);
  end_case();
}

/// Denormals become zeros on the thread that asks, from then on.
void sweep_denormals(void) {
  begin_case("flush denormals", 0, "one thread");
  buffer x = filled(9, HF_F32, 1e-40f);
  hf_add(9, x.data, HF_F32, x.data, HF_F32);
  demand(get(&x, 0) > 0 && get(&x, 8) > 0, "denormals are numbers before");
  hf_flush_denormals();
  x = filled(9, HF_F32, 1e-40f);
  hf_add(9, x.data, HF_F32, x.data, HF_F32);
  for (int i = 0; i < 9; ++i) check(get(&x, i), 0, 0);
  result(&x);
  end_case();
}

static void thread_calls(void) {
  begin_case("threads", 0, "scratch, pause, pin");
  char *small = hf_thread_scratch(1000), *large = hf_thread_scratch(1 << 20);
  demand(small && large && (uintptr_t)large % 64 == 0, "scratch is there and aligned");
  if (large) memset(large, 1, 1 << 20);
  demand(hf_thread_scratch(5000) == large, "scratch is kept");
  hf_pause();
#ifdef __linux__
  demand(hf_pin_thread(0), "a thread can be tied down");
#endif
  end_case();
}

void sweep_elements(void) {
  numbers from = seeded(4);
  exponential(1e-30f, 89);
  exponential(-1e-30f, -88);
  coarse_exponential();
  ends_of_exponentials();
  conversions(&from);
  for (int s = 0; s < SIZES; ++s)
    for (int pair = 0; pair < 16; ++pair)
      two_operands(pair / 4, sizes[s], type_pairs[pair % 4][0], type_pairs[pair % 4][1], &from);
  thread_calls();
}
