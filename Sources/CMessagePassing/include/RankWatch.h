// One small process per host that says which of the host's ranks was killed or crashed.
//
// A launcher that loses a rank ends the others, and then names one of all that died. The watcher holds a socket to each rank of
// its host, which the kernel closes when the rank ends, however it ends, and before the launcher can know of it: the first
// socket that closes without a last word is that of the rank to name. Linux only. Whatever fails, nobody is watched and the run
// goes on; elsewhere the calls do nothing.

#ifndef HELIXFOLD_RANK_WATCH_H
#define HELIXFOLD_RANK_WATCH_H

#include <stdbool.h>

/// Bytes of the name by which the ranks of a host find their watcher, with the zero at its end.
enum { hf_watch_name_size = 8 };

/// Watches, and ends the process, if `hf_watch_start` started it; call before anything else. Returns in any other process.
void hf_watch_serve(int argument_count, char *const *arguments);

/// First rank of a host: starts this program anew as the watcher of `host_ranks` of the `all_ranks` of the run. Without a watcher
/// `name` is empty.
void hf_watch_start(int host_ranks, int all_ranks, char *name);

/// Each rank of the host, the first too, with the name from the first one: whether it is watched from now on. Waits for the others,
/// a few seconds at most.
bool hf_watch_join(const char *name, int rank);

/// Last word of a rank whose work is done: its end means nothing any more.
void hf_watch_finished(void);

/// Last word of a rank that ends early and says itself why; `exit` says it too, `_exit` and MPI_Abort do not. Async-signal-safe.
///
/// A rank may end because another was killed. So it stays until the watcher has looked, about a millisecond, and at most 30 s.
void hf_watch_ending(void);

#endif
