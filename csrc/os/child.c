/* One child process. It leads a process group of its own, so that its own
** children are killed with it. An interactive one stays in our group, because a
** terminal stops background groups that read from it. Of our descriptors it
** inherits only those of the standard three for which it has no pipe. */
#include "child.h"

#include "../base/seconds.h"
#include "../base/sigpipe.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#include <sys/syscall.h>
#endif

/* The most descriptors that are closed one by one without close_range: some
** systems allow 2^30 of them, or any number. */
#define MAX_DESCRIPTORS 65536
/* How often the child's end is checked, in ms: it causes no event while another
** process holds the pipe. */
#define WAIT_SLICE 20
/* The longest single wait for a line, in s. */
#define MAX_LINE_WAIT 0.5
/* Reads in a turn: the clock has its turn while a child prints without end. */
#define MAX_READS 16
/* How long a killed child is waited for, in s. One that may not be killed, or
** that the kernel does not end, is left behind. */
#define KILL_TIMEOUT 1.0

extern char **environ;

enum { IN, OUT, ERR };

/* The child's ends of the pipes. */
struct ends {
  int pipe[3]; /* -1: ours is inherited */
  int report;  /* closed by a successful exec */
  int limit;   /* of any descriptor */
};

static double now (void) {
  return cj_seconds_read(CLOCK_MONOTONIC);
}

/* ---- in the child: only async-signal-safe functions until exec ---- */

static void fail (const struct ends *ends) {
  int number = errno;
  ssize_t n = write(ends->report, &number, sizeof(number));
  _exit(n < 0 ? 126 : 127);
}

static void close_others_at_exec (int limit) {
  int fd;
#ifdef SYS_close_range
  if (syscall(SYS_close_range, 3U, ~0U, 4U /* CLOSE_RANGE_CLOEXEC */) == 0)
    return;
#endif
  for (fd = ERR + 1; fd < limit; fd++)
    fcntl(fd, F_SETFD, FD_CLOEXEC);
}

static void exec_child (const struct cj_launch *l, const struct ends *ends,
                        pid_t parent) {
  sigset_t none;
  int i;
  if (!l->interactive)
    setpgid(0, 0);
#ifdef __linux__
  if (l->dies_with_us) {
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent)
      _exit(0);
  }
#else
  (void)parent;
#endif
  for (i = IN; i <= ERR; i++) {
    if (ends->pipe[i] >= 0 && dup2(ends->pipe[i], i) < 0)
      fail(ends);
  }
  close_others_at_exec(ends->limit);
  signal(SIGPIPE, SIG_DFL);
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  if (l->cwd != NULL && chdir(l->cwd) != 0)
    fail(ends);
  if (l->env != NULL)
    environ = l->env; /* where execvp reads PATH */
  execvp(l->argv[0], l->argv);
  fail(ends);
}

/* ---- pipes ---- */

static int descriptor_limit (void) {
  long limit = sysconf(_SC_OPEN_MAX);
  return limit < 0 || limit > MAX_DESCRIPTORS ? MAX_DESCRIPTORS : (int)limit;
}

static void close_end (int *fd) {
  if (*fd >= 0)
    close(*fd);
  *fd = -1;
}

/* Moves a descriptor above 0, 1 and 2, which the child's dup2 overwrites. */
static int above_standard (int fd) {
  int moved;
  if (fd > ERR)
    return fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 ? -1 : fd;
  moved = fcntl(fd, F_DUPFD_CLOEXEC, ERR + 1);
  close(fd);
  return moved;
}

/* Opens a pipe: two[0] is to read from, two[1] to write to. */
static int open_pipe (int two[2]) {
  if (pipe(two) != 0) {
    two[0] = two[1] = -1;
    return -1;
  }
  two[0] = above_standard(two[0]);
  two[1] = above_standard(two[1]);
  return two[0] < 0 || two[1] < 0 ? -1 : 0;
}

