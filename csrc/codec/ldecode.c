/* JSON -> Lua values, directed by a shape: from the bytes to the final tables
** with nothing in between. */
#include "ldecode.h"

#include "llist.h"
#include "lshape.h"
#include "lworkspace.h"

/* Maps are presized for this many entries: most have no more. */
#define ENTRIES 4

/* Stack of the decoding functions. */
enum { SHAPE = 1, TEXT, ORDERS, NAMES, ARRAY_MT, BUFFER };

/* As cj_decode_scalar, for every type. For null it pushes nothing and gives 0.
 */
static int decode_node (struct cj_decoder *d, const struct cj_node *node,
                        const struct cj_path *path);

/* Tables {=========================================================== */

static int decode_list (struct cj_decoder *d, const struct cj_node *item,
                        unsigned is_sparse, const struct cj_path *up) {
  lua_State *L = d->L;
  struct cj_path path = { up, { NULL, 0 }, 0 };
  int slot, n = 0, more;
  if (cj_json_enter(&d->json) != 0)
    return -1;
  luaL_checkstack(L, CJ_LIST_WAITING + 8, "too many nested lists");
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
    if (++n > CJ_LIST_WAITING)
      lua_rawseti(L, slot, n);
    else if (n == CJ_LIST_WAITING)
      cj_list_fill(L, ARRAY_MT, slot, n, 4 * n);
  }
  if (n < CJ_LIST_WAITING)
    cj_list_fill(L, ARRAY_MT, slot, n, n);
  return more < 0 ? -1 : 1;
}

/* Appends a key to the order of its table, unless the table has it. */
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

static int decode_map (struct cj_decoder *d, const struct cj_node *item,
                       unsigned is_sparse, const struct cj_path *up) {
  lua_State *L = d->L;
  struct cj_path path = { up, { NULL, 0 }, 0 };
  int more, table;
  if (cj_json_enter(&d->json) != 0)
    return -1;
  luaL_checkstack(L, 12, "too many nested tables");
  lua_createtable(L, 0, ENTRIES);
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
    /* The reader's slice is valid until its next read. */
    path.name.s = lua_tostring(L, -1);
    got = decode_node(d, item, &path);
    if (got < 0)
      return -1;
    if (got == 0) {
      if (is_sparse)
        lua_pushlightuserdata(L, NULL);
      else
        lua_pushnil(L); /* removes an earlier value of that name */
    }
    if (d->keeps_order)
      note_order(L, table, table + 1);
    lua_rawset(L, table);
  }
  return more < 0 ? -1 : 1;
}

static int decode_document (struct cj_decoder *d, enum cj_kind kind,
                            const struct cj_path *path) {
  static const struct cj_node string = { .type = CJ_STRING };
  static const struct cj_node number = { .type = CJ_NUMBER };
  static const struct cj_node boolean = { .type = CJ_BOOLEAN };
  switch (kind) {
  case CJ_KIND_OBJECT:
    return decode_map(d, &cj_document_node, CJ_SPARSE, path);
  case CJ_KIND_LIST:
    return decode_list(d, &cj_document_node, CJ_SPARSE, path);
  case CJ_KIND_STRING:
    return cj_decode_scalar(d, &string, kind, path);
  case CJ_KIND_NUMBER:
    return cj_decode_scalar(d, &number, kind, path);
  default:
    return cj_decode_scalar(d, &boolean, kind, path);
  }
}

