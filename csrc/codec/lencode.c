/* Lua tables -> JSON, directed by a shape and checked on the way. */
#include "lencode.h"

#include <math.h>

/* Tables that hold themselves have no end but this one. */
int cj_encode_enter (struct cj_encoder *e, int room,
                     const struct cj_path *path) {
  if (e->depth == CJ_MAX_DEPTH) {
    while (e->depth-- > 8 && path != NULL) /* a few steps show it */
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

int cj_encode_item (struct cj_encoder *e, const struct cj_node *item,
                    unsigned is_sparse, int at, const struct cj_path *path) {
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

/* Replaces the key on top by the one after it and pushes that one's element,
** provided it is the i-th. Else nothing is pushed, and the key is of no use. */
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

/* Writes the elements; 1 when the table has other keys. A list mostly comes in
** its order, so that one walk shows both; else it is looked at before. */
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
        cj_encode_item(e, item, is_sparse, key + 1, &path) != 0)
      return -1;
    lua_settop(L, key);
  }
  return in_order && lua_next(L, at) != 0;
}

static int encode_list (struct cj_encoder *e, const struct cj_node *item,
                        unsigned is_sparse, int at, const struct cj_path *up) {
  int top = lua_gettop(e->L), result;
  if (cj_encode_enter(e, 1, up) != 0 || cj_encode_byte(e, '[') != 0)
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
    return cj_encode_map(e, &string, &cj_document_node, CJ_SPARSE, at, path);
  default:
    if (cj_is_null(L, at))
      return cj_encode_put(e, "null", 4);
    return cj_encode_expected(e, at, path, "a value that JSON can hold");
  }
}

/* }================================================================= */

/* Structures {======================================================= */

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
** one; gives how many keys of the table are none. */
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

/* A member's value, or its problem when it is required and absent. */
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
                     (!e->lenient || m->place != CJ_IN_TEXT)
                 ? cj_encode_problem(e, path, "required")
                 : 0;
  }
  ++*found;
  if (m->place == CJ_IN_TEXT) {
    first = cj_encode_is_first(e);
    return cj_encode_put(e, m->quoted.s + first, m->quoted.n - (size_t)first) ==
                   0
               ? cj_encode_node(e, node, at, type, path)
               : -1;
  }
  if (cj_encode_node(e, node, at, type, path) != 0)
    return -1;
  e->b->len = written; /* it is not part of the text, only checked */
  return 0;
}

static int encode_structure (struct cj_encoder *e, const struct cj_shape *shape,
                             unsigned is_open, int at,
                             const struct cj_path *up) {
  lua_State *L = e->L;
  struct cj_path path = { up, { NULL, 0 }, 0 };
  int top = lua_gettop(L), found = 0;
  size_t unknown, i;
  if (cj_encode_enter(e, (int)shape->count, up) != 0 ||
      cj_encode_byte(e, '{') != 0)
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
      cj_encode_unknown(e, shape, is_open | (shape->flags & CJ_OPEN), at, up) !=
          0)
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
    return encode_structure(e, node->shape, node->flags & CJ_OPEN, at, path);
  if (node->type == CJ_MAP)
    return cj_encode_map(e, node->key, node->item, is_sparse, at, path);
  if (cj_encode_check_min(e, node, path, (double)lua_rawlen(e->L, at), "item"))
    return -1;
  return encode_list(e, node->item, is_sparse, at, path);
}

/* Sets up the rest of the stack and the encoder. */
static void begin (lua_State *L, struct cj_encoder *e, int has_shape) {
  if (has_shape)
    lua_getiuservalue(L, CJ_ENCODE_SHAPE, CJ_NAMES);
  else
    lua_pushnil(L);
  lua_rawgeti(L, CJ_UP_SETTINGS, CJ_SETTING_ARRAY_MT);
  lua_pushnil(L); /* no problems */
  e->L = L;
  e->b = cj_buffer_borrow(L);
  e->problems = e->depth = e->lenient = 0;
}

