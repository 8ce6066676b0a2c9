/* One HTTP exchange whose HTTP is libcurl's. */
#include "easy_exchange.h"

#include <stdlib.h>

/* libcurl's own sizes of its buffers. */
#define BUFFER (16 << 10)
#define UPLOAD_BUFFER (64 << 10)

enum { GIVEN_TYPE = 1, GIVEN_ACCEPT = 2, GIVEN_EXPECT = 4 };

/* ---- callbacks: they touch no Lua state ---- */

static void report (struct cj_stream *s) {
  s->has_event = 1;
  *s->attention = 1;
}

/* Adds a piece of a response that streams, or pauses. */
static size_t add_piece (struct cj_easy_exchange *x, const char *s, size_t n) {
  if (x->stream.is_read || x->body.len >= CJ_STREAM_BUFFER) {
    x->stream.waits_in = 1;
    return CURL_WRITEFUNC_PAUSE;
  }
  if (cj_buf_add(&x->body, s, n) != 0)
    return cj_easy_refuse(&x->easy, "memory", "out of memory"), 0;
  x->stream.moved += n;
  report(&x->stream);
  return n;
}

/* Hands a part of the request's piece to libcurl, or pauses until there is one.
 */
static size_t on_read (char *to, size_t size, size_t n, void *data) {
  struct cj_stream *s = &((struct cj_easy_exchange *)data)->stream;
  n *= size;
  if (s->piece.n == 0) {
    if (s->has_ended)
      return 0;
    s->waits_out = 1;
    report(s);
    return CURL_READFUNC_PAUSE;
  }
  if (n > s->piece.n)
    n = s->piece.n;
  memcpy(to, s->piece.s, n);
  s->piece.s += n;
  s->piece.n -= n;
  s->moved += n;
  if (s->piece.n == 0 && !s->has_ended)
    report(s);
  return n;
}

static size_t on_body (char *s, size_t size, size_t n, void *data) {
  struct cj_easy_exchange *x = data;
  n *= size;
  if (x->stream.is_success)
    return add_piece(x, s, n);
  if (n > x->max_body - x->body.len)
    cj_easy_refuse(&x->easy, "too_large", CJ_TOO_LARGE, x->max_body);
  else if (cj_buf_add(&x->body, s, n) != 0)
    cj_easy_refuse(&x->easy, "memory", "out of memory");
  else
    return n;
  return 0;
}

/* Holds a whole head to the grammar that all transports have. 0 or -1. */
static int check_head (struct cj_easy_exchange *x) {
  struct cj_slice head = { x->head.s, x->head.len };
  struct cj_response_head h;
  const char *problem;
  if (cj_response_head_read(&h, head, &problem) == 0)
    return cj_easy_refuse(&x->easy, "protocol", "%s",
                          problem != NULL ? problem : CJ_NOT_HTTP);
  if (h.is_other && x->form != CJ_FORM_HEAD && cj_status_has_body(h.status))
    return cj_easy_refuse(&x->easy, "protocol", "%s", CJ_OTHER_CODING);
  x->stream.is_success = x->stream.is_on && h.status >= 200 && h.status < 300;
  x->stream.moved += x->head.len;
  return 0;
}

/* Each interim response and the final one begin with a status line; only the
** last head is kept. Trailers follow the blank line, which ends the headers for
** every reader. */
static size_t on_head (char *s, size_t size, size_t n, void *data) {
  struct cj_easy_exchange *x = data;
  int is_end;
  n *= size;
  if (n >= 5 && memcmp(s, "HTTP/", 5) == 0) {
    cj_buf_reset(&x->head);
    x->head_ended = 0;
  }
  is_end = !x->head_ended &&
           (*s == '\n' || (n >= 2 && s[0] == '\r' && s[1] == '\n'));
  x->head_ended |= is_end;
  x->head_total += n;
  if (x->head_total > CJ_MAX_HEAD)
    cj_easy_refuse(&x->easy, "too_large",
                   "the response's headers are larger than %zu bytes",
                   CJ_MAX_HEAD);
  else if (cj_buf_add(&x->head, s, n) != 0)
    cj_easy_refuse(&x->easy, "memory", "out of memory");
  else if (!is_end || check_head(x) == 0)
    return n;
  return 0;
}

