/* Lua values -> JSON, directed by a shape and checked on the way. */
#include "codec.h"

#include "scalar.h"

#include <math.h>
#include <stdlib.h>

/* More problems than anybody reads: the walk ends there. */
#define MAX_PROBLEMS 100

/* Stack of the encoding functions. */
enum { SHAPE = 1, PARAMS, TOKEN, NAMES, ARRAY_MT, PROBLEMS, BUFFER };

struct encoder {
  lua_State *L;
  struct cj_buf *b;
  int problems; /* how many */
  int depth;
};

/* The functions below give 0, or -1 to end the walk. They encode the value on
** top of the stack and leave it there. */
static int encode_node (struct encoder *e, const struct cj_node *node,
                        const struct cj_path *path);

/* Notes a problem at 'path', its message on top of the stack; takes it. */
static int add_problem (struct encoder *e, const struct cj_path *path) {
  lua_State *L = e->L;
  luaL_checkstack(L, 4, NULL);
  if (e->problems == 0) {
    lua_newtable(L);
    lua_replace(L, PROBLEMS);
  }
  lua_createtable(L, 0, 2);
  lua_insert(L, -2);
  lua_setfield(L, -2, "message");
  cj_path_push(L, path);
  lua_setfield(L, -2, "path");
  lua_rawseti(L, PROBLEMS, ++e->problems);
  return e->problems < MAX_PROBLEMS ? 0 : -1;
}

static int problem (struct encoder *e, const struct cj_path *path,
                    const char *message) {
  lua_pushstring(e->L, message);
  return add_problem(e, path);
}

/* lua_pushfstring knows no size_t, and a table may have too many members. */
static void push_count (lua_State *L, double n) {
  char text[CJ_DOUBLE_MAX];
  lua_pushlstring(L, text, cj_double_write(text, n));
}

static int is_null (lua_State *L, int i) {
  return lua_type(L, i) == LUA_TLIGHTUSERDATA && lua_touserdata(L, i) == NULL;
}

static int expected (struct encoder *e, const struct cj_path *path,
                     const char *what) {
  lua_State *L = e->L;
  lua_pushfstring(L, "expected %s, got %s", what,
                  is_null(L, -1) ? "null" : luaL_typename(L, -1));
  return add_problem(e, path);
}

/* The buffer had no room: the text is too long, or memory is short. */
static int no_room (struct encoder *e, const struct cj_path *path) {
  if (e->b->len < CJ_MAX_TEXT / 2)
    luaL_error(e->L, "not enough memory");
  problem(e, path, "the text would be longer than 64 MiB");
  return -1;
}

static int put (struct encoder *e, const struct cj_path *path, const char *s,
                size_t n) {
  return cj_buf_add(e->b, s, n) == 0 ? 0 : no_room(e, path);
}

static int put_byte (struct encoder *e, const struct cj_path *path, char c) {
  return cj_buf_byte(e->b, c) == 0 ? 0 : no_room(e, path);
}

/* Scalars {========================================================== */

static int check_min (struct encoder *e, const struct cj_node *node,
                      const struct cj_path *path, double n, const char *unit) {
  lua_State *L = e->L;
  if ((node->flags & CJ_MIN) == 0 || n >= node->min)
    return 0;
  luaL_checkstack(L, 6, NULL);
  lua_pushliteral(L, "expected at least ");
  push_count(L, node->min);
  lua_pushfstring(L, "%s%s, got ", unit,
                  *unit != 0 && node->min != 1 ? "s" : "");
  push_count(L, n);
  lua_concat(L, 4);
  return add_problem(e, path);
}

static int put_quoted (struct encoder *e, const struct cj_path *path,
                       const char *s, size_t n) {
  switch (cj_json_quote(e->b, s, n)) {
  case 0:
    return 0;
  case CJ_NOT_UTF8:
    return problem(e, path, "expected valid UTF-8");
  default:
    return no_room(e, path);
  }
}

static int encode_string (struct encoder *e, const struct cj_node *node,
                          const struct cj_path *path) {
  size_t n;
  const char *s;
  if (lua_type(e->L, -1) != LUA_TSTRING)
    return expected(e, path, "string");
  s = lua_tolstring(e->L, -1, &n);
  if ((node->flags & CJ_MIN) != 0 &&
      check_min(e, node, path, (double)cj_utf8_length(s, n), " character") != 0)
    return -1;
  return put_quoted(e, path, s, n);
}

