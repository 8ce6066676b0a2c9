/* The keys of a Lua table in bytewise order. */
#include "lkeys.h"

#include <stdlib.h>

static int compare (const void *a, const void *b) {
  const struct cj_slice *x = &((const struct cj_key *)a)->text;
  const struct cj_slice *y = &((const struct cj_key *)b)->text;
  int order = memcmp(x->s, y->s, x->n < y->n ? x->n : y->n);
  return order != 0 ? order : (x->n > y->n) - (x->n < y->n);
}

static void sort (struct cj_key *key, size_t n) {
  size_t i, j;
  if (n > CJ_FEW_KEYS) {
    qsort(key, n, sizeof(*key), compare);
    return;
  }
  for (i = 1; i < n; i++) {
    struct cj_key next = key[i];
    for (j = i; j > 0 && compare(&key[j - 1], &next) > 0; j--)
      key[j] = key[j - 1];
    key[j] = next;
  }
}

/* Adds the key below the top and pops its value from the top. The array's
** userdata stands at 'base', the first few values above it. */
static void add_key (lua_State *L, struct cj_keys *keys, struct cj_slice text,
                     int base) {
  struct cj_key *key;
  if (keys->n == keys->room) {
    size_t size = keys->n * sizeof(*key);
    key = lua_newuserdatauv(L, 2 * size, 0);
    memcpy(key, keys->key, size);
    lua_replace(L, base);
    keys->key = key;
    keys->room *= 2;
  }
  key = &keys->key[keys->n++];
  key->text = text;
  if (keys->n <= CJ_FEW_KEYS) {
    key->at = base + (int)keys->n;
    lua_replace(L, key->at);
  } else {
    key->at = 0;
    lua_pop(L, 1);
  }
}

int cj_keys_sort (struct cj_encoder *e, struct cj_keys *keys,
                  const struct cj_shape *but, int at,
                  const struct cj_path *path) {
  lua_State *L = e->L;
  int base = lua_gettop(L) + 1, bad = 0;
  keys->n = 0;
  keys->room = CJ_FEW_KEYS;
  keys->key = keys->few;
  lua_settop(L, base + CJ_FEW_KEYS);
  for (lua_pushnil(L); lua_next(L, at) != 0;) {
    struct cj_slice text;
    int is_string = lua_type(L, -2) == LUA_TSTRING;
    if (is_string)
      text.s = lua_tolstring(L, -2, &text.n);
    if (is_string && (but == NULL || cj_shape_member(but, text) == NULL)) {
      add_key(L, keys, text, base);
    } else {
      bad |= !is_string;
      lua_pop(L, 1);
    }
  }
  sort(keys->key, keys->n);
  return bad ? cj_encode_problem(e, path, "expected keys that are strings") : 0;
}
