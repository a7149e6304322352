// Runs every kernel of CKernels on one path: sweep PATH. Part of tools/check-arm64.sh.
//
// Each result is compared with the formula in double, with the bounds of Tests/TensorCoreTests. Standard output has one line per
// case with a checksum of the bits, to be compared with that of another processor; standard error has the worst error of each kernel.
// Exit status 1 if a check fails, 69 if the path is not there.

#define _POSIX_C_SOURCE 200809L  // posix_memalign

#include "sweep.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const int sizes[SIZES] = {1, 2, 3, 5, 6, 7, 8, 13, 14, 15, 16, 17, 29, 31, 33, 64, 65, 100, 129};
const hf_dtype type_pairs[4][2] = {{HF_F32, HF_F32}, {HF_F32, HF_BF16}, {HF_BF16, HF_F32}, {HF_BF16, HF_BF16}};

// MARK: - Numbers

numbers seeded(uint64_t seed) { return (numbers){seed * UINT64_C(0x9e3779b97f4a7c15)}; }

uint64_t next(numbers *from) {
  uint64_t z = from->state += UINT64_C(0x9e3779b97f4a7c15);
  z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
  return z ^ (z >> 31);
}

float value(numbers *from) { return (float)((int64_t)next(from) >> 40) * 0x1p-23f; }
int choice(numbers *from, int count) { return (int)((next(from) >> 33) % (unsigned)count); }

// MARK: - Operands

enum { GUARD = 256, MOST_OPERANDS = 64 };

static int offset;
static void *operands[MOST_OPERANDS];
static int operand_count;

static void *keep(size_t bytes) {
  void *memory = NULL;
  if (operand_count == MOST_OPERANDS || posix_memalign(&memory, 64, bytes) != 0) abort();
  memset(memory, 0xff, bytes);
  return operands[operand_count++] = memory;
}

static size_t size_of(hf_dtype type) { return type == HF_BF16 ? 2 : 4; }
static size_t bytes_of(const buffer *x) { return (size_t)x->count * size_of(x->type); }

buffer filled(int64_t count, hf_dtype type, float with) {
  buffer x = {.type = type, .count = count};
  const size_t shift = (size_t)offset * size_of(type);
  x.memory = (char *)keep(bytes_of(&x) + 2 * GUARD + shift) + shift;
  x.data = x.memory + GUARD;
  for (int64_t i = 0; i < count; ++i) set(&x, i, with);
  return x;
}

buffer random_values(int64_t count, hf_dtype type, numbers *from) {
  buffer x = filled(count, type, 0);
  for (int64_t i = 0; i < count; ++i) set(&x, i, value(from));
  return x;
}

buffer copy_of(const buffer *x) {
  buffer y = filled(x->count, x->type, 0);
  memcpy(y.data, x->data, bytes_of(x));
  return y;
}

void *scratch(size_t bytes) { return keep(bytes + 64); }
float *floats(const buffer *x) { return (float *)(void *)x->data; }

float get(const buffer *x, int64_t index) {
  uint32_t bits = 0;
  if (x->type == HF_BF16) {
    uint16_t half;
    memcpy(&half, x->data + 2 * index, 2);
    bits = (uint32_t)half << 16;
  } else {
    memcpy(&bits, x->data + 4 * index, 4);
  }
  float found;
  memcpy(&found, &bits, 4);
  return found;
}

void set(buffer *x, int64_t index, float to) {
  const uint16_t half = bf16_bits(to);
  if (x->type == HF_BF16) memcpy(x->data + 2 * index, &half, 2);
  else memcpy(x->data + 4 * index, &to, 4);
}

uint16_t bf16_bits(float x) {
  uint32_t bits;
  memcpy(&bits, &x, 4);
  if (x != x) return (uint16_t)(bits >> 16 | 0x40);
  const uint32_t rest = bits & 0xffff;
  const bool up = rest > 0x8000 || (rest == 0x8000 && (bits & 0x10000) != 0);
  return (uint16_t)((bits >> 16) + up);
}

float stored(float x, hf_dtype type) {
  if (type == HF_F32) return x;
  const uint32_t bits = (uint32_t)bf16_bits(x) << 16;
  float y;
  memcpy(&y, &bits, 4);
  return y;
}

double rounding(hf_dtype type) { return 1.01 * (type == HF_BF16 ? 0x1p-8 : 0x1p-24); }

// MARK: - Checks

typedef struct {
  const char *kernel;
  int cases;
  double worst;  // of the allowed error
} tally;

