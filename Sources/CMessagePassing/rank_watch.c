#ifdef __linux__
#define _GNU_SOURCE // accept4, struct ucred
#include <features.h>
#ifdef __GLIBC_PREREQ
#if __GLIBC_PREREQ(2, 34)
#define HF_WITH_WATCHER // posix_spawn_file_actions_addclosefrom_np
#endif
#endif
#endif

#include "RankWatch.h"

#ifdef HF_WITH_WATCHER

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

// How the watcher is called: nothing else starts the program under this name.
static char watcher_name[] = "helixfold-rank-watch";

enum {
  watcher_socket = 3,       // where the watcher finds the socket that listens
  most_ranks = 1 << 16,     // on one host
  joining_limit = 5000,     // milliseconds until all must have come
  ending_limit = 30000,     // milliseconds that a rank waits to be judged
};

// What a rank says last.
enum { finished = 'f', ending = 'e', aborting = 'a' };

static int64_t milliseconds_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

// Like poll, up to a moment, whatever signals come in between: whether something has happened.
static bool wait_until(int64_t moment, struct pollfd *files, nfds_t count) {
  for (;;) {
    int64_t rest = moment - milliseconds_now();
    int ready = poll(files, count, rest > 0 ? (int)rest : 0);
    if (ready > 0) return true;
    if (ready == 0 || errno != EINTR) return false;
  }
}

// ---- ranks

// This rank's connection; the kernel closes it when the process ends.
static int connection = -1;
static atomic_flag has_spoken = ATOMIC_FLAG_INIT;
static struct sigaction earlier_abort_action;

// Length of the address that the kernel picks: the family, a zero byte and five digits. There is no file to clean up.
static const socklen_t address_length = sizeof(sa_family_t) + 6;

static int connect_to(const char *name) {
  int file = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (file < 0) return -1;
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  memcpy(address.sun_path + 1, name, 5);
  if (connect(file, (struct sockaddr *)&address, address_length) == 0) return file;
  close(file);
  return -1;
}

// A socket that listens under a name of the kernel's choice.
static int listen_for(int ranks, char *name) {
  int file = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (file < 0) return -1;
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  socklen_t length = sizeof address;
  if (bind(file, (struct sockaddr *)&address, sizeof(sa_family_t)) == 0 && listen(file, ranks) == 0 &&
      getsockname(file, (struct sockaddr *)&address, &length) == 0 && length == address_length) {
    memcpy(name, address.sun_path + 1, 5);
    name[5] = 0;
    return file;
  }
  close(file);
  return -1;
}

// A new session, so that neither a terminal nor a launcher that ends the group of a rank ends its watcher. Only the standard error
// and the socket stay open: the launcher learns of a killed rank by the end of a connection, of which no copy may be left.
static bool spawn_watcher(int listening, int host_ranks, int all_ranks) {
  int source = fcntl(listening, F_DUPFD_CLOEXEC, watcher_socket + 1); // never the target itself, which would stay close-on-exec
  char counts[2][16];
  snprintf(counts[0], sizeof counts[0], "%d", host_ranks);
  snprintf(counts[1], sizeof counts[1], "%d", all_ranks);
  char *arguments[] = {watcher_name, counts[0], counts[1], NULL};
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_t files;
  posix_spawnattr_init(&attributes);
  posix_spawn_file_actions_init(&files);
  pid_t process;
  bool started =
    source >= 0 &&
    posix_spawnattr_setsigmask(&attributes, &none) == 0 && posix_spawnattr_setsigdefault(&attributes, &all) == 0 &&
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF) == 0 &&
    posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0) == 0 &&
    posix_spawn_file_actions_addopen(&files, 1, "/dev/null", O_WRONLY, 0) == 0 &&
    posix_spawn_file_actions_adddup2(&files, source, watcher_socket) == 0 &&
    posix_spawn_file_actions_addclosefrom_np(&files, watcher_socket + 1) == 0 &&
    posix_spawn(&process, "/proc/self/exe", &files, &attributes, arguments, environ) == 0;
  posix_spawn_file_actions_destroy(&files);
  posix_spawnattr_destroy(&attributes);
  if (source >= 0) close(source);
  return started;
}

void hf_watch_start(int host_ranks, int all_ranks, char *name) {
  name[0] = 0;
  int listening = listen_for(host_ranks, name);
  if (listening < 0) return;
  // Connected before the watcher starts: a first rank that is killed at once leaves it something to see the end of.
  connection = connect_to(name);
  if (connection < 0 || !spawn_watcher(listening, host_ranks, all_ranks)) name[0] = 0;
  close(listening); // the watcher has the only one: when it ends, nobody waits for it
}

