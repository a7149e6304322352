// Timing on the CPU clock of this thread, so that other programs on the machine disturb as little as possible.

#ifndef KERNEL_BENCH_TIMING_H
#define KERNEL_BENCH_TIMING_H

#include <stddef.h>

typedef struct {
  double best, median;  // seconds of one call
} timing;

/// Runs `call(context)` in rounds of at least 20 ms after one warm-up round: best and median of `rounds`.
timing time_calls(void (*call)(void *), void *context, int rounds);

/// 64-byte aligned memory with values in (−1, 1) of a fixed sequence, in fp32 or (type 1) bf16.
void *random_values(size_t count, int type, unsigned seed);
/// 64-byte aligned zeros.
void *zeros(size_t bytes);

/// Multiplications and additions per second that registers alone allow: independent chains of the widest fused multiply-add
/// (or pairwise bf16 product, if `pairs`) this processor has. 0 if it is not known how to measure it here.
double register_peak(int isa, int pairs);

#endif
