/* Fuzzes the canonical form: it is idempotent, it has only the characters that
** it may have, a query's parameters are sorted, and all three stages survive
** every input. */
#include "../sign/sigv4.h"
#include "../sign/uri.h"
#include "check.h"

/* Removes and gives the text up to the next mark. */
static struct cj_slice cut (const char **p, const char *end, char mark) {
  struct cj_slice s;
  const char *stop = memchr(*p, mark, (size_t)(end - *p));
  s.s = *p;
  s.n = (size_t)((stop == NULL ? end : stop) - *p);
  *p = stop == NULL ? end : stop + 1;
  return s;
}

static struct cj_slice line (const char **p, const char *end) {
  return cut(p, end, '\n');
}

static void check_visible (const struct cj_buf *b) {
  size_t i;
  for (i = 0; i < b->len; i++)
    check(b->s[i] > ' ' && b->s[i] <= '~');
}

static void check_same (const struct cj_buf *a, const struct cj_buf *b) {
  check(a->len == b->len && (a->len == 0 || !memcmp(a->s, b->s, a->len)));
}

static int compare (struct cj_slice a, struct cj_slice b) {
  int order = memcmp(a.s, b.s, a.n < b.n ? a.n : b.n);
  return order != 0 ? order : (a.n > b.n) - (a.n < b.n);
}

/* Checks that parameters are sorted by name, those of one name by value. */
static void check_in_order (const struct cj_buf *query) {
  const char *p = query->s, *end = p + query->len;
  struct cj_slice last_name = CJ_SLICE(""), last_value = CJ_SLICE("");
  while (p < end) {
    struct cj_slice parameter = cut(&p, end, '&');
    const char *q = parameter.s;
    struct cj_slice name = cut(&q, parameter.s + parameter.n, '=');
    struct cj_slice value = cut(&q, parameter.s + parameter.n, '=');
    int order = compare(last_name, name);
    check(order < 0 || (order == 0 && compare(last_value, value) <= 0));
    last_name = name;
    last_value = value;
  }
}

static void fuzz_path (struct cj_slice path) {
  struct cj_buf once = { NULL, 0, 0, CJ_REQUEST_MAX };
  struct cj_buf twice = { NULL, 0, 0, 3 * CJ_REQUEST_MAX };
  struct cj_slice again;
  if (cj_uri_path(&once, path, 1, 0) == 0) {
    again.s = once.s;
    again.n = once.len;
    check(cj_uri_path(&twice, again, 1, 0) == 0);
    check(*once.s == '/');
    check_visible(&once);
    check_same(&once, &twice);
  }
  cj_buf_free(&once);
  cj_buf_free(&twice);
}

static void fuzz_query (struct cj_slice query) {
  struct cj_buf once = { NULL, 0, 0, CJ_REQUEST_MAX };
  struct cj_buf twice = { NULL, 0, 0, 3 * CJ_REQUEST_MAX };
  struct cj_slice again;
  if (cj_uri_query(&once, query) == 0) {
    again.s = once.s;
    again.n = once.len;
    check(cj_uri_query(&twice, again) == 0);
    check_visible(&once);
    if (once.len > 0)
      check_in_order(&once);
    check_same(&once, &twice);
  }
  cj_buf_free(&once);
  cj_buf_free(&twice);
}

/* Checks that the signed text has one line for each header and no other. */
/* Checks that a plain value is one that canonicalization leaves unchanged. */
static void check_plain (struct cj_slice name, struct cj_slice value) {
  struct cj_header h = { name, value, 0 };
  struct cj_sign_error error;
  size_t i;
  if (cj_header_check(&h, &error) != 0) {
    check(error.message != NULL);
    return;
  }
  for (i = 0; i < value.n; i++) {
    int blank = value.s[i] == ' ';
    check((unsigned char)value.s[i] >= ' ' || value.s[i] == '\t');
    if (h.plain)
      check(value.s[i] != '\t' &&
            !(blank && (i == 0 || i + 1 == value.n || value.s[i - 1] == ' ')));
  }
}

static void check_lines (const struct cj_buf *out, const struct cj_signing *r,
                         const struct cj_signed *done) {
  int lines = 0, names = 1, i;
  size_t at;
  for (at = 0; at < done->string; at++)
    lines += out->s[at] == '\n';
  for (i = 1; i < r->count; i++)
    names += !cj_slice_equal(r->headers[i].name, r->headers[i - 1].name);
  check(lines == (r->count == 0 ? 5 : 5 + names));
}

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size) {
  static const struct cj_slice word = CJ_SLICE("word");
  static const struct cj_slice secret = CJ_SLICE("AWS4secret");
  const char *p = (const char *)data, *end = p + size;
  struct cj_buf out = { NULL, 0, 0, CJ_REQUEST_MAX };
  struct cj_hash hash = { NULL, NULL };
  struct cj_signer signer;
  struct cj_signing r;
  struct cj_signed done;
  if (size == 0)
    return 0;
  memset(&signer, 0, sizeof(signer));
  memset(&r, 0, sizeof(r));
  signer.id = r.payload = r.method = word;
  signer.secret = secret;
  check(cj_stamp_write(r.stamp, (double)size * 1e5) == CJ_STAMP_SIZE);
  r.normalize_path = *p & 1;
  r.encode_path = *p & 2;
  r.path = line(&p, end);
  r.query = line(&p, end);
  r.region = r.service = line(&p, end);
  fuzz_path(r.path);
  fuzz_query(r.query);
  while (p < end && r.count < CJ_HEADERS_MAX) {
    r.headers[r.count].name = line(&p, end);
    r.headers[r.count].value = line(&p, end);
    check_plain(r.headers[r.count].name, r.headers[r.count].value);
    r.count++;
  }
  check(cj_hash_open(&hash) == 0);
  if (cj_sign(&out, &hash, &signer, &r, &done) == 0)
    check_lines(&out, &r, &done);
  else
    check(done.error.message != NULL);
  cj_signer_free(&signer);
  cj_hash_close(&hash);
  cj_buf_free(&out);
  return 0;
}
