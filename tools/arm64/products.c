// Matrix products: every layout, type and epilogue, sizes around the tiles, sums in several slices, and columns packed in parts.

#include "sweep.h"

#include <math.h>

typedef struct {
  int m, n, k;
  hf_dtype type, c_type;
  bool turned_a, turned_b;
  int layout;           // of C: by rows, by columns, in blocks of columns
  int block, gap;
  bool bias_n, bias_m, scale_n, scale_m, multiplies, accumulates;
  hf_activation activation;
  int mul_layout;       // plain, turned, one row for all, one column for all
  hf_dtype mul_type;
  float alpha;
} product;

typedef struct {
  buffer a, b, c, packed, bias_n, bias_m, scale_n, scale_m, mul;
  int64_t a_row, a_col, b_row, b_col, c_row, c_col, c_block, c_block_stride, mul_row, mul_col;
} parts;

static parts make_parts(const product *t, numbers *from) {
  parts x = {0};
  x.a_row = t->turned_a ? 1 : t->k + t->gap, x.a_col = t->turned_a ? t->m + t->gap : 1;
  x.b_row = t->turned_b ? 1 : t->n + t->gap, x.b_col = t->turned_b ? t->k + t->gap : 1;
  x.a = random_values(t->turned_a ? t->k * x.a_col + 1 : t->m * x.a_row, t->type, from);
  x.b = random_values(t->turned_b ? t->n * x.b_col : t->k * x.b_row + 1, t->type, from);
  int64_t size;
  if (t->layout == 0) x.c_row = t->n + t->gap, x.c_col = 1, size = t->m * x.c_row;
  else if (t->layout == 1) x.c_row = 1, x.c_col = t->m + t->gap, size = t->n * x.c_col;
  else {
    x.c_block = x.c_row = t->block, x.c_col = 1;
    x.c_block_stride = t->block * t->m + 5;
    size = (t->n / t->block + 1) * x.c_block_stride;
  }
  x.c = random_values(size, t->c_type, from);
  const int64_t mul_strides[4][2] = {{t->n + 2, 1}, {1, t->m + 1}, {0, 1}, {1, 0}};
  x.mul_row = mul_strides[t->mul_layout][0], x.mul_col = mul_strides[t->mul_layout][1];
  x.mul = random_values((t->m - 1) * x.mul_row + (t->n - 1) * x.mul_col + 1, t->mul_type, from);
  x.bias_n = random_values(t->n, HF_F32, from), x.bias_m = random_values(t->m, HF_F32, from);
  x.scale_n = random_values(t->n, HF_F32, from), x.scale_m = random_values(t->m, HF_F32, from);
  return x;
}

static buffer pack(const product *t, const parts *x) {
  const hf_dtype operand = hf_gemm_operand_type(t->type);
  buffer packed = filled((int64_t)hf_gemm_packed_size(operand, t->k, t->n) / 4, HF_F32, NAN);
  hf_gemm_pack(operand, t->k, t->n, x->b.data, t->type, x->b_row, x->b_col, packed.data);
  return packed;
}

static int64_t place(const parts *x, int64_t i, int64_t j) {
  if (x->c_block == 0) return i * x->c_row + j * x->c_col;
  return i * x->c_row + j / x->c_block * x->c_block_stride + j % x->c_block;
}

static char *at(const buffer *x, int64_t index) { return x->data + index * (x->type == HF_BF16 ? 2 : 4); }