/* When a member is the body, the text is its value alone: JSON, but strings and
** blobs as they are. Pushes it. */
static void push_body (struct cj_encoder *e, const struct cj_member *m) {
  lua_State *L = e->L;
  const struct cj_path whole = { NULL, { NULL, 0 }, 0 };
  int at;
  lua_rawgeti(L, CJ_ENCODE_NAMES, m->index);
  lua_rawget(L, CJ_ENCODE_PARAMS);
  at = lua_gettop(L);
  cj_buf_reset(e->b);
  if (lua_isnil(L, at) || cj_is_null(L, at)) {
    lua_pushliteral(L, "");
  } else if (m->node->type != CJ_STRING && m->node->type != CJ_BLOB) {
    cj_encode_node(e, m->node, at, lua_type(L, at),
                   &whole); /* checked before: no problem now */
    lua_pushlstring(L, e->b->s, e->b->len);
  }
}

/* encode(shape, params, token, lenient): the text, or nil and every problem as
** a list of { path, message }. Members that the shape places elsewhere
** (in=header …) are checked and left out; when all are elsewhere the text is
** empty. */
int cj_encode (lua_State *L) {
  const struct cj_path whole = { NULL, { NULL, 0 }, 0 };
  const struct cj_shape *shape;
  struct cj_encoder e;
  const int lenient = lua_toboolean(L, CJ_ENCODE_TOKEN + 1);
  lua_settop(L, CJ_ENCODE_TOKEN);
  if (lua_isnil(L, CJ_ENCODE_SHAPE)) {
    lua_pushliteral(L, "{}");
    return 1;
  }
  shape = cj_check_userdata(L, CJ_ENCODE_SHAPE, CJ_UP_SHAPE, CJ_SHAPE_T);
  if (lua_isnil(L, CJ_ENCODE_PARAMS)) {
    lua_newtable(L);
    lua_replace(L, CJ_ENCODE_PARAMS);
  }
  begin(L, &e, 1);
  e.lenient = lenient;
  if (lua_type(L, CJ_ENCODE_PARAMS) == LUA_TTABLE)
    encode_structure(&e, shape, 0, CJ_ENCODE_PARAMS, &whole);
  else
    cj_encode_expected(&e, CJ_ENCODE_PARAMS, &whole, "table");
  if (e.problems > 0) {
    lua_pushnil(L);
    lua_pushvalue(L, CJ_ENCODE_PROBLEMS);
  } else if (shape->body != NULL) {
    push_body(&e, shape->body);
  } else if (shape->in_text > 0 || shape->count == 0) {
    lua_pushlstring(L, e.b->s, e.b->len);
  } else {
    lua_pushliteral(L, "");
  }
  cj_buffer_return(L, CJ_ENCODE_BUFFER);
  return e.problems > 0 ? 2 : 1;
}

/* json_encode(value): its JSON, or nil and a message. */
int cj_json_encode (lua_State *L) {
  const struct cj_path whole = { NULL, { NULL, 0 }, 0 };
  struct cj_encoder e;
  luaL_checkany(L, 1);
  lua_settop(L, 1);
  lua_pushnil(L);
  lua_insert(L, CJ_ENCODE_SHAPE);
  lua_pushnil(L); /* no token */
  begin(L, &e, 0);
  encode_document(&e, CJ_ENCODE_PARAMS, lua_type(L, CJ_ENCODE_PARAMS), &whole);
  if (e.problems == 0) {
    lua_pushlstring(L, e.b->s, e.b->len);
  } else {
    lua_pushnil(L);
    lua_rawgeti(L, CJ_ENCODE_PROBLEMS, 1);
    lua_getfield(L, -1, "path");
    lua_pushstring(L, lua_rawlen(L, -1) > 0 ? ": " : "");
    lua_getfield(L, -3, "message");
    lua_concat(L, 3);
    lua_remove(L, -2);
  }
  cj_buffer_return(L, CJ_ENCODE_BUFFER);
  return e.problems > 0 ? 2 : 1;
}
