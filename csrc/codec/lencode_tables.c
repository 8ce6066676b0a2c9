/* Lua tables -> JSON, directed by a shape: structures, lists, maps, documents.
 */
#include "lencode.h"

#include "json.h"
#include "lkeys.h"
#include "lshape.h"
#include "lworkspace.h"

#include <math.h>

/* Enters a table. The limit of depth ends tables that hold themselves. */
static int enter (struct cj_encoder *e, int room, const struct cj_path *path) {
  if (e->depth == CJ_MAX_DEPTH) {
    while (e->depth-- > 8 && path != NULL) /* a path of a few steps shows it */
      path = path->up;
    cj_encode_problem(e, path,
                      "nested deeper than 128 levels (does it hold itself?)");
    return -1;
  }
  e->depth++;
  luaL_checkstack(e->L, room + 8, "tables nested too deep");
  return 0;
}

/* Lists {============================================================ */

static int encode_item (struct cj_encoder *e, const struct cj_node *item,
                        unsigned is_sparse, int at,
                        const struct cj_path *path) {
  if (is_sparse && cj_is_null(e->L, at))
    return cj_encode_put(e, "null", 4);
  return cj_encode_node(e, item, at, lua_type(e->L, at), path);
}

/* Whether a table has a key that is not of its list of n elements. */
static int has_other_keys (lua_State *L, int at, size_t n) {
  int top = lua_gettop(L), other = 0;
  lua_pushnil(L);
  while (!other && lua_next(L, at) != 0) {
    lua_Number i = lua_type(L, -2) == LUA_TNUMBER ? lua_tonumber(L, -2) : 0;
    other = !(i >= 1 && i <= (lua_Number)n && i == floor(i));
    lua_pop(L, 1);
  }
  lua_settop(L, top);
  return other;
}

/* Replaces the key on top by the next one and pushes its element, provided that
** it is the i-th: 1. Else 0: nothing is pushed, and the key is spent. */
static int next_in_order (lua_State *L, int at, size_t i) {
  if (lua_next(L, at) == 0) {
    lua_pushnil(L);
    return 0;
  }
  if (lua_type(L, -2) == LUA_TNUMBER && lua_tonumber(L, -2) == (lua_Number)i)
    return 1;
  lua_pop(L, 1);
  return 0;
}

/* Writes the elements. Gives 1 when the table has other keys. One walk with
** lua_next does both for a list that is stored in order; any other is checked
** first. */
static int encode_elements (struct cj_encoder *e, const struct cj_node *item,
                            unsigned is_sparse, int at,
                            const struct cj_path *up) {
  lua_State *L = e->L;
  struct cj_path path = { up, { NULL, 0 }, 0 };
  int key = lua_gettop(L) + 1, in_order = 1;
  size_t n = lua_rawlen(L, at), i;
  lua_pushnil(L);
  for (i = 1; i <= n; i++) {
    if (in_order && !next_in_order(L, at, i)) {
      if (has_other_keys(L, at, n))
        return 1;
      in_order = 0;
    }
    if (!in_order)
      lua_rawgeti(L, at, (int)i);
    path.index = (lua_Integer)i;
    if ((i > 1 && cj_encode_byte(e, ',') != 0) ||
        encode_item(e, item, is_sparse, key + 1, &path) != 0)
      return -1;
    lua_settop(L, key);
  }
  return in_order && lua_next(L, at) != 0;
}

static int encode_list (struct cj_encoder *e, const struct cj_node *item,
                        unsigned is_sparse, int at, const struct cj_path *up) {
  int top = lua_gettop(e->L), result;
  if (enter(e, 1, up) != 0 || cj_encode_byte(e, '[') != 0)
    return -1;
  result = encode_elements(e, item, is_sparse, at, up);
  if (result < 0)
    return -1;
  lua_settop(e->L, top);
  e->depth--;
  return result == 0
             ? cj_encode_byte(e, ']')
             : cj_encode_problem(
                   e, up, "expected a list, got a table with other keys");
}

/* }================================================================= */

/* Maps {=============================================================== */

/* Writes "key":value for each of the sorted keys of a table. */
static int encode_keys (struct cj_encoder *e, const struct cj_keys *keys,
                        const struct cj_node *key, const struct cj_node *item,
                        unsigned is_sparse, int at, const struct cj_path *up) {
  lua_State *L = e->L;
  struct cj_path path = { up, { NULL, 0 }, 0 };
  size_t i;
  for (i = 0; i < keys->n; i++) {
    struct cj_slice name = path.name = keys->key[i].text;
    int top = lua_gettop(L), value = keys->key[i].at;
    if (value == 0) {
      lua_pushlstring(L, name.s, name.n);
      lua_rawget(L, at);
      value = top + 1;
    }
    if (cj_encode_check_characters(e, key, &path, name.s, name.n) != 0 ||
        (!cj_encode_is_first(e) && cj_encode_byte(e, ',') != 0) ||
        cj_encode_quoted(e, &path, name.s, name.n) != 0 ||
        cj_encode_byte(e, ':') != 0 ||
        encode_item(e, item, is_sparse, value, &path) != 0)
      return -1;
    lua_settop(L, top);
  }
  return 0;
}

