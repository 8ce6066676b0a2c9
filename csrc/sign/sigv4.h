/* SigV4 in three stages: canonical request, string to sign, signature. */
#ifndef CJ_SIGV4_H
#define CJ_SIGV4_H

#include "../base/buf.h"
#include "../base/date.h"
#include "hash.h"

#define CJ_SIGNATURE_SIZE (2 * CJ_SHA256_SIZE)
#define CJ_HEADERS_MAX 128           /* servers take about a hundred */
#define CJ_SCOPE_MAX 256             /* date/region/service/aws4_request */
#define CJ_REQUEST_MAX (1024 * 1024) /* of text, servers take 8 to 80 KB */

struct cj_header {
  struct cj_slice name, value; /* the name in lower case */
  int plain;                   /* found fit to be copied as it stands */
};

/* Why something cannot be signed or sent. */
struct cj_complaint {
  const char *problem;
  struct cj_slice header; /* whose problem it is, or empty */
};

/* Complains of something that is no header's; -1. */
int cj_complain (struct cj_complaint *why, const char *problem);

/* Finds out whether a header is plain. 0, or -1 when it must not be sent. */
int cj_header_check (struct cj_header *h, struct cj_complaint *why);

/* The same where the name is known to be one. */
int cj_value_check (struct cj_header *h, struct cj_complaint *why);

/* By name; those of one name stay in their order. */
void cj_headers_sort (struct cj_header *headers, int count);

/* What of a request is signed, and for where and when. */
struct cj_signing {
  struct cj_slice method, path, query;
  struct cj_slice payload; /* the body's hash in hex, or a word in its place */
  struct cj_slice region, service;
  char stamp[CJ_STAMP_SIZE];
  int normalize_path; /* take out "//", "/./" and "/../" */
  int encode_path;    /* a %XX in the path becomes %25XX */
  int count;
  struct cj_header headers[CJ_HEADERS_MAX]; /* those to be signed */
};

/* What the stages wrote, by its place in the buffer. */
struct cj_signed {
  size_t names, names_end; /* SignedHeaders */
  size_t string;           /* the canonical request ends, the string begins */
  size_t authorization;    /* the string ends, the header's value begins */
  char signature[CJ_SIGNATURE_SIZE];
  struct cj_complaint why; /* a stage returned -1 */
};

/* An identity's keys: its own two, and the one of the day, which is made when
** first needed and kept until the day, the region or the service changes. */
struct cj_signer {
  struct cj_slice id, secret; /* the secret begins with "AWS4" */
  struct cj_hmac day;
  char scope[CJ_SCOPE_MAX]; /* what the key of the day is for */
  size_t scope_size;        /* 0: no key yet */
};

/* The headers that proxies and clients change on the way. */
extern const struct cj_slice cj_unsigned_headers[]; /* ends with a NULL */
int cj_sign_skips (struct cj_slice name);

/* All stages, into an emptied buffer. Sorts the headers. 0, or -1 and the
** reason in 'why'. */
int cj_sign (struct cj_buf *out, struct cj_hash *h, struct cj_signer *s,
             struct cj_signing *r, struct cj_signed *result);
void cj_signer_free (struct cj_signer *s);

/* Stage 1 alone. */
int cj_sign_canonical (struct cj_buf *out, struct cj_signing *r,
                       struct cj_signed *result);

#endif