static int encode_blob (struct encoder *e, const struct cj_node *node,
                        const struct cj_path *path) {
  size_t n;
  const char *s;
  struct cj_buf *b = e->b;
  if (lua_type(e->L, -1) != LUA_TSTRING)
    return expected(e, path, "string");
  s = lua_tolstring(e->L, -1, &n);
  if (check_min(e, node, path, (double)n, " byte") != 0)
    return -1;
  if (n > CJ_MAX_TEXT || cj_buf_reserve(b, CJ_BASE64_LEN(n) + 2) != 0)
    return no_room(e, path);
  b->s[b->len++] = '"';
  b->len += cj_base64_write(b->s + b->len, s, n);
  b->s[b->len++] = '"';
  return 0;
}

static int put_double (struct encoder *e, const struct cj_path *path,
                       double d) {
  return cj_json_double(e->b, d) == 0 ? 0 : no_room(e, path);
}

static int put_integer (struct encoder *e, const struct cj_path *path,
                        int64_t i) {
  return cj_json_integer(e->b, i) == 0 ? 0 : no_room(e, path);
}

/* The whole number on top of the stack: 1, or 0 when it is something else. Text
** stands only for what a double cannot hold. */
static int to_integer (lua_State *L, int64_t *i) {
  size_t n;
  const char *s;
  double d;
  switch (lua_type(L, -1)) {
  case LUA_TNUMBER:
    if (lua_isinteger(L, -1)) {
      *i = (int64_t)lua_tointeger(L, -1);
      return 1;
    }
    d = lua_tonumber(L, -1);
    if (!(d >= -9223372036854775808.0 && d < 9223372036854775808.0))
      return 0;
    *i = (int64_t)d;
    return d == (double)*i;
  case LUA_TSTRING:
    s = lua_tolstring(L, -1, &n);
    return cj_integer_read(i, s, n) == 0 &&
           (*i > CJ_MAX_EXACT || *i < -CJ_MAX_EXACT);
  default:
    return 0;
  }
}

static int encode_integer (struct encoder *e, const struct cj_node *node,
                           const struct cj_path *path) {
  int64_t i;
  if (!to_integer(e->L, &i)) {
    if (lua_type(e->L, -1) != LUA_TNUMBER)
      return expected(e, path, "integer");
    return problem(e, path, "expected a whole number within 64 bits");
  }
  if (check_min(e, node, path, (double)i, "") != 0)
    return -1;
  return put_integer(e, path, i);
}

static int encode_number (struct encoder *e, const struct cj_node *node,
                          const struct cj_path *path) {
  double d;
  if (lua_type(e->L, -1) != LUA_TNUMBER)
    return expected(e, path, "number");
  d = lua_tonumber(e->L, -1);
  if (isnan(d))
    return put(e, path, "\"NaN\"", 5);
  if (check_min(e, node, path, d, "") != 0)
    return -1;
  if (isinf(d))
    return d > 0 ? put(e, path, "\"Infinity\"", 10)
                 : put(e, path, "\"-Infinity\"", 11);
  return d != 0 && lua_isinteger(e->L, -1) /* -0 is a double on each Lua */
             ? put_integer(e, path, (int64_t)lua_tointeger(e->L, -1))
             : put_double(e, path, d);
}

static int encode_boolean (struct encoder *e, const struct cj_path *path) {
  if (lua_type(e->L, -1) != LUA_TBOOLEAN)
    return expected(e, path, "boolean");
  return lua_toboolean(e->L, -1) ? put(e, path, "true", 4)
                                 : put(e, path, "false", 5);
}

