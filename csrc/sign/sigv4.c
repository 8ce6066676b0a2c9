/* SigV4 in three stages: canonical request, string to sign, signature. */
#include "sigv4.h"

#include "../base/ascii.h"
#include "uri.h"

#include <openssl/crypto.h>
#include <stdint.h>

#define ALGORITHM "AWS4-HMAC-SHA256"
#define DATE_SIZE 8 /* of a stamp */
#define PARTS 4     /* of a scope */

static int add (struct cj_buf *out, struct cj_slice s) {
  return cj_buf_add(out, s.s, s.n);
}

/* ---- headers ---- */

const struct cj_slice cj_unsigned_headers[] = {
  CJ_SLICE("authorization"),
  CJ_SLICE("connection"),
  CJ_SLICE("expect"),
  CJ_SLICE("transfer-encoding"),
  CJ_SLICE("user-agent"),
  CJ_SLICE("x-amzn-trace-id"),
  { NULL, 0 },
};

int cj_sign_skips (struct cj_slice name) {
  const struct cj_slice *skipped = cj_unsigned_headers;
  while (skipped->s != NULL && !cj_slice_equal(name, *skipped))
    skipped++;
  return skipped->s != NULL;
}

static int is_lower_token (struct cj_slice name) {
  size_t i;
  for (i = 0; i < name.n; i++) {
    if (cj_is_upper(name.s[i]))
      return 0;
  }
  return cj_is_token(name);
}

/* Whether all bytes are above the blank, sixteen at a time. */
static int is_solid (struct cj_slice s) {
  const uint64_t ones = UINT64_MAX / 255;
  uint64_t a, b, low = 0;
  const char *p = s.s, *end = s.s + s.n;
  for (; end - p >= 16; p += 16) {
    memcpy(&a, p, 8);
    memcpy(&b, p + 8, 8);
    low |= ((a - ones * '!') & ~a) | ((b - ones * '!') & ~b);
  }
  for (; p < end; p++)
    low |= (unsigned char)*p < '!' ? 0x80 : 0;
  return (low & ones * 0x80) == 0;
}

int cj_sign_fail (struct cj_sign_error *error, const char *message) {
  error->message = message;
  error->header.n = 0;
  return -1;
}

int cj_header_check (struct cj_header *h, struct cj_sign_error *error) {
  if (!is_lower_token(h->name))
    return cj_sign_fail(error, "a header's name is not a lower-case word");
  return cj_value_check(h, error);
}

int cj_value_check (struct cj_header *h, struct cj_sign_error *error) {
  char before = ' ';
  size_t i;
  h->plain = 1;
  if (is_solid(h->value))
    return 0;
  for (i = 0; i < h->value.n; i++) {
    char c = h->value.s[i];
    if ((unsigned char)c < ' ' && c != '\t') {
      cj_sign_fail(error, "holds a control character");
      error->header = h->name;
      return -1;
    }
    if (c == '\t' || (c == ' ' && before == ' '))
      h->plain = 0;
    before = c;
  }
  h->plain &= before != ' ';
  return 0;
}

/* Drops outer blanks and replaces a run of blanks by one. The room is
** reserved. */
static void add_value (struct cj_buf *out, struct cj_slice value) {
  size_t start = out->len, i;
  int blank = 0;
  for (i = 0; i < value.n; i++) {
    char c = value.s[i];
    if (c == ' ' || c == '\t') {
      blank = 1;
    } else {
      if (blank && out->len > start)
        out->s[out->len++] = ' ';
      blank = 0;
      out->s[out->len++] = c;
    }
  }
}

void cj_headers_sort (struct cj_header *headers, int count) {
  int i, j;
  for (i = 1; i < count; i++) {
    struct cj_header header = headers[i];
    for (j = i; j > 0 && cj_slice_compare(header.name, headers[j - 1].name) < 0;
         j--)
      headers[j] = headers[j - 1];
    headers[j] = header;
  }
}

/* Values of one name are joined by commas, in their order. The room is
** reserved. */
static void add_header (struct cj_buf *out, const struct cj_header *h,
                        int repeated) {
  if (repeated) {
    out->s[out->len - 1] = ',';
  } else {
    memcpy(out->s + out->len, h->name.s, h->name.n);
    out->len += h->name.n;
    out->s[out->len++] = ':';
  }
  if (h->plain) {
    memcpy(out->s + out->len, h->value.s, h->value.n);
    out->len += h->value.n;
  } else {
    add_value(out, h->value);
  }
  out->s[out->len++] = '\n';
}

static int add_headers (struct cj_buf *out, struct cj_signing *r,
                        struct cj_signed *result) {
  int i;
  for (i = 0; i < r->count; i++) {
    struct cj_header *h = &r->headers[i];
    if (!h->plain && cj_header_check(h, &result->error) != 0)
      return -1;
    if (cj_buf_reserve(out, h->name.n + h->value.n + 2) != 0)
      return -1;
    add_header(out, h, i > 0 && cj_slice_equal(h->name, h[-1].name));
  }
  return 0;
}

static int add_names (struct cj_buf *out, const struct cj_signing *r) {
  int i;
  for (i = 0; i < r->count; i++) {
    const struct cj_header *h = &r->headers[i];
    if (i > 0 && cj_slice_equal(h->name, h[-1].name))
      continue;
    if ((i > 0 && cj_buf_byte(out, ';') != 0) || add(out, h->name) != 0)
      return -1;
  }
  return 0;
}

/* ---- stage 1 ---- */

