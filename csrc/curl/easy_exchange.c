/* One HTTP exchange in libcurl's own way. */
#include "easy_exchange.h"

#include <stdlib.h>

enum { GIVEN_TYPE = 1, GIVEN_ACCEPT = 2 };

/* ---- callbacks: they touch no Lua state ---- */

static size_t on_body (char *s, size_t size, size_t n, void *data) {
  struct cj_transfer *t = data;
  n *= size;
  if (n > t->max_body - t->body.len)
    cj_handle_refuse(&t->h, "too_large", CJ_TOO_LARGE, t->max_body);
  else if (cj_buf_add(&t->body, s, n) != 0)
    cj_handle_refuse(&t->h, "memory", "out of memory");
  else
    return n;
  return 0;
}

/* Each interim answer and the final one begin with a status line; only the
** last head is kept. Trailers land behind the blank line, where none looks. */
static size_t on_head (char *s, size_t size, size_t n, void *data) {
  struct cj_transfer *t = data;
  n *= size;
  if (n >= 5 && memcmp(s, "HTTP/", 5) == 0) {
    cj_buf_reset(&t->head);
    t->head_ended = 0;
  }
  t->head_ended |= *s == '\r' || *s == '\n';
  t->head_total += n;
  if (t->head_total > CJ_MAX_HEAD)
    cj_handle_refuse(&t->h, "too_large",
                     "the answer's headers are larger than %zu bytes",
                     CJ_MAX_HEAD);
  else if (cj_buf_add(&t->head, s, n) != 0)
    cj_handle_refuse(&t->h, "memory", "out of memory");
  else
    return n;
  return 0;
}

/* ---- opening and closing ---- */

void cj_transfer_init (struct cj_transfer *t) {
  memset(t, 0, sizeof(*t));
  cj_handle_init(&t->h);
  t->lines.max = CJ_MAX_HEADER_LINES;
  t->head.max = CJ_MAX_HEAD;
  t->max_body = CJ_MAX_BODY;
}

void cj_transfer_free (struct cj_transfer *t) {
  cj_handle_free(&t->h);
  free(t->list);
  t->list = NULL;
  t->list_cap = 0;
  cj_buf_free(&t->lines);
  cj_buf_free(&t->head);
  cj_buf_free(&t->body);
}

/* What holds for every request. */
static void set_defaults (struct cj_transfer *t) {
  CURL *e = t->h.easy;
  curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(e, CURLOPT_WRITEDATA, t);
  curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_head);
  curl_easy_setopt(e, CURLOPT_HEADERDATA, t);
  curl_easy_setopt(e, CURLOPT_PATH_AS_IS, 1L); /* the path is signed */
  cj_handle_text(&t->h, CURLOPT_ACCEPT_ENCODING, t->gzip ? "gzip" : NULL);
  t->form = CJ_FORM_NONE;
  t->named = 0;
}

int cj_transfer_begin (struct cj_transfer *t) {
  t->ready = 0;
  t->head_ended = 0;
  t->count = 0;
  t->given = 0;
  t->head_total = 0;
  cj_buf_reset(&t->lines);
  cj_buf_reset(&t->head);
  if (t->body.cap > CJ_MAX_CACHED_BODY)
    cj_buf_free(&t->body);
  cj_buf_reset(&t->body);
  t->body.max = t->max_body;
  return cj_handle_begin(&t->h);
}

/* ---- the request ---- */

static int add_line (struct cj_transfer *t, const char *name, size_t name_len,
                     const char *separator, const char *value,
                     size_t value_len) {
  size_t n = strlen(separator);
  char *to;
  if (cj_buf_reserve(&t->lines, name_len + n + value_len + 1) != 0)
    return cj_handle_refuse(&t->h, "request",
                            "the request's headers are too long");
  to = t->lines.s + t->lines.len;
  memcpy(to, name, name_len);
  memcpy(to + name_len, separator, n);
  if (value_len > 0)
    memcpy(to + name_len + n, value, value_len);
  to[name_len + n + value_len] = '\0';
  t->lines.len += name_len + n + value_len + 1;
  t->count++;
  return 0;
}

/* Takes a header that stays on its line. */
static int add_header (struct cj_transfer *t, const char *name, size_t name_len,
                       const char *value, size_t value_len) {
  const struct cj_slice s = { name, name_len };
  if (cj_field_is(s, "transfer-encoding"))
    return cj_handle_refuse(&t->h, "request",
                            "transfer-encoding is the transport's own");
  /* libcurl counts the body, and never waits for a 100 Continue. */
  if (cj_field_is(s, "content-length") || cj_field_is(s, "expect"))
    return 0;
  if (cj_field_is(s, "content-type"))
    t->given |= GIVEN_TYPE;
  else if (cj_field_is(s, "accept"))
    t->given |= GIVEN_ACCEPT;
  while (value_len > 0 && (*value == ' ' || *value == '\t'))
    value++, value_len--;
  /* With a colon and nothing behind it libcurl would leave the header out. */
  return value_len > 0 ? add_line(t, name, name_len, ": ", value, value_len)
                       : add_line(t, name, name_len, ";", "", 0);
}

static int add_lines (struct cj_transfer *t, struct cj_slice lines) {
  struct cj_field f;
  int more;
  while ((more = cj_header_line_next(&lines, &f)) > 0) {
    if (add_header(t, f.name.s, f.name.n, f.value.s, f.value.n) != 0)
      return -1;
  }
  return more == 0
             ? 0
             : cj_handle_refuse(&t->h, "request", "not the lines of headers");
}

