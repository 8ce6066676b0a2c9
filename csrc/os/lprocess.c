/* Child processes for Lua, started from an argument vector, not by a shell. */
#include "lprocess.h"

#include "child.h"
#include "linterrupt.h"
#include "../base/lclock.h"
#include "../base/lsignal.h"

#include <string.h>
#include <sys/wait.h>

#define PROCESS_T "cloudjobs.os.process"

/* The default limit of a child's output: tokens and credentials are a few KB.
 */
#define MAX_OUTPUT ((size_t)1 << 20)
/* The limit of a line that a spawned child prints. */
#define MAX_LINE ((size_t)64 << 10)
/* The time between SIGTERM and SIGKILL, in s. */
#define STOP_TIMEOUT 2.0

/* The monotonic clock's time in so many seconds. */
static double after (double seconds) {
  return cj_seconds_read(CLOCK_MONOTONIC) + seconds;
}

static struct cj_child *check_process (lua_State *L) {
  return luaL_checkudata(L, 1, PROCESS_T);
}

static struct cj_child *new_process (lua_State *L, size_t max_output) {
  struct cj_child *p = lua_newuserdatauv(L, sizeof(*p), 0);
  cj_child_init(p, max_output);
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
    luaL_error(L, "%s: expected a string without NUL", what);
  return (char *)s; /* execvp's prototype has no const; it does not write */
}

/* Pushes the array. Its strings stay valid while the table holds them. */
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

/* Pushes two values: a table of "NAME=value" strings, and the array of them. */
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

