/* CBOR -> Lua values, directed by a shape: the values that the same members
** have in JSON. */
#include "lcbor.h"

#include "json.h"
#include "ldecode.h"
#include "llist.h"
#include "lshape.h"
#include "lworkspace.h"

/* Tables are presized for the items that were announced, but for no more than
** this: that they follow is not known yet. */
#define PRESIZED 1024

/* Maps are presized for this many entries when none are announced. */
#define ENTRIES 4

/* Stack of the decoding function. */
enum { SHAPE = 1, TEXT, NAMES, ARRAY_MT, BUFFER };

/* Pushes the next item's value: 1; 0 and pushes nothing for null; -1 when a
** message was pushed instead, or the reader has a problem. */
static int decode_next (struct cj_cbor_decoder *d, const struct cj_node *node,
                        const struct cj_path *path);

static int presize (const struct cj_item *container) {
  return container->n < PRESIZED ? (int)container->n : PRESIZED;
}

static int decode_list (struct cj_cbor_decoder *d, const struct cj_node *item,
                        unsigned is_sparse, struct cj_item *list,
                        const struct cj_path *up) {
  lua_State *L = d->L;
  struct cj_path path = { up, { NULL, 0 }, 0 };
  int slot, n = 0, waits = list->is_indefinite;
  if (cj_cbor_enter(&d->cbor) != 0)
    return -1;
  luaL_checkstack(L, CJ_LIST_WAITING + 8, "too many nested lists");
  lua_pushnil(L);
  slot = lua_gettop(L);
  if (!waits)
    cj_list_fill(L, ARRAY_MT, slot, 0, presize(list));
  while (cj_cbor_more(&d->cbor, list)) {
    int got;
    path.index++;
    got = decode_next(d, item, &path);
    if (got < 0)
      return -1;
    if (got == 0) {
      if (!is_sparse)
        continue;
      lua_pushlightuserdata(L, NULL);
    }
    n++;
    if (!waits)
      lua_rawseti(L, slot, n);
    else if (n == CJ_LIST_WAITING)
      cj_list_fill(L, ARRAY_MT, slot, n, 4 * n);
    waits = waits && n < CJ_LIST_WAITING;
  }
  if (waits)
    cj_list_fill(L, ARRAY_MT, slot, n, n);
  return 1;
}

static int decode_map (struct cj_cbor_decoder *d, const struct cj_node *item,
                       unsigned is_sparse, struct cj_item *map,
                       const struct cj_path *up) {
  lua_State *L = d->L;
  struct cj_path path = { up, { NULL, 0 }, 0 };
  if (cj_cbor_enter(&d->cbor) != 0)
    return -1;
  luaL_checkstack(L, 12, "too many nested tables");
  lua_createtable(L, 0, map->is_indefinite ? ENTRIES : presize(map));
  while (cj_cbor_more(&d->cbor, map)) {
    int got;
    if (cj_cbor_key(&d->cbor, &path.name) != 0)
      return -1;
    lua_pushlstring(L, path.name.s, path.name.n);
    /* The reader's slice is valid until its next read. */
    path.name.s = lua_tostring(L, -1);
    got = decode_next(d, item, &path);
    if (got < 0)
      return -1;
    if (got == 0) {
      if (is_sparse)
        lua_pushlightuserdata(L, NULL);
      else
        lua_pushnil(L); /* removes an earlier value of that name */
    }
    lua_rawset(L, -3);
  }
  return 1;
}

/* Reads the name of a map's next pair: 1; 0 when the shape lacks it, and *key
** is the name. Members in the shape's order need no search. */
static int read_member (struct cj_cbor_decoder *d, const struct cj_shape *shape,
                        size_t *guess, const struct cj_member **member,
                        struct cj_slice *key) {
  if (*guess < shape->count) {
    *member = &shape->members[*guess];
    if (cj_cbor_try_key(&d->cbor, (*member)->wire)) {
      ++*guess;
      return 1;
    }
  }
  if (cj_cbor_key(&d->cbor, key) != 0)
    return -1;
  *member = cj_shape_find(shape, *key, guess);
  return *member != NULL;
}

