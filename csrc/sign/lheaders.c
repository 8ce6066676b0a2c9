/* Header fields for Lua: those that all attempts of a request share, and those
** of a message as the lines they are on the wire. */
#include "lheaders.h"

#include "../http/response_head.h"

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
                   struct cj_random *random, struct cj_own *own,
                   struct cj_complaint *why) {
  int n;
  own->count = 0;
  for (n = 0; n < f->own_count; n++) {
    struct cj_header *h = &own->headers[own->count];
    int type = lua_type(L, i + n);
    if (type <= LUA_TNIL)
      continue;
    h->name = f->own[n];
    if (type == LUA_TBOOLEAN && lua_toboolean(L, i + n)) {
      h->value.s = own->ids[n];
      h->value.n = CJ_UUID_SIZE;
      h->plain = 1;
      if (cj_random_uuid(random, own->ids[n]) != 0)
        cj_random_fail(L);
    } else {
      h->value = cj_check_slice(L, i + n);
      if (cj_value_check(h, why) != 0)
        return -1;
    }
    own->count++;
  }
  return 0;
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

/* Copies a text to 'to' and lets it point there. */
static char *move (char *to, struct cj_slice *s) {
  if (s->n > 0)
    memcpy(to, s->s, s->n);
  s->s = to;
  return to + s->n;
}

/* The string on top, which whatever it came from keeps: a number's text would
** go with it. */
static struct cj_slice pop_string (lua_State *L, int i) {
  struct cj_slice s;
  luaL_argcheck(L, lua_type(L, -1) == LUA_TSTRING, i, "not of strings");
  s.s = lua_tolstring(L, -1, &s.n);
  lua_pop(L, 1);
  return s;
}

/* Takes the names of the list at 'i' as those of own fields. How many there
** are, or -1. */
static int take_names (lua_State *L, int i, struct cj_slice *own,
                       struct cj_complaint *why) {
  int n, count;
  struct cj_header h = { { NULL, 0 }, CJ_SLICE(""), 0 };
  if (lua_isnoneornil(L, i))
    return 0;
  luaL_checktype(L, i, LUA_TTABLE);
  count = (int)lua_rawlen(L, i);
  luaL_argcheck(L, count <= CJ_OWN_MAX, i, "too many names");
  for (n = 0; n < count; n++) {
    lua_rawgeti(L, i, n + 1);
    h.name = own[n] = pop_string(L, i);
    if (cj_header_check(&h, why) != 0)
      return -1;
  }
  return count;
}

static struct cj_slice member (lua_State *L, int i, const char *name) {
  lua_pushstring(L, name);
  lua_rawget(L, i);
  return pop_string(L, i);
}

/* Takes what the table at 'i' says of the way. The size of its texts. */
static size_t take_way (lua_State *L, int i, struct cj_way *way) {
  memset(way, 0, sizeof(*way));
  if (lua_isnoneornil(L, i))
    return 0;
  luaL_checktype(L, i, LUA_TTABLE);
  way->method = member(L, i, "method");
  way->path = member(L, i, "path");
  way->query = member(L, i, "query");
  way->region = member(L, i, "region");
  way->service = member(L, i, "service");
  return way->method.n + way->path.n + way->query.n + way->region.n +
         way->service.n;
}

/* fields({ name = value }, own names, way) -> fields | nil, message. Names are
** in lower case. What is wrong with a field is said here, once for all
** attempts; of its own fields each attempt gives the values. A signer needs the
** way: { method, path, query, region, service }, all of them strings. */
static int l_fields (lua_State *L) {
  struct cj_header headers[CJ_HEADERS_MAX];
  struct cj_slice own[CJ_OWN_MAX];
  struct cj_complaint why;
  struct cj_fields *f;
  struct cj_way way;
  size_t size;
  char *to;
  int count, own_count, i;
  luaL_checktype(L, 1, LUA_TTABLE);
  size = take_way(L, 3, &way);
  own_count = take_names(L, 2, own, &why);
  count = own_count < 0 ? -1 : take_headers(L, 1, headers, &why);
  if (count < 0)
    return cj_push_complaint(L, &why);
  cj_headers_sort(headers, count);
  for (i = 0; i < count; i++)
    size += headers[i].name.n + headers[i].value.n + 4;
  for (i = 0; i < own_count; i++)
    size += own[i].n;
  f = lua_newuserdatauv(L, sizeof(*f) + (size_t)count * sizeof(*headers) + size,
                        0);
  to = fill(f, headers, count, (char *)&f->headers[count]);
  f->own_count = own_count;
  for (i = 0; i < own_count; i++) {
    f->own[i] = own[i];
    to = move(to, &f->own[i]);
  }
  f->way = way;
  to = move(move(to, &f->way.method), &f->way.path);
  to = move(move(to, &f->way.query), &f->way.region);
  move(to, &f->way.service);
  luaL_setmetatable(L, CJ_FIELDS_T);
  return 1;
}

/* fields:lines(own value, …) -> the lines | nil, message */
static int fields_lines (lua_State *L) {
  const struct cj_fields *f = luaL_checkudata(L, 1, CJ_FIELDS_T);
  struct cj_random *random = lua_touserdata(L, lua_upvalueindex(1));
  struct cj_own own;
  struct cj_complaint why;
  struct cj_buf *out;
  if (cj_fields_own(L, 2, f, random, &own, &why) != 0)
    return cj_push_complaint(L, &why);
  out = cj_buf_new(L, CJ_REQUEST_MAX);
  if (cj_fields_write(out, f, own.headers, own.count) != 0) {
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
  cj_random_push(L);
  luaL_setfuncs(L, methods, 1);
  lua_setfield(L, -2, "__index");
  lua_pop(L, 1);
  luaL_setfuncs(L, functions, 0);
}
