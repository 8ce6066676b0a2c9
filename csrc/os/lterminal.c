/* The terminal for Lua: descriptors are 0, 1 and 2. */
#include "lterminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

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

static const luaL_Reg functions[] = {
  { "isatty", l_isatty },
  { "terminal_size", l_terminal_size },
  { NULL, NULL },
};

void cj_terminal_open (lua_State *L) {
  luaL_setfuncs(L, functions, 0);
}
