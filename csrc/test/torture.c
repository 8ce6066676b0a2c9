/* torture FILE.lua …: for every n, runs a Lua file in a new state while all
** allocations from the n-th on fail. The file returns { run = function, check =
** function }. run() may raise or return nil and an error, each naming memory,
** or succeed. Once memory is back, run() on the same objects has to succeed.
** check(...) gets the results of run() and gives whether they are right.
** Closing the state has to free everything. */
#include "../base/compat.h"

#include <stdlib.h>
#include <string.h>

/* glibc's functions, which the definitions below replace. */
extern void *__libc_malloc (size_t n);
extern void *__libc_calloc (size_t n, size_t size);
extern void *__libc_realloc (void *p, size_t n);
extern void __libc_free (void *p);

static long blocks; /* allocated and not freed, in the whole process */
static long left;   /* allocations until all fail */
static int armed;
static long failed;

static int refused (void) {
  if (!armed)
    return 0;
  if (left > 0) {
    left--;
    return 0;
  }
  failed++;
  return 1;
}

static void *counted (void *p) {
  if (p != NULL)
    blocks++;
  return p;
}

/* Exported, so every library of the process allocates here. */
CJ_EXPORT void *malloc (size_t n) {
  return refused() ? NULL : counted(__libc_malloc(n));
}

CJ_EXPORT void *calloc (size_t n, size_t size) {
  return refused() ? NULL : counted(__libc_calloc(n, size));
}

CJ_EXPORT void free (void *p) {
  if (p != NULL)
    blocks--;
  __libc_free(p);
}

CJ_EXPORT void *realloc (void *p, size_t n) {
  if (p == NULL)
    return malloc(n);
  if (n == 0) {
    free(p);
    return NULL;
  }
  return refused() ? NULL : __libc_realloc(p, n);
}

/* When a stack cannot grow, LuaJIT (OpenResty's 2.1-20230119) writes the error
** behind the frame that does not fit, which is beyond the stack: room for the
** largest frame keeps that from other memory. */
#ifdef LUA_JITLIBNAME
#define SLACK ((size_t)2048)
#else
#define SLACK ((size_t)0)
#endif

/* Lua requires that shrinking succeeds. */
static void *lua_memory (void *ud, void *p, size_t old, size_t n) {
  (void)ud;
  if (n == 0) {
    free(p);
    return NULL;
  }
  if (p != NULL && n <= old)
    return __libc_realloc(p, n + SLACK);
  return realloc(p, n + SLACK);
}

static int fail (const char *file, long n, const char *what) {
  printf("%s: allocation %ld: %s\n", file, n, what);
  return -1;
}

/* Replaces the value on top of the stack by its text. */
static const char *described (lua_State *L) {
  lua_getglobal(L, "tostring");
  lua_insert(L, -2);
  if (lua_pcall(L, 1, 1, 0) != LUA_OK || lua_tostring(L, -1) == NULL)
    return "no text";
  return lua_tostring(L, -1);
}

/* Whether the value on top of the stack names memory. */
static int names_memory (lua_State *L) {
  const char *text = described(L);
  if (strstr(text, "memory") != NULL)
    return 1;
  printf("unexpected: %s\n", text);
  return 0;
}

/* Calls check with the results above 'base'. */
static int checked (lua_State *L, int base) {
  int right;
  lua_getfield(L, 1, "check");
  lua_insert(L, base + 1);
  if (lua_pcall(L, lua_gettop(L) - base - 1, 1, 0) != LUA_OK) {
    printf("check: %s\n", lua_tostring(L, -1));
    return 0;
  }
  right = lua_toboolean(L, -1);
  lua_settop(L, base);
  return right;
}

/* The table that the file returned is at index 1 of 'L'. */
static int run_failing (lua_State *L, const char *file, long n) {
  int status;
  lua_settop(L, 1);
  lua_getfield(L, 1, "run");
  left = n;
  failed = 0;
  armed = 1;
  status = lua_pcall(L, 0, LUA_MULTRET, 0);
  armed = 0;
  if (status != LUA_OK)
    return names_memory(L) ? 0 : fail(file, n, "raised something else");
  if (lua_toboolean(L, 2))
    return checked(L, 1) ? 0 : fail(file, n, "succeeded with a wrong result");
  lua_settop(L, 3);
  return names_memory(L) ? 0 : fail(file, n, "returned something else");
}

static int run_again (lua_State *L, const char *file, long n) {
  lua_settop(L, 1);
  lua_getfield(L, 1, "run");
  if (lua_pcall(L, 0, LUA_MULTRET, 0) != LUA_OK) {
    printf("%s\n", lua_tostring(L, -1));
    return fail(file, n, "raised afterwards");
  }
  if (!lua_toboolean(L, 2)) {
    lua_settop(L, 3);
    printf("%s\n", described(L));
    return fail(file, n, "failed afterwards");
  }
  return checked(L, 1) ? 0 : fail(file, n, "gave a wrong result afterwards");
}

/* One state, one n. Returns 0, or -1 when something is wrong. */
static int attempt (const char *file, long n) {
  int result = -1;
  lua_State *L = cj_newstate(lua_memory, NULL);
  if (L == NULL)
    return fail(file, n, "no state");
  luaL_openlibs(L);
  /* LuaJIT's compiler does not survive a failed allocation. */
  (void)luaL_dostring(L, "if jit then jit.off() end");
  if (luaL_loadfile(L, file) != LUA_OK || lua_pcall(L, 0, 1, 0) != LUA_OK) {
    printf("%s\n", lua_tostring(L, -1));
    fail(file, n, "does not load");
  } else if (run_failing(L, file, n) == 0) {
    result = run_again(L, file, n);
  }
  lua_close(L);
  return result;
}

/* Libraries keep some blocks the first time they are used or fail, such as
** libcrypto's error queue; a leak comes back every time. */
static int attempt_balanced (const char *file, long n) {
  int tries;
  for (tries = 0; tries < 3; tries++) {
    long before = blocks;
    if (attempt(file, n) != 0)
      return -1;
    if (blocks <= before)
      return 0;
  }
  return fail(file, n, "leaks");
}

static int torture (const char *file) {
  long n = 0;
  int wrong = 0;
  do {
    wrong |= attempt_balanced(file, n);
    n++;
  } while (failed > 0 && wrong == 0);
  printf("%s: %ld allocations failed from: %s\n", file, n - 1,
         wrong == 0 ? "ok" : "FAILED");
  return wrong;
}

int main (int argc, char **argv) {
  int i;
  int wrong = 0;
  setvbuf(stdout, NULL, _IOLBF, 4096);
  if (argc < 2) {
    fputs("usage: torture FILE.lua ...\n", stderr);
    return 64;
  }
  for (i = 1; i < argc; i++)
    wrong |= torture(argv[i]);
  return wrong == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