int cj_sign_canonical (struct cj_buf *out, struct cj_signing *r,
                       struct cj_signed *result) {
  cj_sign_fail(&result->error, "the request is too large to be signed");
  cj_headers_sort(r->headers, r->count);
  if (add(out, r->method) != 0 || cj_buf_byte(out, '\n') != 0 ||
      cj_uri_path(out, r->path, r->normalize_path, r->encode_path) != 0 ||
      cj_buf_byte(out, '\n') != 0 || cj_uri_query(out, r->query) != 0 ||
      cj_buf_byte(out, '\n') != 0 || add_headers(out, r, result) != 0 ||
      cj_buf_byte(out, '\n') != 0)
    return -1;
  result->names = out->len;
  if (add_names(out, r) != 0)
    return -1;
  result->names_end = out->len;
  return cj_buf_byte(out, '\n') != 0 ? -1 : add(out, r->payload);
}

/* ---- the signing key ---- */

/* Region and service are written into a header, between slashes. */
static int is_scope_part (struct cj_slice s) {
  size_t i;
  for (i = 0; i < s.n; i++) {
    if (!cj_is_unreserved(s.s[i]))
      return 0;
  }
  return s.n > 0;
}

/* Each part of the scope is signed with the key made of those before it. */
static int derive (struct cj_signer *s, struct cj_hash *h,
                   const struct cj_slice *parts, int count) {
  unsigned char key[CJ_SHA256_SIZE];
  int i, code = cj_hmac_key(&s->derived, h, s->secret.s, s->secret.n);
  for (i = 0; i < count && code == 0; i++) {
    code = cj_hmac(&s->derived, h, parts[i].s, parts[i].n, key);
    if (code == 0)
      code = cj_hmac_key(&s->derived, h, key, sizeof(key));
  }
  OPENSSL_cleanse(key, sizeof(key));
  return code;
}

static int derive_key (struct cj_signer *s, struct cj_hash *h,
                       const struct cj_signing *r, struct cj_signed *result) {
  struct cj_slice parts[] = {
    { r->stamp, DATE_SIZE }, r->region, r->service, CJ_SLICE("aws4_request")
  };
  char scope[CJ_SCOPE_MAX];
  size_t size = 0;
  int i;
  for (i = 0; i < PARTS; i++) {
    if (parts[i].n >= sizeof(scope) - size)
      return cj_sign_fail(&result->error, "region or service is too long");
    memcpy(scope + size, parts[i].s, parts[i].n);
    size += parts[i].n;
    scope[size++] = '/';
  }
  size--; /* the last slash */
  if (size == s->scope_size && memcmp(scope, s->scope, size) == 0)
    return 0;
  s->scope_size = 0; /* until the new key is complete */
  if (!is_scope_part(r->region) || !is_scope_part(r->service))
    return cj_sign_fail(&result->error,
                        "region or service is empty or not a plain word");
  if (derive(s, h, parts, PARTS) != 0)
    return cj_sign_fail(&result->error,
                        "libcrypto cannot make the signing key");
  memcpy(s->scope, scope, size);
  s->scope_size = size;
  return 0;
}

void cj_signer_free (struct cj_signer *s) {
  cj_hmac_free(&s->derived);
  s->scope_size = 0;
}

/* ---- stages 2 and 3 ---- */

/* 'out' holds the canonical request alone. */
static int add_string (struct cj_buf *out, struct cj_hash *h,
                       const struct cj_signer *s, const struct cj_signing *r) {
  static const struct cj_slice algorithm = CJ_SLICE(ALGORITHM "\n");
  unsigned char hash[CJ_SHA256_SIZE];
  char hex[2 * CJ_SHA256_SIZE];
  if (cj_sha256(h, out->s, out->len, hash) != 0)
    return -1;
  cj_hex(hash, sizeof(hash), hex);
  if (add(out, algorithm) != 0 ||
      cj_buf_add(out, r->stamp, CJ_STAMP_SIZE) != 0 ||
      cj_buf_byte(out, '\n') != 0 ||
      cj_buf_add(out, s->scope, s->scope_size) != 0 ||
      cj_buf_byte(out, '\n') != 0)
    return -1;
  return cj_buf_add(out, hex, sizeof(hex));
}

static int add_authorization (struct cj_buf *out, const struct cj_signer *s,
                              const struct cj_signed *result) {
  static const struct cj_slice credential = CJ_SLICE(ALGORITHM " Credential=");
  static const struct cj_slice headers = CJ_SLICE(", SignedHeaders=");
  static const struct cj_slice signature = CJ_SLICE(", Signature=");
  size_t names_size = result->names_end - result->names;
  if (add(out, credential) != 0 || add(out, s->id) != 0 ||
      cj_buf_byte(out, '/') != 0 ||
      cj_buf_add(out, s->scope, s->scope_size) != 0 || add(out, headers) != 0 ||
      cj_buf_reserve(out, names_size) != 0 || /* so that 'out->s' stays */
      cj_buf_add(out, out->s + result->names, names_size) != 0 ||
      add(out, signature) != 0)
    return -1;
  return cj_buf_add(out, result->signature, CJ_SIGNATURE_SIZE);
}

int cj_sign (struct cj_buf *out, struct cj_hash *h, struct cj_signer *s,
             struct cj_signing *r, struct cj_signed *result) {
  unsigned char mac[CJ_SHA256_SIZE];
  cj_buf_reset(out);
  if (cj_sign_canonical(out, r, result) != 0 ||
      derive_key(s, h, r, result) != 0)
    return -1;
  cj_sign_fail(&result->error, "out of memory");
  result->string = out->len;
  if (add_string(out, h, s, r) != 0)
    return -1;
  result->authorization = out->len;
  if (cj_hmac(&s->derived, h, out->s + result->string,
              result->authorization - result->string, mac) != 0)
    return -1;
  cj_hex(mac, sizeof(mac), result->signature);
  return add_authorization(out, s, result);
}
