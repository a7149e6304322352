// The register tile of pairs on paths with tiles (AMX): up to 32 × 32 sums as two by two tiles of 16 × 16.
//
// One instruction adds to each sum of a tile 16 pairs of bf16: the products of the first of each pair along k in ascending order, those
// of the second likewise, then the two (Intel SDM, TDPBF16PS; denormals are zeros). A sum is the chain of these over blocks of
// PAIR_BLOCK units from the first, which depends neither on the rows and columns computed with it nor on where k is cut between blocks.
// The twin with the instruction written out gives the same bits (KernelTileTests).

#ifdef HF_TILE_INSTRUCTIONS

/// Gives all eight tiles 16 rows of 64 bytes. To be undone by `end_pair_tiles`, as tiles in use make changes of thread expensive.
INLINE void begin_pair_tiles(bool pairs) {
  _Alignas(64) static const struct {
    uint8_t palette, start_row, reserved[14];
    uint16_t row_bytes[16];
    uint8_t rows[16];
  } shapes = {.palette = 1, .row_bytes = {64, 64, 64, 64, 64, 64, 64, 64}, .rows = {16, 16, 16, 16, 16, 16, 16, 16}};
  if (pairs) _tile_loadconfig(&shapes);
}

INLINE void end_pair_tiles(bool pairs) {
  if (pairs) _tile_release();
}

/// 16 rows of sums, or 32 if tall; 16 columns, or 32 if wide. Tiles 0 to 3 hold the sums, 4 and 5 rows of a, 6 and 7 columns of b.
INLINE void multiply_tiles_of_pairs(const bool tall, const bool wide, int64_t units, const char *a, int64_t a_stride,
                                    const uint32_t *b, float *c, int64_t c_stride, bool resume) {
  const int64_t c_bytes = c_stride * 4, b_bytes = PANEL * 4;
  float *c_below = c + ROW_UNIT * c_stride;
  if (resume) {
    _tile_loadd(0, c, c_bytes);
    if (wide) _tile_loadd(1, c + LANES, c_bytes);
    if (tall) _tile_loadd(2, c_below, c_bytes);
    if (tall && wide) _tile_loadd(3, c_below + LANES, c_bytes);
  } else {
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
  }
  for (int64_t p = 0; p < units; p += PAIR_BLOCK, a += 4 * PAIR_BLOCK, b += PAIR_BLOCK * PANEL) {
    _tile_loadd(6, b, b_bytes);
    _tile_loadd(4, a, a_stride);
    _tile_dpbf16ps(0, 4, 6);
    if (wide) {
      _tile_loadd(7, b + LANES, b_bytes);
      _tile_dpbf16ps(1, 4, 7);
    }
    if (tall) {
      _tile_loadd(5, a + ROW_UNIT * a_stride, a_stride);
      _tile_dpbf16ps(2, 5, 6);
    }
    if (tall && wide) _tile_dpbf16ps(3, 5, 7);
  }
  _tile_stored(0, c, c_bytes);
  if (wide) _tile_stored(1, c + LANES, c_bytes);
  if (tall) _tile_stored(2, c_below, c_bytes);
  if (tall && wide) _tile_stored(3, c_below + LANES, c_bytes);
}

/// c[rows][LANES, or PANEL if wide] = (resume ? c : 0) + A · B over `units` of k, whole blocks. Reads and writes whole tiles: `a` and `c`
/// have room for rows up to a multiple of ROW_UNIT, whatever stands there.
static void multiply_pair_tile(int64_t rows, bool wide, int64_t units, const char *a, int64_t a_stride, const uint32_t *b, float *c,
                               int64_t c_stride, bool resume) {
#define CASE(tall, wide) multiply_tiles_of_pairs(tall, wide, units, a, a_stride, b, c, c_stride, resume)
  if (rows > ROW_UNIT) {
    if (wide) CASE(true, true);
    else CASE(true, false);
  } else {
    if (wide) CASE(false, true);
    else CASE(false, false);
  }
#undef CASE
}

#else

/// One vector of sums over `units` of k.
INLINE vf pair_sums(vf sum, int64_t units, const char *a, const uint32_t *b) {
  for (int64_t block = 0; block < units; block += PAIR_BLOCK) {
    vf first = splat(0), second = splat(0);
    for (int64_t p = block; p < block + PAIR_BLOCK; ++p) {
      const vu av = broadcast_unit(a + 4 * p), bv = load_bits(b + p * PANEL);
      first = multiply_add((vf)(av << 16), (vf)(bv << 16), first);
      second = multiply_add((vf)(av & 0xffff0000), (vf)(bv & 0xffff0000), second);
    }
    sum += first + second;
  }
  return sum;
}

static void multiply_pair_tile(int64_t rows, bool wide, int64_t units, const char *a, int64_t a_stride, const uint32_t *b, float *c,
                               int64_t c_stride, bool resume) {
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t v = 0; v < (wide ? PANEL : LANES); v += LANES) {
      float *to = c + r * c_stride + v;
      store(to, HF_F32, pair_sums(resume ? load(to, HF_F32) : splat(0), units, a + r * a_stride, b + v));
    }
  }
}

#endif
