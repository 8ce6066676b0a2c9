/* JSON -> Lua values, directed by a shape: from the bytes to the final tables
** with nothing in between. */
#include "codec.h"

#include "scalar.h"

#include <math.h>

/* Lists up to this long get a table of just their size: their elements wait on
** the Lua stack. */
#define WAITING 16

/* Stack of the decoding functions. */
enum { SHAPE = 1, TEXT, ORDERS, NAMES, ARRAY_MT, BUFFER };

struct decoder {
  lua_State *L;
  struct cj_json json;
  int keeps_order; /* ORDERS is a table */
};

/* Pushes the value that comes next: 1; 0 and nothing for null; -1 when nil and
** a message were pushed, or the reader has a problem. */
static int decode_node (struct decoder *d, const struct cj_node *node,
                        const struct cj_path *path);

/* Pushes "problem at byte n", with the path in front when there is one. */
static void push_problem (lua_State *L, const struct cj_path *path,
                          const char *problem, size_t byte) {
  char digits[CJ_INTEGER_MAX];
  cj_path_push(L, path);
  if (lua_rawlen(L, -1) > 0) {
    lua_pushliteral(L, ": ");
    lua_concat(L, 2);
  }
  lua_pushstring(L, problem);
  lua_pushliteral(L, " at byte ");
  lua_pushlstring(L, digits, cj_integer_write(digits, (int64_t)byte + 1));
  lua_concat(L, 4);
}

static int mismatch (struct decoder *d, const struct cj_path *path,
                     const char *expected, enum cj_kind got) {
  lua_State *L = d->L;
  luaL_checkstack(L, 8, NULL);
  lua_pushfstring(L, "expected %s, got %s", expected, cj_json_kind_name(got));
  push_problem(L, path, lua_tostring(L, -1),
               (size_t)(d->json.p - d->json.start));
  return -1;
}

static int bad_value (struct decoder *d, const struct cj_path *path,
                      const char *expected, const char *at) {
  luaL_checkstack(d->L, 8, NULL);
  push_problem(d->L, path, expected, (size_t)(at - d->json.start));
  return -1;
}

/* Scalars {========================================================== */

static int decode_string (struct decoder *d) {
  struct cj_slice s;
  if (cj_json_string(&d->json, &s) != 0)
    return -1;
  lua_pushlstring(d->L, s.s, s.n);
  return 1;
}

static int decode_boolean (struct decoder *d) {
  int value;
  if (cj_json_boolean(&d->json, &value) != 0)
    return -1;
  lua_pushboolean(d->L, value);
  return 1;
}

static int read_double (struct decoder *d, const struct cj_number *number,
                        double *value) {
  if (cj_double_read(value, number->text.s, number->text.n) == 0)
    return 0;
  return cj_json_fail(&d->json, number->text.s, "number too large");
}

static int decode_integer (struct decoder *d, const struct cj_path *path) {
  struct cj_number number;
  double value;
  if (cj_json_number(&d->json, &number) != 0)
    return -1;
  if (!number.is_integer) {
    if (read_double(d, &number, &value) != 0)
      return -1;
    if (!(value >= -CJ_MAX_EXACT && value <= CJ_MAX_EXACT) ||
        value != (double)(int64_t)value)
      return bad_value(d, path, "expected a whole number within 64 bits",
                       number.text.s);
    number.integer = (int64_t)value;
  }
  cj_pushint64(d->L, number.integer);
  return 1;
}

static int decode_number (struct decoder *d) {
  struct cj_number number;
  double value;
  if (cj_json_number(&d->json, &number) != 0)
    return -1;
  if (number.is_integer) {
    cj_pushint64(d->L, number.integer);
    return 1;
  }
  if (read_double(d, &number, &value) != 0)
    return -1;
  lua_pushnumber(d->L, value);
  return 1;
}

/* What JSON's numbers lack comes as text. */
static int decode_not_finite (struct decoder *d, const struct cj_path *path) {
  static const struct {
    const char *name;
    double value;
  } values[] = { { "NaN", NAN },
                 { "Infinity", INFINITY },
                 { "-Infinity", -INFINITY } };
  const char *at = d->json.p;
  struct cj_slice s;
  size_t i;
  if (cj_json_string(&d->json, &s) != 0)
    return -1;
  for (i = 0; i < sizeof(values) / sizeof(*values); i++)
    if (s.n == strlen(values[i].name) &&
        memcmp(s.s, values[i].name, s.n) == 0) {
      lua_pushnumber(d->L, values[i].value);
      return 1;
    }
  return bad_value(d, path, "expected number, got string", at);
}

