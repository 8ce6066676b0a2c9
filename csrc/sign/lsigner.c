/* Signers for Lua: an identity's keys, which put SigV4 on requests. */
#include "lsigner.h"

#include "lheaders.h"

#include <math.h>
#include <openssl/crypto.h>

#define DESK_T "cloudjobs.desk"
#define SIGNER_T "cloudjobs.signer"

#define KEY_MAX 1024
#define TOKEN_MAX (64 * 1024)

/* What all signers of one Lua state work with, a desk for each method. */
struct desk {
  struct cj_hash hash;
  struct cj_buf text, lines;
  double second; /* the latest that was written, most calls are in the same */
  char stamp[CJ_STAMP_SIZE];
  int is_lent;
};

static int desk_gc (lua_State *L) {
  struct desk *d = luaL_checkudata(L, 1, DESK_T);
  cj_hash_close(&d->hash);
  cj_buf_free(&d->text);
  cj_buf_free(&d->lines);
  return 0;
}

static const luaL_Reg desk_mt[] = {
  { "__gc", desk_gc },
  { NULL, NULL },
};

/* Pushes it. */
static struct desk *desk_new (lua_State *L) {
  struct desk *d = lua_newuserdatauv(L, sizeof(*d), 0);
  memset(d, 0, sizeof(*d));
  d->text.max = d->lines.max = CJ_REQUEST_MAX;
  d->second = -1;
  luaL_setmetatable(L, DESK_T);
  if (cj_hash_open(&d->hash) != 0)
    luaL_error(L, "libcrypto offers no SHA-256");
  return d;
}

static struct cj_slice opt_slice (lua_State *L, int i) {
  struct cj_slice s;
  s.s = luaL_optlstring(L, i, "", &s.n);
  return s;
}

/* Its user value is { session token }. */
struct signer {
  struct cj_signer keys;
  int has_token;
  char text[2 * KEY_MAX + 4]; /* id, "AWS4", secret */
};

/* Upvalues of a signer's methods. */
enum { UP_DESK = 1, UP_SIGNER, UP_FIELDS, UP_RANDOM };

/* The method's desk: a new one the first time, and while the other is lent. */
static struct desk *desk_of (lua_State *L) {
  struct desk *d = lua_touserdata(L, lua_upvalueindex(UP_DESK));
  if (d == NULL || d->is_lent) {
    d = desk_new(L);
    lua_replace(L, lua_upvalueindex(UP_DESK));
  }
  return d;
}

/* Keeps the desk, on the stack, for what lies on it: while that is pushed, a
** finalizer may sign, and has another desk take its place. */
static void desk_lend (lua_State *L, struct desk *d) {
  lua_pushvalue(L, lua_upvalueindex(UP_DESK));
  d->is_lent = 1;
}

static int refuse (lua_State *L, const char *message) {
  lua_pushnil(L);
  lua_pushstring(L, message);
  return 2;
}

static struct signer *check_signer (lua_State *L) {
  return cj_check_userdata(L, 1, lua_upvalueindex(UP_SIGNER), SIGNER_T);
}

static int signer_gc (lua_State *L) {
  struct signer *s = luaL_checkudata(L, 1, SIGNER_T);
  cj_signer_free(&s->keys);
  OPENSSL_cleanse(s->text, sizeof(s->text));
  return 0;
}

/* Visible ASCII: fit for a header, and no stray line end in a secret. */
static int is_visible (struct cj_slice s, size_t max) {
  size_t i;
  for (i = 0; i < s.n; i++) {
    if (s.s[i] <= ' ' || s.s[i] > '~')
      return 0;
  }
  return s.n > 0 && s.n <= max;
}

static int l_signer (lua_State *L) {
  struct cj_slice id = cj_check_slice(L, 1);
  struct cj_slice secret = cj_check_slice(L, 2);
  struct signer *s;
  lua_settop(L, 3);
  if (!is_visible(id, KEY_MAX))
    return refuse(L, "the access key id is empty, too long or not plain text");
  if (!is_visible(secret, KEY_MAX))
    return refuse(L, "the secret access key is empty, too long or not plain "
                     "text");
  if (!lua_isnil(L, 3) && !is_visible(cj_check_slice(L, 3), TOKEN_MAX))
    return refuse(L, "the session token is empty, too long or not plain text");
  s = lua_newuserdatauv(L, sizeof(*s), 1);
  memset(s, 0, sizeof(*s));
  luaL_setmetatable(L, SIGNER_T);
  memcpy(s->text, id.s, id.n);
  memcpy(s->text + id.n, "AWS4", 4);
  memcpy(s->text + id.n + 4, secret.s, secret.n);
  s->keys.id.s = s->text;
  s->keys.id.n = id.n;
  s->keys.secret.s = s->text + id.n;
  s->keys.secret.n = secret.n + 4;
  s->has_token = !lua_isnil(L, 3);
  lua_createtable(L, 1, 0);
  lua_pushvalue(L, 3);
  lua_rawseti(L, -2, 1);
  lua_setiuservalue(L, -2, 1);
  return 1;
}

