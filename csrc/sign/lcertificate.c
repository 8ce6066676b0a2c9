/* A certificate with its RSA key, read from PEM text, with which a service
** principal signs its assertions. The key never becomes a Lua value. */
#include "lcertificate.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <string.h>
#include <time.h>

#define CERTIFICATE_T "cloudjobs.certificate"

#define PEM_MAX (1024 * 1024) /* chains are a few KB */
#define CHAIN_MAX 16
#define KEY_BITS_MIN 2048
#define KEY_BITS_MAX 16384
#define PSS_SALT 32 /* what PS256 of RFC 7518 prescribes */

struct certificate {
  EVP_PKEY *key;
  X509 *chain[CHAIN_MAX]; /* the key's own first */
  int count;
};

static void certificate_free (struct certificate *c) {
  EVP_PKEY_free(c->key);
  c->key = NULL;
  while (c->count > 0)
    X509_free(c->chain[--c->count]);
}

/* Gives the password to libcrypto, which would ask the terminal otherwise. */
static int give_password (char *out, int size, int writing, void *password) {
  size_t n = password == NULL ? 0 : strlen(password);
  (void)writing;
  if (n == 0 || n > (size_t)size)
    return -1;
  memcpy(out, password, n);
  return (int)n;
}

static BIO *open_text (const char *s, size_t n) {
  return n > PEM_MAX ? NULL : BIO_new_mem_buf(s, (int)n);
}

/* Returns NULL, or what is wrong with the key in the text. */
static const char *read_key (struct certificate *c, const char *s, size_t n,
                             const char *password) {
  BIO *bio = open_text(s, n);
  if (bio == NULL)
    return "it is too large";
  c->key = PEM_read_bio_PrivateKey(bio, NULL, give_password, (void *)password);
  BIO_free(bio);
  if (c->key == NULL && strstr(s, "ENCRYPTED") != NULL)
    return password == NULL ? "its key is encrypted and no password was given"
                            : "the password does not open its key";
  if (c->key == NULL)
    return strstr(s, "PRIVATE KEY-----") == NULL ? "it has no private key"
                                                 : "its private key is damaged";
  if (EVP_PKEY_base_id(c->key) != EVP_PKEY_RSA)
    return "its key is not an RSA key";
  if (EVP_PKEY_bits(c->key) < KEY_BITS_MIN)
    return "its RSA key is shorter than 2048 bits";
  if (EVP_PKEY_bits(c->key) > KEY_BITS_MAX)
    return "its RSA key is too long";
  return NULL;
}

/* Puts the key's certificate first. Returns 0, or -1 when there is none. */
static int find_own (struct certificate *c) {
  int i;
  for (i = 0; i < c->count; i++) {
    if (X509_check_private_key(c->chain[i], c->key) == 1) {
      X509 *own = c->chain[i];
      c->chain[i] = c->chain[0];
      c->chain[0] = own;
      return 0;
    }
  }
  return -1;
}

/* Returns NULL, or what is wrong with the certificates in the text. */
static const char *read_chain (struct certificate *c, const char *s, size_t n) {
  BIO *bio = open_text(s, n);
  X509 *one;
  if (bio == NULL)
    return "it is too large";
  while (c->count < CHAIN_MAX &&
         (one = PEM_read_bio_X509(bio, NULL, give_password, NULL)) != NULL)
    c->chain[c->count++] = one;
  BIO_free(bio);
  if (c->count == 0)
    return strstr(s, "CERTIFICATE-----") == NULL ? "it has no certificate"
                                                 : "its certificate is damaged";
  return find_own(c) == 0 ? NULL : "its key is not that of its certificate";
}

/* Signs by RSA over SHA-256. Returns the length, 0 when libcrypto refuses. */
static size_t sign (EVP_PKEY *key, int pss, const char *s, size_t n,
                    unsigned char *out, size_t room) {
  EVP_MD_CTX *ctx = EVP_MD_CTX_new();
  EVP_PKEY_CTX *settings; /* belongs to ctx */
  size_t len = room;
  int ok = ctx != NULL &&
           EVP_DigestSignInit(ctx, &settings, EVP_sha256(), NULL, key) == 1;
  if (ok && pss)
    ok = EVP_PKEY_CTX_set_rsa_padding(settings, RSA_PKCS1_PSS_PADDING) == 1 &&
         EVP_PKEY_CTX_set_rsa_pss_saltlen(settings, PSS_SALT) == 1;
  ok = ok && EVP_DigestSign(ctx, out, &len, (const unsigned char *)s, n) == 1;
  EVP_MD_CTX_free(ctx);
  return ok ? len : 0;
}

