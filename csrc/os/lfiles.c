/* Private files and folders for Lua. */
#include "lfiles.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int push_errno (lua_State *L, const char *path) {
  int number = errno;
  lua_pushnil(L);
  lua_pushfstring(L, "%s: %s", path, strerror(number));
  return 2;
}

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

/* write_private(path, bytes) -> true | nil, message. Replaces the file in one
** step, so that a reader sees the old one or the whole new one. Its mode is
** 0600. An existing path must be a plain file, because a link can lead
*anywhere.
*/
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

/* make_folder(path) -> true | nil, message. Creates missing parents, too, all
** with mode 0700; existing folders stay as they are. */
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

static const luaL_Reg functions[] = {
  { "write_private", l_write_private },
  { "make_folder", l_make_folder },
  { NULL, NULL },
};

void cj_files_open (lua_State *L) {
  luaL_setfuncs(L, functions, 0);
}
