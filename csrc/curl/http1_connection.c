/* HTTP/1.1 on a connection that libcurl opens: http1_connection.h has the
** overview. */
#include "http1_connection.h"

#include "../base/fork_generation.h"
#include "../base/sigpipe.h"
#include "../http/request_head.h"
#include "socket.h"

/* The limit of a request's body: libcurl sends larger ones, and reads an early
** response meanwhile. */
#define MAX_BODY ((size_t)64 << 10)
/* The limit of a whole request: body, headers and target. */
#define MAX_OUT (MAX_BODY + ((size_t)256 << 10))
#define MAX_ORIGIN ((size_t)1 << 10)
/* Bytes received in one call. */
#define PIECE ((size_t)16 << 10)
/* Calls in one turn, after which other connections and the clock have theirs.
 */
#define MAX_PIECES 16
/* New connections that an exchange may lose before anything is sent. */
#define MAX_LOST 3

/* ---- which requests ---- */

size_t cj_connection_origin (const struct cj_request *r) {
  size_t origin = 0;
  if (r->network.proxy == NULL && r->body_len <= MAX_BODY &&
      cj_request_refusal(r) == NULL)
    origin = cj_request_origin(r);
  return origin <= MAX_ORIGIN - 2 ? origin : 0;
}

/* ---- opening and closing ---- */

void cj_connection_init (struct cj_connection *c) {
  memset(c, 0, sizeof(*c));
  cj_easy_init(&c->easy);
  c->fd = CURL_SOCKET_BAD;
  c->origin.max = MAX_ORIGIN;
  c->out.max = MAX_OUT;
}

void cj_connection_close (struct cj_connection *c) {
  struct cj_sigpipe guard;
  if (c->multi != NULL && c->easy.fork_generation == cj_fork_generation()) {
    if (c->easy.secure)
      cj_sigpipe_block(&guard);                         /* TLS sends an alert */
    curl_multi_remove_handle(c->multi, c->easy.handle); /* closes it */
    if (c->easy.secure)
      cj_sigpipe_restore(&guard);
  }
  c->multi = NULL;
  c->fd = CURL_SOCKET_BAD;
  c->is_reused = 0;
}

void cj_connection_free (struct cj_connection *c) {
  cj_connection_close(c);
  cj_easy_free(&c->easy);
  cj_buf_free(&c->origin);
  cj_buf_free(&c->out);
  cj_response_parser_free(&c->in);
}

int cj_connection_matches (const struct cj_connection *c,
                           struct cj_slice origin,
                           const struct cj_buf *network) {
  return c->origin.len == origin.n + 2 &&
         memcmp(c->origin.s, origin.s, origin.n) == 0 &&
         c->easy.network.len == network->len &&
         memcmp(c->easy.network.s, network->s, network->len) == 0;
}

/* Input that precedes the request makes a connection unusable, be it the end of
** the connection or bytes that would be read as the next response. Records of
** TLS itself, such as session tickets, are consumed by this call. */
int cj_connection_is_alive (struct cj_connection *c) {
  char byte;
  size_t n;
  if (!c->easy.secure)
    return cj_socket_is_idle(c->fd);
  return curl_easy_recv(c->easy.handle, &byte, 1, &n) == CURLE_AGAIN;
}

int cj_connection_configure (struct cj_connection *c,
                             const struct cj_request *r, size_t origin) {
  int is_new;
  if (cj_easy_begin(&c->easy) != 0)
    return -1;
  is_new = cj_easy_network(&c->easy, r);
  if (is_new < 0)
    return -1;
  if (is_new)
    curl_easy_setopt(c->easy.handle, CURLOPT_CONNECT_ONLY, 1L);
  cj_buf_reset(&c->origin);
  if (cj_buf_add(&c->origin, r->url, origin) != 0 ||
      cj_buf_add(&c->origin, "/", 2) != 0 ||
      cj_easy_address(&c->easy, c->origin.s, c->origin.len - 1) != 0 ||
      c->easy.invalid)
    return cj_easy_refuse(&c->easy, "memory", "out of memory");
  return 0;
}

int cj_connection_connect (struct cj_connection *c, CURLM *multi) {
  cj_easy_timeouts(&c->easy, c->timeout, c->connect_timeout);
  if (curl_multi_add_handle(multi, c->easy.handle) != CURLM_OK)
    return cj_easy_refuse(&c->easy, "memory", "out of memory");
  c->multi = multi;
  c->sent = 0;
  return 0;
}

enum cj_progress cj_connection_connected (struct cj_connection *c,
                                          CURLcode result) {
  if (result == CURLE_OK)
    result = curl_easy_getinfo(c->easy.handle, CURLINFO_ACTIVESOCKET, &c->fd);
  if (result != CURLE_OK) {
    c->easy.problem = cj_easy_failure(&c->easy, result).code;
    return CJ_PROGRESS_FAILED;
  } else if (c->fd == CURL_SOCKET_BAD) {
    /* Until something is sent on it, libcurl takes it for idle: it closes it
    ** when it opens another while input is pending here, such as the session
    ** tickets of TLS. */
    if (c->lost++ < MAX_LOST)
      return CJ_PROGRESS_RECONNECT;
    cj_easy_refuse(&c->easy, "connect", "the connection was lost at once");
    return CJ_PROGRESS_FAILED;
  }
  c->easy.detail[0] = '\0'; /* of addresses that failed before */
  return CJ_PROGRESS_WAIT;
}