/* libcurl would read input on a kept connection as the response: 7.88 and 8.22
** do so, versions between them do where the input is in a TLS record. It tells
** of a request before it is sent from 7.80 on. */
#if LIBCURL_VERSION_NUM >= 0x075000
static int has_input (struct cj_easy_exchange *x, int local_port,
                      int remote_port) {
  curl_socket_t fd =
      cj_socket_list_find(x->easy.opened, local_port, remote_port);
  return (fd != CURL_SOCKET_BAD && !cj_socket_is_idle(fd)) ||
         cj_easy_has_tls_input(&x->easy);
}

/* Name, connection, TLS and tunnel are done; the request comes next. */
static int on_request (void *data, char *remote, char *local, int remote_port,
                       int local_port) {
  struct cj_easy_exchange *x = data;
  long opened = 0;
  (void)remote, (void)local;
  curl_easy_getinfo(x->easy.handle, CURLINFO_NUM_CONNECTS, &opened);
  x->is_stale = opened == 0 && has_input(x, local_port, remote_port);
  if (x->is_stale)
    return CURL_PREREQFUNC_ABORT;
  x->sent = 1;
  return CURL_PREREQFUNC_OK;
}
#endif

/* Before 7.80 the time of the request shows whether it was sent. From 8.21 on
** libcurl sets that time for every failure. */
int cj_easy_exchange_was_sent (const struct cj_easy_exchange *x) {
  curl_off_t begun = 0;
  if (x->reports_sent)
    return x->sent;
  curl_easy_getinfo(x->easy.handle, CURLINFO_PRETRANSFER_TIME_T, &begun);
  return begun > 0;
}

/* ---- opening and closing ---- */

void cj_easy_exchange_init (struct cj_easy_exchange *x) {
  memset(x, 0, sizeof(*x));
  cj_easy_init(&x->easy);
  x->lines.max = CJ_MAX_HEADER_LINES;
  x->head.max = CJ_MAX_HEAD;
  x->max_body = CJ_MAX_BODY;
}

void cj_easy_exchange_free (struct cj_easy_exchange *x) {
  cj_easy_free(&x->easy);
  free(x->list);
  x->list = NULL;
  x->list_cap = 0;
  cj_buf_free(&x->lines);
  cj_buf_free(&x->head);
  cj_buf_free(&x->body);
}

/* Sets the options that never change. */
static void set_defaults (struct cj_easy_exchange *x) {
  CURL *e = x->easy.handle;
  curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(e, CURLOPT_WRITEDATA, x);
  curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_head);
  curl_easy_setopt(e, CURLOPT_HEADERDATA, x);
  curl_easy_setopt(e, CURLOPT_PATH_AS_IS, 1L); /* the path is signed */
  cj_easy_text(&x->easy, CURLOPT_ACCEPT_ENCODING, x->gzip ? "gzip" : NULL);
#if LIBCURL_VERSION_NUM >= 0x075000
  x->reports_sent =
      curl_easy_setopt(e, CURLOPT_PREREQFUNCTION, on_request) == CURLE_OK;
  curl_easy_setopt(e, CURLOPT_PREREQDATA, x);
#endif
  curl_easy_setopt(e, CURLOPT_READFUNCTION, on_read);
  curl_easy_setopt(e, CURLOPT_READDATA, x);
  x->form = CJ_FORM_NONE;
  x->custom = 0;
  x->has_stream_options = 0;
}

/* libcurl 7.84.0 to 8.0.1 keeps a pointer to the last header of a response, and
** uses it after it was freed when the handle is reused and the next response's
** head begins with a continuation line. */
static int must_not_reuse_handle (void) {
  return cj_easy_libcurl_is(0x075400U) && !cj_easy_libcurl_is(0x080100U);
}

