#define _POSIX_C_SOURCE 199309L // nanosleep
#include "CMessagePassing.h"

#ifdef HF_WITH_MPI

#include <mpi.h>
#include <sched.h>
#include <time.h>

// Communicators that were made; a run makes a handful, once.
enum { max_comms = 64 };
static MPI_Comm comms[max_comms];
static int comm_count = 0;

// Messages are cut at this size: MPI counts in int.
static const size_t piece = (size_t)1 << 30;

static bool is_comm(int comm) { return comm >= 0 && comm < comm_count; }

static int add(MPI_Comm comm) {
  if (comm_count == max_comms) return -1;
  // Failures come back as statuses, so that the program can say what it was doing.
  MPI_Comm_set_errhandler(comm, MPI_ERRORS_RETURN);
  comms[comm_count] = comm;
  return comm_count++;
}

bool hf_mpi_is_built(void) { return true; }

// Gives the ranks of every host that has several a process that names the one that was killed. Collective.
static void watch_ranks(void) {
  int rank = hf_mpi_rank(0), size = hf_mpi_size(0);
  MPI_Comm host;
  if (size < 2 || MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, rank, MPI_INFO_NULL, &host) != MPI_SUCCESS) return;
  MPI_Comm_set_errhandler(host, MPI_ERRORS_RETURN);
  int place = -1, count = 0;
  if (MPI_Comm_rank(host, &place) == MPI_SUCCESS && MPI_Comm_size(host, &count) == MPI_SUCCESS && count > 1) {
    char name[hf_watch_name_size] = "";
    if (place == 0) hf_watch_start(count, size, name);
    if (MPI_Bcast(name, sizeof name, MPI_BYTE, 0, host) != MPI_SUCCESS) name[0] = 0;
    hf_watch_join(name, rank);
  }
  MPI_Comm_free(&host);
}

int hf_mpi_init(void) {
  int provided = 0;
  int status = MPI_Init_thread(NULL, NULL, MPI_THREAD_SERIALIZED, &provided);
  if (status != MPI_SUCCESS) return status;
  // Any thread sends messages, one at a time.
  if (provided < MPI_THREAD_SERIALIZED) return hf_mpi_no_threads;
  if (add(MPI_COMM_WORLD) != 0) return MPI_ERR_OTHER;
  watch_ranks();
  return MPI_SUCCESS;
}

int hf_mpi_finalize(void) {
  int status = MPI_Finalize();
  hf_watch_finished();
  return status;
}

int hf_mpi_rank(int comm) {
  int rank = -1;
  if (!is_comm(comm) || MPI_Comm_rank(comms[comm], &rank) != MPI_SUCCESS) return -1;
  return rank;
}

int hf_mpi_size(int comm) {
  int size = -1;
  if (!is_comm(comm) || MPI_Comm_size(comms[comm], &size) != MPI_SUCCESS) return -1;
  return size;
}

int hf_mpi_split(int comm, int colour, int key) {
  MPI_Comm part = MPI_COMM_NULL;
  if (!is_comm(comm) || MPI_Comm_split(comms[comm], colour, key, &part) != MPI_SUCCESS) return -1;
  return add(part);
}

static int length(size_t rest) { return (int)(rest < piece ? rest : piece); }

// MPI_Waitall that leaves the processor to others: MPI's own takes it from a process of this machine that still computes. After a few
// looks it lets others go first; after many, some tens of milliseconds, it sleeps between looks, for a search may take hours.
static int wait_all(int count, MPI_Request *requests, MPI_Status *statuses) {
  enum { few = 50, many = 50000 };
  const struct timespec nap = {.tv_nsec = 100000};
  for (int looks = 0;; looks += looks < many) {
    int done = 0;
    int status = MPI_Testall(count, requests, &done, statuses);
    if (status != MPI_SUCCESS || done) return status;
    if (looks == many) {
      nanosleep(&nap, NULL);
    } else if (looks > few) {
      sched_yield();
    }
  }
}

int hf_mpi_send_receive(
  int comm, const void *outgoing, size_t sent, int to, void *incoming, size_t received, int from) {
  if (!is_comm(comm)) return MPI_ERR_COMM;
  const char *out = outgoing;
  char *in = incoming;
  // The two peers may be different ones, and the two lengths too: each message has the pieces of its own length, none of 0 bytes.
  while (sent > 0 || received > 0) {
    int s = length(sent), r = length(received), arrived = 0;
    MPI_Request requests[2] = {MPI_REQUEST_NULL, MPI_REQUEST_NULL};
    MPI_Status statuses[2];
    int status = r == 0 ? MPI_SUCCESS : MPI_Irecv(in, r, MPI_BYTE, from, 0, comms[comm], &requests[0]);
    if (status == MPI_SUCCESS && s > 0) status = MPI_Isend(out, s, MPI_BYTE, to, 0, comms[comm], &requests[1]);
    if (status == MPI_SUCCESS) status = wait_all(2, requests, statuses);
    if (status == MPI_SUCCESS) status = MPI_Get_count(&statuses[0], MPI_BYTE, &arrived);
    if (status != MPI_SUCCESS) return status;
    if (arrived != r) return MPI_ERR_TRUNCATE;
    out += s, in += r;
    sent -= (size_t)s, received -= (size_t)r;
  }
  return MPI_SUCCESS;
}

int hf_mpi_broadcast(int comm, void *bytes, size_t count, int root) {
  if (!is_comm(comm)) return MPI_ERR_COMM;
  char *start = bytes;
  while (count > 0) {
    int part = length(count);
    MPI_Request request;
    MPI_Status outcome;
    int status = MPI_Ibcast(start, part, MPI_BYTE, root, comms[comm], &request);
    if (status == MPI_SUCCESS) status = wait_all(1, &request, &outcome);
    if (status != MPI_SUCCESS) return status;
    start += part, count -= (size_t)part;
  }
  return MPI_SUCCESS;
}

void hf_mpi_abort(int status) {
  hf_watch_ending();
  MPI_Abort(MPI_COMM_WORLD, status);
}

#else

bool hf_mpi_is_built(void) { return false; }
int hf_mpi_init(void) { return -1; }
int hf_mpi_finalize(void) { return -1; }
int hf_mpi_rank(int comm) {
  (void)comm;
  return -1;
}
int hf_mpi_size(int comm) {
  (void)comm;
  return -1;
}
int hf_mpi_split(int comm, int colour, int key) {
  (void)comm, (void)colour, (void)key;
  return -1;
}
int hf_mpi_send_receive(
  int comm, const void *outgoing, size_t sent, int to, void *incoming, size_t received, int from) {
  (void)comm, (void)outgoing, (void)sent, (void)to, (void)incoming, (void)received, (void)from;
  return -1;
}
int hf_mpi_broadcast(int comm, void *bytes, size_t count, int root) {
  (void)comm, (void)bytes, (void)count, (void)root;
  return -1;
}
void hf_mpi_abort(int status) { (void)status; }

#endif
