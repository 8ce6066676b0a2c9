/* Scalars of Lua -> JSON. */
#include "lencode.h"

#include "../base/date.h"
#include "../base/scalar.h"
#include "json.h"
#include "lworkspace.h"

#include <math.h>

static int put_double (struct cj_encoder *e, double d) {
  return cj_json_double(e->b, d) == 0 ? 0 : cj_encode_no_room(e, CJ_DOUBLE_MAX);
}

static int put_integer (struct cj_encoder *e, int64_t i) {
  return cj_json_integer(e->b, i) == 0 ? 0
                                       : cj_encode_no_room(e, CJ_INTEGER_MAX);
}

static int encode_string (struct cj_encoder *e, const struct cj_node *node,
                          int at, int type, const struct cj_path *path) {
  size_t n;
  const char *s;
  if (type != LUA_TSTRING)
    return cj_encode_expected(e, at, path, "string");
  s = lua_tolstring(e->L, at, &n);
  if (cj_encode_check_characters(e, node, path, s, n) != 0)
    return -1;
  return cj_encode_quoted(e, path, s, n);
}

/* The length is not checked: botocore checks no blob's minimum. */
static int encode_blob (struct cj_encoder *e, int at, int type,
                        const struct cj_path *path) {
  size_t n;
  const char *s;
  struct cj_buf *b = e->b;
  if (type != LUA_TSTRING)
    return cj_encode_expected(e, at, path, "string");
  s = lua_tolstring(e->L, at, &n);
  if (n > CJ_MAX_TEXT || cj_buf_reserve(b, CJ_BASE64_LEN(n) + 2) != 0)
    return cj_encode_no_room(e, CJ_BASE64_LEN(n) + 2);
  b->s[b->len++] = '"';
  b->len += cj_base64_write(b->s + b->len, s, n);
  b->s[b->len++] = '"';
  return 0;
}

/* Reads the whole number at 'at': 1, or 0 when it is none. Text is accepted
** only for numbers that a double cannot hold. */
static int to_integer (lua_State *L, int at, int type, int64_t *i) {
  size_t n;
  const char *s;
  double d;
  switch (type) {
  case LUA_TNUMBER:
    if (lua_isinteger(L, at)) {
      *i = (int64_t)lua_tointeger(L, at);
      return 1;
    }
    d = lua_tonumber(L, at);
    if (!(d >= -9223372036854775808.0 && d < 9223372036854775808.0))
      return 0;
    *i = (int64_t)d;
    return d == (double)*i;
  case LUA_TSTRING:
    s = lua_tolstring(L, at, &n);
    return cj_integer_read(i, s, n) == 0 &&
           (*i > CJ_MAX_EXACT || *i < -CJ_MAX_EXACT);
  default:
    return 0;
  }
}

static int encode_integer (struct cj_encoder *e, const struct cj_node *node,
                           int at, int type, const struct cj_path *path) {
  int64_t i;
  if (!to_integer(e->L, at, type, &i)) {
    if (type != LUA_TNUMBER)
      return cj_encode_expected(e, at, path, "integer");
    return cj_encode_problem(e, path, "expected a whole number within 64 bits");
  }
  if (cj_encode_check_min(e, node, path, (double)i, "") != 0)
    return -1;
  return put_integer(e, i);
}

static int encode_number (struct cj_encoder *e, const struct cj_node *node,
                          int at, int type, const struct cj_path *path) {
  double d;
  if (type != LUA_TNUMBER)
    return cj_encode_expected(e, at, path, "number");
  d = lua_tonumber(e->L, at);
  if (isnan(d))
    return cj_encode_put(e, "\"NaN\"", 5);
  if (cj_encode_check_min(e, node, path, d, "") != 0)
    return -1;
  if ((node->flags & CJ_SINGLE) != 0 && !isinf(d) && isinf((float)d))
    return cj_encode_problem(e, path, "expected a number within 32 bits");
  if (isinf(d))
    return d > 0 ? cj_encode_put(e, "\"Infinity\"", 10)
                 : cj_encode_put(e, "\"-Infinity\"", 11);
  return d != 0 && lua_isinteger(e->L, at) /* -0 is a double on each Lua */
             ? put_integer(e, (int64_t)lua_tointeger(e->L, at))
             : put_double(e, d);
}

static int encode_boolean (struct cj_encoder *e, int at, int type,
                           const struct cj_path *path) {
  if (type != LUA_TBOOLEAN)
    return cj_encode_expected(e, at, path, "boolean");
  return lua_toboolean(e->L, at) ? cj_encode_put(e, "true", 4)
                                 : cj_encode_put(e, "false", 5);
}

static int encode_time (struct cj_encoder *e, const struct cj_node *node,
                        int at, int type, const struct cj_path *path) {
  static const char wanted[] = "a time in seconds or as ISO-8601 text";
  char text[CJ_DATE_MAX + 2];
  double t;
  size_t n;
  if (type == LUA_TSTRING) {
    const char *s = lua_tolstring(e->L, at, &n);
    if (cj_time_read(&t, s, n) != 0)
      return cj_encode_expected(e, at, path, wanted);
  } else if (type == LUA_TNUMBER) {
    t = lua_tonumber(e->L, at);
  } else {
    return cj_encode_expected(e, at, path, wanted);
  }
  n = node->type == CJ_TIME_HTTP ? cj_http_date_write(text + 1, t)
                                 : cj_iso_write(text + 1, t);
  if (n == 0)
    return cj_encode_problem(e, path,
                             "expected a time between the years 0 and 9999");
  if (node->type == CJ_TIME)
    return put_double(e, t);
  text[0] = text[n + 1] = '"';
  return cj_encode_put(e, text, n + 2);
}

int cj_encode_scalar (struct cj_encoder *e, const struct cj_node *node, int at,
                      int type, const struct cj_path *path) {
  switch (node->type) {
  case CJ_STRING:
    return encode_string(e, node, at, type, path);
  case CJ_INTEGER:
  case CJ_LONG:
    return encode_integer(e, node, at, type, path);
  case CJ_NUMBER:
    return encode_number(e, node, at, type, path);
  case CJ_BOOLEAN:
    return encode_boolean(e, at, type, path);
  case CJ_BLOB:
    return encode_blob(e, at, type, path);
  default:
    return encode_time(e, node, at, type, path);
  }
}