/* ---- the request ---- */

int cj_connection_write (struct cj_connection *c, const struct cj_request *r,
                         size_t origin) {
  cj_buf_reset(&c->out);
  c->sent = 0;
  c->has_sent = c->has_unread = c->lost = 0;
  c->non_idempotent = r->non_idempotent;
  c->timeout = r->timeout;
  c->connect_timeout = r->connect_timeout;
  c->easy.problem = NULL;
  c->easy.message[0] = c->easy.detail[0] = '\0';
  cj_response_parser_begin(&c->in, strcmp(r->method, "HEAD") == 0);
  return cj_request_head_write(&c->out, r, origin) == 0
             ? cj_buf_add(&c->out, r->body, r->body_len)
             : -1;
}

/* ---- the exchange ---- */

/* The connection ended before the response did. The server may have closed a
** kept connection before the request arrived. */
static enum cj_progress fail (struct cj_connection *c, const char *why) {
  if (c->is_reused && !(c->non_idempotent && c->has_sent) &&
      !cj_response_parser_has_begun(&c->in))
    return CJ_PROGRESS_RECONNECT;
  /* The message of TLS, if there is one, says more. */
  cj_easy_refuse(&c->easy, "closed", "%s",
                 c->easy.secure && c->easy.detail[0] != '\0' ? c->easy.detail
                                                             : why);
  return CJ_PROGRESS_FAILED;
}

static enum cj_progress end (struct cj_connection *c) {
  if (cj_response_parser_feed(&c->in, "", 0) == CJ_PARSE_DONE)
    return CJ_PROGRESS_DONE;
  return fail(c, c->in.message);
}

/* Whether input on a kept connection precedes the request: the server's kernel
** has acknowledged none of it. */
static int is_unrelated (const struct cj_connection *c) {
  return c->is_reused && !cj_response_parser_has_begun(&c->in) &&
         cj_socket_unacknowledged(c->fd) >= c->sent;
}

enum cj_progress cj_connection_receive (struct cj_connection *c) {
  char piece[PIECE];
  int pieces = 0;
  size_t n;
  c->has_unread = 0;
  do {
    if (pieces++ == MAX_PIECES) {
      c->has_unread = 1;
      return CJ_PROGRESS_WAIT;
    }
    CURLcode result =
        c->easy.secure
            ? curl_easy_recv(c->easy.handle, piece, sizeof(piece), &n)
            : cj_socket_receive(c->fd, piece, sizeof(piece), &n);
    if (result == CURLE_AGAIN)
      return CJ_PROGRESS_WAIT;
    if (result != CURLE_OK)
      return fail(c, "the connection was lost before the response's end");
    if (n == 0)
      return end(c);
    if (is_unrelated(c))
      return fail(c, "the server sent something before the request");
    switch (cj_response_parser_feed(&c->in, piece, n)) {
    case CJ_PARSE_DONE:
      return CJ_PROGRESS_DONE;
    case CJ_PARSE_FAILED:
      cj_easy_refuse(&c->easy, c->in.code, "%s", c->in.message);
      return CJ_PROGRESS_FAILED;
    default:
      break;
    }
  } while (c->easy.secure || n == sizeof(piece)); /* TLS may hold more */
  return CJ_PROGRESS_WAIT;
}

/* The first bytes on a connection go through libcurl, which thereby marks the
** connection as in use. Else libcurl closes it, whenever it opens another one
** while input is pending here, and its descriptor is soon another's. */
enum cj_progress cj_connection_send (struct cj_connection *c) {
  while (c->sent < c->out.len) {
    const char *s = c->out.s + c->sent;
    size_t left = c->out.len - c->sent, n = 0;
    CURLcode result = c->easy.secure || !c->is_reused
                          ? curl_easy_send(c->easy.handle, s, left, &n)
                          : cj_socket_send(c->fd, s, left, &n);
    if (result == CURLE_AGAIN)
      break;
    if (result != CURLE_OK) { /* the server may have sent a response first */
      enum cj_progress progress = cj_connection_receive(c);
      return progress == CJ_PROGRESS_WAIT
                 ? fail(c, "the connection was lost while the request was sent")
                 : progress;
    }
    c->sent += n;
    c->has_sent = 1;
  }
  return CJ_PROGRESS_WAIT;
}

int cj_connection_is_reusable (const struct cj_connection *c) {
  return c->in.keep_alive && c->sent == c->out.len;
}

void cj_connection_time_out (struct cj_connection *c, double seconds) {
  cj_easy_refuse(&c->easy, "timeout",
                 "no whole response was received within %g seconds", seconds);
}

struct cj_failure cj_connection_failure (struct cj_connection *c) {
  struct cj_failure f = { c->easy.problem, c->easy.message, c->has_sent };
  return f;
}
