// For tests: the AVX512-BF16 path (same widths, tiles and packing) on any processor, with the pair product written out and without
// masks. Lets every machine test the tiles and packing that only few can run; far too slow for anything else.

#define HF_PATH hf_path_emulated_bf16
#define HF_LANES 16
#define HF_ROWS 14
#define HF_VECTORS 2
#define HF_BF16_OPERANDS 1
#include "algorithms/path_table.h"
