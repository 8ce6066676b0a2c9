/* Child processes: an argument vector and never a shell, pipes, a deadline.
** A child leads a process group of its own, so that what it started ends with
** it; it inherits no descriptor but its three. */
#include "process.h"

#include "buf.h"
#include "clock.h"
#include "sigpipe.h"

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

#define PROCESS_T "cloudjobs.os.process"

/* What a child may print unless the caller says otherwise: tokens and
** credentials are a few KB. */
#define MAX_OUTPUT ((size_t)1 << 20)
/* A line that a spawned child reports itself with. */
#define MAX_LINE ((size_t)64 << 10)
/* How long a child may take to end after SIGTERM, in seconds. */
#define GRACE 2.0
/* Nothing wakes us when a child ends while its own child holds the pipe. */
#define SLICE 20 /* ms */

/* In place of a status: somebody else took it, as nginx does and as an ignored
** SIGCHLD has it. */
#define COLLECTED (-1)

extern char **environ;

enum { IN, OUT, ERR };

struct process {
  pid_t pid;   /* 0: none, or collected already */
  pid_t owner; /* who started it: only they may end it */
  int status;  /* as waitpid gives it, once pid is 0 */
  int pipe[3]; /* our ends, -1 when closed */
  struct cj_buf out, err;
};

/* What the child needs, laid out before the fork: behind it no memory may be
** taken. */
struct launch {
  char **argv;
  char **env; /* NULL: ours */
  const char *cwd;
  int pipe[3]; /* its ends; -1: /dev/null for IN, ours for the others */
  int report;  /* closed by a successful exec */
  int ends_with_us;
};

/* ---- the child's side: only what is safe between fork and exec ---- */

static void fail (const struct launch *l) {
  int number = errno;
  ssize_t n = write(l->report, &number, sizeof(number));
  _exit(n < 0 ? 126 : 127);
}

static void close_others_at_exec (void) {
  int fd;
#ifdef SYS_close_range
  if (syscall(SYS_close_range, 3U, ~0U, 4U /* CLOSE_RANGE_CLOEXEC */) == 0)
    return;
#endif
  for (fd = 3; fd < 4096; fd++)
    fcntl(fd, F_SETFD, FD_CLOEXEC);
}

static void become (const struct launch *l, pid_t parent) {
  sigset_t none;
  int i;
  setpgid(0, 0);
#ifdef __linux__
  if (l->ends_with_us) {
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent)
      _exit(0);
  }
#else
  (void)parent;
#endif
  for (i = IN; i <= ERR; i++) {
    if (l->pipe[i] >= 0 && dup2(l->pipe[i], i) < 0)
      fail(l);
  }
  close_others_at_exec();
  signal(SIGPIPE, SIG_DFL);
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  if (l->cwd != NULL && chdir(l->cwd) != 0)
    fail(l);
  if (l->env != NULL)
    environ = l->env; /* execvp looks for PATH here */
  execvp(l->argv[0], l->argv);
  fail(l);
}

/* ---- our side, without Lua ---- */

static void close_end (int *fd) {
  if (*fd >= 0)
    close(*fd);
  *fd = -1;
}

/* Never 0, 1 or 2, which the child's dup2 would overwrite. */
static int above_standard (int fd) {
  int moved;
  if (fd > ERR)
    return fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 ? -1 : fd;
  moved = fcntl(fd, F_DUPFD_CLOEXEC, ERR + 1);
  close(fd);
  return moved;
}

/* ends[0] to read from, ends[1] to write to. */
static int open_pipe (int ends[2]) {
  if (pipe(ends) != 0) {
    ends[0] = ends[1] = -1;
    return -1;
  }
  ends[0] = above_standard(ends[0]);
  ends[1] = above_standard(ends[1]);
  return ends[0] < 0 || ends[1] < 0 ? -1 : 0;
}