/* Reads the name of an object's next member: 1; 0 when the shape lacks it, and
** *key is the name. Members in the shape's order need no search. */
static int read_member (struct cj_decoder *d, const struct cj_shape *shape,
                        size_t *guess, const struct cj_member **member,
                        struct cj_slice *key) {
  if (*guess < shape->count) {
    const struct cj_member *m = *member = &shape->members[*guess];
    if (m->location == CJ_IN_TEXT &&
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

static int decode_structure (struct cj_decoder *d, struct cj_shape *shape,
                             unsigned is_open, const struct cj_path *up) {
  lua_State *L = d->L;
  struct cj_path path = { up, { NULL, 0 }, 0 };
  size_t guess = 0;
  int more, found = 0;
  is_open |= shape->flags & CJ_OPEN;
  if (cj_json_enter(&d->json) != 0)
    return -1;
  luaL_checkstack(L, 8, "too many nested tables");
  lua_createtable(L, 0, shape->typical);
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
    if (known) {
      lua_rawgeti(L, NAMES, m->index);
      path.name = m->name;
    } else {
      lua_pushlstring(L, key.s, key.n);
      path.name.s = lua_tolstring(L, -1, &path.name.n);
    }
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
  cj_shape_note(shape, found);
  return more < 0 ? -1 : 1;
}

/* }================================================================= */

static int decode_node (struct cj_decoder *d, const struct cj_node *node,
                        const struct cj_path *path) {
  enum cj_kind kind;
  unsigned is_sparse = node->flags & CJ_SPARSE;
  struct cj_slice s;
  if (node->type == CJ_STRING && d->json.p < d->json.end &&
      *d->json.p == '"') { /* most values are strings */
    if (cj_json_string(&d->json, &s) != 0)
      return -1;
    lua_pushlstring(d->L, s.s, s.n);
    return 1;
  }
  kind = cj_json_peek(&d->json);
  if (kind == CJ_KIND_NONE)
    return -1;
  if (kind == CJ_KIND_NULL)
    return cj_json_null(&d->json);
  if (node->type < CJ_DOCUMENT)
    return cj_decode_scalar(d, node, kind, path);
  if (node->type == CJ_DOCUMENT)
    return decode_document(d, kind, path);
  if (kind != (node->type == CJ_LIST ? CJ_KIND_LIST : CJ_KIND_OBJECT))
    return cj_decode_mismatch(d, node, kind, path);
  if (node->type == CJ_STRUCTURE)
    return decode_structure(d, node->shape, node->flags & CJ_OPEN, path);
  if (node->type == CJ_LIST)
    return decode_list(d, node->item, is_sparse, path);
  return decode_map(d, node->item, is_sparse, path);
}

/* Sets up the stack and the decoder, for the text from its n-th byte on. */
static void begin (lua_State *L, struct cj_decoder *d, lua_Number n,
                   int replaces) {
  struct cj_slice text;
  text.s = luaL_checklstring(L, TEXT, &text.n);
  luaL_argcheck(L, n >= 1 && n <= (lua_Number)text.n + 1, TEXT + 1,
                "not a byte of the text");
  text.s += (size_t)n - 1;
  text.n -= (size_t)n - 1;
  if (lua_isnil(L, SHAPE))
    lua_pushnil(L);
  else
    lua_getiuservalue(L, SHAPE, CJ_NAMES);
  lua_rawgeti(L, CJ_UP_SETTINGS, CJ_SETTING_ARRAY_MT);
  d->L = L;
  d->keeps_order = lua_type(L, ORDERS) == LUA_TTABLE;
  cj_json_init(&d->json, text, cj_buffer_borrow(L));
  d->json.replaces = replaces;
}

/* Returns the value on top when nothing follows it in the text, or that does
** not matter, else nil and the message. */
static int end_at (struct cj_decoder *d, int got, int is_part) {
  lua_State *L = d->L;
  const struct cj_path whole = { NULL, { NULL, 0 }, 0 };
  if (got >= 0)
    got = is_part ? 0 : cj_json_finish(&d->json);
  if (d->json.problem == cj_json_no_memory)
    return luaL_error(L, "%s", cj_json_no_memory);
  if (d->json.problem != NULL) {
    luaL_checkstack(L, 8, NULL);
    cj_decode_push_problem(L, &whole, d->json.problem,
                           (size_t)(d->json.p - d->json.start));
  }
  cj_buffer_return(L, BUFFER);
  if (got == 0)
    return 1;
  lua_pushnil(L);
  lua_insert(L, -2);
  return 2;
}

static int end (struct cj_decoder *d, int got) {
  return end_at(d, got, 0);
}

/* Pushes the table of a shape whose member 'body' is the whole text. */
static int decode_body (struct cj_decoder *d, const struct cj_member *body,
                        const struct cj_path *whole) {
  lua_State *L = d->L;
  struct cj_path path = { whole, { NULL, 0 }, 0 };
  int got;
  path.name = body->name;
  lua_createtable(L, 0, 1);
  lua_rawgeti(L, NAMES, body->index);
  got = decode_node(d, body->node, &path);
  if (got > 0)
    lua_rawset(L, -3);
  else if (got == 0)
    lua_pop(L, 1);
  return got;
}

/* decode(shape, text, n) -> a table with the members of the shape | nil,
** message. Without a shape the text is only checked. It begins at the n-th
** byte, 1 by default. */
static int l_decode (lua_State *L) {
  const lua_Number n = luaL_optnumber(L, TEXT + 1, 1);
  const struct cj_path whole = { NULL, { NULL, 0 }, 0 };
  struct cj_node node = { .type = CJ_STRUCTURE };
  struct cj_decoder d;
  enum cj_kind kind;
  lua_settop(L, TEXT);
  lua_pushnil(L); /* no orders */
  if (!lua_isnil(L, SHAPE))
    node.shape = cj_check_userdata(L, SHAPE, CJ_UP_SHAPE, CJ_SHAPE_T);
  begin(L, &d, n, 1);
  kind = cj_json_peek(&d.json);
  if (node.shape == NULL) {
    lua_newtable(L);
    return end(&d, cj_json_skip(&d.json));
  }
  if (node.shape->body != NULL)
    return end(&d, decode_body(&d, node.shape->body, &whole));
  if (kind == CJ_KIND_NULL)
    return end(&d, cj_decode_mismatch(&d, &node, kind, &whole));
  return end(&d, decode_node(&d, &node, &whole));
}

/* json_decode(text, orders), json_decode_strict(text, orders, n) -> the value,
** or nil and a message. For each object the table 'orders' gets a list of its
** keys in the order of the text. The first is for what services send and
** replaces what is no Unicode, the second is for what users write and refuses
** it. With 'n' it reads the one value that begins at that byte. */
static int json_decode (lua_State *L, int replaces) {
  const struct cj_path whole = { NULL, { NULL, 0 }, 0 };
  const int is_part = !lua_isnoneornil(L, 3);
  const lua_Number n = luaL_optnumber(L, 3, 1);
  struct cj_decoder d;
  int got;
  lua_settop(L, 2);
  lua_pushnil(L);
  lua_insert(L, SHAPE);
  begin(L, &d, n, replaces);
  got = decode_node(&d, &cj_document_node, &whole);
  if (got == 0)
    lua_pushlightuserdata(L, NULL);
  return end_at(&d, got, is_part);
}

static int l_json_decode (lua_State *L) {
  return json_decode(L, 1);
}

static int l_json_decode_strict (lua_State *L) {
  return json_decode(L, 0);
}

static const luaL_Reg functions[] = {
  { "decode", l_decode },
  { "json_decode", l_json_decode },
  { "json_decode_strict", l_json_decode_strict },
  { NULL, NULL },
};

void cj_decode_open (lua_State *L) {
  cj_workspace_functions(L, functions);
}
