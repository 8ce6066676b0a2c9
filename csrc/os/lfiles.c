/* Private files and folders, and bounded reading, for Lua. */
#include "lfiles.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_T "cloudjobs.os.file"

static int push_errno (lua_State *L, const char *path) {
  int number = errno;
  lua_pushnil(L);
  lua_pushfstring(L, "%s: %s", path, strerror(number));
  return 2;
}

#define MAX_BASE 240 /* bytes of a name, before those that make it new */

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
  return 0;
}

/* Pushes the name of a file that does not exist yet beside 'path', and sets
** the descriptor of that file, which is opened with mode 0600. An existing
** path must be a plain file, because a link can lead anywhere. 1; or nil,
** message and 2. */
static int push_beside (lua_State *L, const char *path, size_t n, int *fd) {
  char *temporary = lua_newuserdatauv(L, n + sizeof(".XXXXXX"), 0);
  size_t base = n;
  struct stat st;
  if (lstat(path, &st) == 0 && !S_ISREG(st.st_mode)) {
    lua_pushnil(L);
    lua_pushfstring(L, "%s: not a plain file", path);
    return 2;
  }
  while (base > 0 && path[base - 1] != '/')
    base--;
  if (n - base > MAX_BASE) /* a longer name can still be that of the path */
    n = base + MAX_BASE;
  memcpy(temporary, path, n);
  memcpy(temporary + n, ".XXXXXX", sizeof(".XXXXXX"));
  *fd = mkostemp(temporary, O_CLOEXEC); /* with O_EXCL */
  return *fd < 0 ? push_errno(L, path) : 1;
}

/* write_private(path, bytes) -> true | nil, message. Replaces the file in one
** step, so that a reader sees the old one or the whole new one. Its mode is
** 0600. */
static int l_write_private (lua_State *L) {
  size_t path_len, n;
  const char *path = luaL_checklstring(L, 1, &path_len), *temporary;
  const char *bytes = luaL_checklstring(L, 2, &n);
  int fd, ok, number;
  if (push_beside(L, path, path_len, &fd) != 1)
    return 2;
  temporary = lua_touserdata(L, -1);
  ok = write_all(fd, bytes, n) == 0 && fsync(fd) == 0;
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

/* create_beside(path) -> the path of a new, empty file in the same folder |
** nil, message */
static int l_create_beside (lua_State *L) {
  size_t n;
  const char *path = luaL_checklstring(L, 1, &n);
  int fd;
  if (push_beside(L, path, n, &fd) != 1)
    return 2;
  close(fd);
  lua_pushstring(L, lua_touserdata(L, -1));
  return 1;
}

/* write_at(path, bytes, offset) -> true | nil, message. The existing plain file
** ends behind the bytes. The file is opened anew each time, because another
** thread may do it. */
static int l_write_at (lua_State *L) {
  size_t n;
  const char *path = luaL_checkstring(L, 1);
  const char *bytes = luaL_checklstring(L, 2, &n);
  off_t offset = (off_t)luaL_checknumber(L, 3);
  int fd = open(path, O_WRONLY | O_NOFOLLOW | O_CLOEXEC), ok, number;
  off_t end;
  if (fd < 0)
    return push_errno(L, path);
  end = lseek(fd, 0, SEEK_END); /* mostly the offset already */
  ok = end >= 0 &&
       (end == offset ||
        (ftruncate(fd, offset) == 0 && lseek(fd, offset, SEEK_SET) >= 0)) &&
       write_all(fd, bytes, n) == 0;
  number = errno;
  if (close(fd) != 0 && ok) /* some file systems report here */
    ok = 0;
  else
    errno = number;
  if (!ok)
    return push_errno(L, path);
  lua_pushboolean(L, 1);
  return 1;
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

#define READ_WAIT                                                              \
  1000 /* ms for a pipe's next bytes                                           \
        */

/* Reads all of 'fd' into 'b', at most 'max' bytes. Returns 0, or an errno;
** EFBIG when there is more and the beginning is not enough. */
static int read_all (int fd, size_t max, int is_beginning, luaL_Buffer *b) {
  size_t total = 0;
  for (;;) {
    char piece[4096];
    ssize_t n = read(fd, piece, sizeof(piece));
    if (n == 0)
      return 0;
    if (n > 0) {
      if ((size_t)n > max - total && !is_beginning)
        return EFBIG;
      if ((size_t)n > max - total) {
        luaL_addlstring(b, piece, max - total);
        return 0;
      }
      total += (size_t)n;
      luaL_addlstring(b, piece, (size_t)n);
    } else if (errno == EAGAIN) { /* a pipe whose writer is at work */
      struct pollfd ready = { fd, POLLIN, 0 };
      if (poll(&ready, 1, READ_WAIT) == 0)
        return EAGAIN;
    } else if (errno != EINTR)
      return errno;
  }
}

/* A descriptor that the collector closes, because a buffer can raise. */
static int file_gc (lua_State *L) {
  int *fd = luaL_checkudata(L, 1, FILE_T);
  if (*fd >= 0)
    close(*fd);
  *fd = -1;
  return 0;
}

/* read_file(path, max, is_beginning) -> text | nil, message, is_missing. A file
** of more bytes is an error, or only its beginning is read. Never waits for a
** pipe that has no writer, nor long for one that has. */
static int l_read_file (lua_State *L) {
  const char *path = luaL_checkstring(L, 1);
  size_t max = (size_t)luaL_checkinteger(L, 2);
  int is_beginning = lua_toboolean(L, 3);
  luaL_Buffer b;
  int number, *fd = lua_newuserdatauv(L, sizeof(*fd), 0);
  *fd = -1;
  luaL_setmetatable(L, FILE_T);
  *fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (*fd < 0)
    number = errno;
  else {
    luaL_buffinit(L, &b);
    number = read_all(*fd, max, is_beginning, &b);
    luaL_pushresult(&b);
    close(*fd);
    *fd = -1;
  }
  if (number == 0)
    return 1;
  lua_pushnil(L);
  if (number == EFBIG)
    lua_pushfstring(L, "expected at most %d bytes", (int)max);
  else
    lua_pushstring(L, strerror(number));
  lua_pushboolean(L, number == ENOENT || number == ENOTDIR);
  return 3;
}

/* file_kind(path) -> "file", "folder", "other": a pipe, device or socket; or
** nil where nothing can be seen there */
static int l_file_kind (lua_State *L) {
  struct stat st;
  if (stat(luaL_checkstring(L, 1), &st) != 0)
    lua_pushnil(L);
  else if (S_ISREG(st.st_mode))
    lua_pushliteral(L, "file");
  else
    lua_pushstring(L, S_ISDIR(st.st_mode) ? "folder" : "other");
  return 1;
}

static const luaL_Reg functions[] = {
  { "read_file", l_read_file },
  { "write_private", l_write_private },
  { "create_beside", l_create_beside },
  { "write_at", l_write_at },
  { "make_folder", l_make_folder },
  { "file_kind", l_file_kind },
  { NULL, NULL },
};

static const luaL_Reg file_mt[] = {
  { "__gc", file_gc },
  { "__close", file_gc },
  { NULL, NULL },
};

void cj_files_open (lua_State *L) {
  luaL_newmetatable(L, FILE_T);
  luaL_setfuncs(L, file_mt, 0);
  lua_pop(L, 1);
  luaL_setfuncs(L, functions, 0);
}
