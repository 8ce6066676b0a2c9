/* Names of files, and who may change them, for Lua. */
#include "lfolders.h"

#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define GLOB_T "cloudjobs.os.glob"

/* A folder of descriptions has some 500 of them. */
#define MAX_NAMES 100000

static int glob_gc (lua_State *L) {
  glob_t *found = luaL_checkudata(L, 1, GLOB_T);
  globfree(found);
  memset(found, 0, sizeof(*found));
  return 0;
}

/* glob(pattern) -> the paths that a shell's pattern matches, in no order;
** unreadable folders are left out. A backslash escapes the next character. */
static int l_glob (lua_State *L) {
  const char *pattern = luaL_checkstring(L, 1);
  glob_t *found = lua_newuserdatauv(L, sizeof(*found), 0);
  size_t i;
  memset(found, 0, sizeof(*found)); /* empty, so __gc is safe from here on */
  luaL_setmetatable(L, GLOB_T);
  if (glob(pattern, GLOB_NOSORT, NULL, found) == GLOB_NOSPACE)
    return luaL_error(L, "not enough memory");
  lua_newtable(L);
  for (i = 0; i < found->gl_pathc && i < MAX_NAMES; i++) {
    lua_pushstring(L, found->gl_pathv[i]);
    lua_rawseti(L, -2, (int)i + 1);
  }
  return 1;
}

/* Pushes nil and why the part of 'path' that ends at 'end' is not trusted: 2;
** or gives 0. */
static int push_distrust (lua_State *L, char *path, char *end) {
  struct stat st;
  char cut = *end;
  int result;
  *end = '\0';
  result = lstat(path, &st); /* it is resolved: no part is a link */
  if (result == 0 && (st.st_uid == 0 || st.st_uid == geteuid()) &&
      (st.st_mode & (S_IWGRP | S_IWOTH)) == 0) {
    *end = cut;
    return 0;
  }
  lua_pushnil(L);
  if (result != 0)
    lua_pushfstring(L, "%s: %s", path, strerror(errno));
  else if (st.st_uid != 0 && st.st_uid != geteuid())
    lua_pushfstring(L, "%s belongs to another user", path);
  else
    lua_pushfstring(L, "%s may be written by others", path);
  *end = cut;
  return 2;
}

/* trusted(path) -> the path with its links resolved | nil, message. A path
** is trusted when it and each folder above it belong to the user or to root,
** and no other user or group may write them. */
static int l_trusted (lua_State *L) {
  const char *path = luaL_checkstring(L, 1);
  char *resolved = lua_newuserdatauv(L, PATH_MAX, 0);
  char *end;
  if (realpath(path, resolved) == NULL) {
    lua_pushnil(L);
    lua_pushfstring(L, "%s: %s", path, strerror(errno));
    return 2;
  }
  /* The root folder is not checked. */
  for (end = resolved + 1;; end++) {
    if ((*end == '/' || *end == '\0') && push_distrust(L, resolved, end))
      return 2;
    if (*end == '\0')
      break;
  }
  lua_pushstring(L, resolved);
  return 1;
}

static const luaL_Reg functions[] = {
  { "glob", l_glob },
  { "trusted", l_trusted },
  { NULL, NULL },
};

static const luaL_Reg glob_mt[] = {
  { "__gc", glob_gc },
  { NULL, NULL },
};

void cj_folders_open (lua_State *L) {
  luaL_newmetatable(L, GLOB_T);
  luaL_setfuncs(L, glob_mt, 0);
  lua_pop(L, 1);
  luaL_setfuncs(L, functions, 0);
}