static int encode_map (struct cj_encoder *e, const struct cj_node *key,
                       const struct cj_node *item, unsigned is_sparse, int at,
                       const struct cj_path *up) {
  int top = lua_gettop(e->L);
  struct cj_keys keys;
  if (enter(e, CJ_FEW_KEYS, up) != 0 || cj_encode_byte(e, '{') != 0 ||
      cj_keys_sort(e, &keys, NULL, at, up) != 0 ||
      encode_keys(e, &keys, key, item, is_sparse, at, up) != 0)
    return -1;
  lua_settop(e->L, top);
  e->depth--;
  return cj_encode_byte(e, '}');
}

/* }================================================================= */

/* Documents {======================================================== */

/* An empty table is an object unless its metatable says list. */
static int is_marked_list (lua_State *L, int at) {
  int is_list;
  if (!lua_getmetatable(L, at))
    return 0;
  luaL_getmetatable(L, CJ_ARRAY_T);
  is_list = lua_rawequal(L, -2, CJ_ENCODE_ARRAY_MT) || lua_rawequal(L, -2, -1);
  lua_pop(L, 2);
  return is_list;
}

static int encode_document (struct cj_encoder *e, int at, int type,
                            const struct cj_path *path) {
  static const struct cj_node string = { .type = CJ_STRING };
  static const struct cj_node number = { .type = CJ_NUMBER };
  static const struct cj_node boolean = { .type = CJ_BOOLEAN };
  lua_State *L = e->L;
  switch (type) {
  case LUA_TSTRING:
    return cj_encode_scalar(e, &string, at, type, path);
  case LUA_TBOOLEAN:
    return cj_encode_scalar(e, &boolean, at, type, path);
  case LUA_TNUMBER:
    if (!isfinite(lua_tonumber(L, at)))
      return cj_encode_problem(e, path, "JSON has no NaN and no infinity");
    return cj_encode_scalar(e, &number, at, type, path);
  case LUA_TTABLE:
    if (lua_rawlen(L, at) > 0 || is_marked_list(L, at))
      return encode_list(e, &cj_document_node, CJ_SPARSE, at, path);
    return encode_map(e, &string, &cj_document_node, CJ_SPARSE, at, path);
  default:
    if (cj_is_null(L, at))
      return cj_encode_put(e, "null", 4);
    return cj_encode_expected(e, at, path, "a value that JSON can hold");
  }
}

/* }================================================================= */

/* Structures {======================================================= */

static int unknown_member (struct cj_encoder *e, const struct cj_shape *shape,
                           const struct cj_path *path) {
  lua_State *L = e->L;
  const struct cj_member *meant = cj_shape_nearest(shape, path->name);
  if (meant == NULL)
    return cj_encode_problem(e, path, "unknown parameter");
  lua_pushliteral(L, "unknown parameter (did you mean ");
  lua_pushlstring(L, meant->name.s, meant->name.n);
  lua_pushliteral(L, "?)");
  lua_concat(L, 3);
  return cj_encode_problem_on_top(e, path);
}

/* Handles the keys of a table that are no members of its shape: an open
** structure writes them, in any other they are problems. */
static int encode_unknown (struct cj_encoder *e, const struct cj_shape *shape,
                           unsigned is_open, int at, const struct cj_path *up) {
  struct cj_path path = { up, { NULL, 0 }, 0 };
  int top = lua_gettop(e->L);
  struct cj_keys keys;
  size_t i;
  luaL_checkstack(e->L, CJ_FEW_KEYS + 8, "tables nested too deep");
  if (cj_keys_sort(e, &keys, shape, at, up) != 0)
    return -1;
  if (is_open) {
    if (encode_keys(e, &keys, &cj_document_node, &cj_document_node, CJ_SPARSE,
                    at, up) != 0)
      return -1;
  } else {
    for (i = 0; i < keys.n; i++) {
      path.name = keys.key[i].text;
      if (unknown_member(e, shape, &path) != 0)
        return -1;
    }
  }
  lua_settop(e->L, top);
  return 0;
}