/* ---- signing ---- */

static const char too_large[] = "the request is too large to be signed";

static const struct cj_slice date = CJ_SLICE("x-amz-date");
static const struct cj_slice token = CJ_SLICE("x-amz-security-token");
static const struct cj_slice authorization = CJ_SLICE("authorization");

static void check_time (lua_State *L, int i, struct desk *d, char *stamp) {
  double second = floor(luaL_checknumber(L, i));
  if (second != d->second) {
    luaL_argcheck(L, second >= 0 && cj_stamp_write(d->stamp, second) > 0, i,
                  "not a time from 1970 to 9999");
    d->second = second;
  }
  memcpy(stamp, d->stamp, sizeof(d->stamp));
}

static void add_header (struct cj_signing *r, struct cj_slice name,
                        struct cj_slice value, int plain) {
  struct cj_header *h = &r->headers[r->count++];
  h->name = name;
  h->value = value;
  h->plain = plain;
}

/* The token, which the signer's user value keeps. */
static struct cj_slice token_of (lua_State *L) {
  struct cj_slice s;
  lua_getiuservalue(L, 1, 1);
  lua_rawgeti(L, -1, 1);
  s.s = lua_tolstring(L, -1, &s.n);
  lua_pop(L, 2);
  return s;
}

/* Puts the headers of this attempt alone into the request: their own values at
** 'i', the date and the token. All lines go into 'lines'. */
static int take_own (lua_State *L, int i, const struct signer *s,
                     const struct cj_fields *f, struct cj_own *own,
                     struct cj_buf *lines, struct cj_signing *r,
                     struct cj_complaint *why) {
  struct cj_random *random = lua_touserdata(L, lua_upvalueindex(UP_RANDOM));
  struct cj_slice stamp;
  if (cj_fields_own(L, i, f, random, own, why) != 0)
    return -1;
  r->count = own->count;
  memcpy(r->headers, own->headers, (size_t)r->count * sizeof(*r->headers));
  if (r->count + 2 + f->count > CJ_HEADERS_MAX)
    return cj_complain(why, "there are too many headers");
  stamp.s = r->stamp;
  stamp.n = sizeof(r->stamp);
  add_header(r, date, stamp, 1);
  if (s->has_token)
    add_header(r, token, token_of(L), 1);
  cj_buf_reset(lines);
  if (cj_fields_write(lines, f, r->headers, r->count) != 0)
    return cj_complain(why, too_large);
  return 0;
}

/* signer:sign(fields, body, time, own value, …) -> the lines of all header
** fields: of 'fields' and of this signature, with its date and token | nil,
** message. Every call goes this way, so it makes nothing but that text. */
static int signer_sign (lua_State *L) {
  struct desk *d = desk_of(L);
  struct signer *s = check_signer(L);
  const struct cj_fields *f =
      cj_check_userdata(L, 2, lua_upvalueindex(UP_FIELDS), CJ_FIELDS_T);
  struct cj_slice body = opt_slice(L, 3), value;
  struct cj_own own;
  struct cj_signing r;
  struct cj_signed done;
  unsigned char hash[CJ_SHA256_SIZE];
  char hex[2 * CJ_SHA256_SIZE];
  luaL_argcheck(L, f->way.method.n > 0, 2, "no fields for a signer");
  check_time(L, 4, d, r.stamp);
  r.method = f->way.method;
  r.path = f->way.path;
  r.query = f->way.query;
  r.region = f->way.region;
  r.service = f->way.service;
  r.normalize_path = r.encode_path = 1;
  if (take_own(L, 5, s, f, &own, &d->lines, &r, &done.why) != 0)
    return cj_push_complaint(L, &done.why);
  memcpy(&r.headers[r.count], f->headers,
         (size_t)f->count * sizeof(*f->headers));
  r.count += f->count;
  if (f->payload >= 0) {
    r.payload = f->headers[f->payload].value;
  } else {
    if (cj_sha256(&d->hash, body.s, body.n, hash) != 0)
      return luaL_error(L, "libcrypto cannot hash");
    cj_hex(hash, sizeof(hash), hex);
    r.payload.s = hex;
    r.payload.n = sizeof(hex);
  }
  if (cj_sign(&d->text, &d->hash, &s->keys, &r, &done) != 0)
    return cj_push_complaint(L, &done.why);
  value.s = d->text.s + done.authorization;
  value.n = d->text.len - done.authorization;
  if (cj_fields_line(&d->lines, authorization, value) != 0)
    return refuse(L, too_large);
  desk_lend(L, d);
  lua_pushlstring(L, d->lines.s, d->lines.len);
  d->is_lent = 0;
  return 1;
}