/// Rows [i0, i1) and columns [j0, j1) of the product, j0 a multiple of the column unit.
static void multiply(const product *t, const parts *x, const buffer *c, int64_t i0, int64_t i1, int64_t j0, int64_t j1) {
  const hf_dtype operand = hf_gemm_operand_type(t->type);
  const hf_gemm_args g = {
      .m = i1 - i0, .n = j1 - j0, .k = t->k, .a = at(&x->a, i0 * x->a_row), .a_type = t->type, .a_row_stride = x->a_row,
      .a_col_stride = x->a_col, .operand_type = operand, .b_packed = x->packed.data + hf_gemm_packed_size(operand, t->k, j0),
      .c = at(c, place(x, i0, j0)), .c_type = t->c_type, .c_row_stride = x->c_row, .c_col_stride = x->c_col,
      .c_block = x->c_block, .c_block_stride = x->c_block_stride, .alpha = t->alpha,
      .bias_n = t->bias_n ? floats(&x->bias_n) + j0 : NULL, .bias_m = t->bias_m ? floats(&x->bias_m) + i0 : NULL,
      .activation = t->activation, .scale_m = t->scale_m ? floats(&x->scale_m) + i0 : NULL,
      .scale_n = t->scale_n ? floats(&x->scale_n) + j0 : NULL,
      .mul = t->multiplies ? at(&x->mul, i0 * x->mul_row + j0 * x->mul_col) : NULL, .mul_type = t->mul_type,
      .mul_row_stride = x->mul_row, .mul_col_stride = x->mul_col, .accumulate = t->accumulates};
  hf_gemm(&g, scratch(hf_gemm_scratch_size(operand, g.m, g.n, g.k)));
}

/// Against the sum in double: every addition rounds by at most 2⁻²⁴ of the sum of magnitudes, the epilogue by a few more.
static void compare(const product *t, const parts *x, const buffer *before, const buffer *c) {
  for (int64_t i = 0; i < t->m; ++i) {
    for (int64_t j = 0; j < t->n; ++j) {
      double sum = 0, size = 0;
      for (int64_t p = 0; p < t->k; ++p) {
        const double one = (double)get(&x->a, i * x->a_row + p * x->a_col) * get(&x->b, p * x->b_row + j * x->b_col);
        sum += one, size += fabs(one);
      }
      double v = t->alpha * sum;
      size *= fabs((double)t->alpha);
      if (t->bias_n) v += get(&x->bias_n, j), size += 1;
      if (t->bias_m) v += get(&x->bias_m, i), size += 1;
      if (t->activation == HF_ACT_RELU) v = v <= 0 ? 0 : v;
      if (t->activation == HF_ACT_SIGMOID) v = 1 / (1 + exp(-v)), size += 4;
      if (t->scale_m) v *= get(&x->scale_m, i);
      if (t->scale_n) v *= get(&x->scale_n, j);
      if (t->multiplies) v *= get(&x->mul, i * x->mul_row + j * x->mul_col);
      if (t->accumulates) v += get(before, place(x, i, j)), size += 1;
      check(get(c, place(x, i, j)), v, (t->k + 8) * 0x1p-24 * size + rounding(t->c_type) * fabs(v));
    }
  }
}

static void run(const product *t, numbers *from, bool cuts) {
  parts x = make_parts(t, from);
  x.packed = pack(t, &x);
  moved(&x.packed);
  const buffer c = copy_of(&x.c);
  multiply(t, &x, &c, 0, t->m, 0, t->n);
  compare(t, &x, &x.c, &c);
  result(&c);
  buffer rest = copy_of(&c);
  for (int64_t i = 0; i < t->m; ++i)
    for (int64_t j = 0; j < t->n; ++j) set(&rest, place(&x, i, j), get(&x.c, place(&x, i, j)));
  demand_same(&rest, &x.c, "what lies between the elements of C stays");
  if (!cuts) return;
  const int64_t unit = hf_gemm_column_unit(), row = t->m / 3 + 1;
  const int64_t column = t->n > unit && (x.c_block == 0 || unit % x.c_block == 0) ? unit : t->n;
  buffer pieces = copy_of(&x.c);
  for (int part = 0; part < 4; ++part) {
    const int64_t i0 = part / 2 ? row : 0, i1 = part / 2 ? t->m : row, j0 = part % 2 ? column : 0, j1 = part % 2 ? t->n : column;
    if (i0 < i1 && j0 < j1) multiply(t, &x, &pieces, i0, i1, j0, j1);
  }
  demand_same(&pieces, &c, "rows and columns may be cut anywhere");
}