static int decode_blob (struct decoder *d, const struct cj_path *path) {
  const char *at = d->json.p;
  struct cj_buf *b = d->json.scratch;
  struct cj_slice s;
  if (cj_json_string(&d->json, &s) != 0)
    return -1;
  if (s.s != b->s) {
    cj_buf_reset(b);
    if (cj_buf_reserve(b, s.n) != 0)
      return cj_json_fail(&d->json, at, cj_json_no_memory);
  }
  if (cj_base64_read(b->s, &b->len, s.s, s.n) != 0)
    return bad_value(d, path, "expected base64", at);
  lua_pushlstring(d->L, b->s, b->len);
  return 1;
}

/* A time comes as a number or as text, whatever the shape says. */
static int decode_time (struct decoder *d, const struct cj_path *path,
                        enum cj_kind kind) {
  const char *at = d->json.p;
  struct cj_number number;
  struct cj_slice s;
  double t;
  if (kind == CJ_KIND_STRING) {
    if (cj_json_string(&d->json, &s) != 0)
      return -1;
    if (cj_time_read(&t, s.s, s.n) != 0)
      return bad_value(d, path, "expected a time", at);
  } else if (cj_json_number(&d->json, &number) != 0 ||
             read_double(d, &number, &t) != 0) {
    return -1;
  }
  cj_push_whole(d->L, t);
  return 1;
}

/* }================================================================= */

/* Tables {=========================================================== */

/* Puts a new list in place of 'slot' and the 'n' values above it into it. */
static void fill_list (struct decoder *d, int slot, int n, int room) {
  lua_State *L = d->L;
  lua_createtable(L, room, 0);
  lua_pushvalue(L, ARRAY_MT);
  lua_setmetatable(L, -2);
  lua_replace(L, slot);
  for (; n > 0; n--)
    lua_rawseti(L, slot, n);
}

static int decode_list (struct decoder *d, const struct cj_node *item,
                        unsigned is_sparse, const struct cj_path *up) {
  lua_State *L = d->L;
  struct cj_path path = { up, { NULL, 0 }, 0 };
  int slot, n = 0, more;
  if (cj_json_enter(&d->json) != 0)
    return -1;
  luaL_checkstack(L, WAITING + 8, "too many nested lists");
  lua_pushnil(L);
  slot = lua_gettop(L);
  while ((more = cj_json_more(&d->json, ']')) > 0) {
    int got;
    path.index++;
    got = decode_node(d, item, &path);
    if (got < 0)
      return -1;
    if (got == 0) {
      if (!is_sparse)
        continue;
      lua_pushlightuserdata(L, NULL);
    }
    if (++n > WAITING)
      lua_rawseti(L, slot, n);
    else if (n == WAITING)
      fill_list(d, slot, n, 4 * WAITING);
  }
  if (n < WAITING)
    fill_list(d, slot, n, n);
  return more < 0 ? -1 : 1;
}

/* Notes the key below the table's new value in the order of the table. */
static void note_order (lua_State *L, int table, int key) {
  lua_pushvalue(L, key);
  lua_rawget(L, table);
  if (lua_isnil(L, -1)) {
    lua_pushvalue(L, table);
    lua_rawget(L, ORDERS);
    lua_pushvalue(L, key);
    lua_rawseti(L, -2, (int)lua_rawlen(L, -2) + 1);
    lua_pop(L, 1);
  }
  lua_pop(L, 1);
}

static int decode_map (struct decoder *d, const struct cj_node *item,
                       unsigned is_sparse, const struct cj_path *up) {
  lua_State *L = d->L;
  struct cj_path path = { up, { NULL, 0 }, 0 };
  int more, table;
  if (cj_json_enter(&d->json) != 0)
    return -1;
  luaL_checkstack(L, 12, "too many nested tables");
  lua_newtable(L);
  table = lua_gettop(L);
  if (d->keeps_order) {
    lua_pushvalue(L, table);
    lua_newtable(L);
    lua_rawset(L, ORDERS);
  }
  while ((more = cj_json_more(&d->json, '}')) > 0) {
    int got;
    if (cj_json_key(&d->json, &path.name) != 0)
      return -1;
    lua_pushlstring(L, path.name.s, path.name.n);
    path.name.s =
        lua_tostring(L, -1); /* the reader's goes with its next read */
    got = decode_node(d, item, &path);
    if (got < 0)
      return -1;
    if (got == 0) {
      if (is_sparse)
        lua_pushlightuserdata(L, NULL);
      else
        lua_pushnil(L); /* and so takes away an earlier one of that name */
    }
    if (d->keeps_order)
      note_order(L, table, table + 1);
    lua_rawset(L, table);
  }
  return more < 0 ? -1 : 1;
}

