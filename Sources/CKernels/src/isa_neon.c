// arm64: the same 128-bit vectors with the tile that 32 registers allow (6 × 16: 24 sums, 4 of B, 1 of A) and fused
// multiply-add, which is part of the base instruction set. isa_emulated_neon.c shares the tile.

#if defined(__aarch64__)
#define HF_PATH hf_path_neon
#define HF_LANES 4
#define HF_ROWS 6
#define HF_VECTORS 4
#define HF_FUSED_MULTIPLY_ADD 1
#include "algorithms/path_table.h"
#else
typedef int hf_path_neon_needs_arm64;
#endif
