/* Header fields for Lua: those that all attempts of a request share, and those
** of a message as the lines they are on the wire. */
#include "fields.h"

#include "answer.h"

#define SHORT_NAME 128 /* the longest known has 50 bytes */

/* ---- what a request says ---- */

int cj_push_complaint (lua_State *L, const struct cj_complaint *why) {
  lua_pushnil(L);
  if (why->header.n > 0) {
    lua_pushliteral(L, "header ");
    lua_pushlstring(L, why->header.s, why->header.n);
    lua_pushfstring(L, " %s", why->problem);
    lua_concat(L, 3);
  } else {
    lua_pushstring(L, why->problem);
  }
  return 2;
}

/* Takes { name = value } at 'i' into 'headers' and checks it. The strings stay
** the table's. How many there are, or -1. */
static int take_headers (lua_State *L, int i, struct cj_header *headers,
                         struct cj_complaint *why) {
  int count = 0;
  lua_pushnil(L);
  while (lua_next(L, i)) {
    struct cj_header *h = &headers[count];
    if (lua_type(L, -2) != LUA_TSTRING || lua_type(L, -1) != LUA_TSTRING)
      return cj_complain(why, "the names and values of headers have to be "
                              "strings");
    if (count++ == CJ_HEADERS_MAX)
      return cj_complain(why, "there are too many headers");
    h->name = cj_check_slice(L, -2);
    h->value = cj_check_slice(L, -1);
    if (cj_header_check(h, why) != 0)
      return -1;
    lua_pop(L, 1);
  }
  return count;
}

int cj_fields_own (lua_State *L, int i, const struct cj_fields *f,
                   struct cj_header *own, struct cj_complaint *why) {
  int n, count = 0;
  for (n = 0; n < f->own_count; n++) {
    struct cj_header *h = &own[count];
    if (lua_isnoneornil(L, i + n))
      continue;
    h->name = f->own[n].name;
    h->value = cj_check_slice(L, i + n);
    if (cj_header_check(h, why) != 0)
      return -1;
    count++;
  }
  return count;
}

int cj_fields_line (struct cj_buf *out, struct cj_slice name,
                    struct cj_slice value) {
  char *to;
  if (cj_buf_reserve(out, name.n + value.n + 4) != 0)
    return -1;
  to = out->s + out->len;
  memcpy(to, name.s, name.n);
  to += name.n;
  *to++ = ':';
  *to++ = ' ';
  memcpy(to, value.s, value.n);
  to += value.n;
  *to++ = '\r';
  *to = '\n';
  out->len += name.n + value.n + 4;
  return 0;
}

int cj_fields_write (struct cj_buf *out, const struct cj_fields *f,
                     const struct cj_header *own, int count) {
  int i;
  if (cj_buf_add(out, f->lines, f->size) != 0)
    return -1;
  for (i = 0; i < count; i++) {
    if (cj_fields_line(out, own[i].name, own[i].value) != 0)
      return -1;
  }
  return 0;
}

/* Copies a header's text to 'to' and lets it point there. */
static char *move_line (char *to, struct cj_header *h) {
  struct cj_buf line = { to, 0, h->name.n + h->value.n + 4, 0 };
  cj_fields_line(&line, h->name, h->value); /* it has the room */
  h->name.s = to;
  h->value.s = to + h->name.n + 2;
  return to + line.len;
}

/* Fills 'f' with sorted headers, whose texts go to 'to'. */
static char *fill (struct cj_fields *f, struct cj_header *headers, int count,
                   char *to) {
  static const struct cj_slice hash = CJ_SLICE("x-amz-content-sha256");
  int i;
  f->lines = to;
  f->payload = -1;
  f->count = 0;
  for (i = 0; i < count; i++) {
    to = move_line(to, &headers[i]);
    if (cj_sign_skips(headers[i].name))
      continue;
    if (cj_slice_equal(headers[i].name, hash))
      f->payload = f->count;
    f->headers[f->count++] = headers[i];
  }
  f->size = (size_t)(to - f->lines);
  return to;
}

/* fields({ name = value }, own name, …) -> fields | nil, message. Names are in
** lower case. What is wrong with a field is said here, once for all attempts;
** of its own fields each attempt gives the values. */
static int l_fields (lua_State *L) {
  struct cj_header headers[CJ_HEADERS_MAX], own[CJ_OWN_MAX];
  struct cj_complaint why;
  struct cj_fields *f;
  size_t size = 0;
  char *to;
  int count, own_count = lua_gettop(L) - 1, i;
  luaL_checktype(L, 1, LUA_TTABLE);
  luaL_argcheck(L, own_count <= CJ_OWN_MAX, 2 + CJ_OWN_MAX, "too many");
  while (own_count > 0 && lua_isnil(L, 1 + own_count))
    own_count--;
  for (i = 0; i < own_count; i++) {
    own[i].name = cj_check_slice(L, 2 + i);
    size += own[i].name.n;
  }
  count = take_headers(L, 1, headers, &why);
  if (count < 0)
    return cj_push_complaint(L, &why);
  cj_headers_sort(headers, count);
  for (i = 0; i < count; i++)
    size += headers[i].name.n + headers[i].value.n + 4;
  f = lua_newuserdatauv(L, sizeof(*f) + (size_t)count * sizeof(*headers) + size,
                        0);
  to = fill(f, headers, count, (char *)&f->headers[count]);
  f->own_count = own_count;
  for (i = 0; i < own_count; i++) {
    memcpy(to, own[i].name.s, own[i].name.n);
    f->own[i].name.s = to;
    f->own[i].name.n = own[i].name.n;
    to += own[i].name.n;
  }
  luaL_setmetatable(L, CJ_FIELDS_T);
  return 1;
}

