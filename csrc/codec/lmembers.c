/* The places of a JSON object's members: an index of a long text of which only
** parts are decoded. */
#include "lmembers.h"

#include "ldecode.h"
#include "lworkspace.h"

enum { TEXT = 1, BUFFER, NAMES, PLACES };

/* Adds the name on top, unless it is there, and pops it. -1: they are too many.
 */
static int add_name (lua_State *L, lua_Integer max) {
  lua_pushvalue(L, -1);
  lua_rawget(L, PLACES);
  if (lua_isnil(L, -1)) {
    lua_Integer count = (lua_Integer)lua_rawlen(L, NAMES);
    if (count == max)
      return -1;
    lua_pushvalue(L, -2);
    lua_rawseti(L, NAMES, (int)count + 1);
  }
  lua_pop(L, 1);
  return 0;
}

static int read_members (lua_State *L, struct cj_json *r, const char *text,
                         lua_Integer max, lua_Number longest) {
  struct cj_slice key;
  int more;
  if (cj_json_enter(r) != 0)
    return -1;
  while ((more = cj_json_more(r, '}')) > 0) {
    const char *at = r->p, *value;
    if (cj_json_key(r, &key) != 0)
      return -1;
    lua_pushlstring(L, key.s, key.n);
    if (add_name(L, max) != 0)
      return cj_json_fail(r, at, "an object of too many members");
    if (cj_json_peek(r) == CJ_KIND_NONE)
      return -1;
    value = r->p;
    lua_pushnumber(L, (lua_Number)(value - text + 1));
    lua_rawset(L, PLACES);
    if (cj_json_skip(r) != 0)
      return -1;
    if ((lua_Number)(r->p - value) > longest)
      return cj_json_fail(r, value, "a value that is too long");
  }
  return more;
}

static int read_object (lua_State *L, struct cj_json *r, const char *text,
                        lua_Integer max, lua_Number longest) {
  enum cj_kind kind = cj_json_peek(r);
  if (kind == CJ_KIND_NONE)
    return -1;
  if (kind != CJ_KIND_OBJECT)
    return cj_json_fail(r, r->p, "expected an object");
  return read_members(L, r, text, max, longest);
}

/* json_members(text, max, n, longest) -> the names of an object's members, in
** their order, and a table from each to the byte at which its value begins |
** nil, message. The object is the whole text, or the value that begins at the
** n-th byte; it may have 'max' members, each of 'longest' bytes. All of it is
** checked as json_decode_strict does. */
static int l_json_members (lua_State *L) {
  const struct cj_path whole = { NULL, { NULL, 0 }, 0 };
  struct cj_slice text = cj_check_slice(L, TEXT), rest;
  const lua_Integer max = luaL_checkinteger(L, 2);
  const int is_part = !lua_isnoneornil(L, 3);
  const lua_Number n = luaL_optnumber(L, 3, 1);
  const lua_Number longest = luaL_optnumber(L, 4, (lua_Number)text.n);
  struct cj_json r;
  int got;
  luaL_argcheck(L, n >= 1 && n <= (lua_Number)text.n + 1, 3,
                "not a byte of the text");
  rest.s = text.s + (size_t)n - 1;
  rest.n = text.n - ((size_t)n - 1);
  lua_settop(L, TEXT);
  cj_json_init(&r, rest, cj_buffer_borrow(L));
  lua_newtable(L); /* NAMES */
  lua_newtable(L); /* PLACES */
  got = read_object(L, &r, text.s, max, longest);
  if (got == 0 && !is_part)
    got = cj_json_finish(&r);
  if (r.problem == cj_json_no_memory)
    return luaL_error(L, "%s", cj_json_no_memory);
  cj_buffer_return(L, BUFFER);
  if (got == 0)
    return 2;
  lua_pushnil(L);
  cj_decode_push_problem(L, &whole, r.problem, (size_t)(r.p - text.s));
  return 2;
}

static const luaL_Reg functions[] = {
  { "json_members", l_json_members },
  { NULL, NULL },
};

void cj_members_open (lua_State *L) {
  cj_workspace_functions(L, functions);
}