static void say(char word) {
  if (connection < 0 || atomic_flag_test_and_set(&has_spoken)) return;
  int before = errno;
  bool said = send(connection, &word, 1, MSG_NOSIGNAL | MSG_DONTWAIT) == 1;
  // The watcher has judged when it ends.
  struct pollfd answer = {.fd = connection, .events = POLLIN};
  if (said && word != finished) wait_until(milliseconds_now() + ending_limit, &answer, 1);
  errno = before;
}

void hf_watch_finished(void) { say(finished); }
void hf_watch_ending(void) { say(ending); }

// Communication libraries abort a rank whose peer has gone, before the peer's connections close: its memory goes first. So a rank
// that aborts is judged before it ends.
static void judge_abort(int number) {
  say(aborting);
  // Who handled the signal before, such as Swift's backtraces, comes next, and may return.
  sigaction(number, &earlier_abort_action, NULL);
  sigset_t own;
  sigemptyset(&own);
  sigaddset(&own, number);
  pthread_sigmask(SIG_UNBLOCK, &own, NULL);
  raise(number);
  signal(number, SIG_DFL);
  raise(number);
}

bool hf_watch_join(const char *name, int rank) {
  int file = connection;
  connection = -1;
  if (file < 0 && name[0]) file = connect_to(name);
  if (file < 0) return false;
  struct pollfd answer = {.fd = file, .events = POLLIN};
  char ready;
  bool watched = name[0] && send(file, &rank, sizeof rank, MSG_NOSIGNAL) == sizeof rank &&
                 wait_until(milliseconds_now() + joining_limit, &answer, 1) && recv(file, &ready, 1, MSG_DONTWAIT) == 1;
  if (!watched) {
    const char word = finished; // should the watcher be late, this is no end to report
    send(file, &word, 1, MSG_NOSIGNAL | MSG_DONTWAIT);
    close(file);
    return false;
  }
  // The kernel closes the files of a process from the highest number down. Launchers see the end of a connection that they opened
  // first, a low number, so that this one has closed when they end the others.
  int high = fcntl(file, F_DUPFD_CLOEXEC, 700);
  connection = high < 0 ? file : high;
  if (high >= 0) close(file);
  atexit(hf_watch_ending);
  struct sigaction action = {.sa_handler = judge_abort};
  sigaction(SIGABRT, &action, &earlier_abort_action);
  return true;
}

// ---- the watcher

typedef struct {
  int file; // -1 once it has closed
  int rank;
  pid_t process;
  char word; // the last one; 0 before
} member;

// Takes in what a rank has said; whether its connection has ended.
static bool hear(member *m) {
  char word;
  ssize_t count;
  while ((count = recv(m->file, &word, 1, MSG_DONTWAIT)) == 1) m->word = word;
  return count == 0 || (errno != EAGAIN && errno != EINTR);
}

// Whether a process has begun to end, be it that its memory still goes: many GB take seconds. See proc_pid_stat(5); bit 2 of the
// flags is PF_EXITING of the kernel.
static bool is_ending(pid_t process) {
  char path[32], text[1024];
  snprintf(path, sizeof path, "/proc/%d/stat", (int)process);
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return errno == ENOENT;
  ssize_t length = read(file, text, sizeof text - 1);
  bool is_gone = length < 0 && errno == ESRCH;
  close(file);
  if (length <= 0) return is_gone;
  text[length] = 0;
  const char *rest = strrchr(text, ')'); // behind the name, which may hold anything
  char state;
  unsigned flags;
  if (!rest || sscanf(rest + 1, " %c %*d %*d %*d %*d %*d %u", &state, &flags) != 2) return false;
  return state == 'Z' || state == 'X' || (flags & 4) != 0;
}

// Whether a rank without a last word is ending.
static bool is_any_ending(member *members, int count) {
  for (int i = 0; i < count; i++) {
    member *m = &members[i];
    if (m->file < 0 || m->word || !is_ending(m->process)) continue;
    hear(m);
    if (!m->word) return true;
  }
  return false;
}

// One write of less than PIPE_BUF bytes, which stays in one piece among the lines of others.
static int name_rank(const member *m, bool has_other_hosts) {
  char host[65] = "?", text[400];
  gethostname(host, sizeof host - 1);
  int length = snprintf(
    text, sizeof text,
    "helixfold: rank %d (process %d on %s) was killed or crashed%s, and the launcher ends the others; train and predict go on with "
    "--resume\n",
    m->rank, (int)m->process, host, has_other_hosts ? ", the first on this host" : "");
  return write(STDERR_FILENO, text, (size_t)length) == length ? 0 : 1;
}