static int encode_time (struct encoder *e, const struct cj_node *node,
                        const struct cj_path *path) {
  char text[CJ_DATE_MAX + 2];
  double t;
  size_t n;
  if (lua_type(e->L, -1) == LUA_TSTRING) {
    const char *s = lua_tolstring(e->L, -1, &n);
    if (cj_time_read(&t, s, n) != 0)
      return problem(e, path, "expected a time in seconds or as ISO-8601 text");
  } else if (lua_type(e->L, -1) == LUA_TNUMBER) {
    t = lua_tonumber(e->L, -1);
  } else {
    return expected(e, path, "a time in seconds or as ISO-8601 text");
  }
  n = node->type == CJ_TIME_HTTP ? cj_http_date_write(text + 1, t)
                                 : cj_iso_write(text + 1, t);
  if (n == 0)
    return problem(e, path, "expected a time between the years 0 and 9999");
  if (node->type == CJ_TIME)
    return put_double(e, path, t);
  text[0] = text[n + 1] = '"';
  return put(e, path, text, n + 2);
}

/* }================================================================= */

/* Tables {=========================================================== */

/* Tables that hold themselves have no end but this one. */
static int enter (struct encoder *e, const struct cj_path *path) {
  if (e->depth == CJ_MAX_DEPTH) {
    while (e->depth-- > 8) /* what holds itself shows in a few steps */
      path = path->up;
    problem(e, path, "nested deeper than 128 levels (does it hold itself?)");
    return -1;
  }
  e->depth++;
  luaL_checkstack(e->L, 8, NULL);
  return 0;
}

/* Whether the table on top has a key behind the n elements of its list. */
static int has_other_keys (lua_State *L, size_t n) {
  int other = 0;
  if (n == 0)
    lua_pushnil(L);
  else
    lua_pushinteger(L, (lua_Integer)n);
  while (!other && lua_next(L, -2) != 0) {
    lua_Number i = lua_type(L, -2) == LUA_TNUMBER ? lua_tonumber(L, -2) : 0;
    other = !(i >= 1 && i <= (lua_Number)n && i == floor(i));
    lua_pop(L, 1);
  }
  if (other)
    lua_pop(L, 1);
  return other;
}

static int encode_list (struct encoder *e, const struct cj_node *item,
                        unsigned is_sparse, const struct cj_path *up) {
  lua_State *L = e->L;
  struct cj_path path = { up, { NULL, 0 }, 0 };
  size_t n = lua_rawlen(L, -1), i;
  if (has_other_keys(L, n))
    return problem(e, up, "expected a list, got a table with other keys");
  if (enter(e, up) != 0 || put_byte(e, up, '[') != 0)
    return -1;
  for (i = 1; i <= n; i++) {
    path.index = (lua_Integer)i;
    if (i > 1 && put_byte(e, up, ',') != 0)
      return -1;
    lua_rawgeti(L, -1, (int)i);
    if (is_sparse && is_null(L, -1)) {
      if (put(e, &path, "null", 4) != 0)
        return -1;
    } else if (encode_node(e, item, &path) != 0) {
      return -1;
    }
    lua_pop(L, 1);
  }
  e->depth--;
  return put_byte(e, up, ']');
}

/* The keys of a table in bytewise order, so that output is deterministic. */
struct keys {
  size_t n;
  struct cj_slice *key;
  struct cj_slice few[16];
};

static int compare (const void *a, const void *b) {
  const struct cj_slice *x = a, *y = b;
  int order = memcmp(x->s, y->s, x->n < y->n ? x->n : y->n);
  return order != 0 ? order : (x->n > y->n) - (x->n < y->n);
}

/* Collects the keys of the table on top that are no members of 'but'. Pushes
** a value, which keeps them. */
static int sort_keys (struct encoder *e, struct keys *keys,
                      const struct cj_shape *but, const struct cj_path *path) {
  lua_State *L = e->L;
  size_t n = 0;
  int bad = 0;
  for (lua_pushnil(L); lua_next(L, -2) != 0; lua_pop(L, 1))
    n++;
  keys->n = 0;
  keys->key = keys->few;
  if (n > sizeof(keys->few) / sizeof(*keys->few))
    keys->key = lua_newuserdatauv(L, n * sizeof(*keys->key), 0);
  else
    lua_pushnil(L);
  for (lua_pushnil(L); lua_next(L, -3) != 0; lua_pop(L, 1)) {
    struct cj_slice *key = &keys->key[keys->n];
    if (lua_type(L, -2) != LUA_TSTRING) {
      bad = 1;
      continue;
    }
    key->s = lua_tolstring(L, -2, &key->n);
    if (but == NULL || cj_shape_member(but, *key) == NULL)
      keys->n++;
  }
  qsort(keys->key, keys->n, sizeof(*keys->key), compare);
  return bad ? problem(e, path, "expected keys that are strings") : 0;
}