int cj_easy_exchange_begin (struct cj_easy_exchange *x) {
  if (must_not_reuse_handle())
    cj_easy_close(&x->easy);
  x->ready = 0;
  x->sent = x->is_stale = 0;
  x->head_ended = 0;
  x->count = 0;
  x->given = 0;
  x->head_total = 0;
  cj_buf_reset(&x->lines);
  cj_buf_recycle(&x->head, CJ_MAX_CACHED_HEAD);
  cj_buf_recycle(&x->body, CJ_MAX_CACHED_BODY);
  x->body.max = x->max_body;
  x->stream.is_on = x->stream.has_event = x->stream.is_success = 0;
  return cj_easy_begin(&x->easy);
}

/* ---- the request ---- */

static int add_line (struct cj_easy_exchange *x, const char *name,
                     size_t name_len, const char *separator, const char *value,
                     size_t value_len) {
  size_t n = strlen(separator);
  char *to;
  if (cj_buf_reserve(&x->lines, name_len + n + value_len + 1) != 0)
    return cj_easy_refuse(&x->easy, "request",
                          "the request's headers are too long");
  to = x->lines.s + x->lines.len;
  memcpy(to, name, name_len);
  memcpy(to + name_len, separator, n);
  if (value_len > 0)
    memcpy(to + name_len + n, value, value_len);
  to[name_len + n + value_len] = '\0';
  x->lines.len += name_len + n + value_len + 1;
  x->count++;
  return 0;
}

/* Adds a header that is known to be one line. */
static int add_header (struct cj_easy_exchange *x, const char *name,
                       size_t name_len, const char *value, size_t value_len) {
  const struct cj_slice s = { name, name_len };
  if (cj_field_is(s, "transfer-encoding"))
    return cj_easy_refuse(&x->easy, "request",
                          "transfer-encoding is the transport's own");
  /* libcurl sends the body's length, and Expect: 100-continue only for a body
  ** in pieces, on request. */
  if (cj_field_is(s, "content-length") ||
      (cj_field_is(s, "expect") && !x->stream.is_on))
    return 0;
  if (cj_field_is(s, "content-type"))
    x->given |= GIVEN_TYPE;
  else if (cj_field_is(s, "accept"))
    x->given |= GIVEN_ACCEPT;
  else if (cj_field_is(s, "expect"))
    x->given |= GIVEN_EXPECT;
  while (value_len > 0 && (*value == ' ' || *value == '\t'))
    value++, value_len--;
  /* For libcurl a name with a colon alone is a header to leave out. */
  return value_len > 0 ? add_line(x, name, name_len, ": ", value, value_len)
                       : add_line(x, name, name_len, ";", "", 0);
}

static int add_lines (struct cj_easy_exchange *x, struct cj_slice lines) {
  struct cj_field f;
  int more;
  while ((more = cj_header_line_next(&lines, &f)) > 0) {
    if (add_header(x, f.name.s, f.name.n, f.value.s, f.value.n) != 0)
      return -1;
  }
  return more == 0
             ? 0
             : cj_easy_refuse(&x->easy, "request", "not the lines of headers");
}

static int suppress (struct cj_easy_exchange *x, const char *name) {
  return add_line(x, name, strlen(name), ":", "", 0);
}

/* Builds libcurl's list of the lines without an allocation for each. */
static struct curl_slist *link_lines (struct cj_easy_exchange *x) {
  char *line = x->lines.s;
  size_t i;
  if (x->count > x->list_cap) {
    struct curl_slist *list = realloc(x->list, x->count * sizeof(*list));
    if (list == NULL)
      return NULL;
    x->list = list;
    x->list_cap = x->count;
  }
  for (i = 0; i < x->count; i++) {
    x->list[i].data = line;
    x->list[i].next = i + 1 < x->count ? &x->list[i + 1] : NULL;
    line += strlen(line) + 1;
  }
  return x->list;
}