// Takes in all ranks of the host, and puts their connections into the queue; false if one does not come, or ends.
static bool gather(member *members, int count, int queue) {
  const int64_t moment = milliseconds_now() + joining_limit;
  struct pollfd *files = calloc((size_t)count + 1, sizeof *files);
  if (!files) return false;
  for (int joined = 0; joined < count;) {
    files[joined] = (struct pollfd){.fd = watcher_socket, .events = POLLIN};
    if (!wait_until(moment, files, (nfds_t)joined + 1)) return false;
    for (int i = 0; i < joined; i++) {
      if (files[i].revents) return false;
    }
    int file = accept4(watcher_socket, NULL, NULL, SOCK_CLOEXEC);
    if (file < 0) return false;
    struct ucred peer;
    socklen_t length = sizeof peer;
    if (getsockopt(file, SOL_SOCKET, SO_PEERCRED, &peer, &length) || peer.uid != getuid()) {
      close(file); // somebody else's, who guessed the name
      continue;
    }
    member *m = &members[joined];
    *m = (member){.file = file, .process = peer.pid};
    files[joined] = (struct pollfd){.fd = file, .events = POLLIN};
    if (!wait_until(moment, &files[joined], 1) || recv(file, &m->rank, sizeof m->rank, MSG_DONTWAIT) != sizeof m->rank) {
      return false;
    }
    struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP, .data.u32 = (uint32_t)joined};
    if (epoll_ctl(queue, EPOLL_CTL_ADD, file, &event) != 0) return false;
    files[joined].events = POLLIN | POLLRDHUP;
    joined++;
  }
  free(files);
  close(watcher_socket);
  return !is_any_ending(members, count); // also where /proc shows no processes
}

// Watches the ranks of a host from their coming to their end; the status of the process.
static int watch(int count, bool has_other_hosts) {
  int queue = epoll_create1(EPOLL_CLOEXEC);
  member *members = calloc((size_t)count, sizeof *members);
  struct epoll_event *events = calloc((size_t)count, sizeof *events);
  if (queue < 0 || !members || !events || !gather(members, count, queue)) return 1;
  for (int i = 0; i < count; i++) send(members[i].file, "r", 1, MSG_NOSIGNAL);
  int left = count;
  while (left > 0) {
    int ready = epoll_wait(queue, events, count, -1); // words and ends, in the order in which they came
    for (int i = 0; i < ready; i++) {
      member *m = &members[events[i].data.u32];
      bool has_ended = hear(m);
      // It waits for this process, and the launcher knows of nothing yet: whoever else is ending began to before it. Which of them
      // was the first, the queue will say.
      if ((m->word == ending || m->word == aborting) && !is_any_ending(members, count)) {
        return m->word == aborting ? name_rank(m, has_other_hosts) : 0;
      }
      if (!has_ended) continue;
      if (!m->word) return name_rank(m, has_other_hosts);
      close(m->file);
      m->file = -1;
      left--;
    }
  }
  return 0;
}

// A number of processes; 0 if the text is none.
static int parse_count(const char *text) {
  char *end;
  long value = strtol(text, &end, 10);
  return *text && !*end && value > 0 && value <= INT32_MAX ? (int)value : 0;
}

void hf_watch_serve(int argument_count, char *const *arguments) {
  if (argument_count < 1 || strcmp(arguments[0], watcher_name) != 0) return;
  int host_ranks = argument_count == 3 ? parse_count(arguments[1]) : 0;
  int all_ranks = argument_count == 3 ? parse_count(arguments[2]) : 0;
  if (host_ranks < 1 || host_ranks > most_ranks || all_ranks < host_ranks) _exit(64);
  prctl(PR_SET_NAME, "rank-watch");
  // It ends with the ranks, so nothing needs to end it: schedulers send their signals to every process of a job.
  const int ignored[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE, SIGUSR1, SIGUSR2, SIGALRM, SIGXCPU, SIGTSTP, SIGTTIN, SIGTTOU};
  for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++) signal(ignored[i], SIG_IGN);
  _exit(watch(host_ranks, all_ranks > host_ranks));
}

#else

void hf_watch_serve(int argument_count, char *const *arguments) { (void)argument_count, (void)arguments; }
void hf_watch_start(int host_ranks, int all_ranks, char *name) {
  (void)host_ranks, (void)all_ranks;
  name[0] = 0;
}
bool hf_watch_join(const char *name, int rank) {
  (void)name, (void)rank;
  return false;
}
void hf_watch_finished(void) {}
void hf_watch_ending(void) {}

#endif
