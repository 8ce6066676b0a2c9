/* JSON's scalars -> Lua, and the messages for values of other types. */
#include "ldecode.h"

#include "../base/date.h"
#include "../base/scalar.h"
#include "lworkspace.h"

#include <math.h>

void cj_decode_push_problem (lua_State *L, const struct cj_path *path,
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

int cj_decode_mismatch (struct cj_decoder *d, const struct cj_node *node,
                        enum cj_kind kind, const struct cj_path *path) {
  static const char *const wanted[] = {
    [CJ_STRING] = "string",    [CJ_INTEGER] = "integer",
    [CJ_LONG] = "integer",     [CJ_NUMBER] = "number",
    [CJ_BOOLEAN] = "boolean",  [CJ_BLOB] = "base64",
    [CJ_TIME] = "a time",      [CJ_TIME_ISO] = "a time",
    [CJ_TIME_HTTP] = "a time", [CJ_DOCUMENT] = "a value",
    [CJ_STRUCTURE] = "object", [CJ_LIST] = "list",
    [CJ_MAP] = "object"
  };
  lua_State *L = d->L;
  luaL_checkstack(L, 8, NULL);
  lua_pushfstring(L, "expected %s, got %s", wanted[node->type],
                  cj_json_kind_name(kind));
  cj_decode_push_problem(L, path, lua_tostring(L, -1),
                         (size_t)(d->json.p - d->json.start));
  return -1;
}

static int bad_value (struct cj_decoder *d, const struct cj_path *path,
                      const char *expected, const char *at) {
  luaL_checkstack(d->L, 8, NULL);
  cj_decode_push_problem(d->L, path, expected, (size_t)(at - d->json.start));
  return -1;
}

static int decode_string (struct cj_decoder *d) {
  struct cj_slice s;
  if (cj_json_string(&d->json, &s) != 0)
    return -1;
  lua_pushlstring(d->L, s.s, s.n);
  return 1;
}

static int decode_boolean (struct cj_decoder *d) {
  int value;
  if (cj_json_boolean(&d->json, &value) != 0)
    return -1;
  lua_pushboolean(d->L, value);
  return 1;
}

static int read_double (struct cj_decoder *d, const struct cj_number *number,
                        double *value) {
  if (cj_double_read(value, number->text.s, number->text.n) == 0)
    return 0;
  return cj_json_fail(&d->json, number->text.s, "number too large");
}

static int decode_integer (struct cj_decoder *d, const struct cj_path *path) {
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

static int decode_number (struct cj_decoder *d) {
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

/* NaN and the infinities are written as strings, because JSON has no such
** numbers. */
static int decode_not_finite (struct cj_decoder *d,
                              const struct cj_path *path) {
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

static int decode_blob (struct cj_decoder *d, const struct cj_path *path) {
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

/* Accepts a time as a number and as text, whatever format the shape has. */
static int decode_time (struct cj_decoder *d, const struct cj_path *path,
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

int cj_decode_scalar (struct cj_decoder *d, const struct cj_node *node,
                      enum cj_kind kind, const struct cj_path *path) {
  int is_string = kind == CJ_KIND_STRING, is_number = kind == CJ_KIND_NUMBER;
  switch (node->type) {
  case CJ_STRING:
    if (is_string)
      return decode_string(d);
    break;
  case CJ_INTEGER:
  case CJ_LONG:
    if (is_number)
      return decode_integer(d, path);
    break;
  case CJ_NUMBER:
    if (is_number)
      return decode_number(d);
    if (is_string)
      return decode_not_finite(d, path);
    break;
  case CJ_BOOLEAN:
    if (kind == CJ_KIND_BOOLEAN)
      return decode_boolean(d);
    break;
  case CJ_BLOB:
    if (is_string)
      return decode_blob(d, path);
    break;
  default: /* a time */
    if (is_string || is_number)
      return decode_time(d, path, kind);
  }
  return cj_decode_mismatch(d, node, kind, path);
}