/* Selects libcurl's kind of request if it changes, and sets the method's name
** if that kind has another one. */
static void set_method (struct cj_easy_exchange *x, const struct cj_request *r,
                        enum cj_form form) {
  static const char *const own[] = { "", "GET", "HEAD", "POST", "PUT" };
  int is_own = strcmp(r->method, own[form]) == 0;
  int head = form == CJ_FORM_HEAD;
  if (form != x->form) {
    curl_easy_setopt(x->easy.handle, CURLOPT_HTTPGET, 1L); /* undoes NOBODY */
    if (head)
      curl_easy_setopt(x->easy.handle, CURLOPT_NOBODY, 1L);
    else if (form == CJ_FORM_PIECES)
      curl_easy_setopt(x->easy.handle, CURLOPT_UPLOAD, 1L);
    x->form = form;
  }
  if (!is_own || x->custom)
    cj_easy_text(&x->easy, CURLOPT_CUSTOMREQUEST, is_own ? NULL : r->method);
  x->custom = !is_own;
}

static void set_body (struct cj_easy_exchange *x, const struct cj_request *r) {
  curl_easy_setopt(x->easy.handle, CURLOPT_POSTFIELDSIZE_LARGE,
                   (curl_off_t)r->body_len);
  curl_easy_setopt(x->easy.handle, CURLOPT_POSTFIELDS,
                   r->body != NULL ? r->body : "");
}

/* Sets or unsets what only a stream has: larger buffers, no limit of its
** Content-Length, and a body that stays compressed. */
static void set_stream (struct cj_easy_exchange *x,
                        const struct cj_request *r) {
  CURL *e = x->easy.handle;
  int is_limited = !r->streams && x->form != CJ_FORM_HEAD; /* no body follows */
  curl_easy_setopt(e, CURLOPT_MAXFILESIZE_LARGE,
                   is_limited ? (curl_off_t)x->max_body : (curl_off_t)0);
  if (r->has_pieces)
    curl_easy_setopt(e, CURLOPT_INFILESIZE_LARGE, (curl_off_t)r->pieces_len);
  if (r->streams == x->has_stream_options)
    return;
  curl_easy_setopt(e, CURLOPT_BUFFERSIZE,
                   r->streams ? (long)CJ_STREAM_PIECE : (long)BUFFER);
  curl_easy_setopt(e, CURLOPT_UPLOAD_BUFFERSIZE,
                   r->streams ? (long)CJ_STREAM_BUFFER : (long)UPLOAD_BUFFER);
  if (x->gzip)
    cj_easy_text(&x->easy, CURLOPT_ACCEPT_ENCODING, r->streams ? NULL : "gzip");
  x->has_stream_options = r->streams;
}

static void begin_stream (struct cj_easy_exchange *x,
                          const struct cj_request *r) {
  struct cj_stream *s = &x->stream;
  s->is_on = r->streams;
  if (s->is_on && x->body.max < CJ_STREAM_BUFFER + CJ_STREAM_PIECE)
    x->body.max = CJ_STREAM_BUFFER + CJ_STREAM_PIECE;
  s->is_read = s->waits_in = s->waits_out = s->has_ended = 0;
  s->piece.s = NULL;
  s->piece.n = 0;
  s->moved = 0;
}

/* Suppresses the headers that libcurl would add itself. 0 or -1. */
static int suppress_own (struct cj_easy_exchange *x, enum cj_form form) {
  if (form == CJ_FORM_BODY && !(x->given & GIVEN_TYPE) &&
      suppress(x, "Content-Type") != 0)
    return -1;
  if (form >= CJ_FORM_BODY && !(x->given & GIVEN_EXPECT) &&
      suppress(x, "Expect") != 0)
    return -1;
  return x->given & GIVEN_ACCEPT ? 0 : suppress(x, "Accept");
}