/* fields:lines(own value, …) -> the lines | nil, message */
static int fields_lines (lua_State *L) {
  const struct cj_fields *f = luaL_checkudata(L, 1, CJ_FIELDS_T);
  struct cj_header own[CJ_OWN_MAX];
  struct cj_complaint why;
  struct cj_buf *out;
  int count = cj_fields_own(L, 2, f, own, &why);
  if (count < 0)
    return cj_push_complaint(L, &why);
  out = cj_buf_new(L, CJ_REQUEST_MAX);
  if (cj_fields_write(out, f, own, count) != 0) {
    cj_complain(&why, "the headers are too large");
    return cj_push_complaint(L, &why);
  }
  lua_pushlstring(L, out->s, out->len);
  return 1;
}

/* ---- what a message says ---- */

static struct cj_buf *copy (lua_State *L, struct cj_slice s) {
  struct cj_buf *b = cj_buf_new(L, s.n);
  if (cj_buf_add(b, s.s, s.n) != 0)
    luaL_error(L, "not enough memory");
  return b;
}

static void push_lower (lua_State *L, char *text, struct cj_slice s) {
  size_t i;
  for (i = 0; i < s.n; i++)
    text[i] = cj_lower(s.s[i]);
  lua_pushlstring(L, text, s.n);
}

/* Pushes the name in lower case. */
static void push_name (lua_State *L, struct cj_slice name) {
  char text[SHORT_NAME];
  if (name.n <= sizeof(text)) {
    push_lower(L, text, name);
  } else {
    push_lower(L, copy(L, name)->s, name);
    lua_replace(L, -2);
  }
}

/* Pushes the value, unfolded. */
static void push_value (lua_State *L, struct cj_slice value) {
  struct cj_buf *b;
  size_t i;
  if (value.n == 0 || memchr(value.s, '\n', value.n) == NULL) {
    lua_pushlstring(L, value.s, value.n);
    return;
  }
  b = copy(L, value);
  for (i = 0; i < b->len; i++) {
    if (b->s[i] == '\r' || b->s[i] == '\n')
      b->s[i] = ' ';
  }
  lua_pushlstring(L, b->s, b->len);
  lua_replace(L, -2);
}

/* read_fields(lines) -> { name = value }: names in lower case, the values of
** one name joined by commas. */
static int l_read_fields (lua_State *L) {
  struct cj_slice text = cj_check_slice(L, 1);
  struct cj_field f;
  lua_createtable(L, 0, 12);
  while (cj_field_next(&text, &f)) {
    push_name(L, f.name);
    lua_pushvalue(L, -1);
    lua_rawget(L, -3);
    if (lua_isnil(L, -1)) {
      lua_pop(L, 1);
      push_value(L, f.value);
    } else {
      lua_pushliteral(L, ", ");
      push_value(L, f.value);
      lua_concat(L, 3);
    }
    lua_rawset(L, -3);
  }
  return 1;
}

/* read_field(lines, name) -> the first value of this name, given in lower
** case, or nil */
static int l_read_field (lua_State *L) {
  struct cj_slice text = cj_check_slice(L, 1);
  const char *wanted = luaL_checkstring(L, 2);
  struct cj_field f;
  while (cj_field_next(&text, &f)) {
    if (cj_field_is(f.name, wanted)) {
      push_value(L, f.value);
      return 1;
    }
  }
  lua_pushnil(L);
  return 1;
}

/* whole_answer(bytes) -> status, where the body begins | nothing: http1.lua is
** to read it. It is not for what answers a HEAD. */
static int l_whole_answer (lua_State *L) {
  int status;
  size_t head = cj_answer_read(cj_check_slice(L, 1), &status);
  if (head == 0)
    return 0;
  lua_pushinteger(L, status);
  lua_pushinteger(L, (lua_Integer)head + 1);
  return 2;
}

/* ---- the module's part ---- */

static const luaL_Reg methods[] = {
  { "lines", fields_lines },
  { NULL, NULL },
};

static const luaL_Reg functions[] = {
  { "fields", l_fields },
  { "read_fields", l_read_fields },
  { "read_field", l_read_field },
  { "whole_answer", l_whole_answer },
  { NULL, NULL },
};

static const luaL_Reg no_members[] = {
  { NULL, NULL },
};

void cj_fields_open (lua_State *L) {
  cj_open_metatable(L, CJ_FIELDS_T, no_members);
  lua_newtable(L);
  luaL_setfuncs(L, methods, 0);
  lua_setfield(L, -2, "__index");
  lua_pop(L, 1);
  luaL_setfuncs(L, functions, 0);
}
