/* The bytes that an encoder writes, and the problems that it finds, each with
** its path. */
#include "lproblems.h"

#include "../base/scalar.h"
#include "json.h"
#include "lworkspace.h"

/* The walk ends at this number of problems. */
#define MAX_PROBLEMS 100

int cj_encode_problem_on_top (struct cj_encoder *e,
                              const struct cj_path *path) {
  lua_State *L = e->L;
  luaL_checkstack(L, 4, NULL);
  if (e->problems == 0) {
    lua_newtable(L);
    lua_replace(L, CJ_ENCODE_PROBLEMS);
  }
  lua_createtable(L, 0, 2);
  lua_insert(L, -2);
  lua_setfield(L, -2, "message");
  cj_path_push(L, path);
  lua_setfield(L, -2, "path");
  lua_rawseti(L, CJ_ENCODE_PROBLEMS, ++e->problems);
  return e->problems < MAX_PROBLEMS ? 0 : -1;
}

int cj_encode_problem (struct cj_encoder *e, const struct cj_path *path,
                       const char *message) {
  luaL_checkstack(e->L, 1, NULL);
  lua_pushstring(e->L, message);
  return cj_encode_problem_on_top(e, path);
}

int cj_encode_expected (struct cj_encoder *e, int at,
                        const struct cj_path *path, const char *what) {
  lua_State *L = e->L;
  luaL_checkstack(L, 4, NULL);
  lua_pushfstring(L, "expected %s, got %s", what,
                  cj_is_null(L, at) ? "null" : luaL_typename(L, at));
  return cj_encode_problem_on_top(e, path);
}

/* Numbers are pushed by hand: lua_pushfstring differs from Lua to Lua. */
static void push_number (lua_State *L, double n) {
  char text[CJ_DOUBLE_MAX];
  lua_pushlstring(L, text, cj_double_write(text, n));
}

int cj_encode_check_min (struct cj_encoder *e, const struct cj_node *node,
                         const struct cj_path *path, double n,
                         const char *unit) {
  lua_State *L = e->L;
  if ((node->flags & CJ_MIN) == 0 || n >= node->min || e->lenient)
    return 0;
  luaL_checkstack(L, 6, NULL);
  lua_pushliteral(L, "expected at least ");
  push_number(L, node->min);
  lua_pushfstring(L, "%s%s%s, got ", *unit != '\0' ? " " : "", unit,
                  *unit != '\0' && node->min != 1 ? "s" : "");
  push_number(L, n);
  lua_concat(L, 4);
  return cj_encode_problem_on_top(e, path);
}

int cj_encode_check_characters (struct cj_encoder *e,
                                const struct cj_node *node,
                                const struct cj_path *path, const char *s,
                                size_t n) {
  if ((node->flags & CJ_MIN) == 0 || (double)n >= node->min * 4)
    return 0; /* no character has more than four bytes */
  return cj_encode_check_min(e, node, path, (double)cj_utf8_length(s, n),
                             "character");
}

int cj_encode_no_room (struct cj_encoder *e, size_t n) {
  const struct cj_path whole = { NULL, { NULL, 0 }, 0 };
  if (n <= e->b->max - e->b->len)
    luaL_error(e->L, "not enough memory");
  cj_encode_problem(e, &whole, "the text would be longer than 64 MiB");
  return -1;
}

int cj_encode_quoted (struct cj_encoder *e, const struct cj_path *path,
                      const char *s, size_t n) {
  int written = cj_json_quote(e->b, s, n);
  if (written == CJ_NOT_UTF8)
    return cj_encode_problem(e, path, "expected valid UTF-8");
  return written == 0 ? 0 : cj_encode_no_room(e, n + 6); /* an escape's */
}
