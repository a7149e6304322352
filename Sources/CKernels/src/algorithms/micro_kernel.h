// The register tile of the matrix product: rows × (vectors · LANES) sums held in registers over a range of k.
//
// Every sum is one chain over k in ascending order, whatever the height of the tile, so an element has the same bits in every
// tile that can contain it; that makes results independent of how rows and columns are cut into tiles, blocks and calls.

/// sum + a · b, where a and b are units: one product, or two for a pair of bf16 (exact in fp32, each sum rounded).
INLINE vf unit_dot(const bool pairs, vf sum, vu a, vu b) {
  if (!pairs) return multiply_add((vf)a, (vf)b, sum);
#ifdef HF_PAIR_DOT
  return HF_PAIR_DOT(sum, a, b);
#else
  sum = multiply_add((vf)(a & 0xffff0000), (vf)(b & 0xffff0000), sum);
  return multiply_add((vf)(a << 16), (vf)(b << 16), sum);
#endif
}

INLINE vu broadcast_unit(const char *p) {
  uint32_t unit;
  memcpy(&unit, p, sizeof unit);
  return (vu)unit;
}

/// c[rows][vectors · LANES] = (resume ? c : 0) + A · B over `units` of k. A is row-major with `a_stride` bytes between rows, b one
/// panel. Resuming from stored fp32 sums continues the chain: cutting k changes no bit.
INLINE void micro_kernel(const int rows, const int vectors, const bool pairs, int64_t units, const char *a, int64_t a_stride,
                         const uint32_t *b, float *c, int64_t c_stride, bool resume) {
  vf sum[ROWS][VECTORS];
  UNROLL for (int r = 0; r < rows; ++r) {
    UNROLL for (int v = 0; v < vectors; ++v)
      sum[r][v] = resume ? load(c + r * c_stride + v * LANES, HF_F32) : splat(0);
  }
  for (int64_t p = 0; p < units; ++p) {
    vu bv[VECTORS];
    UNROLL for (int v = 0; v < vectors; ++v) bv[v] = load_bits(b + p * PANEL + v * LANES);
    UNROLL for (int r = 0; r < rows; ++r) {
      vu av = broadcast_unit(a + r * a_stride + 4 * p);
      UNROLL for (int v = 0; v < vectors; ++v) sum[r][v] = unit_dot(pairs, sum[r][v], av, bv[v]);
    }
  }
  UNROLL for (int r = 0; r < rows; ++r) {
    UNROLL for (int v = 0; v < vectors; ++v) store(c + r * c_stride + v * LANES, HF_F32, sum[r][v]);
  }
}

#ifdef HF_PAIR_TILES
#include "pair_tile.h"
#endif
#ifndef HF_TILE_INSTRUCTIONS  // else there is a state to set and to leave
INLINE void begin_pair_tiles(bool pairs) { (void)pairs; }
INLINE void end_pair_tiles(bool pairs) { (void)pairs; }
#endif

typedef void tile_function(int64_t units, const char *a, int64_t a_stride, const uint32_t *b, float *c, int64_t c_stride,
                           bool resume);

#define DEFINE_TILE(rows, kind, pairs, width, vectors)                                                                \
  static void tile_##kind##_##width##_##rows(int64_t units, const char *a, int64_t a_stride, const uint32_t *b,       \
                                             float *c, int64_t c_stride, bool resume) {                               \
    micro_kernel(rows, vectors, pairs, units, a, a_stride, b, c, c_stride, resume);                                   \
  }
#ifdef HF_PAIR_TILES
#define DEFINE_PAIR_TILE(rows, width, vectors)
#else
#define DEFINE_PAIR_TILE(rows, width, vectors) DEFINE_TILE(rows, pair, true, width, vectors)
#endif
#define DEFINE_TILES(rows)                                                                    \
  DEFINE_TILE(rows, single, false, full, VECTORS) DEFINE_PAIR_TILE(rows, full, VECTORS)       \
  DEFINE_TILE(rows, single, false, narrow, 1) DEFINE_PAIR_TILE(rows, narrow, 1)

DEFINE_TILES(1) DEFINE_TILES(2) DEFINE_TILES(3) DEFINE_TILES(4)
#if HF_ROWS >= 6
DEFINE_TILES(5) DEFINE_TILES(6)
#endif
#if HF_ROWS == 14
DEFINE_TILES(7) DEFINE_TILES(8) DEFINE_TILES(9) DEFINE_TILES(10) DEFINE_TILES(11) DEFINE_TILES(12) DEFINE_TILES(13)
DEFINE_TILES(14)
#endif

#define TILES_1_TO_4(prefix) 0, prefix##_1, prefix##_2, prefix##_3, prefix##_4
#if HF_ROWS == 4
#define TILES_OF(prefix) {TILES_1_TO_4(prefix)}
#elif HF_ROWS == 6
#define TILES_OF(prefix) {TILES_1_TO_4(prefix), prefix##_5, prefix##_6}
#else
#define TILES_OF(prefix)                                                                                     \
  {TILES_1_TO_4(prefix), prefix##_5,  prefix##_6,  prefix##_7,  prefix##_8, prefix##_9, prefix##_10,         \
   prefix##_11,          prefix##_12, prefix##_13, prefix##_14}
#endif

/// Tiles by width (a whole panel, its first vector) and height.
static tile_function *const single_tiles[2][ROWS + 1] = {TILES_OF(tile_single_full), TILES_OF(tile_single_narrow)};
#ifndef HF_PAIR_TILES
static tile_function *const pair_tiles[2][ROWS + 1] = {TILES_OF(tile_pair_full), TILES_OF(tile_pair_narrow)};
#endif

/// Height of the next tile when `rows` are left: as even as possible, so that no tile is nearly empty; full where rows come in units.
INLINE int64_t tile_height(bool pairs, int64_t rows) {
  if (ROW_UNIT > 1 && pairs) return min64(rows, PAIR_ROWS);
  const int64_t count = (rows + ROWS - 1) / ROWS;
  return (rows + count - 1) / count;
}

/// One tile of `rows`, the height that `tile_height` gave. Of the panel `columns` count: where its first vector holds them, the rest is
/// padding and c has room for one vector only.
INLINE void multiply_tile(bool pairs, int64_t rows, int64_t columns, int64_t units, const char *a, int64_t a_stride,
                          const uint32_t *b, float *c, int64_t c_stride, bool resume) {
#ifdef HF_PAIR_TILES
  if (pairs) {
    multiply_pair_tile(rows, columns > LANES, units, a, a_stride, b, c, c_stride, resume);
    return;
  }
  single_tiles[columns <= LANES][rows](units, a, a_stride, b, c, c_stride, resume);
#else
  (pairs ? pair_tiles : single_tiles)[columns <= LANES][rows](units, a, a_stride, b, c, c_stride, resume);
#endif
}

/// c[rows][columns of one panel] = (resume ? c : 0) + left · packed right, tile below tile.
static void multiply_strip(bool pairs, int64_t rows, int64_t columns, int64_t units, const char *a, int64_t a_stride,
                           const uint32_t *b, float *c, int64_t c_stride, bool resume) {
  for (int64_t i = 0, height; i < rows; i += height) {
    height = tile_height(pairs, rows - i);
    multiply_tile(pairs, height, columns, units, a + i * a_stride, a_stride, b, c + i * c_stride, c_stride, resume);
  }
}
