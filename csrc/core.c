/* luaopen_cloudjobs_core: hashes and randomness here, signers, the codec and
** certificates in files of their own. Never libcurl, so that an nginx worker
** can load it. */
#include "base/lutil.h"

#include "sign/lcertificate.h"
#include "codec/lshape.h"
#include "sign/lheaders.h"
#include "sign/hash.h"
#include "sign/random.h"
#include "sign/lsigner.h"

#define BUF_T "cloudjobs.buf"
#define HASH_T "cloudjobs.hash"

/* ---- what other files use, too ---- */

struct cj_slice cj_check_slice (lua_State *L, int i) {
  struct cj_slice s;
  s.s = luaL_checklstring(L, i, &s.n);
  return s;
}

void cj_open_metatable (lua_State *L, const char *name,
                        const luaL_Reg *members) {
  luaL_newmetatable(L, name);
  luaL_setfuncs(L, members, 0);
  lua_pushstring(L, name);
  lua_setfield(L, -2, "__metatable");
}

void *cj_check_userdata (lua_State *L, int i, int metatable, const char *name) {
  void *p = lua_touserdata(L, i);
  if (p != NULL && lua_getmetatable(L, i)) {
    int same = lua_rawequal(L, -1, metatable);
    lua_pop(L, 1);
    if (same)
      return p;
  }
  return luaL_checkudata(L, i, name); /* raises */
}

static int buf_gc (lua_State *L) {
  cj_buf_free(luaL_checkudata(L, 1, BUF_T));
  return 0;
}

static const luaL_Reg buf_mt[] = {
  { "__gc", buf_gc },
  { "__close", buf_gc }, /* Lua before 5.4 ignores it */
  { NULL, NULL },
};

struct cj_buf *cj_buf_new (lua_State *L, size_t max) {
  struct cj_buf *b = lua_newuserdatauv(L, sizeof(*b), 0);
  memset(b, 0, sizeof(*b)); /* empty, so __gc is safe from here on */
  b->max = max;
  luaL_setmetatable(L, BUF_T);
  return b;
}

/* ---- what all functions of one Lua state share ---- */

/* Their upvalues. Nothing yields or calls Lua while one of them uses these. */
enum { UP_HASH = 1, UP_RANDOM };

static int hash_gc (lua_State *L) {
  cj_hash_close(luaL_checkudata(L, 1, HASH_T));
  return 0;
}

static const luaL_Reg hash_mt[] = {
  { "__gc", hash_gc },
  { NULL, NULL },
};

static void hash_new (lua_State *L) {
  struct cj_hash *h = lua_newuserdatauv(L, sizeof(*h), 0);
  memset(h, 0, sizeof(*h));
  luaL_setmetatable(L, HASH_T);
  if (cj_hash_open(h) != 0)
    luaL_error(L, "libcrypto offers no SHA-256");
}

static struct cj_hash *hash (lua_State *L) {
  return lua_touserdata(L, lua_upvalueindex(UP_HASH));
}

static struct cj_random *source (lua_State *L) {
  return lua_touserdata(L, lua_upvalueindex(UP_RANDOM));
}

/* ---- hashes ---- */

static int no_hash (lua_State *L) {
  return luaL_error(L, "libcrypto cannot hash");
}

static int l_sha256 (lua_State *L) {
  struct cj_slice text = cj_check_slice(L, 1);
  unsigned char digest[CJ_SHA256_SIZE];
  char hex[2 * CJ_SHA256_SIZE];
  if (cj_sha256(hash(L), text.s, text.n, digest) != 0)
    return no_hash(L);
  cj_hex(digest, sizeof(digest), hex);
  lua_pushlstring(L, hex, sizeof(hex));
  return 1;
}

static int l_sha1 (lua_State *L) {
  struct cj_slice text = cj_check_slice(L, 1);
  unsigned char digest[CJ_SHA1_SIZE];
  char hex[2 * CJ_SHA1_SIZE];
  if (cj_sha1(text.s, text.n, digest) != 0)
    return no_hash(L);
  cj_hex(digest, sizeof(digest), hex);
  lua_pushlstring(L, hex, sizeof(hex));
  return 1;
}

static int l_crc32 (lua_State *L) {
  struct cj_slice text = cj_check_slice(L, 1);
  lua_pushinteger(L, (lua_Integer)cj_crc32(text.s, text.n));
  return 1;
}

static int l_hmac_sha256 (lua_State *L) {
  struct cj_slice key = cj_check_slice(L, 1);
  struct cj_slice text = cj_check_slice(L, 2);
  struct cj_hmac hmac = { NULL, NULL };
  unsigned char mac[CJ_SHA256_SIZE];
  int result = cj_hmac_key(&hmac, hash(L), key.s, key.n);
  if (result == 0)
    result = cj_hmac(&hmac, hash(L), text.s, text.n, mac);
  cj_hmac_free(&hmac);
  if (result != 0)
    return no_hash(L);
  lua_pushlstring(L, (const char *)mac, sizeof(mac));
  return 1;
}

static int l_hex (lua_State *L) {
  struct cj_slice s = cj_check_slice(L, 1);
  struct cj_buf *b;
  if (s.n > SIZE_MAX / 4)
    return luaL_argerror(L, 1, "too long");
  b = cj_buf_new(L, 2 * s.n);
  if (cj_buf_reserve(b, 2 * s.n) != 0)
    return luaL_error(L, "not enough memory");
  cj_hex((const unsigned char *)s.s, s.n, b->s);
  lua_pushlstring(L, b->s, 2 * s.n);
  return 1;
}

/* ---- randomness ---- */

int cj_no_random (lua_State *L) {
  return luaL_error(L, "libcrypto has no random bytes");
}

static int l_uuid (lua_State *L) {
  char text[CJ_UUID_SIZE];
  if (cj_random_uuid(source(L), text) != 0)
    return cj_no_random(L);
  lua_pushlstring(L, text, sizeof(text));
  return 1;
}

/* All the bits a double has: 53. */
static int l_random (lua_State *L) {
  uint64_t bits;
  const unsigned char *drawn = cj_random_draw(source(L), sizeof(bits));
  if (drawn == NULL)
    return cj_no_random(L);
  memcpy(&bits, drawn, sizeof(bits));
  lua_pushnumber(L, (lua_Number)(bits >> 11) / CJ_MAX_EXACT);
  return 1;
}

/* ---- the module ---- */

static const luaL_Reg functions[] = {
  { "sha256", l_sha256 },
  { "crc32", l_crc32 },
  { "hmac_sha256", l_hmac_sha256 },
  { "sha1", l_sha1 },
  { "hex", l_hex },
  { "uuid", l_uuid },
  { "random", l_random },
  { NULL, NULL },
};

int luaopen_cloudjobs_core (lua_State *L);

CJ_EXPORT int luaopen_cloudjobs_core (lua_State *L) {
  const int random = 1;
  lua_settop(L, 0);
  memset(lua_newuserdatauv(L, sizeof(struct cj_random), 0), 0,
         sizeof(struct cj_random));
  cj_open_metatable(L, BUF_T, buf_mt);
  cj_open_metatable(L, HASH_T, hash_mt);
  lua_newtable(L);
  hash_new(L);
  lua_pushvalue(L, random);
  luaL_setfuncs(L, functions, UP_RANDOM);
  cj_fields_open(L, random);
  cj_signer_open(L, random); /* knows the fields' metatable */
  cj_codec_open(L);
  cj_certificate_open(L);
  return 1;
}