/* Writes "key":value for each of the sorted keys of the table below the top;
** takes what sort_keys pushed. */
static int encode_keys (struct encoder *e, struct keys *keys,
                        const struct cj_node *key, const struct cj_node *item,
                        unsigned is_sparse, const struct cj_path *up) {
  lua_State *L = e->L;
  struct cj_path path = { up, { NULL, 0 }, 0 };
  size_t i;
  for (i = 0; i < keys->n; i++) {
    const struct cj_slice *k = &keys->key[i];
    path.name = *k;
    if (e->b->s[e->b->len - 1] != '{' && put_byte(e, &path, ',') != 0)
      return -1;
    if (key != NULL && (key->flags & CJ_MIN) != 0 &&
        check_min(e, key, &path, (double)cj_utf8_length(k->s, k->n),
                  " character") != 0)
      return -1;
    if (put_quoted(e, &path, k->s, k->n) != 0 || put_byte(e, &path, ':') != 0)
      return -1;
    lua_pushlstring(L, k->s, k->n);
    lua_rawget(L, -3);
    if (is_sparse && is_null(L, -1)) {
      if (put(e, &path, "null", 4) != 0)
        return -1;
    } else if (encode_node(e, item, &path) != 0) {
      return -1;
    }
    lua_pop(L, 1);
  }
  lua_pop(L, 1);
  return 0;
}

static int encode_map (struct encoder *e, const struct cj_node *key,
                       const struct cj_node *item, unsigned is_sparse,
                       const struct cj_path *up) {
  struct keys keys;
  if (enter(e, up) != 0 || put_byte(e, up, '{') != 0 ||
      sort_keys(e, &keys, NULL, up) != 0 ||
      encode_keys(e, &keys, key, item, is_sparse, up) != 0)
    return -1;
  e->depth--;
  return put_byte(e, up, '}');
}

static int is_table (lua_State *L) {
  return lua_type(L, -1) == LUA_TTABLE;
}

/* An empty table is an object unless its metatable says list. */
static int is_marked_list (lua_State *L) {
  int is_list;
  if (!lua_getmetatable(L, -1))
    return 0;
  luaL_getmetatable(L, CJ_ARRAY_T);
  is_list = lua_rawequal(L, -2, ARRAY_MT) || lua_rawequal(L, -2, -1);
  lua_pop(L, 2);
  return is_list;
}

static int encode_document (struct encoder *e, const struct cj_path *path) {
  lua_State *L = e->L;
  double d;
  switch (lua_type(L, -1)) {
  case LUA_TSTRING:
    return encode_string(e, &cj_document_node, path);
  case LUA_TBOOLEAN:
    return encode_boolean(e, path);
  case LUA_TNUMBER:
    d = lua_tonumber(L, -1);
    if (!isfinite(d))
      return problem(e, path, "NaN and infinity have no form in JSON");
    return encode_number(e, &cj_document_node, path);
  case LUA_TTABLE:
    if (lua_rawlen(L, -1) > 0 || is_marked_list(L))
      return encode_list(e, &cj_document_node, CJ_SPARSE, path);
    return encode_map(e, NULL, &cj_document_node, CJ_SPARSE, path);
  default:
    if (is_null(L, -1))
      return put(e, path, "null", 4);
    return expected(e, path, "a value that JSON can hold");
  }
}

/* }================================================================= */

/* Structures {======================================================= */

/* Whether the member's value, now on top, is to be looked at: absent ones may
** be filled by the idempotency token. */
static int is_present (struct encoder *e, const struct cj_member *m) {
  lua_State *L = e->L;
  if (!lua_isnil(L, -1) && !is_null(L, -1))
    return 1;
  if ((m->node->flags & CJ_IDEMPOTENCY) == 0 || lua_isnil(L, TOKEN))
    return 0;
  lua_pop(L, 1);
  lua_pushvalue(L, TOKEN);
  return 1;
}

/* A member that is not part of the JSON is checked all the same. */
static int encode_elsewhere (struct encoder *e, const struct cj_node *node,
                             const struct cj_path *path) {
  size_t written = e->b->len;
  int ended = encode_node(e, node, path);
  e->b->len = written;
  return ended;
}

