/* Signers for Lua: an identity's keys, which put SigV4 on requests. */
#include "lsigner.h"

#include "lheaders.h"
#include "lrandom.h"

#include <math.h>
#include <openssl/crypto.h>

#define WORKSPACE_T "cloudjobs.workspace"
#define SIGNER_T "cloudjobs.signer"

#define KEY_MAX 1024
#define TOKEN_MAX (64 * 1024)

/* The buffers in which a method signs, shared by all signers of one Lua state.
 */
struct workspace {
  struct cj_hash hash;
  struct cj_buf text, lines;
  double second; /* the one in 'stamp': most calls are made in the same */
  char stamp[CJ_STAMP_SIZE];
  int is_borrowed;
};

static int workspace_gc (lua_State *L) {
  struct workspace *w = luaL_checkudata(L, 1, WORKSPACE_T);
  cj_hash_close(&w->hash);
  cj_buf_free(&w->text);
  cj_buf_free(&w->lines);
  return 0;
}

static const luaL_Reg workspace_mt[] = {
  { "__gc", workspace_gc },
  { NULL, NULL },
};

/* Pushes a new workspace. */
static struct workspace *workspace_new (lua_State *L) {
  struct workspace *w = lua_newuserdatauv(L, sizeof(*w), 0);
  memset(w, 0, sizeof(*w));
  w->text.max = w->lines.max = CJ_REQUEST_MAX;
  w->second = -1;
  luaL_setmetatable(L, WORKSPACE_T);
  if (cj_hash_open(&w->hash) != 0)
    luaL_error(L, "libcrypto offers no SHA-256");
  return w;
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
enum { UP_WORKSPACE = 1, UP_SIGNER, UP_HEADERS, UP_RANDOM };

/* The method's workspace: a new one the first time, and while the other is
** borrowed. */
static struct workspace *workspace_get (lua_State *L) {
  struct workspace *w = lua_touserdata(L, lua_upvalueindex(UP_WORKSPACE));
  if (w == NULL || w->is_borrowed) {
    w = workspace_new(L);
    lua_replace(L, lua_upvalueindex(UP_WORKSPACE));
  }
  return w;
}

/* Pushes the workspace, to keep it alive while its bytes become Lua strings: a
** finalizer that runs meanwhile may sign too, and then gets another one. */
static void workspace_borrow (lua_State *L, struct workspace *w) {
  lua_pushvalue(L, lua_upvalueindex(UP_WORKSPACE));
  w->is_borrowed = 1;
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

/* Visible ASCII, so that a stray line end in a secret is refused. */
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

static void check_time (lua_State *L, int i, struct workspace *w, char *stamp) {
  double second = floor(luaL_checknumber(L, i));
  if (second != w->second) {
    luaL_argcheck(L, second >= 0 && cj_stamp_write(w->stamp, second) > 0, i,
                  "not a time from 1970 to 9999");
    w->second = second;
  }
  memcpy(stamp, w->stamp, sizeof(w->stamp));
}

static void add_header (struct cj_signing *r, struct cj_slice name,
                        struct cj_slice value, int plain) {
  struct cj_header *h = &r->headers[r->count++];
  h->name = name;
  h->value = value;
  h->plain = plain;
}

/* The session token, which the signer's user value keeps alive. */
static struct cj_slice session_token (lua_State *L) {
  struct cj_slice s;
  lua_getiuservalue(L, 1, 1);
  lua_rawgeti(L, -1, 1);
  s.s = lua_tolstring(L, -1, &s.n);
  lua_pop(L, 2);
  return s;
}

/* Adds the headers of this attempt to the request: the per-attempt values from
** 'i' on, the date and the token. The lines of all headers go into 'lines'. */
static int add_attempt (lua_State *L, int i, const struct signer *s,
                        const struct cj_request_headers *h,
                        struct cj_attempt_headers *attempt,
                        struct cj_buf *lines, struct cj_signing *r,
                        struct cj_sign_error *error) {
  struct cj_random *random = lua_touserdata(L, lua_upvalueindex(UP_RANDOM));
  struct cj_slice stamp;
  if (cj_attempt_headers_read(L, i, h, random, attempt, error) != 0)
    return -1;
  r->count = attempt->count;
  memcpy(r->headers, attempt->headers, (size_t)r->count * sizeof(*r->headers));
  if (r->count + 2 + h->count > CJ_HEADERS_MAX)
    return cj_sign_fail(error, "there are too many headers");
  stamp.s = r->stamp;
  stamp.n = sizeof(r->stamp);
  add_header(r, date, stamp, 1);
  if (s->has_token)
    add_header(r, token, session_token(L), 1);
  cj_buf_reset(lines);
  if (cj_request_headers_write(lines, h, r->headers, r->count) != 0)
    return cj_sign_fail(error, too_large);
  return 0;
}

/* signer:sign(headers, body, time, per-attempt value, …) -> the lines of all
** headers, those of the signature included | nil, message. Every API call comes
** through here, so that text is all it allocates. */
static int signer_sign (lua_State *L) {
  struct workspace *w = workspace_get(L);
  struct signer *s = check_signer(L);
  const struct cj_request_headers *h = cj_check_userdata(
      L, 2, lua_upvalueindex(UP_HEADERS), CJ_REQUEST_HEADERS_T);
  struct cj_slice body = opt_slice(L, 3), value;
  struct cj_attempt_headers attempt;
  struct cj_signing r;
  struct cj_signed done;
  unsigned char hash[CJ_SHA256_SIZE];
  char hex[2 * CJ_SHA256_SIZE];
  luaL_argcheck(L, h->target.method.n > 0, 2, "no headers for a signer");
  check_time(L, 4, w, r.stamp);
  r.method = h->target.method;
  r.path = h->target.path;
  r.query = h->target.query;
  r.region = h->target.region;
  r.service = h->target.service;
  r.normalize_path = r.encode_path = !h->target.raw_path;
  if (add_attempt(L, 5, s, h, &attempt, &w->lines, &r, &done.error) != 0)
    return cj_sign_error_push(L, &done.error);
  memcpy(&r.headers[r.count], h->headers,
         (size_t)h->count * sizeof(*h->headers));
  r.count += h->count;
  if (h->payload >= 0) {
    r.payload = h->headers[h->payload].value;
  } else {
    if (cj_sha256(&w->hash, body.s, body.n, hash) != 0)
      return luaL_error(L, "libcrypto cannot hash");
    cj_hex(hash, sizeof(hash), hex);
    r.payload.s = hex;
    r.payload.n = sizeof(hex);
  }
  if (cj_sign(&w->text, &w->hash, &s->keys, &r, &done) != 0)
    return cj_sign_error_push(L, &done.error);
  value.s = w->text.s + done.authorization;
  value.n = w->text.len - done.authorization;
  if (cj_header_line_add(&w->lines, authorization, value) != 0)
    return refuse(L, too_large);
  workspace_borrow(L, w);
  lua_pushlstring(L, w->lines.s, w->lines.len);
  w->is_borrowed = 0;
  return 1;
}

/* Adds { name, value }, the element of the list at index 2. */
static void add_pair (lua_State *L, struct cj_signing *r, int element) {
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
** authorization, for cloudjobs.aws.sigv4. The headers to be signed are a list
** of { name, value }, and 'payload' is the body's hash. */
static int signer_stages (lua_State *L) {
  struct workspace *w = workspace_get(L);
  struct signer *s = check_signer(L);
  struct cj_signing r;
  struct cj_signed done;
  size_t i, count;
  check_time(L, 7, w, r.stamp);
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
    add_pair(L, &r, (int)i);
  if (cj_sign(&w->text, &w->hash, &s->keys, &r, &done) != 0)
    return cj_sign_error_push(L, &done.error);
  workspace_borrow(L, w);
  lua_pushlstring(L, w->text.s, done.string);
  lua_pushlstring(L, w->text.s + done.string, done.authorization - done.string);
  lua_pushlstring(L, done.signature, sizeof(done.signature));
  lua_pushlstring(L, w->text.s + done.authorization,
                  w->text.len - done.authorization);
  w->is_borrowed = 0;
  return 4;
}

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
  cj_open_metatable(L, WORKSPACE_T, workspace_mt);
  cj_open_metatable(L, SIGNER_T, signer_mt);
  lua_newtable(L);
  lua_pushnil(L); /* no workspace yet */
  lua_pushvalue(L, -3);
  luaL_getmetatable(L, CJ_REQUEST_HEADERS_T);
  cj_random_push(L);
  luaL_setfuncs(L, signer_methods, UP_RANDOM);
  lua_setfield(L, -2, "__index");
  lua_pop(L, 2);
}

/* unsigned_headers[name] = true, for cloudjobs.aws.sigv4. */
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
