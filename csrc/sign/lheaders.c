/* A request's headers for Lua: prepared once, checked and sorted, for all the
** attempts at sending it. */
#include "lheaders.h"

#include "lrandom.h"

int cj_sign_error_push (lua_State *L, const struct cj_sign_error *error) {
  lua_pushnil(L);
  if (error->header.n > 0) {
    lua_pushliteral(L, "header ");
    lua_pushlstring(L, error->header.s, error->header.n);
    lua_pushfstring(L, " %s", error->message);
    lua_concat(L, 3);
  } else {
    lua_pushstring(L, error->message);
  }
  return 2;
}

/* ---- lines ---- */

int cj_header_line_add (struct cj_buf *out, struct cj_slice name,
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

int cj_request_headers_write (struct cj_buf *out,
                              const struct cj_request_headers *h,
                              const struct cj_header *per_attempt, int count) {
  int i;
  if (cj_buf_add(out, h->lines, h->size) != 0)
    return -1;
  for (i = 0; i < count; i++) {
    if (cj_header_line_add(out, per_attempt[i].name, per_attempt[i].value) != 0)
      return -1;
  }
  return 0;
}

/* ---- reading from Lua ---- */

/* Reads { name = value } at 'i' into 'headers' and checks it. The strings stay
** the table's. Returns how many there are, or -1. */
static int read_headers (lua_State *L, int i, struct cj_header *headers,
                         struct cj_sign_error *error) {
  int count = 0;
  lua_pushnil(L);
  while (lua_next(L, i)) {
    struct cj_header *h = &headers[count];
    if (lua_type(L, -2) != LUA_TSTRING || lua_type(L, -1) != LUA_TSTRING)
      return cj_sign_fail(error, "the names and values of headers have to be "
                                 "strings");
    if (count++ == CJ_HEADERS_MAX)
      return cj_sign_fail(error, "there are too many headers");
    h->name = cj_check_slice(L, -2);
    h->value = cj_check_slice(L, -1);
    if (cj_header_check(h, error) != 0)
      return -1;
    lua_pop(L, 1);
  }
  return count;
}

int cj_attempt_headers_read (lua_State *L, int i,
                             const struct cj_request_headers *h,
                             struct cj_random *random,
                             struct cj_attempt_headers *attempt,
                             struct cj_sign_error *error) {
  int n;
  attempt->count = 0;
  for (n = 0; n < h->per_attempt_count; n++) {
    struct cj_header *header = &attempt->headers[attempt->count];
    int type = lua_type(L, i + n);
    if (type <= LUA_TNIL)
      continue;
    header->name = h->per_attempt[n];
    if (type == LUA_TBOOLEAN && lua_toboolean(L, i + n)) {
      header->value.s = attempt->ids[n];
      header->value.n = CJ_UUID_SIZE;
      header->plain = 1;
      if (cj_random_uuid(random, attempt->ids[n]) != 0)
        cj_random_fail(L);
    } else {
      header->value = cj_check_slice(L, i + n);
      if (cj_value_check(header, error) != 0)
        return -1;
    }
    attempt->count++;
  }
  return 0;
}

/* Pops the string on top, which its table keeps alive. A number is refused: its
** text would be collected. */
static struct cj_slice pop_string (lua_State *L, int i) {
  struct cj_slice s;
  luaL_argcheck(L, lua_type(L, -1) == LUA_TSTRING, i, "not of strings");
  s.s = lua_tolstring(L, -1, &s.n);
  lua_pop(L, 1);
  return s;
}

/* Reads the list at 'i', the names of the per-attempt headers. Returns how many
** there are, or -1. */
static int read_names (lua_State *L, int i, struct cj_slice *names,
                       struct cj_sign_error *error) {
  int n, count;
  struct cj_header h = { { NULL, 0 }, CJ_SLICE(""), 0 };
  if (lua_isnoneornil(L, i))
    return 0;
  luaL_checktype(L, i, LUA_TTABLE);
  count = (int)lua_rawlen(L, i);
  luaL_argcheck(L, count <= CJ_PER_ATTEMPT_MAX, i, "too many names");
  for (n = 0; n < count; n++) {
    lua_rawgeti(L, i, n + 1);
    h.name = names[n] = pop_string(L, i);
    if (cj_header_check(&h, error) != 0)
      return -1;
  }
  return count;
}

static struct cj_slice member (lua_State *L, int i, const char *name) {
  lua_pushstring(L, name);
  lua_rawget(L, i);
  return pop_string(L, i);
}

/* Reads the signing target at 'i'. Returns the size of its texts. */
static size_t read_target (lua_State *L, int i, struct cj_signing_target *t) {
  memset(t, 0, sizeof(*t));
  if (lua_isnoneornil(L, i))
    return 0;
  luaL_checktype(L, i, LUA_TTABLE);
  t->method = member(L, i, "method");
  t->path = member(L, i, "path");
  t->query = member(L, i, "query");
  t->region = member(L, i, "region");
  t->service = member(L, i, "service");
  lua_getfield(L, i, "raw_path");
  t->raw_path = lua_toboolean(L, -1);
  lua_pop(L, 1);
  return t->method.n + t->path.n + t->query.n + t->region.n + t->service.n;
}

/* ---- the userdata ---- */

/* Copies a text to 'to' and lets it point there. */
static char *move (char *to, struct cj_slice *s) {
  if (s->n > 0)
    memcpy(to, s->s, s->n);
  s->s = to;
  return to + s->n;
}

/* Copies a header's line to 'to' and lets the header point there. */
static char *move_line (char *to, struct cj_header *h) {
  struct cj_buf line = { to, 0, h->name.n + h->value.n + 4, 0 };
  cj_header_line_add(&line, h->name, h->value); /* it has the room */
  h->name.s = to;
  h->value.s = to + h->name.n + 2;
  return to + line.len;
}

/* Fills 'h' with sorted headers, whose texts go to 'to'. */
static char *fill (struct cj_request_headers *h, struct cj_header *headers,
                   int count, char *to) {
  static const struct cj_slice hash = CJ_SLICE("x-amz-content-sha256");
  int i;
  h->lines = to;
  h->payload = -1;
  h->count = 0;
  for (i = 0; i < count; i++) {
    to = move_line(to, &headers[i]);
    if (cj_sign_skips(headers[i].name))
      continue;
    if (cj_slice_equal(headers[i].name, hash))
      h->payload = h->count;
    h->headers[h->count++] = headers[i];
  }
  h->size = (size_t)(to - h->lines);
  return to;
}

/* request_headers({ name = value }, per-attempt names, target) -> headers |
** nil, message. Names are in lower case. A header that must not be sent is
** found here, once for all attempts. 'target' is what a signer signs beside
** them: { method, path, query, region, service }, all of them strings, and
** 'raw_path' where the path is signed as it is. */
static int l_request_headers (lua_State *L) {
  struct cj_header headers[CJ_HEADERS_MAX];
  struct cj_slice names[CJ_PER_ATTEMPT_MAX];
  struct cj_sign_error error;
  struct cj_request_headers *h;
  struct cj_signing_target target;
  size_t size;
  char *to;
  int count, name_count, i;
  luaL_checktype(L, 1, LUA_TTABLE);
  size = read_target(L, 3, &target);
  name_count = read_names(L, 2, names, &error);
  count = name_count < 0 ? -1 : read_headers(L, 1, headers, &error);
  if (count < 0)
    return cj_sign_error_push(L, &error);
  cj_headers_sort(headers, count);
  for (i = 0; i < count; i++)
    size += headers[i].name.n + headers[i].value.n + 4;
  for (i = 0; i < name_count; i++)
    size += names[i].n;
  h = lua_newuserdatauv(L, sizeof(*h) + (size_t)count * sizeof(*headers) + size,
                        0);
  to = fill(h, headers, count, (char *)&h->headers[count]);
  h->per_attempt_count = name_count;
  for (i = 0; i < name_count; i++) {
    h->per_attempt[i] = names[i];
    to = move(to, &h->per_attempt[i]);
  }
  h->target = target;
  to = move(move(to, &h->target.method), &h->target.path);
  to = move(move(to, &h->target.query), &h->target.region);
  move(to, &h->target.service);
  luaL_setmetatable(L, CJ_REQUEST_HEADERS_T);
  return 1;
}

/* headers:lines(per-attempt value, …) -> the lines | nil, message */
static int l_lines (lua_State *L) {
  const struct cj_request_headers *h =
      luaL_checkudata(L, 1, CJ_REQUEST_HEADERS_T);
  struct cj_random *random = lua_touserdata(L, lua_upvalueindex(1));
  struct cj_attempt_headers attempt;
  struct cj_sign_error error;
  struct cj_buf *out;
  if (cj_attempt_headers_read(L, 2, h, random, &attempt, &error) != 0)
    return cj_sign_error_push(L, &error);
  out = cj_buf_new(L, CJ_REQUEST_MAX);
  if (cj_request_headers_write(out, h, attempt.headers, attempt.count) != 0) {
    cj_sign_fail(&error, "the headers are too large");
    return cj_sign_error_push(L, &error);
  }
  lua_pushlstring(L, out->s, out->len);
  return 1;
}

static const luaL_Reg methods[] = {
  { "lines", l_lines },
  { NULL, NULL },
};

static const luaL_Reg functions[] = {
  { "request_headers", l_request_headers },
  { NULL, NULL },
};

static const luaL_Reg no_members[] = {
  { NULL, NULL },
};

void cj_request_headers_open (lua_State *L) {
  cj_open_metatable(L, CJ_REQUEST_HEADERS_T, no_members);
  lua_newtable(L);
  cj_random_push(L);
  luaL_setfuncs(L, methods, 1);
  lua_setfield(L, -2, "__index");
  lua_pop(L, 1);
  luaL_setfuncs(L, functions, 0);
}
