/* CBOR's scalars -> Lua, and the messages for items of other types. */
#include "lcbor.h"

#include "../base/date.h"
#include "ldecode.h"
#include "lworkspace.h"

#include <math.h>

static int bad_item (struct cj_cbor_decoder *d, const struct cj_item *item,
                     const struct cj_path *path, const char *expected) {
  luaL_checkstack(d->L, 8, NULL);
  cj_decode_push_problem(d->L, path, expected,
                         (size_t)(item->at - d->cbor.start));
  return -1;
}

int cj_cbor_mismatch (struct cj_cbor_decoder *d, const struct cj_node *node,
                      const struct cj_item *item, const struct cj_path *path) {
  static const char *const wanted[] = {
    [CJ_STRING] = "text",      [CJ_INTEGER] = "integer",
    [CJ_LONG] = "integer",     [CJ_NUMBER] = "number",
    [CJ_BOOLEAN] = "boolean",  [CJ_BLOB] = "bytes",
    [CJ_TIME] = "a time",      [CJ_TIME_ISO] = "a time",
    [CJ_TIME_HTTP] = "a time", [CJ_DOCUMENT] = "a value",
    [CJ_STRUCTURE] = "map",    [CJ_LIST] = "list",
    [CJ_MAP] = "map"
  };
  char text[64];
  snprintf(text, sizeof(text), "expected %s, got %s", wanted[node->type],
           cj_item_name(item->kind));
  return bad_item(d, item, path, text);
}

static int decode_string (struct cj_cbor_decoder *d,
                          const struct cj_item *item) {
  struct cj_slice s;
  if (cj_cbor_string(&d->cbor, item, &s) != 0)
    return -1;
  lua_pushlstring(d->L, s.s, s.n);
  return 1;
}

static int is_integer (const struct cj_item *item) {
  return item->kind == CJ_ITEM_UNSIGNED || item->kind == CJ_ITEM_NEGATIVE;
}

/* An integer rounded to a double. */
static double rounded (const struct cj_item *item) {
  return item->kind == CJ_ITEM_UNSIGNED ? (double)item->n
                                        : -1 - (double)item->n;
}

/* Pushes an integer within 64 bits, others as decimal text. */
static int push_integer (lua_State *L, const struct cj_item *item) {
  char text[24];
  int is_negative = item->kind == CJ_ITEM_NEGATIVE;
  if (item->n <= INT64_MAX)
    cj_pushint64(L, is_negative ? -1 - (int64_t)item->n : (int64_t)item->n);
  else if (is_negative && item->n == UINT64_MAX)
    lua_pushliteral(L, "-18446744073709551616");
  else {
    snprintf(text, sizeof(text), "%s%llu", is_negative ? "-" : "",
             (unsigned long long)item->n + (unsigned)is_negative);
    lua_pushstring(L, text);
  }
  return 1;
}

static int decode_integer (struct cj_cbor_decoder *d,
                           const struct cj_item *item,
                           const struct cj_path *path) {
  if (is_integer(item))
    return push_integer(d->L, item);
  if (!(item->number >= -CJ_MAX_EXACT && item->number <= CJ_MAX_EXACT) ||
      item->number != (double)(int64_t)item->number)
    return bad_item(d, item, path, "expected a whole number within 64 bits");
  cj_pushint64(d->L, (int64_t)item->number);
  return 1;
}

static int decode_number (struct cj_cbor_decoder *d,
                          const struct cj_item *item) {
  if (!is_integer(item))
    lua_pushnumber(d->L, item->number);
  else if (item->n <= INT64_MAX)
    push_integer(d->L, item);
  else
    lua_pushnumber(d->L, rounded(item));
  return 1;
}

/* Accepts a time in seconds and, as it stands behind tag 0, as text. */
static int decode_time (struct cj_cbor_decoder *d, const struct cj_item *item,
                        const struct cj_path *path) {
  struct cj_slice s;
  double t;
  if (item->kind == CJ_ITEM_TEXT) {
    if (cj_cbor_string(&d->cbor, item, &s) != 0)
      return -1;
    if (cj_time_read(&t, s.s, s.n) != 0)
      return bad_item(d, item, path, "expected a time");
  } else {
    t = is_integer(item) ? rounded(item) : item->number;
    if (!isfinite(t))
      return bad_item(d, item, path, "expected a time");
  }
  cj_push_whole(d->L, t);
  return 1;
}

int cj_cbor_scalar (struct cj_cbor_decoder *d, const struct cj_node *node,
                    const struct cj_item *item, const struct cj_path *path) {
  int is_number = is_integer(item) || item->kind == CJ_ITEM_FLOAT;
  switch (node->type) {
  case CJ_STRING:
    if (item->kind == CJ_ITEM_TEXT)
      return decode_string(d, item);
    break;
  case CJ_INTEGER:
  case CJ_LONG:
    if (is_number)
      return decode_integer(d, item, path);
    break;
  case CJ_NUMBER:
    if (is_number)
      return decode_number(d, item);
    break;
  case CJ_BOOLEAN:
    if (item->kind == CJ_ITEM_BOOLEAN) {
      lua_pushboolean(d->L, item->n != 0);
      return 1;
    }
    break;
  case CJ_BLOB:
    if (item->kind == CJ_ITEM_BYTES)
      return decode_string(d, item);
    break;
  default: /* a time */
    if (is_number || item->kind == CJ_ITEM_TEXT)
      return decode_time(d, item, path);
  }
  return cj_cbor_mismatch(d, node, item, path);
}