static int suppress (struct cj_transfer *t, const char *name) {
  return add_line(t, name, strlen(name), ":", "", 0);
}

/* Makes libcurl's list of the lines without one malloc a line. */
static struct curl_slist *link_lines (struct cj_transfer *t) {
  char *line = t->lines.s;
  size_t i;
  if (t->count > t->list_cap) {
    struct curl_slist *list = realloc(t->list, t->count * sizeof(*list));
    if (list == NULL)
      return NULL;
    t->list = list;
    t->list_cap = t->count;
  }
  for (i = 0; i < t->count; i++) {
    t->list[i].data = line;
    t->list[i].next = i + 1 < t->count ? &t->list[i + 1] : NULL;
    line += strlen(line) + 1;
  }
  return t->list;
}

/* Which of libcurl's own requests it is: that is told again only when it
** changes. The method's name is, where libcurl's would be another. */
static void set_method (struct cj_transfer *t, const struct cj_request *r,
                        enum cj_form form) {
  static const char *const own[] = { "", "GET", "HEAD", "POST" };
  int is_own = strcmp(r->method, own[form]) == 0;
  int head = form == CJ_FORM_HEAD;
  if (form != t->form) {
    curl_easy_setopt(t->h.easy, CURLOPT_HTTPGET, 1L); /* ends an earlier HEAD */
    if (head)
      curl_easy_setopt(t->h.easy, CURLOPT_NOBODY, 1L);
    /* Refuses a Content-Length at once; a HEAD's only describes. */
    curl_easy_setopt(t->h.easy, CURLOPT_MAXFILESIZE_LARGE,
                     head ? (curl_off_t)0 : (curl_off_t)t->max_body);
    t->form = form;
  }
  if (!is_own || t->named)
    cj_handle_text(&t->h, CURLOPT_CUSTOMREQUEST, is_own ? NULL : r->method);
  t->named = !is_own;
}

static void set_body (struct cj_transfer *t, const struct cj_request *r) {
  curl_easy_setopt(t->h.easy, CURLOPT_POSTFIELDSIZE_LARGE,
                   (curl_off_t)r->body_len);
  curl_easy_setopt(t->h.easy, CURLOPT_POSTFIELDS,
                   r->body != NULL ? r->body : "");
}

/* Whether libcurl has to be told that it is not to make these. */
static int suppress_own (struct cj_transfer *t, enum cj_form form) {
  if (form == CJ_FORM_BODY &&
      ((!(t->given & GIVEN_TYPE) && suppress(t, "Content-Type") != 0) ||
       suppress(t, "Expect") != 0))
    return -1;
  return t->given & GIVEN_ACCEPT ? 0 : suppress(t, "Accept");
}

int cj_transfer_prepare (struct cj_transfer *t, const struct cj_request *r) {
  struct curl_slist *list;
  enum cj_form form = cj_request_has_body(r)           ? CJ_FORM_BODY
                      : strcmp(r->method, "HEAD") == 0 ? CJ_FORM_HEAD
                                                       : CJ_FORM_GET;
  const char *refusal = cj_request_refusal(r);
  int is_new;
  if (refusal != NULL)
    return cj_handle_refuse(&t->h, "request", "%s", refusal);
  if (add_lines(t, r->lines) != 0 || suppress_own(t, form) != 0)
    return -1;
  is_new = cj_handle_network(&t->h, r);
  if (is_new < 0)
    return -1;
  if (is_new)
    set_defaults(t);
  set_method(t, r, form);
  if (form == CJ_FORM_BODY)
    set_body(t, r);
  /* Where a kept connection turns out to be lost libcurl sends once more. */
  curl_easy_setopt(t->h.easy, CURLOPT_FRESH_CONNECT, (long)r->non_idempotent);
  cj_handle_timeouts(&t->h, r->timeout, r->connect_timeout);
  list = link_lines(t);
  if (list == NULL || cj_handle_address(&t->h, r->url, r->url_len) != 0 ||
      t->h.unset)
    return cj_handle_refuse(&t->h, "memory", "out of memory");
  curl_easy_setopt(t->h.easy, CURLOPT_HTTPHEADER, list);
  t->ready = 1;
  return 0;
}

/* ---- the answer ---- */

int cj_transfer_succeeded (struct cj_transfer *t, CURLcode result) {
  if (t->h.problem != NULL || result != CURLE_OK)
    return 0;
  if (!t->head_ended) /* libcurl takes the end of the connection for it */
    return cj_handle_refuse(&t->h, "closed",
                            "the answer's headers were cut off") == 0;
  return 1;
}

struct cj_failure cj_transfer_failure (struct cj_transfer *t, CURLcode result) {
  struct cj_failure f = { t->h.problem, t->h.message, 0 };
  if (!t->ready)
    return f;
  if (result == CURLE_FILESIZE_EXCEEDED)
    cj_handle_refuse(&t->h, "too_large", CJ_TOO_LARGE, t->max_body);
  return cj_handle_failure(&t->h, result);
}

long cj_transfer_status (const struct cj_transfer *t) {
  long status = 0;
  curl_easy_getinfo(t->h.easy, CURLINFO_RESPONSE_CODE, &status);
  return status;
}