static struct certificate *check (lua_State *L) {
  struct certificate *c = luaL_checkudata(L, 1, CERTIFICATE_T);
  if (c->key == NULL)
    luaL_argerror(L, 1, "it was freed");
  return c;
}

static int certificate_gc (lua_State *L) {
  certificate_free(luaL_checkudata(L, 1, CERTIFICATE_T));
  return 0;
}

/* certificate(pem, password) -> certificate | nil, message */
static int l_certificate (lua_State *L) {
  size_t len;
  const char *pem = luaL_checklstring(L, 1, &len);
  const char *password = luaL_optstring(L, 2, NULL);
  const char *problem;
  struct certificate *c = lua_newuserdatauv(L, sizeof(*c), 0);
  memset(c, 0, sizeof(*c)); /* empty, so __gc is safe from here on */
  luaL_setmetatable(L, CERTIFICATE_T);
  problem = read_key(c, pem, len, password);
  if (problem == NULL)
    problem = read_chain(c, pem, len);
  ERR_clear_error(); /* the queue is shared with other users of libcrypto */
  if (problem == NULL)
    return 1;
  certificate_free(c);
  lua_pushnil(L);
  lua_pushstring(L, problem);
  return 2;
}

/* certificate:sign("PS256" or "RS256", text) -> signature | nil, message */
static int l_sign (lua_State *L) {
  static const char *const algorithms[] = { "RS256", "PS256", NULL };
  unsigned char out[KEY_BITS_MAX / 8];
  struct certificate *c = check(L);
  int pss = luaL_checkoption(L, 2, NULL, algorithms);
  size_t len;
  const char *text = luaL_checklstring(L, 3, &len);
  size_t n = sign(c->key, pss, text, len, out, sizeof(out));
  ERR_clear_error();
  if (n == 0) {
    lua_pushnil(L);
    lua_pushliteral(L, "libcrypto cannot sign with this key");
    return 2;
  }
  lua_pushlstring(L, (const char *)out, n);
  return 1;
}

/* certificate:thumbprint("sha256" or "sha1") -> raw bytes */
static int l_thumbprint (lua_State *L) {
  static const char *const names[] = { "sha1", "sha256", NULL };
  unsigned char out[EVP_MAX_MD_SIZE];
  unsigned int len = 0;
  struct certificate *c = check(L);
  int sha256 = luaL_checkoption(L, 2, "sha256", names);
  const EVP_MD *kind = sha256 ? EVP_sha256() : EVP_sha1();
  if (X509_digest(c->chain[0], kind, out, &len) != 1)
    return luaL_error(L, "libcrypto cannot hash a certificate");
  lua_pushlstring(L, (const char *)out, len);
  return 1;
}

/* Pushes epoch seconds, 0 for a time that cannot be read. */
static void push_time (lua_State *L, const ASN1_TIME *t) {
  struct tm tm;
  cj_pushint64(L, ASN1_TIME_to_tm(t, &tm) == 1 ? (int64_t)timegm(&tm) : 0);
}

/* certificate:validity() -> not before, not after, as epoch seconds */
static int l_validity (lua_State *L) {
  struct certificate *c = check(L);
  push_time(L, X509_get0_notBefore(c->chain[0]));
  push_time(L, X509_get0_notAfter(c->chain[0]));
  return 2;
}

/* certificate:chain() -> the certificates as DER, the key's own first */
static int l_chain (lua_State *L) {
  struct certificate *c = check(L);
  int i;
  lua_createtable(L, c->count, 0);
  for (i = 0; i < c->count; i++) {
    int len = i2d_X509(c->chain[i], NULL);
    unsigned char *out = lua_newuserdatauv(L, len > 0 ? (size_t)len : 1, 0);
    unsigned char *end = out;
    len = i2d_X509(c->chain[i], &end);
    lua_pushlstring(L, (const char *)out, len > 0 ? (size_t)len : 0);
    lua_rawseti(L, -3, i + 1);
    lua_pop(L, 1);
  }
  return 1;
}

static const luaL_Reg certificate_methods[] = {
  { "sign", l_sign },
  { "thumbprint", l_thumbprint },
  { "validity", l_validity },
  { "chain", l_chain },
  { NULL, NULL },
};

void cj_certificate_open (lua_State *L) {
  luaL_newmetatable(L, CERTIFICATE_T);
  lua_pushcfunction(L, certificate_gc);
  lua_setfield(L, -2, "__gc");
  luaL_newlib(L, certificate_methods);
  lua_setfield(L, -2, "__index");
  lua_pop(L, 1);
  lua_pushcfunction(L, l_certificate);
  lua_setfield(L, -2, "certificate");
}