static int decode_document (struct decoder *d, const struct cj_path *path) {
  switch (cj_json_peek(&d->json)) {
  case CJ_KIND_OBJECT:
    return decode_map(d, &cj_document_node, CJ_SPARSE, path);
  case CJ_KIND_LIST:
    return decode_list(d, &cj_document_node, CJ_SPARSE, path);
  case CJ_KIND_STRING:
    return decode_string(d);
  case CJ_KIND_NUMBER:
    return decode_number(d);
  case CJ_KIND_BOOLEAN:
    return decode_boolean(d);
  case CJ_KIND_NULL:
    return cj_json_null(&d->json);
  case CJ_KIND_NONE:
    break;
  }
  return -1;
}

/* The next member of an object, its value still to come: 1; 0 when it is
** unknown, its name in *key. Members mostly come in the shape's order, and
** then need no search. */
static int read_member (struct decoder *d, const struct cj_shape *shape,
                        size_t *guess, const struct cj_member **member,
                        struct cj_slice *key) {
  if (*guess < shape->count) {
    const struct cj_member *m = *member = &shape->members[*guess];
    if (m->place == CJ_IN_TEXT &&
        cj_json_try_key(&d->json, m->quoted.s + 1, m->quoted.n - 1)) {
      ++*guess;
      return 1;
    }
  }
  if (cj_json_key(&d->json, key) != 0)
    return -1;
  *member = cj_shape_find(shape, *key, guess);
  return *member != NULL;
}

/* Presizing wants the number of members an answer has, not could have; falls
** slowly, so that rows of two kinds do not make every second one grow. */
static void note_usual (struct cj_shape *shape, int found) {
  shape->usual =
      found > shape->usual ? found : shape->usual - (shape->usual - found) / 4;
}

static int decode_structure (struct decoder *d, struct cj_shape *shape,
                             unsigned is_open, const struct cj_path *up) {
  lua_State *L = d->L;
  struct cj_path path = { up, { NULL, 0 }, 0 };
  size_t guess = 0;
  int more, found = 0;
  if (cj_json_enter(&d->json) != 0)
    return -1;
  luaL_checkstack(L, 8, "too many nested tables");
  lua_createtable(L, 0, shape->usual);
  while ((more = cj_json_more(&d->json, '}')) > 0) {
    const struct cj_member *m;
    struct cj_slice key;
    int known = read_member(d, shape, &guess, &m, &key), got;
    if (known < 0)
      return -1;
    if (known ? shape->is_union && found > 0 : !is_open) {
      if (cj_json_skip(&d->json) != 0)
        return -1;
      continue;
    }
    if (known)
      lua_rawgeti(L, NAMES, m->index);
    else
      lua_pushlstring(L, key.s, key.n);
    path.name.s = lua_tolstring(L, -1, &path.name.n);
    got = decode_node(d, known ? m->node : &cj_document_node, &path);
    if (got < 0)
      return -1;
    if (got == 0) {
      if (known)
        lua_pushnil(L);
      else
        lua_pushlightuserdata(L, NULL);
    }
    lua_rawset(L, -3);
    found += got;
  }
  note_usual(shape, found);
  return more < 0 ? -1 : 1;
}

/* }================================================================= */

static int decode_node (struct decoder *d, const struct cj_node *node,
                        const struct cj_path *path) {
  enum cj_kind kind = cj_json_peek(&d->json);
  if (kind == CJ_KIND_NONE)
    return -1;
  if (kind == CJ_KIND_NULL)
    return cj_json_null(&d->json);
  switch (node->type) {
  case CJ_STRING:
    if (kind == CJ_KIND_STRING)
      return decode_string(d);
    return mismatch(d, path, "string", kind);
  case CJ_INTEGER:
  case CJ_LONG:
    if (kind == CJ_KIND_NUMBER)
      return decode_integer(d, path);
    return mismatch(d, path, "integer", kind);
  case CJ_NUMBER:
    if (kind == CJ_KIND_NUMBER)
      return decode_number(d);
    if (kind == CJ_KIND_STRING)
      return decode_not_finite(d, path);
    return mismatch(d, path, "number", kind);
  case CJ_BOOLEAN:
    if (kind == CJ_KIND_BOOLEAN)
      return decode_boolean(d);
    return mismatch(d, path, "boolean", kind);
  case CJ_BLOB:
    if (kind == CJ_KIND_STRING)
      return decode_blob(d, path);
    return mismatch(d, path, "base64", kind);
  case CJ_TIME:
  case CJ_TIME_ISO:
  case CJ_TIME_HTTP:
    if (kind == CJ_KIND_STRING || kind == CJ_KIND_NUMBER)
      return decode_time(d, path, kind);
    return mismatch(d, path, "a time", kind);
  case CJ_DOCUMENT:
    return decode_document(d, path);
  case CJ_STRUCTURE:
    if (kind == CJ_KIND_OBJECT)
      return decode_structure(
          d, node->shape, (node->flags | node->shape->flags) & CJ_OPEN, path);
    return mismatch(d, path, "object", kind);
  case CJ_LIST:
    if (kind == CJ_KIND_LIST)
      return decode_list(d, node->item, node->flags & CJ_SPARSE, path);
    return mismatch(d, path, "list", kind);
  case CJ_MAP:
    if (kind == CJ_KIND_OBJECT)
      return decode_map(d, node->item, node->flags & CJ_SPARSE, path);
    return mismatch(d, path, "object", kind);
  }
  return -1;
}