static int open_child_pipe (struct process *p, struct launch *l, int which) {
  int ends[2];
  int ok = open_pipe(ends);
  p->pipe[which] = ends[which == IN];
  l->pipe[which] = ends[which != IN];
  return ok == 0 ? fcntl(p->pipe[which], F_SETFL, O_NONBLOCK) : -1;
}

/* Waits for the child's exec. Returns 0 or the errno of what failed. */
static int start (struct process *p, struct launch *l, const int wanted[3]) {
  int report[2] = { -1, -1 };
  int number = 0, i;
  pid_t parent = getpid();
  for (i = IN; i <= ERR && number == 0; i++) {
    if (wanted[i] && open_child_pipe(p, l, i) < 0)
      number = errno;
  }
  if (!wanted[IN]) {
    l->pipe[IN] = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (l->pipe[IN] >= 0)
      l->pipe[IN] = above_standard(l->pipe[IN]);
  }
  if (number == 0 && open_pipe(report) != 0)
    number = errno;
  if (number == 0) {
    l->report = report[1];
    p->owner = parent;
    p->pid = fork();
    if (p->pid == 0)
      become(l, parent);
    if (p->pid < 0) {
      number = errno;
      p->pid = 0;
    }
  }
  for (i = IN; i <= ERR; i++)
    close_end(&l->pipe[i]);
  close_end(&report[1]);
  if (p->pid != 0) {
    ssize_t n;
    setpgid(p->pid, p->pid); /* whoever comes first */
    do {
      n = read(report[0], &number, sizeof(number));
    } while (n < 0 && errno == EINTR);
    if (n > 0) {
      waitpid(p->pid, &p->status, 0);
      p->pid = 0;
    } else {
      number = 0;
    }
  }
  close_end(&report[0]);
  return number;
}

/* Returns 1 when the child has ended and was collected. A child that somebody
** else collected has status COLLECTED. */
static int collect (struct process *p, int options) {
  pid_t n;
  if (p->pid == 0)
    return 1;
  do {
    n = waitpid(p->pid, &p->status, options);
  } while (n < 0 && errno == EINTR);
  if (n == 0)
    return 0;
  if (n < 0)
    p->status = COLLECTED;
  p->pid = 0;
  return 1;
}

static int collect_until (struct process *p, double deadline) {
  static const struct timespec slice = { 0, SLICE * 1000000L / 4 };
  while (!collect(p, WNOHANG)) {
    if (cj_seconds_read(CLOCK_MONOTONIC) >= deadline)
      return 0;
    nanosleep(&slice, NULL);
  }
  return 1;
}

static void end_now (struct process *p) {
  if (p->pid != 0 && p->owner == getpid()) {
    kill(-p->pid, SIGKILL);
    collect(p, 0);
  }
  p->pid = 0;
}

static void dispose (struct process *p) {
  int i;
  for (i = IN; i <= ERR; i++)
    close_end(&p->pipe[i]);
  end_now(p);
  cj_buf_free(&p->out);
  cj_buf_free(&p->err);
}