static int open_standard (struct cj_child *c, struct ends *ends, int which) {
  int two[2];
  int opened = open_pipe(two);
  c->pipe[which] = two[which == IN];
  ends->pipe[which] = two[which != IN];
  return opened == 0 ? fcntl(c->pipe[which], F_SETFL, O_NONBLOCK) : -1;
}

/* Sets up standard input: a pipe, our own, or /dev/null. */
static int open_input (struct cj_child *c, struct ends *ends,
                       const struct cj_launch *l) {
  if (l->interactive)
    return 0;
  if (l->captures)
    return open_standard(c, ends, IN);
  ends->pipe[IN] = open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (ends->pipe[IN] >= 0)
    ends->pipe[IN] = above_standard(ends->pipe[IN]);
  return ends->pipe[IN] < 0 ? -1 : 0;
}

static int open_all (struct cj_child *c, struct ends *ends, int report[2],
                     const struct cj_launch *l) {
  if (open_input(c, ends, l) < 0 || open_standard(c, ends, OUT) < 0 ||
      (l->captures && !l->interactive && open_standard(c, ends, ERR) < 0))
    return -1;
  if (open_pipe(report) != 0)
    return -1;
  ends->report = report[1];
  return 0;
}

/* Reads once. 1: bytes were read; 0: none are there now, or the end; -1: the
** buffer is full. */
static int read_some (int *fd, struct cj_buf *b) {
  char chunk[16384];
  size_t room = b->max - b->len;
  ssize_t n;
  if (*fd < 0)
    return 0;
  n = read(*fd, chunk, sizeof(chunk));
  if (n > 0)
    return (size_t)n <= room && cj_buf_add(b, chunk, (size_t)n) == 0 ? 1 : -1;
  if (n == 0 || (errno != EAGAIN && errno != EINTR))
    close_end(fd);
  return 0;
}

/* Reads all that is there, or as much as has its turn. 0, or -1 when it is too
** much. */
static int drain (int *fd, struct cj_buf *b, int all) {
  int got, n = 0;
  do {
    got = read_some(fd, b);
  } while (got > 0 && (all || ++n < MAX_READS));
  return got < 0 ? -1 : 0;
}

static void write_input (int *fd, const char **s, size_t *n) {
  struct cj_sigpipe guard;
  ssize_t written;
  cj_sigpipe_block(&guard);
  written = write(*fd, *s, *n);
  if (written >= 0) {
    *s += written;
    *n -= (size_t)written;
  }
  if (*n == 0 || (written < 0 && errno != EAGAIN && errno != EINTR))
    close_end(fd); /* a child need not read all of it */
  cj_sigpipe_restore(&guard);
}

/* ---- start, wait, end ---- */

void cj_child_init (struct cj_child *c, size_t max_output) {
  memset(c, 0, sizeof(*c));
  c->pipe[IN] = c->pipe[OUT] = c->pipe[ERR] = -1;
  c->out.max = c->err.max = max_output;
}

/* Whether the child has ended; then its status is set, to CJ_CHILD_COLLECTED if
** another part of the process has collected it. */
static int collect (struct cj_child *c, int options) {
  pid_t n;
  if (c->pid == 0)
    return 1;
  do {
    n = waitpid(c->pid, &c->status, options);
  } while (n < 0 && errno == EINTR);
  if (n == 0)
    return 0;
  if (n < 0)
    c->status = CJ_CHILD_COLLECTED;
  c->pid = 0;
  return 1;
}

/* The errno that the child reports if its exec failed, or 0. */
static int await_exec (struct cj_child *c, int report) {
  int number = 0;
  ssize_t n;
  do {
    n = read(report, &number, sizeof(number));
  } while (n < 0 && errno == EINTR);
  if (n <= 0)
    return 0;
  collect(c, 0);
  return number;
}