/* Takes { name, value } in, the element of the list at index 2. */
static void take_pair (lua_State *L, struct cj_signing *r, int element) {
  lua_rawgeti(L, 2, element);
  if (lua_istable(L, -1)) {
    lua_rawgeti(L, -1, 1);
    lua_rawgeti(L, -2, 2);
    if (lua_type(L, -2) == LUA_TSTRING && lua_type(L, -1) == LUA_TSTRING) {
      add_header(r, cj_check_slice(L, -2), cj_check_slice(L, -1), 0);
      lua_pop(L, 3);
      return;
    }
  }
  luaL_argerror(L, 2, "has to be a list of { name, value }");
}

/* signer:stages(headers, method, path, query, payload, time, region, service,
** normalize, encode) -> canonical request, string to sign, signature,
** authorization. For cloudjobs.sigv4: the headers are a list of { name, value }
** of those to be signed, and the payload's hash is given. */
static int signer_stages (lua_State *L) {
  struct desk *d = desk_of(L);
  struct signer *s = check_signer(L);
  struct cj_signing r;
  struct cj_signed done;
  size_t i, count;
  check_time(L, 7, d, r.stamp);
  r.method = cj_check_slice(L, 3);
  r.path = cj_check_slice(L, 4);
  r.query = opt_slice(L, 5);
  r.payload = cj_check_slice(L, 6);
  r.region = cj_check_slice(L, 8);
  r.service = cj_check_slice(L, 9);
  r.normalize_path = lua_toboolean(L, 10);
  r.encode_path = lua_toboolean(L, 11);
  r.count = 0;
  count = lua_rawlen(L, 2);
  if (count > CJ_HEADERS_MAX)
    return refuse(L, "there are too many headers");
  for (i = 1; i <= count; i++)
    take_pair(L, &r, (int)i);
  if (cj_sign(&d->text, &d->hash, &s->keys, &r, &done) != 0)
    return cj_push_complaint(L, &done.why);
  desk_lend(L, d);
  lua_pushlstring(L, d->text.s, done.string);
  lua_pushlstring(L, d->text.s + done.string, done.authorization - done.string);
  lua_pushlstring(L, done.signature, sizeof(done.signature));
  lua_pushlstring(L, d->text.s + done.authorization,
                  d->text.len - done.authorization);
  d->is_lent = 0;
  return 4;
}

/* ---- the module's part ---- */

static const luaL_Reg signer_methods[] = {
  { "sign", signer_sign },
  { "stages", signer_stages },
  { NULL, NULL },
};

static const luaL_Reg signer_mt[] = {
  { "__gc", signer_gc },
  { NULL, NULL },
};

/* Upvalues in the order of their numbers. */
static void open_methods (lua_State *L) {
  cj_open_metatable(L, DESK_T, desk_mt);
  cj_open_metatable(L, SIGNER_T, signer_mt);
  lua_newtable(L);
  lua_pushnil(L); /* no desk yet */
  lua_pushvalue(L, -3);
  luaL_getmetatable(L, CJ_FIELDS_T);
  cj_random_push(L);
  luaL_setfuncs(L, signer_methods, UP_RANDOM);
  lua_setfield(L, -2, "__index");
  lua_pop(L, 2);
}

/* unsigned_headers[name] = true: cloudjobs.sigv4 chooses what to sign. */
static void open_unsigned_headers (lua_State *L) {
  const struct cj_slice *name;
  lua_newtable(L);
  for (name = cj_unsigned_headers; name->s != NULL; name++) {
    lua_pushboolean(L, 1);
    lua_setfield(L, -2, name->s);
  }
  lua_setfield(L, -2, "unsigned_headers");
}

void cj_signer_open (lua_State *L) {
  open_methods(L);
  lua_pushcfunction(L, l_signer);
  lua_setfield(L, -2, "signer");
  open_unsigned_headers(L);
}
