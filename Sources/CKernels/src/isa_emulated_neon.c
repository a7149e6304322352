// For tests: the tile and vectors of the NEON path on any processor, without fused multiply-add unless the compiler fuses by itself, as
// it does for arm64. Lets every machine test its spans of keys, narrow tiles and packing; nobody should compute with it. Compiled with
// HF_FUSED_MULTIPLY_ADD it has the bits of the NEON path (tools/check-arm64.sh).

#define HF_PATH hf_path_emulated_neon
#define HF_LANES 4
#define HF_ROWS 6
#define HF_VECTORS 4
#include "algorithms/path_table.h"