static int check_union (struct cj_encoder *e, const struct cj_shape *shape,
                        int found, const struct cj_path *path) {
  lua_State *L = e->L;
  size_t i;
  if (found == 1)
    return 0;
  lua_pushfstring(L, "expected exactly one member, got %d, of", found);
  for (i = 0; i < shape->count; i++) {
    lua_pushstring(L, i > 0 ? ", " : " ");
    lua_pushlstring(L, shape->members[i].name.s, shape->members[i].name.n);
    lua_concat(L, 3);
  }
  return cj_encode_problem_on_top(e, path);
}

/* Pushes a structure's values in the order of its members, nil for an absent
** one. Gives the number of keys that are no members. */
static size_t push_members (struct cj_encoder *e, const struct cj_shape *shape,
                            int at) {
  lua_State *L = e->L;
  int top = lua_gettop(L);
  size_t unknown = 0, guess = 0;
  lua_settop(L, top + (int)shape->count);
  for (lua_pushnil(L); lua_next(L, at) != 0;) {
    const struct cj_member *m =
        cj_shape_interned(shape, lua_topointer(L, -2), &guess);
    if (m == NULL && lua_type(L, -2) == LUA_TSTRING) {
      struct cj_slice key;
      key.s = lua_tolstring(L, -2, &key.n);
      m = cj_shape_member(shape, key);
    }
    if (m != NULL) {
      lua_replace(L, top + 1 + (int)(m - shape->members));
    } else {
      unknown++;
      lua_pop(L, 1);
    }
  }
  return unknown;
}

/* Writes a member's value, or reports it when it is required and absent. */
static int encode_member (struct cj_encoder *e, const struct cj_member *m,
                          int at, int *found, const struct cj_path *path) {
  const struct cj_node *node = m->node;
  size_t written = e->b->len;
  int type = lua_type(e->L, at), first;
  if (type == LUA_TNIL ||
      (type == LUA_TLIGHTUSERDATA && cj_is_null(e->L, at))) {
    at = CJ_ENCODE_TOKEN;
    type = lua_type(e->L, at);
    if ((node->flags & CJ_IDEMPOTENCY) == 0 || type == LUA_TNIL)
      return (node->flags & CJ_REQUIRED) != 0 &&
                     (!e->lenient || m->location != CJ_IN_TEXT)
                 ? cj_encode_problem(e, path, "required")
                 : 0;
  }
  ++*found;
  if (m->location == CJ_IN_TEXT) {
    first = cj_encode_is_first(e);
    return cj_encode_put(e, m->quoted.s + first, m->quoted.n - (size_t)first) ==
                   0
               ? cj_encode_node(e, node, at, type, path)
               : -1;
  }
  if (cj_encode_node(e, node, at, type, path) != 0)
    return -1;
  e->b->len = written; /* it was only checked: it is no part of the text */
  return 0;
}

int cj_encode_structure (struct cj_encoder *e, const struct cj_shape *shape,
                         unsigned is_open, int at, const struct cj_path *up) {
  lua_State *L = e->L;
  struct cj_path path = { up, { NULL, 0 }, 0 };
  int top = lua_gettop(L), found = 0;
  size_t unknown, i;
  if (enter(e, (int)shape->count, up) != 0 || cj_encode_byte(e, '{') != 0)
    return -1;
  unknown = push_members(e, shape, at);
  for (i = 0; i < shape->count; i++) {
    const struct cj_member *m = &shape->members[i];
    path.name = m->name;
    if (encode_member(e, m, top + 1 + (int)i, &found, &path) != 0)
      return -1;
  }
  lua_settop(L, top);
  if (unknown > 0 &&
      encode_unknown(e, shape, is_open | (shape->flags & CJ_OPEN), at, up) != 0)
    return -1;
  if (shape->is_union && check_union(e, shape, found, up) != 0)
    return -1;
  e->depth--;
  return cj_encode_byte(e, '}');
}

/* }================================================================= */

int cj_encode_node (struct cj_encoder *e, const struct cj_node *node, int at,
                    int type, const struct cj_path *path) {
  static const char *const expected[] = {
    [CJ_STRUCTURE] = "table", [CJ_LIST] = "list", [CJ_MAP] = "map"
  };
  unsigned is_sparse = node->flags & CJ_SPARSE;
  if (node->type < CJ_DOCUMENT)
    return cj_encode_scalar(e, node, at, type, path);
  if (node->type == CJ_DOCUMENT)
    return encode_document(e, at, type, path);
  if (type != LUA_TTABLE)
    return cj_encode_expected(e, at, path, expected[node->type]);
  if (node->type == CJ_STRUCTURE)
    return cj_encode_structure(e, node->shape, node->flags & CJ_OPEN, at, path);
  if (node->type == CJ_MAP)
    return encode_map(e, node->key, node->item, is_sparse, at, path);
  if (cj_encode_check_min(e, node, path, (double)lua_rawlen(e->L, at), "item"))
    return -1;
  return encode_list(e, node->item, is_sparse, at, path);
}
