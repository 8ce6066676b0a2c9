/* The header lines of a message for Lua, and whole responses. */
#include "lhead.h"

#include "../base/lutil.h"
#include "response_head.h"

#define SHORT_NAME 128 /* the longest known has 50 bytes */

static struct cj_buf *copy (lua_State *L, struct cj_slice s) {
  struct cj_buf *b = cj_buf_new(L, s.n);
  if (cj_buf_add(b, s.s, s.n) != 0)
    luaL_error(L, "not enough memory");
  return b;
}

static void push_lower (lua_State *L, char *text, struct cj_slice s) {
  size_t i;
  for (i = 0; i < s.n; i++)
    text[i] = cj_lower(s.s[i]);
  lua_pushlstring(L, text, s.n);
}

/* Pushes the name in lower case. */
static void push_name (lua_State *L, struct cj_slice name) {
  char text[SHORT_NAME];
  if (name.n <= sizeof(text)) {
    push_lower(L, text, name);
  } else {
    push_lower(L, copy(L, name)->s, name);
    lua_replace(L, -2);
  }
}

/* Pushes the value, unfolded. */
static void push_value (lua_State *L, struct cj_slice value) {
  struct cj_buf *b;
  size_t i;
  if (value.n == 0 || memchr(value.s, '\n', value.n) == NULL) {
    lua_pushlstring(L, value.s, value.n);
    return;
  }
  b = copy(L, value);
  for (i = 0; i < b->len; i++) {
    if (b->s[i] == '\r' || b->s[i] == '\n')
      b->s[i] = ' ';
  }
  lua_pushlstring(L, b->s, b->len);
  lua_replace(L, -2);
}

/* read_fields(lines) -> { name = value }: names in lower case, the values of
** one name joined by commas. */
static int l_read_fields (lua_State *L) {
  struct cj_slice text = cj_check_slice(L, 1);
  struct cj_field f;
  lua_createtable(L, 0, 12);
  while (cj_field_next(&text, &f)) {
    push_name(L, f.name);
    lua_pushvalue(L, -1);
    lua_rawget(L, -3);
    if (lua_isnil(L, -1)) {
      lua_pop(L, 1);
      push_value(L, f.value);
    } else {
      lua_pushliteral(L, ", ");
      push_value(L, f.value);
      lua_concat(L, 3);
    }
    lua_rawset(L, -3);
  }
  return 1;
}

/* read_field(lines, name) -> the first value of this name, given in lower
** case, or nil */
static int l_read_field (lua_State *L) {
  struct cj_slice text = cj_check_slice(L, 1);
  const char *wanted = luaL_checkstring(L, 2);
  struct cj_field f;
  while (cj_field_next(&text, &f)) {
    if (cj_field_is(f.name, wanted)) {
      push_value(L, f.value);
      return 1;
    }
  }
  lua_pushnil(L);
  return 1;
}

/* whole_answer(bytes) -> status, where the body begins | nothing: http1.lua is
** to read it. It is not for what answers a HEAD. */
static int l_whole_answer (lua_State *L) {
  int status;
  size_t head = cj_answer_read(cj_check_slice(L, 1), &status);
  if (head == 0)
    return 0;
  lua_pushinteger(L, status);
  lua_pushinteger(L, (lua_Integer)head + 1);
  return 2;
}

static const luaL_Reg functions[] = {
  { "read_fields", l_read_fields },
  { "read_field", l_read_field },
  { "whole_answer", l_whole_answer },
  { NULL, NULL },
};

void cj_head_open (lua_State *L) {
  luaL_setfuncs(L, functions, 0);
}