int cj_child_start (struct cj_child *c, const struct cj_launch *l) {
  struct ends ends = { { -1, -1, -1 }, -1, descriptor_limit() };
  int report[2] = { -1, -1 };
  int number = 0, i;
  pid_t parent = getpid();
  if (open_all(c, &ends, report, l) != 0) {
    number = errno;
  } else {
    c->owner = parent;
    c->pid = fork();
    if (c->pid == 0)
      exec_child(l, &ends, parent);
    if (c->pid < 0) {
      number = errno;
      c->pid = 0;
    }
  }
  for (i = IN; i <= ERR; i++)
    close_end(&ends.pipe[i]);
  close_end(&report[1]);
  if (c->pid != 0) {
    c->target = l->interactive ? c->pid : -c->pid;
    if (!l->interactive)
      setpgid(c->pid, c->pid); /* in both processes: either may run first */
    number = await_exec(c, report[0]);
  }
  close_end(&report[0]);
  return number;
}

int cj_child_communicate (struct cj_child *c, const char **problem) {
  struct pollfd fds[3] = { { -1, POLLOUT, 0 },
                           { c->pipe[OUT], POLLIN, 0 },
                           { c->pipe[ERR], POLLIN, 0 } };
  int closed = c->pipe[OUT] < 0 && c->pipe[ERR] < 0;
  /* Before the pipes are read, which hold all that an ended child wrote. */
  int ended = collect(c, WNOHANG);
  if (c->input_len == 0)
    close_end(&c->pipe[IN]);
  fds[IN].fd = c->pipe[IN];
  if (!ended)
    poll(fds, 3, closed ? 1 : WAIT_SLICE);
  if (fds[IN].revents != 0)
    write_input(&c->pipe[IN], &c->input, &c->input_len);
  *problem = drain(&c->pipe[OUT], &c->out, ended) != 0 ||
                     drain(&c->pipe[ERR], &c->err, ended) != 0
                 ? "too_large"
             : ended && c->status == CJ_CHILD_COLLECTED ? "collected"
                                                        : NULL;
  return *problem != NULL ? -1 : ended;
}

ssize_t cj_child_line (struct cj_child *c, double deadline) {
  struct pollfd fd = { c->pipe[OUT], POLLIN, 0 };
  double left = deadline - now();
  char *end = c->out.len > 0 ? memchr(c->out.s, '\n', c->out.len) : NULL;
  if (end == NULL && c->pipe[OUT] >= 0 && left > 0) {
    poll(&fd, 1, cj_seconds_ms(left < MAX_LINE_WAIT ? left : MAX_LINE_WAIT));
    if (read_some(&c->pipe[OUT], &c->out) < 0)
      close_end(&c->pipe[OUT]); /* too long to be a line */
    end = c->out.len > 0 ? memchr(c->out.s, '\n', c->out.len) : NULL;
  }
  return end != NULL ? end - c->out.s : -1;
}

int cj_child_is_closed (const struct cj_child *c) {
  return c->pipe[OUT] < 0;
}

int cj_child_wait (struct cj_child *c, double deadline) {
  if (collect(c, WNOHANG))
    return 1;
  if (now() < deadline)
    cj_seconds_sleep(WAIT_SLICE / 4e3);
  return collect(c, WNOHANG);
}

/* A child may have left its process group. */
static void kill_all (const struct cj_child *c, int number) {
  kill(c->target, number);
  if (c->target != c->pid)
    kill(c->pid, number);
}

static void wait_until (struct cj_child *c, double deadline) {
  while (!cj_child_wait(c, deadline) && now() < deadline)
    ;
}

void cj_child_stop (struct cj_child *c, double deadline) {
  if (c->pid != 0 && c->owner == getpid()) {
    kill_all(c, SIGTERM);
    wait_until(c, deadline);
  }
  cj_child_dispose(c);
}

void cj_child_dispose (struct cj_child *c) {
  int i;
  for (i = IN; i <= ERR; i++)
    close_end(&c->pipe[i]);
  if (c->pid != 0 && c->owner == getpid()) {
    kill_all(c, SIGKILL);
    wait_until(c, now() + KILL_TIMEOUT);
  }
  c->pid = 0;
  cj_buf_free(&c->out);
  cj_buf_free(&c->err);
}
