/* Hashes for Lua. */
#include "lhash.h"

#include "../base/lutil.h"
#include "crc.h"
#include "hash.h"

#define HASH_T "cloudjobs.hash"

static int hash_gc (lua_State *L) {
  cj_hash_close(luaL_checkudata(L, 1, HASH_T));
  return 0;
}

static const luaL_Reg hash_mt[] = {
  { "__gc", hash_gc },
  { NULL, NULL },
};

/* Pushes the context that all functions below share: none of them yields or
** calls Lua while it uses it. */
static void hash_new (lua_State *L) {
  struct cj_hash *h = lua_newuserdatauv(L, sizeof(*h), 0);
  memset(h, 0, sizeof(*h));
  cj_open_metatable(L, HASH_T, hash_mt);
  lua_setmetatable(L, -2);
  if (cj_hash_open(h) != 0)
    luaL_error(L, "libcrypto offers no SHA-256");
}

static struct cj_hash *context (lua_State *L) {
  return lua_touserdata(L, lua_upvalueindex(1));
}

static int fail (lua_State *L) {
  return luaL_error(L, "libcrypto cannot hash");
}

static int push_hex (lua_State *L, const unsigned char *digest, size_t n) {
  char hex[2 * CJ_SHA256_SIZE];
  cj_hex(digest, n, hex);
  lua_pushlstring(L, hex, 2 * n);
  return 1;
}

/* sha256(text) -> the digest in hex */
static int l_sha256 (lua_State *L) {
  struct cj_slice text = cj_check_slice(L, 1);
  unsigned char digest[CJ_SHA256_SIZE];
  if (cj_sha256(context(L), text.s, text.n, digest) != 0)
    return fail(L);
  return push_hex(L, digest, sizeof(digest));
}

/* sha1(text) -> the digest in hex */
static int l_sha1 (lua_State *L) {
  struct cj_slice text = cj_check_slice(L, 1);
  unsigned char digest[CJ_SHA1_SIZE];
  if (cj_sha1(text.s, text.n, digest) != 0)
    return fail(L);
  return push_hex(L, digest, sizeof(digest));
}

/* crc32(text) -> a number */
static int l_crc32 (lua_State *L) {
  struct cj_slice text = cj_check_slice(L, 1);
  lua_pushinteger(L, (lua_Integer)cj_crc(CJ_CRC32, 0, text.s, text.n));
  return 1;
}

/* hmac_sha256(key, text) -> the raw bytes */
static int l_hmac_sha256 (lua_State *L) {
  struct cj_slice key = cj_check_slice(L, 1);
  struct cj_slice text = cj_check_slice(L, 2);
  struct cj_hmac hmac = { NULL, NULL };
  unsigned char mac[CJ_SHA256_SIZE];
  int result = cj_hmac_key(&hmac, context(L), key.s, key.n);
  if (result == 0)
    result = cj_hmac(&hmac, context(L), text.s, text.n, mac);
  cj_hmac_free(&hmac);
  if (result != 0)
    return fail(L);
  lua_pushlstring(L, (const char *)mac, sizeof(mac));
  return 1;
}

/* hex(bytes) -> two lower-case digits a byte */
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

static const luaL_Reg functions[] = {
  { "sha256", l_sha256 },           { "sha1", l_sha1 }, { "crc32", l_crc32 },
  { "hmac_sha256", l_hmac_sha256 }, { "hex", l_hex },   { NULL, NULL },
};

void cj_hashes_open (lua_State *L) {
  hash_new(L);
  luaL_setfuncs(L, functions, 1);
}