/* Reads once. Returns 1 when it got bytes, 0 when there are none now or no
** more at all, -1 when there is no room for them. */
static int take (int *fd, struct cj_buf *b) {
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

/* Reads what there is. 0, or -1 when it is too much. */
static int drain (int *fd, struct cj_buf *b) {
  int got;
  do {
    got = take(fd, b);
  } while (got > 0);
  return got;
}

static void feed (int *fd, const char **s, size_t *n) {
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

/* Moves bytes until the child has ended. Returns NULL or the code of what
** went wrong; the child may then still run. */
static const char *converse (struct process *p, const char *input, size_t n,
                             double deadline) {
  int ended;
  if (n == 0)
    close_end(&p->pipe[IN]);
  do {
    struct pollfd fds[3] = { { p->pipe[IN], POLLOUT, 0 },
                             { p->pipe[OUT], POLLIN, 0 },
                             { p->pipe[ERR], POLLIN, 0 } };
    int closed = p->pipe[OUT] < 0 && p->pipe[ERR] < 0;
    /* Asked before the pipes are read: what an ended child wrote is in them. */
    ended = collect(p, WNOHANG);
    if (!ended)
      poll(fds, 3, closed ? 1 : SLICE);
    if (fds[IN].revents != 0)
      feed(&p->pipe[IN], &input, &n);
    if (drain(&p->pipe[OUT], &p->out) != 0 ||
        drain(&p->pipe[ERR], &p->err) != 0)
      return "too_large";
    if (!ended && cj_seconds_read(CLOCK_MONOTONIC) >= deadline)
      return "timeout";
  } while (!ended);
  return p->status == COLLECTED ? "collected" : NULL;
}

/* ---- Lua ---- */

static struct process *check_process (lua_State *L) {
  return luaL_checkudata(L, 1, PROCESS_T);
}

static struct process *new_process (lua_State *L, size_t max_output) {
  struct process *p = lua_newuserdatauv(L, sizeof(*p), 0);
  memset(p, 0, sizeof(*p));
  p->pipe[IN] = p->pipe[OUT] = p->pipe[ERR] = -1;
  p->out.max = p->err.max = max_output;
  luaL_setmetatable(L, PROCESS_T);
  return p;
}

static char *check_text (lua_State *L, const char *what) {
  size_t n;
  const char *s;
  if (lua_type(L, -1) != LUA_TSTRING)
    luaL_error(L, "%s: expected string, got %s", what, luaL_typename(L, -1));
  s = lua_tolstring(L, -1, &n);
  if (strlen(s) != n)
    luaL_error(L, "%s: expected a text without NUL", what);
  return (char *)s; /* execvp's prototype wants it; nobody writes */
}

/* The texts stay valid as long as the table; the array is pushed. */
static char **push_argv (lua_State *L, int i) {
  size_t n = lua_rawlen(L, i), k;
  char **argv = lua_newuserdatauv(L, (n + 1) * sizeof(char *), 0);
  luaL_argcheck(L, n > 0, i, "expected a program and its arguments");
  for (k = 0; k < n; k++) {
    lua_rawgeti(L, i, (int)k + 1);
    argv[k] = check_text(L, "argument");
    lua_pop(L, 1);
  }
  argv[n] = NULL;
  return argv;
}

/* Pushes two values: the texts "NAME=value" and the array of them. */
static char **push_env (lua_State *L, int i) {
  size_t n = 0;
  char **env;
  lua_newtable(L);
  lua_pushnil(L);
  while (lua_next(L, i) != 0) {
    check_text(L, "env");
    lua_pushvalue(L, -2);
    if (strchr(check_text(L, "env"), '=') != NULL)
      luaL_error(L, "env: expected names without =");
    lua_pushliteral(L, "=");
    lua_pushvalue(L, -3);
    lua_concat(L, 3);
    lua_rawseti(L, -4, (int)++n);
    lua_pop(L, 1);
  }
  env = lua_newuserdatauv(L, (n + 1) * sizeof(char *), 0);
  env[n] = NULL;
  while (n > 0) {
    lua_rawgeti(L, -2, (int)n);
    env[--n] = (char *)lua_tostring(L, -1);
    lua_pop(L, 1);
  }
  return env;
}

static double field_number (lua_State *L, int i, const char *name,
                            double otherwise) {
  double n = otherwise;
  lua_getfield(L, i, name);
  if (!lua_isnil(L, -1)) {
    if (lua_type(L, -1) != LUA_TNUMBER)
      luaL_error(L, "%s: expected number, got %s", name, luaL_typename(L, -1));
    n = lua_tonumber(L, -1);
  }
  lua_pop(L, 1);
  return n;
}

/* Reads argv (1) and the options (2) that run and spawn share; what it pushes
** keeps the texts alive. */
static void read_launch (lua_State *L, struct launch *l) {
  memset(l, 0, sizeof(*l));
  l->pipe[IN] = l->pipe[OUT] = l->pipe[ERR] = -1;
  l->argv = push_argv(L, 1);
  lua_getfield(L, 2, "cwd");
  if (!lua_isnil(L, -1))
    l->cwd = check_text(L, "cwd");
  lua_getfield(L, 2, "env");
  if (!lua_isnil(L, -1)) {
    luaL_argcheck(L, lua_istable(L, -1), 2, "env: expected table");
    l->env = push_env(L, lua_gettop(L));
  }
}

static void check_arguments (lua_State *L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 2);
  if (lua_isnil(L, 2)) {
    lua_newtable(L);
    lua_replace(L, 2);
  }
  luaL_checktype(L, 2, LUA_TTABLE);
}

static int push_failure (lua_State *L, const char *code, const char *message) {
  lua_pushnil(L);
  lua_pushstring(L, code);
  lua_pushstring(L, message);
  return 3;
}

static int push_not_started (lua_State *L, const struct launch *l, int number) {
  lua_pushfstring(L, "cannot run %s%s%s: %s", l->argv[0],
                  l->cwd != NULL ? " in " : "", l->cwd != NULL ? l->cwd : "",
                  strerror(number));
  return push_failure(L, "start", lua_tostring(L, -1));
}

/* Pushes two values: the exit status, or nil and the signal's number. */
static void push_status (lua_State *L, int status) {
  if (WIFEXITED(status)) {
    lua_pushinteger(L, WEXITSTATUS(status));
    lua_pushnil(L);
  } else {
    lua_pushnil(L);
    lua_pushinteger(L, WTERMSIG(status));
  }
}

static int push_run_failure (lua_State *L, const char *code, double timeout,
                             double max_output) {
  if (strcmp(code, "timeout") == 0)
    lua_pushfstring(L, "it did not end within %f seconds", timeout);
  else if (strcmp(code, "too_large") == 0)
    lua_pushfstring(L, "it printed more than %f bytes", max_output);
  else
    lua_pushliteral(L, "this process collects its children elsewhere");
  return push_failure(L, code, lua_tostring(L, -1));
}

/* run(argv, { timeout, env, cwd, stdin, max_output }) -> { status, signal,
** stdout, stderr } | nil, code, message. env, if given, is the whole
** environment. Codes: start timeout too_large collected. */
static int l_run (lua_State *L) {
  static const int wanted[3] = { 1, 1, 1 };
  struct launch l;
  struct process *p;
  double timeout, max_output;
  const char *input, *problem;
  size_t input_len = 0;
  int number;
  check_arguments(L);
  timeout = field_number(L, 2, "timeout", CJ_MAX_SLEEP);
  max_output = field_number(L, 2, "max_output", (double)MAX_OUTPUT);
  luaL_argcheck(L, max_output >= 0 && max_output < 1e9, 2, "max_output");
  lua_getfield(L, 2, "stdin");
  if (!lua_isnil(L, -1) && lua_type(L, -1) != LUA_TSTRING)
    return luaL_error(L, "stdin: expected string, got %s",
                      luaL_typename(L, -1));
  input = lua_tolstring(L, -1, &input_len);
  read_launch(L, &l);
  p = new_process(L, (size_t)max_output);
  number = start(p, &l, wanted);
  if (number != 0) {
    dispose(p);
    return push_not_started(L, &l, number);
  }
  problem =
      converse(p, input, input_len, cj_seconds_read(CLOCK_MONOTONIC) + timeout);
  if (problem != NULL) {
    dispose(p);
    return push_run_failure(L, problem, timeout, max_output);
  }
  lua_createtable(L, 0, 4);
  push_status(L, p->status);
  lua_setfield(L, -3, "signal");
  lua_setfield(L, -2, "status");
  lua_pushlstring(L, p->out.s, p->out.len);
  lua_setfield(L, -2, "stdout");
  lua_pushlstring(L, p->err.s, p->err.len);
  lua_setfield(L, -2, "stderr");
  dispose(p);
  return 1;
}

/* spawn(argv, { env, cwd }) -> process | nil, code, message. Its standard
** output is ours to read with process:line; on Linux it ends when we do. */
static int l_spawn (lua_State *L) {
  static const int wanted[3] = { 0, 1, 0 };
  struct launch l;
  struct process *p;
  int number;
  check_arguments(L);
  read_launch(L, &l);
  l.ends_with_us = 1;
  p = new_process(L, MAX_LINE);
  number = start(p, &l, wanted);
  if (number != 0) {
    dispose(p);
    return push_not_started(L, &l, number);
  }
  return 1;
}

static int process_pid (lua_State *L) {
  struct process *p = check_process(L);
  if (p->pid == 0)
    return 0;
  lua_pushinteger(L, p->pid);
  return 1;
}

/* process:line(timeout) -> the next line it printed | nil, "timeout" or
** "closed" */
static int process_line (lua_State *L) {
  struct process *p = check_process(L);
  double deadline =
      cj_seconds_read(CLOCK_MONOTONIC) + luaL_optnumber(L, 2, CJ_MAX_SLEEP);
  for (;;) {
    char *end = p->out.len > 0 ? memchr(p->out.s, '\n', p->out.len) : NULL;
    struct pollfd fd = { p->pipe[OUT], POLLIN, 0 };
    double left = deadline - cj_seconds_read(CLOCK_MONOTONIC);
    if (end != NULL) {
      size_t n = (size_t)(end - p->out.s);
      lua_pushlstring(L, p->out.s, n);
      p->out.len -= n + 1;
      memmove(p->out.s, end + 1, p->out.len);
      return 1;
    }
    if (p->pipe[OUT] < 0 || left <= 0) {
      lua_pushnil(L);
      lua_pushstring(L, p->pipe[OUT] < 0 ? "closed" : "timeout");
      return 2;
    }
    poll(&fd, 1, left < 60 ? (int)(left * 1000) + 1 : 60000);
    if (take(&p->pipe[OUT], &p->out) < 0)
      close_end(&p->pipe[OUT]); /* nobody reports in so long a line */
  }
}

/* process:wait(timeout) -> status, or nil and the signal's number or "timeout"
** or "collected" */
static int process_wait (lua_State *L) {
  struct process *p = check_process(L);
  double timeout = luaL_optnumber(L, 2, CJ_MAX_SLEEP);
  if (!collect_until(p, cj_seconds_read(CLOCK_MONOTONIC) + timeout)) {
    lua_pushnil(L);
    lua_pushliteral(L, "timeout");
    return 2;
  }
  if (p->status == COLLECTED) {
    lua_pushnil(L);
    lua_pushliteral(L, "collected");
    return 2;
  }
  push_status(L, p->status);
  return 2;
}

/* process:stop(grace): SIGTERM, and SIGKILL after grace seconds. */
static int process_stop (lua_State *L) {
  struct process *p = check_process(L);
  double grace = luaL_optnumber(L, 2, GRACE);
  if (p->pid != 0 && p->owner == getpid()) {
    kill(-p->pid, SIGTERM);
    collect_until(p, cj_seconds_read(CLOCK_MONOTONIC) + grace);
  }
  dispose(p);
  return 0;
}

static int process_gc (lua_State *L) {
  dispose(check_process(L));
  return 0;
}

static const luaL_Reg process_methods[] = {
  { "pid", process_pid },   { "line", process_line }, { "wait", process_wait },
  { "stop", process_stop }, { NULL, NULL },
};

static const luaL_Reg process_mt[] = {
  { "__gc", process_gc },
  { "__close", process_gc }, /* Lua before 5.4 ignores it */
  { NULL, NULL },
};

static const luaL_Reg functions[] = {
  { "run", l_run },
  { "spawn", l_spawn },
  { NULL, NULL },
};

void cj_process_open (lua_State *L) {
  luaL_newmetatable(L, PROCESS_T);
  luaL_setfuncs(L, process_mt, 0);
  luaL_newlib(L, process_methods);
  lua_setfield(L, -2, "__index");
  lua_pop(L, 1);
  luaL_setfuncs(L, functions, 0);
}