static int unknown_member (struct encoder *e, const struct cj_shape *shape,
                           struct cj_slice name, const struct cj_path *path) {
  lua_State *L = e->L;
  const struct cj_member *meant = cj_shape_nearest(shape, name);
  if (meant == NULL)
    return problem(e, path, "unknown parameter");
  lua_pushlstring(L, meant->name.s, meant->name.n);
  lua_pushfstring(L, "unknown parameter (did you mean %s?)",
                  lua_tostring(L, -1));
  lua_remove(L, -2);
  return add_problem(e, path);
}

static int encode_unknown (struct encoder *e, const struct cj_shape *shape,
                           unsigned is_open, const struct cj_path *up) {
  struct cj_path path = { up, { NULL, 0 }, 0 };
  struct keys keys;
  size_t i;
  if (sort_keys(e, &keys, shape, up) != 0)
    return -1;
  if (is_open)
    return encode_keys(e, &keys, NULL, &cj_document_node, CJ_SPARSE, up);
  for (i = 0; i < keys.n; i++) {
    path.name = keys.key[i];
    if (unknown_member(e, shape, path.name, &path) != 0)
      return -1;
  }
  lua_pop(e->L, 1);
  return 0;
}

static int check_union (struct encoder *e, const struct cj_shape *shape,
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
  return add_problem(e, path);
}

/* The members of the table on top, and its closing brace. */
static int encode_members (struct encoder *e, const struct cj_shape *shape,
                           unsigned is_open, const struct cj_path *up) {
  lua_State *L = e->L;
  struct cj_path path = { up, { NULL, 0 }, 0 };
  int table = lua_gettop(L), given = 0, found = 0;
  size_t i;
  for (i = 0; i < shape->count; i++) {
    const struct cj_member *m = &shape->members[i];
    path.name = m->name;
    lua_rawgeti(L, NAMES, m->index);
    lua_rawget(L, table);
    given += !lua_isnil(L, -1);
    if (!is_present(e, m)) {
      if ((m->node->flags & CJ_REQUIRED) != 0 &&
          problem(e, &path, "required") != 0)
        return -1;
    } else if (m->place != CJ_IN_TEXT) {
      if (encode_elsewhere(e, m->node, &path) != 0)
        return -1;
    } else {
      if ((e->b->s[e->b->len - 1] != '{' && put_byte(e, &path, ',') != 0) ||
          put(e, &path, m->quoted.s, m->quoted.n) != 0 ||
          encode_node(e, m->node, &path) != 0)
        return -1;
      found++;
    }
    lua_settop(L, table);
  }
  for (lua_pushnil(L); lua_next(L, table) != 0; lua_pop(L, 1))
    given--;
  if (given != 0 && encode_unknown(e, shape, is_open, up) != 0)
    return -1;
  if (shape->is_union && check_union(e, shape, found, up) != 0)
    return -1;
  return put_byte(e, up, '}');
}

static int encode_structure (struct encoder *e, const struct cj_shape *shape,
                             unsigned is_open, const struct cj_path *path) {
  if (enter(e, path) != 0 || put_byte(e, path, '{') != 0 ||
      encode_members(e, shape, is_open | shape->flags, path) != 0)
    return -1;
  e->depth--;
  return 0;
}

/* }================================================================= */

static int encode_node (struct encoder *e, const struct cj_node *node,
                        const struct cj_path *path) {
  lua_State *L = e->L;
  switch (node->type) {
  case CJ_STRING:
    return encode_string(e, node, path);
  case CJ_INTEGER:
  case CJ_LONG:
    return encode_integer(e, node, path);
  case CJ_NUMBER:
    return encode_number(e, node, path);
  case CJ_BOOLEAN:
    return encode_boolean(e, path);
  case CJ_BLOB:
    return encode_blob(e, node, path);
  case CJ_TIME:
  case CJ_TIME_ISO:
  case CJ_TIME_HTTP:
    return encode_time(e, node, path);
  case CJ_DOCUMENT:
    return encode_document(e, path);
  case CJ_STRUCTURE:
    if (!is_table(L))
      return expected(e, path, "table");
    return encode_structure(e, node->shape, node->flags & CJ_OPEN, path);
  case CJ_LIST:
    if (!is_table(L))
      return expected(e, path, "list");
    if (check_min(e, node, path, (double)lua_rawlen(L, -1), " item") != 0)
      return -1;
    return encode_list(e, node->item, node->flags & CJ_SPARSE, path);
  case CJ_MAP:
    if (!is_table(L))
      return expected(e, path, "map");
    return encode_map(e, node->key, node->item, node->flags & CJ_SPARSE, path);
  }
  return -1;
}

