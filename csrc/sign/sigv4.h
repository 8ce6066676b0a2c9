/* SigV4 in three stages: canonical request, string to sign, signature. */
#ifndef CJ_SIGV4_H
#define CJ_SIGV4_H

#include "../base/buf.h"
#include "../base/date.h"
#include "hash.h"

#define CJ_SIGNATURE_SIZE (2 * CJ_SHA256_SIZE)
#define CJ_HEADERS_MAX 128           /* servers accept about a hundred */
#define CJ_SCOPE_MAX 256             /* date/region/service/aws4_request */
#define CJ_REQUEST_MAX (1024 * 1024) /* of text, servers accept 8 to 80 KB */

struct cj_header {
  struct cj_slice name, value; /* the name in lower case */
  int plain; /* its value was checked and is canonical as it stands */
};

/* Why a request cannot be signed or sent. */
struct cj_sign_error {
  const char *message;
  struct cj_slice header; /* the name of the header at fault, or empty */
};

/* Sets an error that concerns no single header. Returns -1. */
int cj_sign_fail (struct cj_sign_error *error, const char *message);

/* Finds out whether a header is plain. 0, or -1 when it must not be sent. */
int cj_header_check (struct cj_header *h, struct cj_sign_error *error);

/* The same for a header whose name was checked before. */
int cj_value_check (struct cj_header *h, struct cj_sign_error *error);

/* By name; those of one name stay in their order. */
void cj_headers_sort (struct cj_header *headers, int count);

/* A request to be signed, with the time and the scope of the signature. */
struct cj_signing {
  struct cj_slice method, path, query;
  struct cj_slice payload; /* the body's hash in hex, or a word in its place */
  struct cj_slice region, service;
  char stamp[CJ_STAMP_SIZE];
  int normalize_path; /* remove "//", "/./" and "/../" */
  int encode_path;    /* a %XX in the path becomes %25XX */
  int count;
  struct cj_header headers[CJ_HEADERS_MAX]; /* those to be signed */
};

/* The output of the stages, as offsets into the buffer. */
struct cj_signed {
  size_t names, names_end; /* SignedHeaders */
  size_t string;           /* the canonical request ends, the string begins */
  size_t authorization;    /* the string ends, the header's value begins */
  char signature[CJ_SIGNATURE_SIZE];
  struct cj_sign_error error; /* set when a stage returned -1 */
};

/* An identity's keys: the two it was given, and the derived signing key, which
** is cached until the day, the region or the service changes. */
struct cj_signer {
  struct cj_slice id, secret; /* the secret begins with "AWS4" */
  struct cj_hmac derived;
  char scope[CJ_SCOPE_MAX]; /* of the derived key */
  size_t scope_size;        /* 0: no key is derived yet */
};

/* Headers that are not signed, because proxies and clients change them on the
** way. */
extern const struct cj_slice cj_unsigned_headers[]; /* ends with a NULL */
int cj_sign_skips (struct cj_slice name);

/* All stages, into an emptied buffer. Sorts the headers. 0, or -1 and the
** reason in 'error'. */
int cj_sign (struct cj_buf *out, struct cj_hash *h, struct cj_signer *s,
             struct cj_signing *r, struct cj_signed *result);
void cj_signer_free (struct cj_signer *s);

/* Stage 1 alone. */
int cj_sign_canonical (struct cj_buf *out, struct cj_signing *r,
                       struct cj_signed *result);

#endif
