// For tests: the AMX-BF16 path (same widths, tiles and packing) on any processor, with its products written out and without
// masks. Lets every machine test the tiles and packing that only few can run; far too slow for anything else.

#define HF_PATH hf_path_emulated_amx
#define HF_LANES 16
#define HF_ROWS 14
#define HF_VECTORS 2
#define HF_BF16_OPERANDS 1
#define HF_PAIR_TILES 1
#include "algorithms/path_table.h"