/* Sets up the stack and the encoder. */
static void begin (lua_State *L, struct encoder *e) {
  lua_settop(L, TOKEN);
  if (luaL_testudata(L, SHAPE, CJ_SHAPE_T) != NULL)
    lua_getiuservalue(L, SHAPE, CJ_NAMES);
  else
    lua_pushnil(L);
  lua_rawgeti(L, CJ_UP_SETTINGS, CJ_SETTING_ARRAY_MT);
  lua_pushnil(L); /* PROBLEMS */
  e->L = L;
  e->b = cj_buffer_borrow(L);
  e->problems = e->depth = 0;
}

/* When a member is the body, the text is its value alone: JSON, but strings and
** blobs as they are. Pushes it. */
static void push_body (struct encoder *e, const struct cj_member *m) {
  lua_State *L = e->L;
  const struct cj_path whole = { NULL, { NULL, 0 }, 0 };
  lua_rawgeti(L, NAMES, m->index);
  lua_rawget(L, PARAMS);
  cj_buf_reset(e->b);
  if (lua_isnil(L, -1) || is_null(L, -1)) {
    lua_pushliteral(L, "");
  } else if (m->node->type != CJ_STRING && m->node->type != CJ_BLOB) {
    encode_node(e, m->node, &whole); /* checked before: no problem is left */
    lua_pushlstring(L, e->b->s, e->b->len);
  }
}

/* encode(shape, params, token): the text, or nil and every problem as a list
** of { path, message }. Members that the shape places elsewhere (in=header …)
** are checked and left out; when all are elsewhere the text is empty. */
int cj_encode (lua_State *L) {
  const struct cj_path whole = { NULL, { NULL, 0 }, 0 };
  const struct cj_shape *shape;
  struct encoder e;
  lua_settop(L, TOKEN);
  if (lua_isnil(L, SHAPE)) {
    lua_pushliteral(L, "{}");
    return 1;
  }
  shape = luaL_checkudata(L, SHAPE, CJ_SHAPE_T);
  if (lua_isnil(L, PARAMS)) {
    lua_newtable(L);
    lua_replace(L, PARAMS);
  }
  begin(L, &e);
  lua_pushvalue(L, PARAMS);
  if (is_table(L))
    encode_structure(&e, shape, 0, &whole);
  else
    expected(&e, &whole, "table");
  if (e.problems > 0) {
    lua_pushnil(L);
    lua_pushvalue(L, PROBLEMS);
  } else if (shape->body != NULL) {
    push_body(&e, shape->body);
  } else if (shape->in_text > 0 || shape->count == 0) {
    lua_pushlstring(L, e.b->s, e.b->len);
  } else {
    lua_pushliteral(L, "");
  }
  cj_buffer_return(L, BUFFER);
  return e.problems > 0 ? 2 : 1;
}

/* json_encode(value): its JSON, or nil and a message. */
int cj_json_encode (lua_State *L) {
  const struct cj_path whole = { NULL, { NULL, 0 }, 0 };
  struct encoder e;
  luaL_checkany(L, 1);
  lua_settop(L, 1);
  lua_pushnil(L);
  lua_insert(L, SHAPE);
  begin(L, &e);
  lua_pushvalue(L, PARAMS);
  encode_document(&e, &whole);
  if (e.problems == 0) {
    lua_pushlstring(L, e.b->s, e.b->len);
  } else {
    lua_pushnil(L);
    lua_rawgeti(L, PROBLEMS, 1);
    lua_getfield(L, -1, "path");
    lua_pushstring(L, lua_rawlen(L, -1) > 0 ? ": " : "");
    lua_getfield(L, -3, "message");
    lua_concat(L, 3);
    lua_remove(L, -2);
  }
  cj_buffer_return(L, BUFFER);
  return e.problems > 0 ? 2 : 1;
}