int cj_easy_exchange_prepare (struct cj_easy_exchange *x,
                              const struct cj_request *r) {
  struct curl_slist *list;
  enum cj_form form = r->has_pieces                    ? CJ_FORM_PIECES
                      : cj_request_has_body(r)         ? CJ_FORM_BODY
                      : strcmp(r->method, "HEAD") == 0 ? CJ_FORM_HEAD
                                                       : CJ_FORM_GET;
  const char *refusal = cj_request_refusal(r);
  int is_new;
  if (refusal != NULL)
    return cj_easy_refuse(&x->easy, "request", "%s", refusal);
  begin_stream(x, r);
  if (add_lines(x, r->lines) != 0 || suppress_own(x, form) != 0)
    return -1;
  is_new = cj_easy_network(&x->easy, r);
  if (is_new < 0)
    return -1;
  if (is_new)
    set_defaults(x);
  set_method(x, r, form);
  if (form == CJ_FORM_BODY)
    set_body(x, r);
  set_stream(x, r);
  /* On a kept connection that the server has closed libcurl sends again, which
  ** it cannot with a body in pieces. */
  curl_easy_setopt(x->easy.handle, CURLOPT_FRESH_CONNECT,
                   (long)(r->non_idempotent || r->has_pieces));
  cj_easy_timeouts(&x->easy, r->timeout, r->connect_timeout);
  if (cj_easy_address(&x->easy, r->url, r->url_len) != 0)
    return -1;
  list = link_lines(x);
  if (list == NULL || x->easy.invalid)
    return cj_easy_refuse(&x->easy, "memory", "out of memory");
  curl_easy_setopt(x->easy.handle, CURLOPT_HTTPHEADER, list);
  x->ready = 1;
  return 0;
}

/* ---- pieces ---- */

int cj_easy_exchange_wants_piece (const struct cj_easy_exchange *x) {
  return x->form == CJ_FORM_PIECES && !x->stream.has_ended &&
         x->stream.piece.n == 0;
}

/* libcurl may call the functions above before this returns, and they may pause
** it again. */
static int resume (struct cj_easy_exchange *x) {
  CURLcode result = curl_easy_pause(
      x->easy.handle, (x->stream.waits_in ? CURLPAUSE_RECV : 0) |
                          (x->stream.waits_out ? CURLPAUSE_SEND : 0));
  return result == CURLE_OK || x->easy.problem != NULL ? 0 : -1;
}

int cj_easy_exchange_provide (struct cj_easy_exchange *x,
                              struct cj_slice piece) {
  x->stream.piece = piece;
  x->stream.has_ended = piece.n == 0;
  if (!x->stream.waits_out)
    return 0;
  x->stream.waits_out = 0;
  return resume(x);
}

int cj_easy_exchange_consumed (struct cj_easy_exchange *x) {
  cj_buf_reset(&x->body);
  x->stream.is_read = 0;
  if (!x->stream.waits_in)
    return 0;
  x->stream.waits_in = 0;
  return resume(x);
}

/* ---- the response ---- */

int cj_easy_exchange_succeeded (struct cj_easy_exchange *x, CURLcode result) {
  if (x->easy.problem != NULL || result != CURLE_OK)
    return 0;
  if (!x->head_ended) /* libcurl accepts the connection's end instead */
    return cj_easy_refuse(&x->easy, "closed",
                          "the response's headers were cut off") == 0;
  return 1;
}

struct cj_failure cj_easy_exchange_failure (struct cj_easy_exchange *x,
                                            CURLcode result) {
  struct cj_failure f = { x->easy.problem, x->easy.message, 0 };
  if (!x->ready)
    return f;
  if (result == CURLE_FILESIZE_EXCEEDED)
    cj_easy_refuse(&x->easy, "too_large", CJ_TOO_LARGE, x->max_body);
  f = cj_easy_failure(&x->easy, result);
  f.sent = cj_easy_exchange_was_sent(x);
  if (result == CURLE_UNSUPPORTED_PROTOCOL && !f.sent)
    f.code = "request"; /* otherwise the response was not HTTP */
  return f;
}

int cj_easy_exchange_reconnects (struct cj_easy_exchange *x) {
  if (!x->is_stale)
    return 0;
  x->is_stale = 0;
  curl_easy_setopt(x->easy.handle, CURLOPT_FRESH_CONNECT, 1L);
  return 1;
}

long cj_easy_exchange_status (const struct cj_easy_exchange *x) {
  long status = 0;
  curl_easy_getinfo(x->easy.handle, CURLINFO_RESPONSE_CODE, &status);
  return status;
}
