/* Lua tables whose keys are data -> JSON: maps, and what a structure does not
** know. */
#include "lencode.h"

#include <stdlib.h>

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
        (!cj_encode_is_first(e) && cj_encode_byte(e, ',') != 0) ||
        cj_encode_quoted(e, &path, name.s, name.n) != 0 ||
        cj_encode_byte(e, ':') != 0 ||
        cj_encode_item(e, item, is_sparse, value, &path) != 0)
      return -1;
    lua_settop(L, top);
  }
  return 0;
}

int cj_encode_map (struct cj_encoder *e, const struct cj_node *key,
                   const struct cj_node *item, unsigned is_sparse, int at,
                   const struct cj_path *up) {
  int top = lua_gettop(e->L);
  struct keys keys;
  if (cj_encode_enter(e, FEW_KEYS, up) != 0 || cj_encode_byte(e, '{') != 0 ||
      sort_keys(e, &keys, NULL, at, up) != 0 ||
      encode_keys(e, &keys, key, item, is_sparse, at, up) != 0)
    return -1;
  lua_settop(e->L, top);
  e->depth--;
  return cj_encode_byte(e, '}');
}

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

int cj_encode_unknown (struct cj_encoder *e, const struct cj_shape *shape,
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
