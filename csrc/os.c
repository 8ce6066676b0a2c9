/* luaopen_cloudjobs_os: the few things that neither Lua nor nginx offers:
** child processes, private files, the terminal, an interrupt flag, clocks. */
#include "base/lclock.h"
#include "base/compat.h"
#include "os/lprocess.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

static int push_errno (lua_State *L, const char *path) {
  int number = errno;
  lua_pushnil(L);
  lua_pushfstring(L, "%s: %s", path, strerror(number));
  return 2;
}

/* ---- files ---- */

static int write_all (int fd, const char *s, size_t n) {
  while (n > 0) {
    ssize_t written = write(fd, s, n);
    if (written < 0 && errno != EINTR)
      return -1;
    if (written > 0) {
      s += written;
      n -= (size_t)written;
    }
  }
  return fsync(fd);
}

/* write_private(path, bytes) -> true | nil, message. Readers see the old file
** or the whole new one, nobody but its owner can read it, and what is there
** must be a plain file: a link could lead anywhere. */
static int l_write_private (lua_State *L) {
  size_t path_len, n;
  const char *path = luaL_checklstring(L, 1, &path_len);
  const char *bytes = luaL_checklstring(L, 2, &n);
  char *temporary = lua_newuserdatauv(L, path_len + sizeof(".XXXXXX"), 0);
  struct stat st;
  int fd, ok, number;
  if (lstat(path, &st) == 0 && !S_ISREG(st.st_mode)) {
    lua_pushnil(L);
    lua_pushfstring(L, "%s: not a plain file", path);
    return 2;
  }
  memcpy(temporary, path, path_len);
  memcpy(temporary + path_len, ".XXXXXX", sizeof(".XXXXXX"));
  fd = mkostemp(temporary, O_CLOEXEC); /* 0600 */
  if (fd < 0)
    return push_errno(L, path);
  ok = write_all(fd, bytes, n) == 0;
  number = errno;
  close(fd);
  if (ok && rename(temporary, path) == 0) {
    lua_pushboolean(L, 1);
    return 1;
  }
  if (!ok)
    errno = number;
  number = errno;
  unlink(temporary);
  errno = number;
  return push_errno(L, path);
}

/* make_folder(path) -> true | nil, message. The folders above it too, all for
** their owner alone; what exists stays as it is. */
static int l_make_folder (lua_State *L) {
  size_t n, i;
  const char *path = luaL_checklstring(L, 1, &n);
  char *part = lua_newuserdatauv(L, n + 1, 0);
  struct stat st;
  memcpy(part, path, n + 1);
  for (i = 1; i <= n; i++) {
    char c = part[i];
    if (c != '/' && c != '\0')
      continue;
    part[i] = '\0';
    if (mkdir(part, 0700) != 0 &&
        (errno != EEXIST || stat(part, &st) != 0 || !S_ISDIR(st.st_mode))) {
      lua_pushnil(L);
      lua_pushfstring(L, "%s: %s", part, strerror(errno));
      return 2;
    }
    part[i] = c;
  }
  lua_pushboolean(L, 1);
  return 1;
}

/* ---- the terminal: descriptors are 0, 1 and 2 ---- */

static int l_isatty (lua_State *L) {
  lua_pushboolean(L, isatty((int)luaL_optinteger(L, 1, STDOUT_FILENO)));
  return 1;
}

/* terminal_size(fd) -> columns, rows | nothing */
static int l_terminal_size (lua_State *L) {
  struct winsize size;
  int fd = (int)luaL_optinteger(L, 1, STDOUT_FILENO);
  if (ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
    return 0;
  lua_pushinteger(L, size.ws_col);
  lua_pushinteger(L, size.ws_row);
  return 2;
}

/* ---- the interrupt flag: a signal handler reaches nothing but statics ---- */

static volatile sig_atomic_t interrupted;
static struct sigaction before;
static int catching;

/* The second interrupt ends a program that does not look at the first. */
static void on_interrupt (int number) {
  if (interrupted) {
    signal(number, SIG_DFL);
    raise(number);
  }
  interrupted = 1;
}

/* catch_interrupt(): from now on Ctrl-C sets a flag, and wakes who sleeps. */
static int l_catch_interrupt (lua_State *L) {
  struct sigaction action;
  (void)L;
  if (catching)
    return 0;
  memset(&action, 0, sizeof(action));
  action.sa_handler = on_interrupt; /* no SA_RESTART: waiting calls return */
  sigemptyset(&action.sa_mask);
  interrupted = 0;
  catching = sigaction(SIGINT, &action, &before) == 0;
  return 0;
}

static int l_interrupted (lua_State *L) {
  lua_pushboolean(L, interrupted);
  return 1;
}

/* restore_interrupt(): Ctrl-C does what it did before catch_interrupt. */
static int l_restore_interrupt (lua_State *L) {
  (void)L;
  if (catching)
    sigaction(SIGINT, &before, NULL);
  catching = 0;
  interrupted = 0;
  return 0;
}

/* default_interrupt(): Ctrl-C ends the program at once. An interpreter would
** wait for Lua's next step, and then print where that was. */
static int l_default_interrupt (lua_State *L) {
  l_restore_interrupt(L);
  signal(SIGINT, SIG_DFL);
  return 0;
}

static const luaL_Reg functions[] = {
  { "write_private", l_write_private },
  { "make_folder", l_make_folder },
  { "isatty", l_isatty },
  { "terminal_size", l_terminal_size },
  { "catch_interrupt", l_catch_interrupt },
  { "interrupted", l_interrupted },
  { "restore_interrupt", l_restore_interrupt },
  { "default_interrupt", l_default_interrupt },
  { "now", cj_clock_now },
  { "clock", cj_clock_monotonic },
  { "sleep", cj_clock_sleep },
  { NULL, NULL },
};

int luaopen_cloudjobs_os (lua_State *L);

CJ_EXPORT int luaopen_cloudjobs_os (lua_State *L) {
  luaL_newlib(L, functions);
  cj_process_open(L);
  return 1;
}
