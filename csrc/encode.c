/* Lua tables -> JSON, directed by a shape and checked on the way. */
#include "encode.h"

#include <math.h>
#include <stdlib.h>

/* As cj_encode_scalar, for every type. */
static int encode_node (struct cj_encoder *e, const struct cj_node *node,
                        int at, int type, const struct cj_path *path);

static int put_byte (struct cj_encoder *e, char c) {
  return cj_buf_byte(e->b, c) == 0 ? 0 : cj_encode_no_room(e, 1);
}

static int put (struct cj_encoder *e, const char *s, size_t n) {
  return cj_buf_add(e->b, s, n) == 0 ? 0 : cj_encode_no_room(e, n);
}

/* Whether an object's first member comes next: none ends as it begins. */
static int is_first (const struct cj_encoder *e) {
  return e->b->s[e->b->len - 1] == '{';
}

/* One level down, with 'room' on the Lua stack. Tables that hold themselves
 *have
 ** no end but this one. */
static int enter (struct cj_encoder *e, int room, const struct cj_path *path) {
  if (e->depth == CJ_MAX_DEPTH) {
    while (e->depth-- > 8) /* what holds itself shows in a few steps */
      path = path->up;
    cj_encode_problem(e, path,
                      "nested deeper than 128 levels (does it hold itself?)");
    return -1;
  }
  e->depth++;
  luaL_checkstack(e->L, room + 8, "tables nested too deep");
  return 0;
}

/* Lists and maps {=================================================== */

/* An element, which may be null where the list or map is sparse. */
static int encode_item (struct cj_encoder *e, const struct cj_node *item,
                        unsigned is_sparse, int at,
                        const struct cj_path *path) {
  if (is_sparse && cj_is_null(e->L, at))
    return put(e, "null", 4);
  return encode_node(e, item, at, lua_type(e->L, at), path);
}

/* Whether a table has a key that is not of its list of n elements. */
static int has_other_keys (lua_State *L, int at, size_t n) {
  int other = 0;
  if (n == 0)
    lua_pushnil(L);
  else
    lua_pushinteger(L, (lua_Integer)n); /* others mostly come behind it */
  while (!other && lua_next(L, at) != 0) {
    lua_Number i = lua_type(L, -2) == LUA_TNUMBER ? lua_tonumber(L, -2) : 0;
    other = !(i >= 1 && i <= (lua_Number)n && i == floor(i));
    lua_pop(L, 1);
  }
  if (other)
    lua_pop(L, 1);
  return other;
}

static int encode_list (struct cj_encoder *e, const struct cj_node *item,
                        unsigned is_sparse, int at, const struct cj_path *up) {
  lua_State *L = e->L;
  struct cj_path path = { up, { NULL, 0 }, 0 };
  size_t n = lua_rawlen(L, at), i;
  if (has_other_keys(L, at, n))
    return cj_encode_problem(e, up,
                             "expected a list, got a table with other keys");
  if (enter(e, 0, up) != 0 || put_byte(e, '[') != 0)
    return -1;
  for (i = 1; i <= n; i++) {
    path.index = (lua_Integer)i;
    lua_rawgeti(L, at, (int)i);
    if ((i > 1 && put_byte(e, ',') != 0) ||
        encode_item(e, item, is_sparse, lua_gettop(L), &path) != 0)
      return -1;
    lua_pop(L, 1);
  }
  e->depth--;
  return put_byte(e, ']');
}

/* A table's keys in bytewise order, so that output is deterministic. */
struct key {
  struct cj_slice text;
  int at; /* of its value, or 0 for those after the first few */
};

#define FEW_KEYS 16
struct keys {
  size_t n, room;
  struct key *key;
  struct key few[FEW_KEYS];
};

static int compare (const void *a, const void *b) {
  const struct cj_slice *x = &((const struct key *)a)->text;
  const struct cj_slice *y = &((const struct key *)b)->text;
  int order = memcmp(x->s, y->s, x->n < y->n ? x->n : y->n);
  return order != 0 ? order : (x->n > y->n) - (x->n < y->n);
}

static void sort (struct key *key, size_t n) {
  size_t i, j;
  if (n > FEW_KEYS) {
    qsort(key, n, sizeof(*key), compare);
    return;
  }
  for (i = 1; i < n; i++) {
    struct key next = key[i];
    for (j = i; j > 0 && compare(&key[j - 1], &next) > 0; j--)
      key[j] = key[j - 1];
    key[j] = next;
  }
}