/* Reads argv (1) and the options (2) that run and spawn share. Leaves values on
** the stack that keep the strings alive. */
static void read_launch (lua_State *L, struct cj_launch *l) {
  memset(l, 0, sizeof(*l));
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

static int push_not_started (lua_State *L, const struct cj_launch *l,
                             int number) {
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

/* A wait, which Ctrl-C ends: by the error of an interpreter's hook or, where it
** is caught, by the flag, unless that was set before. */
struct wait {
  struct cj_signal signal;
  int was_pending;
};

static void begin_wait (lua_State *L, struct wait *w) {
  lua_pushnil(L); /* no canceller */
  cj_signal_begin(L, &w->signal, lua_gettop(L));
  w->was_pending = cj_interrupt_is_pending();
}

/* 1, 0; or -1 with the error on the top of the stack. */
static int is_interrupted (lua_State *L, const struct wait *w) {
  int result = cj_signal_check(L, &w->signal);
  return result < 0 ? result : cj_interrupt_is_pending() && !w->was_pending;
}

/* Why a wait ends before the child or its line does; NULL: it goes on. */
static const char *wait_refusal (lua_State *L, const struct wait *w,
                                 double deadline) {
  int result = is_interrupted(L, w);
  if (result < 0)
    lua_error(L);
  if (cj_seconds_read(CLOCK_MONOTONIC) >= deadline)
    return "timeout";
  return result ? "interrupted" : NULL;
}

/* Runs a started child to its end. NULL, or the failure's code. */
static const char *communicate (lua_State *L, struct cj_child *p,
                                double deadline) {
  struct wait w;
  const char *problem;
  begin_wait(L, &w);
  while (cj_child_communicate(p, &problem) == 0) {
    int result = is_interrupted(L, &w);
    if (result < 0) {
      cj_child_dispose(p);
      lua_error(L);
    } else if (result > 0) {
      return "interrupted";
    } else if (cj_seconds_read(CLOCK_MONOTONIC) >= deadline) {
      return "timeout";
    }
  }
  lua_pop(L, 1);
  return problem;
}

static int push_run_failure (lua_State *L, const char *code, double timeout,
                             double max_output) {
  if (strcmp(code, "timeout") == 0)
    lua_pushfstring(L, "it did not end within %f seconds", timeout);
  else if (strcmp(code, "too_large") == 0)
    lua_pushfstring(L, "it printed more than %d bytes", (int)max_output);
  else if (strcmp(code, "interrupted") == 0)
    lua_pushliteral(L, "it was interrupted");
  else
    lua_pushliteral(L, "another part of this process collects its children");
  return push_failure(L, code, lua_tostring(L, -1));
}

/* run(argv, { timeout, env, cwd, stdin, terminal, max_output }) -> { status,
** signal, stdout, stderr } | nil, code, message. env is the whole environment
** if it is given. With terminal, in place of stdin, the child may prompt its
** user: it has our standard input, standard error and terminal, and at the
** deadline it is killed alone, without its own children. The codes are start,
** timeout, too_large, collected and interrupted. */
static int l_run (lua_State *L) {
  struct cj_launch l;
  struct cj_child *p;
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
  lua_getfield(L, 2, "terminal");
  l.interactive = lua_toboolean(L, -1);
  if (l.interactive && input != NULL)
    return luaL_error(L, "stdin: the terminal is read instead");
  l.captures = 1;
  p = new_process(L, (size_t)max_output);
  number = cj_child_start(p, &l);
  if (number != 0) {
    cj_child_dispose(p);
    return push_not_started(L, &l, number);
  }
  p->input = input;
  p->input_len = input_len;
  problem = communicate(L, p, after(timeout));
  if (problem != NULL) {
    cj_child_dispose(p);
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
  cj_child_dispose(p);
  return 1;
}

/* spawn(argv, { env, cwd }) -> process | nil, code, message. process:line reads
** its standard output; on Linux it ends with this process. */
static int l_spawn (lua_State *L) {
  struct cj_launch l;
  struct cj_child *p;
  int number;
  check_arguments(L);
  read_launch(L, &l);
  l.dies_with_us = 1;
  p = new_process(L, MAX_LINE);
  number = cj_child_start(p, &l);
  if (number != 0) {
    cj_child_dispose(p);
    return push_not_started(L, &l, number);
  }
  return 1;
}

static int process_pid (lua_State *L) {
  struct cj_child *p = check_process(L);
  if (p->pid == 0)
    return 0;
  lua_pushinteger(L, p->pid);
  return 1;
}

/* process:line(timeout) -> the next line of its output | nil, "timeout",
** "closed" or "interrupted" */
static int process_line (lua_State *L) {
  struct cj_child *p = check_process(L);
  double deadline = after(luaL_optnumber(L, 2, CJ_MAX_SLEEP));
  struct wait w;
  ssize_t n;
  begin_wait(L, &w);
  while ((n = cj_child_line(p, deadline)) < 0) {
    const char *why =
        cj_child_is_closed(p) ? "closed" : wait_refusal(L, &w, deadline);
    if (why != NULL) {
      lua_pushnil(L);
      lua_pushstring(L, why);
      return 2;
    }
  }
  lua_pushlstring(L, p->out.s, (size_t)n);
  p->out.len -= (size_t)n + 1;
  memmove(p->out.s, p->out.s + n + 1, p->out.len);
  return 1;
}

/* process:wait(timeout) -> status | nil, the signal's number, "timeout",
** "collected" or "interrupted" */
static int process_wait (lua_State *L) {
  struct cj_child *p = check_process(L);
  double deadline = after(luaL_optnumber(L, 2, CJ_MAX_SLEEP));
  struct wait w;
  begin_wait(L, &w);
  while (!cj_child_wait(p, deadline)) {
    const char *why = wait_refusal(L, &w, deadline);
    if (why != NULL) {
      lua_pushnil(L);
      lua_pushstring(L, why);
      return 2;
    }
  }
  if (p->status == CJ_CHILD_COLLECTED) {
    lua_pushnil(L);
    lua_pushliteral(L, "collected");
    return 2;
  }
  push_status(L, p->status);
  return 2;
}

/* process:stop(timeout): SIGTERM, and SIGKILL after so many seconds. */
static int process_stop (lua_State *L) {
  struct cj_child *p = check_process(L);
  cj_child_stop(p, after(luaL_optnumber(L, 2, STOP_TIMEOUT)));
  return 0;
}

static int process_gc (lua_State *L) {
  cj_child_dispose(check_process(L));
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