/* Sets up the stack and the decoder. */
static void begin (lua_State *L, struct decoder *d) {
  struct cj_slice text;
  text.s = luaL_checklstring(L, TEXT, &text.n);
  if (lua_isnil(L, SHAPE))
    lua_pushnil(L);
  else
    lua_getiuservalue(L, SHAPE, CJ_NAMES);
  lua_rawgeti(L, CJ_UP_SETTINGS, CJ_SETTING_ARRAY_MT);
  d->L = L;
  d->keeps_order = lua_type(L, ORDERS) == LUA_TTABLE;
  cj_json_init(&d->json, text, cj_buffer_borrow(L));
}

/* Gives the value on top when all went well and nothing follows it, else nil
** and the message. */
static int end (struct decoder *d, int got) {
  lua_State *L = d->L;
  const struct cj_path whole = { NULL, { NULL, 0 }, 0 };
  if (got >= 0)
    got = cj_json_finish(&d->json);
  if (d->json.problem == cj_json_no_memory)
    return luaL_error(L, "%s", cj_json_no_memory);
  if (d->json.problem != NULL) {
    luaL_checkstack(L, 8, NULL);
    push_problem(L, &whole, d->json.problem,
                 (size_t)(d->json.p - d->json.start));
  }
  cj_buffer_return(L, BUFFER);
  if (got == 0)
    return 1;
  lua_pushnil(L);
  lua_insert(L, -2);
  return 2;
}

/* decode(shape, text): a table with the members that the shape knows, or nil
** and a message. Without a shape the text is checked all the same. */
int cj_decode (lua_State *L) {
  const struct cj_path whole = { NULL, { NULL, 0 }, 0 };
  struct cj_shape *shape = NULL;
  const struct cj_member *body;
  struct cj_path path = { &whole, { NULL, 0 }, 0 };
  struct decoder d;
  enum cj_kind kind;
  int got;
  lua_settop(L, TEXT);
  lua_pushnil(L); /* ORDERS */
  if (!lua_isnil(L, SHAPE))
    shape = luaL_checkudata(L, SHAPE, CJ_SHAPE_T);
  begin(L, &d);
  kind = cj_json_peek(&d.json);
  if (shape == NULL) {
    lua_newtable(L);
    return end(&d, cj_json_skip(&d.json));
  }
  if ((body = shape->body) != NULL) {
    path.name = body->name;
    lua_createtable(L, 0, 1);
    lua_rawgeti(L, NAMES, body->index);
    got = decode_node(&d, body->node, &path);
    if (got > 0)
      lua_rawset(L, -3);
    else if (got == 0)
      lua_pop(L, 1);
  } else if (kind == CJ_KIND_OBJECT) {
    got = decode_structure(&d, shape, shape->flags & CJ_OPEN, &whole);
  } else {
    got = kind == CJ_KIND_NONE ? -1 : mismatch(&d, &whole, "object", kind);
  }
  return end(&d, got);
}

/* json_decode(text, orders): the value, or nil and a message. For each object
** the table 'orders' gets a list of its keys as they stood in the text. */
int cj_json_decode (lua_State *L) {
  const struct cj_path whole = { NULL, { NULL, 0 }, 0 };
  struct decoder d;
  int got;
  lua_settop(L, 2);
  lua_pushnil(L);
  lua_insert(L, SHAPE);
  begin(L, &d);
  got = decode_document(&d, &whole);
  if (got == 0)
    lua_pushlightuserdata(L, NULL);
  return end(&d, got);
}