static int decode_structure (struct cj_cbor_decoder *d, struct cj_shape *shape,
                             unsigned is_open, struct cj_item *map,
                             const struct cj_path *up) {
  lua_State *L = d->L;
  struct cj_path path = { up, { NULL, 0 }, 0 };
  size_t guess = 0;
  int found = 0;
  is_open |= shape->flags & CJ_OPEN;
  if (cj_cbor_enter(&d->cbor) != 0)
    return -1;
  luaL_checkstack(L, 8, "too many nested tables");
  lua_createtable(L, 0, shape->typical);
  while (cj_cbor_more(&d->cbor, map)) {
    const struct cj_member *m;
    struct cj_slice key;
    int known = read_member(d, shape, &guess, &m, &key), got;
    if (known < 0)
      return -1;
    if (known ? shape->is_union && found > 0 : !is_open) {
      if (cj_cbor_skip_next(&d->cbor) != 0)
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
    got = decode_next(d, known ? m->node : &cj_document_node, &path);
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
  return 1;
}

/* A value of the type that its item has. */
static int decode_document (struct cj_cbor_decoder *d, struct cj_item *item,
                            const struct cj_path *path) {
  static const struct cj_node nodes[] = {
    [CJ_ITEM_UNSIGNED] = { .type = CJ_LONG },
    [CJ_ITEM_NEGATIVE] = { .type = CJ_LONG },
    [CJ_ITEM_BYTES] = { .type = CJ_BLOB },
    [CJ_ITEM_TEXT] = { .type = CJ_STRING },
    [CJ_ITEM_BOOLEAN] = { .type = CJ_BOOLEAN },
    [CJ_ITEM_FLOAT] = { .type = CJ_NUMBER },
  };
  switch (item->kind) {
  case CJ_ITEM_LIST:
    return decode_list(d, &cj_document_node, CJ_SPARSE, item, path);
  case CJ_ITEM_MAP:
    return decode_map(d, &cj_document_node, CJ_SPARSE, item, path);
  case CJ_ITEM_BIG:
  case CJ_ITEM_SIMPLE:
    return cj_cbor_mismatch(d, &cj_document_node, item, path);
  default:
    return cj_cbor_scalar(d, &nodes[item->kind], item, path);
  }
}

static int decode_next (struct cj_cbor_decoder *d, const struct cj_node *node,
                        const struct cj_path *path) {
  unsigned is_sparse = node->flags & CJ_SPARSE;
  struct cj_item item;
  struct cj_slice s;
  if (node->type == CJ_STRING && cj_cbor_try_text(&d->cbor, &s)) {
    lua_pushlstring(d->L, s.s, s.n);
    return 1;
  }
  if (cj_cbor_next(&d->cbor, &item) != 0)
    return -1;
  if (item.kind == CJ_ITEM_NULL)
    return 0;
  if (node->type < CJ_DOCUMENT)
    return cj_cbor_scalar(d, node, &item, path);
  if (node->type == CJ_DOCUMENT)
    return decode_document(d, &item, path);
  if (item.kind != (node->type == CJ_LIST ? CJ_ITEM_LIST : CJ_ITEM_MAP))
    return cj_cbor_mismatch(d, node, &item, path);
  if (node->type == CJ_STRUCTURE)
    return decode_structure(d, node->shape, node->flags & CJ_OPEN, &item, path);
  if (node->type == CJ_LIST)
    return decode_list(d, node->item, is_sparse, &item, path);
  return decode_map(d, node->item, is_sparse, &item, path);
}

/* Sets up the stack and the decoder, for the text from its n-th byte on. */
static void begin (lua_State *L, struct cj_cbor_decoder *d, lua_Number n) {
  struct cj_slice text = cj_check_slice(L, TEXT);
  luaL_argcheck(L, n >= 1 && n <= (lua_Number)text.n + 1, TEXT + 1,
                "not a byte of the text");
  text.s += (size_t)n - 1;
  text.n -= (size_t)n - 1;
  lua_settop(L, TEXT);
  if (lua_isnil(L, SHAPE))
    lua_pushnil(L);
  else
    lua_getiuservalue(L, SHAPE, CJ_NAMES);
  lua_rawgeti(L, CJ_UP_SETTINGS, CJ_SETTING_ARRAY_MT);
  d->L = L;
  cj_cbor_init(&d->cbor, text, cj_buffer_borrow(L));
}

/* Returns the value on top when nothing follows it in the text, else nil and
** the message. */
static int end (struct cj_cbor_decoder *d, int got) {
  lua_State *L = d->L;
  const struct cj_path whole = { NULL, { NULL, 0 }, 0 };
  if (got >= 0)
    got = cj_cbor_finish(&d->cbor);
  if (d->cbor.problem == cj_json_no_memory)
    return luaL_error(L, "%s", cj_json_no_memory);
  if (d->cbor.problem != NULL) {
    luaL_checkstack(L, 8, NULL);
    cj_decode_push_problem(L, &whole, d->cbor.problem,
                           (size_t)(d->cbor.p - d->cbor.start));
  }
  cj_buffer_return(L, BUFFER);
  if (got == 0)
    return 1;
  lua_pushnil(L);
  lua_insert(L, -2);
  return 2;
}

/* decode_cbor(shape, text, n) -> a table with the members of the shape | nil,
** message. It begins at the n-th byte, 1 by default; an empty text has no
** members. */
static int l_decode_cbor (lua_State *L) {
  const lua_Number n = luaL_optnumber(L, TEXT + 1, 1);
  const struct cj_path whole = { NULL, { NULL, 0 }, 0 };
  struct cj_node node = { .type = CJ_STRUCTURE };
  struct cj_cbor_decoder d;
  int got;
  node.shape = cj_check_userdata(L, SHAPE, CJ_UP_SHAPE, CJ_SHAPE_T);
  begin(L, &d, n);
  if (d.cbor.p == d.cbor.end) {
    lua_newtable(L);
    return end(&d, 1);
  }
  got = decode_next(&d, &node, &whole);
  if (got == 0)
    got = cj_cbor_fail(&d.cbor, d.cbor.start, "expected map, got null");
  return end(&d, got);
}

/* cbor_decode(text) -> the value, or nil and a message. */
static int l_cbor_decode (lua_State *L) {
  const struct cj_path whole = { NULL, { NULL, 0 }, 0 };
  struct cj_cbor_decoder d;
  int got;
  lua_settop(L, 1);
  lua_pushnil(L);
  lua_insert(L, SHAPE);
  begin(L, &d, 1);
  got = decode_next(&d, &cj_document_node, &whole);
  if (got == 0)
    lua_pushlightuserdata(L, NULL);
  return end(&d, got);
}

static const luaL_Reg functions[] = {
  { "decode_cbor", l_decode_cbor },
  { "cbor_decode", l_cbor_decode },
  { NULL, NULL },
};

void cj_cbor_open (lua_State *L) {
  cj_workspace_functions(L, functions);
}
