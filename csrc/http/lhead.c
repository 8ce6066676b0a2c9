/* Header lines and whole responses for Lua. */
#include "lhead.h"

#include "../base/ascii.h"
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
  if (value.n == 0 || (memchr(value.s, '\n', value.n) == NULL &&
                       memchr(value.s, '\r', value.n) == NULL)) {
    lua_pushlstring(L, value.s, value.n);
    return;
  }
  b = copy(L, value);
  lua_pushlstring(L, b->s, cj_field_unfold(b->s, value));
  lua_replace(L, -2);
}

/* The text of argument 1 behind its status line, if it has one. */
static struct cj_slice check_fields (lua_State *L) {
  struct cj_slice text = cj_check_slice(L, 1);
  if (text.n >= 5 && memcmp(text.s, "HTTP/", 5) == 0) {
    const char *stop = memchr(text.s, '\n', text.n), *end = text.s + text.n;
    text.s = stop != NULL ? stop + 1 : end;
    text.n = (size_t)(end - text.s);
  }
  return text;
}

/* Adds the value on top to the list of those that a repeated name has, which
** begins with the name's first value, below it. Pops both. A list, because to
** join each value at once would cost the square of their number. */
static void add_repeat (lua_State *L, int name, int lists) {
  lua_pushvalue(L, name);
  lua_rawget(L, lists);
  if (lua_isnil(L, -1)) {
    lua_pop(L, 1);
    lua_createtable(L, 2, 0);
    lua_pushvalue(L, -3);
    lua_rawseti(L, -2, 1);
    lua_pushvalue(L, name);
    lua_pushvalue(L, -2);
    lua_rawset(L, lists);
  }
  lua_insert(L, -2);
  lua_rawseti(L, -2, (int)lua_rawlen(L, -2) + 1);
  lua_pop(L, 2);
}

/* Pushes the strings of the list on top, joined by commas. */
static void push_joined (lua_State *L) {
  int list = lua_gettop(L), count = (int)lua_rawlen(L, list), i;
  luaL_Buffer b;
  luaL_buffinit(L, &b);
  for (i = 1; i <= count; i++) {
    if (i > 1)
      luaL_addlstring(&b, ", ", 2);
    lua_rawgeti(L, list, i);
    luaL_addvalue(&b);
  }
  luaL_pushresult(&b);
}

/* read_fields(lines) -> { name = value }: names in lower case, the values of
** one name joined by commas. Lines that are no fields are passed over. */
static int l_read_fields (lua_State *L) {
  struct cj_slice text = check_fields(L);
  struct cj_field f;
  int fields, lists, more;
  lua_createtable(L, 0, 12);
  fields = lua_gettop(L);
  lua_pushnil(L); /* no name is repeated yet */
  lists = fields + 1;
  while ((more = cj_field_next(&text, &f)) != 0) {
    if (more < 0)
      continue;
    push_name(L, f.name);
    lua_pushvalue(L, -1);
    lua_rawget(L, fields);
    push_value(L, f.value);
    if (lua_isnil(L, -2)) {
      lua_remove(L, -2);
      lua_rawset(L, fields);
    } else {
      if (lua_isnil(L, lists)) {
        lua_newtable(L);
        lua_replace(L, lists);
      }
      add_repeat(L, lists + 1, lists);
      lua_pop(L, 1);
    }
  }
  if (lua_isnil(L, lists)) {
    lua_settop(L, fields);
    return 1;
  }
  for (lua_pushnil(L); lua_next(L, lists) != 0;) {
    push_joined(L);
    lua_pushvalue(L, -3);
    lua_insert(L, -2);
    lua_rawset(L, fields);
    lua_pop(L, 1);
  }
  lua_settop(L, fields);
  return 1;
}

/* read_field(lines, name) -> the first value of this name, given in lower
** case, or nil */
static int l_read_field (lua_State *L) {
  struct cj_slice text = check_fields(L);
  const char *wanted = luaL_checkstring(L, 2);
  struct cj_field f;
  int more;
  while ((more = cj_field_next(&text, &f)) != 0) {
    if (more > 0 && cj_field_is(f.name, wanted)) {
      push_value(L, f.value);
      return 1;
    }
  }
  lua_pushnil(L);
  return 1;
}

/* whole_response(bytes) -> status, the position of the body | nothing: a parser
** is to read them. Not for the response to a HEAD. */
static int l_whole_response (lua_State *L) {
  struct cj_response_head h;
  size_t n = cj_response_head_whole(&h, cj_check_slice(L, 1));
  if (n == 0)
    return 0;
  lua_pushinteger(L, h.status);
  lua_pushinteger(L, (lua_Integer)n + 1);
  return 2;
}

static const luaL_Reg functions[] = {
  { "read_fields", l_read_fields },
  { "read_field", l_read_field },
  { "whole_response", l_whole_response },
  { NULL, NULL },
};

void cj_head_open (lua_State *L) {
  luaL_setfuncs(L, functions, 0);
}
