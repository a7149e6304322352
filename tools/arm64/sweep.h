// What the parts of the sweep share: operands between guards, a fixed sequence of numbers, and checks with the bounds of
// Tests/TensorCoreTests.

#ifndef HELIXFOLD_SWEEP_H
#define HELIXFOLD_SWEEP_H

#include "CKernels.h"

/// Sizes around every vector width and tile height, as `kernelSizes` of the Swift tests.
extern const int sizes[19];
enum { SIZES = 19 };

/// The four pairs of storage types.
extern const hf_dtype type_pairs[4][2];

// MARK: - Numbers

/// SplitMix64: the same numbers on every machine.
typedef struct {
  uint64_t state;
} numbers;

numbers seeded(uint64_t seed);
uint64_t next(numbers *from);
/// Uniform in (−1, 1), a multiple of 2⁻²³.
float value(numbers *from);
/// One of 0 … count − 1.
int choice(numbers *from, int count);

// MARK: - Operands

/// An array between guards of NaNs. It starts off the 64-byte grid by as many elements as the case says (`begin_case`).
typedef struct {
  hf_dtype type;
  int64_t count;
  char *memory, *data;
} buffer;

buffer filled(int64_t count, hf_dtype type, float with);
buffer random_values(int64_t count, hf_dtype type, numbers *from);
buffer copy_of(const buffer *x);
float get(const buffer *x, int64_t index);
void set(buffer *x, int64_t index, float to);
float *floats(const buffer *x);
/// 64-byte aligned memory full of NaNs, so that no kernel can rely on what is in it.
void *scratch(size_t bytes);

/// bf16 bits nearest to x, ties to even; a NaN keeps its sign and upper bits.
uint16_t bf16_bits(float x);
/// x as the type stores it.
float stored(float x, hf_dtype type);
/// Half a unit in the last place of the type, relative, with a little room: the result's own rounding.
double rounding(hf_dtype type);

// MARK: - Checks

/// Starts a case; operands made from here on begin `offset` elements past a multiple of 64 bytes.
void begin_case(const char *kernel, int offset, const char *format, ...) __attribute__((format(printf, 3, 4)));
/// Found against expected: NaN only matches NaN, an infinity itself, a number what is at most `allowed` away.
void check(float found, double expected, double allowed);
/// A fact of the case.
void demand(bool holds, const char *fact);
/// Compares every byte of two arrays.
void demand_same(const buffer *a, const buffer *b, const char *fact);
/// Compares values: zeros of either sign are equal.
void demand_equal(const buffer *a, const buffer *b, const char *fact);
/// Takes the bits of a result into the checksum of the case and checks its guards. All NaNs count as one: which of them arithmetic
/// gives is the processor's choice.
void result(const buffer *x);
/// The same with the NaNs told apart, for what moves bits and does no arithmetic.
void moved(const buffer *x);
/// Prints the case with its checksum and gives its operands back.
void end_case(void);

// MARK: - Parts

void sweep_products(void);
void sweep_attention(void);
void sweep_rows(void);
void sweep_elements(void);
void sweep_blocks(void);
void sweep_denormals(void);  // the last: they stay zeros

#endif
