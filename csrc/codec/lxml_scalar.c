/* The texts of XML -> scalars of Lua. */
#include "lxml.h"

#include "../base/date.h"
#include "../base/scalar.h"
#include "ldecode.h"
#include "lworkspace.h"

#include <math.h>

int cj_xml_expected (struct cj_xml_decoder *d, const struct cj_path *path,
                     const char *what, const char *at) {
  luaL_checkstack(d->L, 8, NULL);
  lua_pushfstring(d->L, "expected %s", what);
  cj_decode_push_problem(d->L, path, lua_tostring(d->L, -1),
                         (size_t)(at - d->xml.start));
  return -1;
}

static int equals (struct cj_slice text, const char *word) {
  return text.n == strlen(word) && memcmp(text.s, word, text.n) == 0;
}

static int push_integer (lua_State *L, struct cj_slice text) {
  int64_t i;
  double value;
  if (cj_integer_read(&i, text.s, text.n) != 0) {
    if (cj_double_read(&value, text.s, text.n) != 0 ||
        !(value >= -CJ_MAX_EXACT && value <= CJ_MAX_EXACT) ||
        value != (double)(int64_t)value)
      return 0;
    i = (int64_t)value;
  }
  cj_pushint64(L, i);
  return 1;
}

static int push_number (lua_State *L, struct cj_slice text) {
  int64_t i;
  double value;
  if (cj_integer_read(&i, text.s, text.n) == 0 && (i != 0 || *text.s != '-')) {
    cj_pushint64(L, i);
    return 1;
  }
  if (equals(text, "NaN"))
    value = NAN;
  else if (equals(text, "Infinity"))
    value = INFINITY;
  else if (equals(text, "-Infinity"))
    value = -INFINITY;
  else if (cj_double_read(&value, text.s, text.n) != 0)
    return 0;
  lua_pushnumber(L, value);
  return 1;
}

static int push_boolean (lua_State *L, struct cj_slice text) {
  int is_true = equals(text, "true");
  if (!is_true && !equals(text, "false"))
    return 0;
  lua_pushboolean(L, is_true);
  return 1;
}

/* The buffer may hold the text. */
static int push_blob (struct cj_xml_decoder *d, struct cj_slice text) {
  struct cj_buf *b = d->xml.buffer;
  if (text.s != b->s)
    cj_buf_reset(b);
  if (cj_buf_reserve(b, text.n) != 0)
    return luaL_error(d->L, "not enough memory");
  if (cj_base64_read(b->s, &b->len, text.s, text.n) != 0)
    return 0;
  lua_pushlstring(d->L, b->s, b->len);
  return 1;
}

/* Any format, also another than the shape's. */
static int push_time (lua_State *L, struct cj_slice text) {
  double t;
  if (cj_time_read(&t, text.s, text.n) != 0)
    return 0;
  cj_push_whole(L, t);
  return 1;
}

static int is_blank (char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static struct cj_slice trim (struct cj_slice text) {
  while (text.n > 0 && is_blank(text.s[text.n - 1]))
    text.n--;
  for (; text.n > 0 && is_blank(*text.s); text.n--)
    text.s++;
  return text;
}

/* The expected type, or NULL when the text's value was pushed. */
static const char *push_value (struct cj_xml_decoder *d, enum cj_type type,
                               struct cj_slice text) {
  switch (type) {
  case CJ_INTEGER:
  case CJ_LONG:
    return push_integer(d->L, text) ? NULL : "integer";
  case CJ_NUMBER:
    return push_number(d->L, text) ? NULL : "number";
  case CJ_BOOLEAN:
    return push_boolean(d->L, text) ? NULL : "boolean";
  case CJ_BLOB:
    return push_blob(d, text) ? NULL : "base64";
  default:
    return push_time(d->L, text) ? NULL : "a time";
  }
}

int cj_xml_value (struct cj_xml_decoder *d, enum cj_type type,
                  struct cj_slice text, const char *at,
                  const struct cj_path *path) {
  const char *expected;
  if (text.n == 0)
    text.s = "";
  if (type == CJ_STRING || type == CJ_DOCUMENT) {
    lua_pushlstring(d->L, text.s, text.n);
    return 1;
  }
  expected = push_value(d, type, trim(text));
  return expected == NULL ? 1 : cj_xml_expected(d, path, expected, at);
}

int cj_xml_scalar (struct cj_xml_decoder *d, enum cj_type type,
                   const struct cj_path *path) {
  const char *at = d->xml.p;
  switch (cj_xml_next(&d->xml)) {
  case CJ_XML_END:
    return cj_xml_value(d, type, d->xml.text, at, path);
  case CJ_XML_START:
    return cj_xml_expected(d, path, "text, got an element", at);
  default:
    return -1;
  }
}
