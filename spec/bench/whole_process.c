/* Runs whole processes and measures each: from before the fork until
** it was collected, and the most memory that it had.
**
** Built by `make bench` as the Lua module "whole_process". */
#include "../../csrc/base/compat.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_WORDS 64

static double seconds (void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void become (char **words) {
  int nowhere = open("/dev/null", O_WRONLY);
  dup2(nowhere, STDOUT_FILENO);
  execvp(words[0], words);
  _exit(127);
}

/* run(words) -> seconds, kilobytes; raises when the process fails */
static int l_run (lua_State *L) {
  char *words[MAX_WORDS + 1];
  struct rusage used;
  double started = seconds();
  int n = 0, status;
  pid_t pid;
  luaL_checktype(L, 1, LUA_TTABLE);
  for (; n < MAX_WORDS; n++) {
    lua_rawgeti(L, 1, n + 1);
    if (lua_isnil(L, -1))
      break;
    words[n] = (char *)lua_tostring(L, -1); /* the table keeps it alive */
    lua_pop(L, 1);
  }
  words[n] = NULL;
  pid = fork();
  if (pid == 0)
    become(words);
  if (pid < 0 || wait4(pid, &status, 0, &used) != pid || status != 0)
    return luaL_error(L, "%s failed", words[0]);
  lua_pushnumber(L, seconds() - started);
  lua_pushnumber(L, (lua_Number)used.ru_maxrss);
  return 2;
}

int luaopen_whole_process (lua_State *L);

CJ_EXPORT int luaopen_whole_process (lua_State *L) {
  lua_pushcfunction(L, l_run);
  return 1;
}
