// What Swift's modules of the C library leave out: the allocator's settings, the state of the standard streams, and programs that
// are started and end with this process.
#ifndef HELIXFOLD_C_PROCESS_H
#define HELIXFOLD_C_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/// Makes the allocator give freed blocks of at least `bytes` back to the system at once; nothing where it cannot be told.
void hf_return_freed_blocks(size_t bytes);

/// Whether a write to the standard output has failed since the program began.
bool hf_output_has_failed(void);

/// Starts a program in a process group of its own: the null device as standard input, the files `output` and `error` as the other
/// two streams, this process's environment, and no other open file where the
/// system can close them all (Linux 5.9 with glibc 2.34, macOS).
///
/// `arguments` begins with the program's name and ends with a null pointer. On Linux the program is killed when the thread that
/// started it ends, and so when this process is killed. Returns its number, or minus the `errno` that says why there is none.
pid_t hf_start_program(const char *path, char *const arguments[], int output, int error);

/// Whether a program has ended; if so it is collected, and what is left of its group is killed.
///
/// `status` is the exit status, or minus the number of the signal that ended it.
bool hf_collect_program(pid_t program, int *status);

/// Sends a signal to a program that was not collected and to all that it started.
void hf_signal_program(pid_t program, int number);

/// Kills all programs that were not collected, and what they started. A signal handler may call it.
void hf_kill_programs(void);

/// Whether this process ignores a signal, as `nohup` makes it ignore SIGHUP.
bool hf_is_ignored(int number);

#endif
