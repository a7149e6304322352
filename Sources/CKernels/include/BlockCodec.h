// Storage of activations and weights at 8.5 bits an element: blocks of 32 with one scale.
//
// A block is 34 bytes: its scale in bfloat16, then 32 codes of one byte. Element = scale · value(code).
//   HF_INT8_BLOCKS  code a signed integer in −127 … 127, scale the largest magnitude / 127 rounded to bfloat16
//   HF_E4M3_BLOCKS  code an 8-bit float (1 sign, 4 exponent, 3 mantissa bits, bias 7, largest 448, 0x7f NaN), scale a power of two:
//                   2^(floor(log2 of the largest magnitude) − 8), as the MX formats of the Open Compute Project choose it
// Codes are rounded to nearest even and saturate. A block that holds an infinity or a NaN becomes NaN throughout, so that checks of
// finiteness still see it. Magnitudes below 127 · 2^-126 (int8) count as zero.

#ifndef HELIXFOLD_BLOCK_CODEC_H
#define HELIXFOLD_BLOCK_CODEC_H

#include "CKernels.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum { HF_INT8_BLOCKS = 0, HF_E4M3_BLOCKS = 1 } hf_block_code;

/// Elements of a block and the bytes it takes.
enum { HF_BLOCK_ELEMENTS = 32, HF_BLOCK_BYTES = 34 };

/// Encodes x[0 … n) into ceil(n / 32) blocks; what is missing of the last one is coded as 0.
void hf_block_encode(hf_block_code code, int64_t n, const void *x, hf_dtype x_type, void *blocks);
/// Decodes n elements from the start of a block; nothing past them is written.
void hf_block_decode(hf_block_code code, int64_t n, const void *blocks, void *y, hf_dtype y_type);
/// Value of one E4M3 code.
float hf_e4m3_value(uint8_t code);
/// Nearest E4M3 code, ties to even, saturating; 0x7f for NaN.
uint8_t hf_e4m3_code(float x);

#ifdef __cplusplus
}
#endif

#endif