static product random_product(int m, int n, int k, hf_dtype type, numbers *from) {
  const int blocks[] = {5, 8, 12, 16};
  product t = {.m = m, .n = n, .k = k, .type = type, .alpha = 1};
  t.c_type = choice(from, 2) ? HF_BF16 : HF_F32, t.mul_type = choice(from, 2) ? HF_BF16 : HF_F32;
  t.turned_a = choice(from, 2), t.turned_b = choice(from, 2);
  t.layout = choice(from, 3), t.block = blocks[choice(from, 4)], t.gap = choice(from, 2) ? 3 : 0;
  t.mul_layout = choice(from, 4);
  return t;
}

/// Sizes around the tiles, in both types, off the grid of 64 bytes.
static void sizes_around_tiles(numbers *from) {
  for (int s = 0; s < SIZES; ++s) {
    for (int type = 0; type < 2; ++type) {
      for (int by = 0; by < 2; ++by) {
        product t = random_product(sizes[s], sizes[choice(from, SIZES)], sizes[choice(from, SIZES)], (hf_dtype)type, from);
        begin_case("gemm", 3 * by, "%d×%d×%d %d%d", t.m, t.n, t.k, type, by);
        run(&t, from, true);
        end_case();
      }
    }
  }
}

static void epilogues(numbers *from) {
  for (int bits = 0; bits < 64; ++bits) {
    for (int activation = 0; activation < 3; ++activation) {
      product t = random_product(choice(from, 2) ? 3 : 7, choice(from, 2) ? 17 : 33, 5, (hf_dtype)choice(from, 2), from);
      t.bias_n = bits & 1, t.bias_m = bits & 2, t.scale_m = bits & 4, t.scale_n = bits & 8, t.accumulates = bits & 16;
      t.multiplies = bits & 32, t.activation = (hf_activation)activation, t.alpha = choice(from, 2) ? 1 : -0.5f;
      begin_case("gemm", bits % 4, "epilogue %d %d", bits, activation);
      run(&t, from, bits % 8 == 5);
      end_case();
    }
  }
}

/// Sums that need several slices of k, and none at all.
static void long_and_empty_sums(numbers *from) {
  const int lengths[] = {0, 511, 512, 513, 1023, 1024, 1025, 2100};
  for (int l = 0; l < 8; ++l) {
    for (int type = 0; type < 2; ++type) {
      product t = random_product(9, 37, lengths[l], (hf_dtype)type, from);
      t.bias_n = true;
      begin_case("gemm", l % 4, "long %d %d", lengths[l], type);
      run(&t, from, true);
      end_case();
    }
  }
}

/// Infinities and NaNs pass through, and the sigmoid reaches 0 and 1.
static void ends(numbers *from) {
  const float logits[] = {-1000, -INFINITY, 1000, INFINITY, 0, NAN, -87.3f, 88.7f, 1e-40f};
  for (int activation = 0; activation < 3; ++activation) {
    product t = random_product(9, 19, 1, HF_F32, from);
    t.bias_m = true, t.alpha = 0, t.activation = (hf_activation)activation;
    begin_case("gemm", 1, "ends %d", activation);
    parts x = make_parts(&t, from);
    for (int i = 0; i < t.m; ++i) set(&x.bias_m, i, logits[i]);
    x.packed = pack(&t, &x);
    const buffer c = copy_of(&x.c);
    multiply(&t, &x, &c, 0, t.m, 0, t.n);
    compare(&t, &x, &x.c, &c);
    result(&c);
    end_case();
  }
}

void sweep_products(void) {
  numbers from = seeded(1);
  sizes_around_tiles(&from);
  epilogues(&from);
  long_and_empty_sums(&from);
  ends(&from);
}