static tally tallies[32];
static int tally_count, failures;
static tally *current;
static char label[200];
static uint64_t checksum;
static double worst;
static char worst_place[120];
static bool failed;

void begin_case(const char *kernel, int by, const char *format, ...) {
  offset = by;
  va_list rest;
  va_start(rest, format);
  vsnprintf(label, sizeof label, format, rest);
  va_end(rest);
  current = tallies;
  while (current < tallies + tally_count && strcmp(current->kernel, kernel) != 0) ++current;
  if (current == tallies + tally_count) tallies[tally_count++].kernel = kernel;
  checksum = UINT64_C(0xcbf29ce484222325);
  worst = 0;
  failed = false;
}

void check(float found, double expected, double allowed) {
  double ratio;
  if (isnan(expected) || isnan(found)) ratio = isnan(expected) && isnan(found) ? 0 : INFINITY;
  else if (isinf(expected) || isinf(found)) ratio = found == expected ? 0 : INFINITY;
  else ratio = found == expected ? 0 : fabs(found - expected) / allowed;
  if (!(ratio > worst)) return;
  worst = ratio;
  snprintf(worst_place, sizeof worst_place, "%.9g, expected %.9g ± %.3g", (double)found, expected, allowed);
}

void demand(bool holds, const char *fact) {
  if (holds) return;
  failed = true;
  fprintf(stderr, "%s %s: does not hold: %s\n", current->kernel, label, fact);
}

void demand_same(const buffer *a, const buffer *b, const char *fact) {
  demand(a->count == b->count && a->type == b->type && memcmp(a->data, b->data, bytes_of(a)) == 0, fact);
}

void demand_equal(const buffer *a, const buffer *b, const char *fact) {
  bool equal = a->count == b->count;
  for (int64_t i = 0; equal && i < a->count; ++i) equal = get(a, i) == get(b, i);
  demand(equal, fact);
}

static void take(uint32_t bits) {
  for (int byte = 0; byte < 4; ++byte) checksum = (checksum ^ (bits >> (8 * byte) & 0xff)) * UINT64_C(0x100000001b3);
}

static void take_all(const buffer *x, bool tells_nans_apart) {
  bool intact = true;
  for (int i = 0; i < GUARD; ++i)
    intact &= (unsigned char)x->memory[i] == 0xff && (unsigned char)x->data[bytes_of(x) + (size_t)i] == 0xff;
  demand(intact, "nothing is written outside the result");
  for (int64_t i = 0; i < x->count; ++i) {
    const float one = get(x, i);
    uint32_t bits;
    memcpy(&bits, &one, 4);
    take(one != one && !tells_nans_apart ? 0x7fc00000 : bits);
  }
}

void result(const buffer *x) { take_all(x, false); }
void moved(const buffer *x) { take_all(x, true); }

void end_case(void) {
  if (!(worst <= 1)) {
    failed = true;
    fprintf(stderr, "%s %s: %.3g times the allowed error: %s\n", current->kernel, label, worst, worst_place);
  }
  failures += failed;
  ++current->cases;
  if (worst > current->worst) current->worst = worst;
  printf("%s %s %016llx\n", current->kernel, label, (unsigned long long)checksum);
  while (operand_count > 0) free(operands[--operand_count]);
}

// MARK: - The program

static bool select_path(const char *name) {
  for (int isa = HF_ISA_PORTABLE; isa <= HF_ISA_EMULATED_NEON; ++isa)
    if (strcmp(hf_isa_name((hf_isa)isa), name) == 0) return hf_isa_select((hf_isa)isa) && hf_isa_current() == (hf_isa)isa;
  return false;
}

int main(int count, char **arguments) {
  if (count != 2) {
    fprintf(stderr, "usage: sweep PATH\n");
    return 64;
  }
  if (!select_path(arguments[1])) {
    fprintf(stderr, "sweep: no path '%s' on this processor; the best is %s\n", arguments[1], hf_isa_name(hf_isa_best()));
    return 69;
  }
  sweep_products();
  sweep_attention();
  sweep_rows();
  sweep_elements();
  sweep_blocks();
  sweep_denormals();
  int cases = 0;
  double most = 0;
  for (int i = 0; i < tally_count; ++i) {
    fprintf(stderr, "%-22s %4d cases, worst error %.2f of the bound\n", tallies[i].kernel, tallies[i].cases, tallies[i].worst);
    cases += tallies[i].cases;
    if (tallies[i].worst > most) most = tallies[i].worst;
  }
  fprintf(stderr, "%s: %d cases, %d failed, worst error %.2f of the bound\n", arguments[1], cases, failures, most);
  return failures > 0;
}