/* Adds the key below the top, whose value is on top; takes the value. The
** array's home is at 'home', the first few values' above it. */
static void add_key (lua_State *L, struct keys *keys, struct cj_slice text,
                     int home) {
  struct key *key;
  if (keys->n == keys->room) {
    size_t size = keys->n * sizeof(*key);
    key = lua_newuserdatauv(L, 2 * size, 0);
    memcpy(key, keys->key, size);
    lua_replace(L, home);
    keys->key = key;
    keys->room *= 2;
  }
  key = &keys->key[keys->n++];
  key->text = text;
  if (keys->n <= FEW_KEYS) {
    key->at = home + (int)keys->n;
    lua_replace(L, key->at);
  } else {
    key->at = 0;
    lua_pop(L, 1);
  }
}

/* Collects the keys of a table that are no members of 'but'. Pushes their
** home, 1 + FEW_KEYS values. */
static int sort_keys (struct cj_encoder *e, struct keys *keys,
                      const struct cj_shape *but, int at,
                      const struct cj_path *path) {
  lua_State *L = e->L;
  int home = lua_gettop(L) + 1, bad = 0;
  keys->n = 0;
  keys->room = FEW_KEYS;
  keys->key = keys->few;
  lua_settop(L, home + FEW_KEYS);
  for (lua_pushnil(L); lua_next(L, at) != 0;) {
    struct cj_slice text;
    int is_string = lua_type(L, -2) == LUA_TSTRING;
    if (is_string)
      text.s = lua_tolstring(L, -2, &text.n);
    if (is_string && (but == NULL || cj_shape_member(but, text) == NULL)) {
      add_key(L, keys, text, home);
    } else {
      bad |= !is_string;
      lua_pop(L, 1);
    }
  }
  sort(keys->key, keys->n);
  return bad ? cj_encode_problem(e, path, "expected keys that are strings") : 0;
}

/* Writes "key":value for each of the sorted keys of a table. */
static int encode_keys (struct cj_encoder *e, const struct keys *keys,
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
        (!is_first(e) && put_byte(e, ',') != 0) ||
        cj_encode_put_quoted(e, &path, name.s, name.n) != 0 ||
        put_byte(e, ':') != 0 ||
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
  struct keys keys;
  if (enter(e, FEW_KEYS, up) != 0 || put_byte(e, '{') != 0 ||
      sort_keys(e, &keys, NULL, at, up) != 0 ||
      encode_keys(e, &keys, key, item, is_sparse, at, up) != 0)
    return -1;
  lua_settop(e->L, top);
  e->depth--;
  return put_byte(e, '}');
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
      return put(e, "null", 4);
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

/* The keys of a table that are no members: written by an open structure. */
static int encode_unknown (struct cj_encoder *e, const struct cj_shape *shape,
                           unsigned is_open, int at, const struct cj_path *up) {
  struct cj_path path = { up, { NULL, 0 }, 0 };
  int top = lua_gettop(e->L);
  struct keys keys;
  size_t i;
  luaL_checkstack(e->L, FEW_KEYS + 8, "tables nested too deep");
  if (sort_keys(e, &keys, shape, at, up) != 0)
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
      return (node->flags & CJ_REQUIRED) != 0
                 ? cj_encode_problem(e, path, "required")
                 : 0;
  }
  ++*found;
  if (m->place == CJ_IN_TEXT) {
    first = is_first(e);
    return put(e, m->quoted.s + first, m->quoted.n - (size_t)first) == 0
               ? encode_node(e, node, at, type, path)
               : -1;
  }
  if (encode_node(e, node, at, type, path) != 0)
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
  if (enter(e, (int)shape->count, up) != 0 || put_byte(e, '{') != 0)
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
  return put_byte(e, '}');
}

/* }================================================================= */

static int encode_node (struct cj_encoder *e, const struct cj_node *node,
                        int at, int type, const struct cj_path *path) {
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
    return encode_map(e, node->key, node->item, is_sparse, at, path);
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
  e->problems = e->depth = 0;
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
    encode_node(e, m->node, at, lua_type(L, at),
                &whole); /* checked before: no problem now */
    lua_pushlstring(L, e->b->s, e->b->len);
  }
}

/* encode(shape, params, token): the text, or nil and every problem as a list
** of { path, message }. Members that the shape places elsewhere (in=header …)
** are checked and left out; when all are elsewhere the text is empty. */
int cj_encode (lua_State *L) {
  const struct cj_path whole = { NULL, { NULL, 0 }, 0 };
  const struct cj_shape *shape;
  struct cj_encoder e;
  lua_settop(L, CJ_ENCODE_TOKEN);
  if (lua_isnil(L, CJ_ENCODE_SHAPE)) {
    lua_pushliteral(L, "{}");
    return 1;
  }
  shape = luaL_checkudata(L, CJ_ENCODE_SHAPE, CJ_SHAPE_T);
  if (lua_isnil(L, CJ_ENCODE_PARAMS)) {
    lua_newtable(L);
    lua_replace(L, CJ_ENCODE_PARAMS);
  }
  begin(L, &e, 1);
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
