/* One HTTP exchange on a libcurl easy handle that is kept for the next one. */
#include "transfer.h"

#include "forks.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* A session token is a few KB; servers refuse more than this themselves. */
#define MAX_LINES ((size_t)128 << 10)
/* libcurl takes 8 MB; servers take a hundredth of this. */
#define MAX_URL ((size_t)1 << 20)
/* Of an answer, its interim answers included. */
#define MAX_HEAD ((size_t)64 << 10)
#define MAX_NETWORK ((size_t)16 << 10)
/* A body buffer larger than this is not kept for the next answer. */
#define KEEP ((size_t)1 << 20)
/* One handle may talk to a few dozen endpoints. */
#define MAX_CONNECTIONS 32L
/* Fewer names than this in a directory of certificates are somebody's own
** beside the system's bundle, not the system's. */
#define MIN_CERTIFICATES 40

#define TOO_LARGE "the answer is larger than the limit of %zu bytes"

enum { GIVEN_TYPE = 1, GIVEN_ACCEPT = 2 };

static pthread_once_t started = PTHREAD_ONCE_INIT;
static pthread_once_t looked = PTHREAD_ONCE_INIT;
static int has_hashed_certificates; /* set by 'look', constant from then on */

/* Whether 'name' is what OpenSSL looks certificates up by: 8 hex digits and
** a number. */
static int is_hashed (const char *name) {
  return strspn(name, "0123456789abcdef") == 8 && name[8] == '.' &&
         name[9] >= '0' && name[9] <= '9';
}

static int count_certificates (const char *folder) {
  DIR *d = folder != NULL ? opendir(folder) : NULL;
  struct dirent *entry;
  int n = 0;
  if (d == NULL)
    return 0;
  while (n < MIN_CERTIFICATES && (entry = readdir(d)) != NULL)
    n += is_hashed(entry->d_name);
  closedir(d);
  return n;
}

static void start (void) {
  curl_global_init(CURL_GLOBAL_DEFAULT);
}

static void look (void) {
#if LIBCURL_VERSION_NUM >= 0x074600
  has_hashed_certificates =
      count_certificates(curl_version_info(CURLVERSION_NOW)->capath) >=
      MIN_CERTIFICATES;
#endif
}

void cj_transfer_start (void) {
  pthread_once(&started, start);
}

__attribute__((format(printf, 3, 4))) static int
refuse (struct cj_transfer *t, const char *code, const char *message, ...) {
  va_list values;
  va_start(values, message);
  t->problem = code;
  vsnprintf(t->message, sizeof(t->message), message, values);
  va_end(values);
  return -1;
}

/* ---- callbacks: they touch no Lua state ---- */

static size_t on_body (char *s, size_t size, size_t n, void *data) {
  struct cj_transfer *t = data;
  n *= size;
  if (n > t->max_body - t->body.len)
    refuse(t, "too_large", TOO_LARGE, t->max_body);
  else if (cj_buf_add(&t->body, s, n) != 0)
    refuse(t, "memory", "out of memory");
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
  if (t->head_total > MAX_HEAD)
    refuse(t, "too_large", "the answer's headers are larger than %zu bytes",
           MAX_HEAD);
  else if (cj_buf_add(&t->head, s, n) != 0)
    refuse(t, "memory", "out of memory");
  else
    return n;
  return 0;
}

/* ---- opening and closing ---- */

void cj_transfer_init (struct cj_transfer *t) {
  memset(t, 0, sizeof(*t));
  t->lines.max = MAX_LINES;
  t->url.max = MAX_URL;
  t->network.max = MAX_NETWORK;
  t->head.max = MAX_HEAD;
  t->max_body = CJ_MAX_BODY;
}

/* After a fork the connections are the parent's too: a TLS goodbye from here
** would end them, so the handle is left alone. */
static void drop (struct cj_transfer *t) {
  if (t->easy != NULL && t->forks == cj_forks())
    curl_easy_cleanup(t->easy);
  t->easy = NULL;
}

void cj_transfer_free (struct cj_transfer *t) {
  drop(t);
  free(t->list);
  t->list = NULL;
  t->list_cap = 0;
  cj_buf_free(&t->lines);
  cj_buf_free(&t->url);
  cj_buf_free(&t->network);
  cj_buf_free(&t->head);
  cj_buf_free(&t->body);
}

/* What a child process inherits would be a connection. */
static curl_socket_t on_open (void *data, curlsocktype purpose,
                              struct curl_sockaddr *a) {
  curl_socket_t fd = socket(a->family, a->socktype, a->protocol);
  (void)data;
  (void)purpose;
  if (fd >= 0)
    fcntl(fd, F_SETFD, FD_CLOEXEC);
  return fd;
}

/* libcurl copies text and may be short of memory. A handle that lacks a setting
** is not used any more. */
static void set_text (struct cj_transfer *t, CURLoption option,
                      const char *text) {
  if (curl_easy_setopt(t->easy, option, text) == CURLE_OUT_OF_MEMORY)
    t->unset = 1;
}

/* What holds for every request. */
static void set_defaults (struct cj_transfer *t) {
  CURL *e = t->easy;
  curl_easy_setopt(e, CURLOPT_PRIVATE, t);
  curl_easy_setopt(e, CURLOPT_ERRORBUFFER, t->message);
  curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(e, CURLOPT_WRITEDATA, t);
  curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_head);
  curl_easy_setopt(e, CURLOPT_HEADERDATA, t);
  curl_easy_setopt(e, CURLOPT_OPENSOCKETFUNCTION, on_open);
  curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
#if LIBCURL_VERSION_NUM >= 0x075500
  set_text(t, CURLOPT_PROTOCOLS_STR, "http,https");
#else
  curl_easy_setopt(e, CURLOPT_PROTOCOLS,
                   (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
  curl_easy_setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
  curl_easy_setopt(e, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
  curl_easy_setopt(e, CURLOPT_PATH_AS_IS, 1L); /* the path is signed */
  curl_easy_setopt(e, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
  curl_easy_setopt(e, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  curl_easy_setopt(e, CURLOPT_TCP_NODELAY, 1L);
  curl_easy_setopt(e, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(e, CURLOPT_MAXCONNECTS, MAX_CONNECTIONS);
  set_text(t, CURLOPT_ACCEPT_ENCODING, t->gzip ? "gzip" : NULL);
  t->form = CJ_FORM_NONE;
  t->named = 0;
  t->timeout = t->connect_timeout = 0;
  cj_buf_reset(&t->url);
}

static int is_folder (const char *path) {
  struct stat st;
  return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static void set_network (struct cj_transfer *t, const struct cj_network *n) {
  /* "" and not NULL: libcurl would ask the environment. */
  set_text(t, CURLOPT_PROXY, n->proxy != NULL ? n->proxy : "");
  set_text(t, CURLOPT_NOPROXY, n->no_proxy != NULL ? n->no_proxy : "");
  if (n->ca_bundle != NULL) {
    const char *folder = is_folder(n->ca_bundle) ? n->ca_bundle : NULL;
    const char *file = folder == NULL ? n->ca_bundle : NULL;
    set_text(t, CURLOPT_CAINFO, file);
    set_text(t, CURLOPT_CAPATH, folder);
    set_text(t, CURLOPT_PROXY_CAINFO, file);
    set_text(t, CURLOPT_PROXY_CAPATH, folder);
  }
  if (n->client_cert != NULL) {
    set_text(t, CURLOPT_SSLCERT, n->client_cert);
    set_text(t, CURLOPT_SSLKEY,
             n->client_key != NULL ? n->client_key : n->client_cert);
  }
}

static int flatten (struct cj_buf *b, const struct cj_network *n) {
  const char *const parts[] = { n->proxy, n->no_proxy, n->ca_bundle,
                                n->client_cert, n->client_key };
  size_t i;
  for (i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
    /* The NUL behind each, and another byte for one that is unset. */
    if (parts[i] != NULL ? cj_buf_add(b, parts[i], strlen(parts[i]) + 1)
                         : cj_buf_add(b, "\1", 2))
      return -1;
  }
  return 0;
}

/* Puts the network settings in force unless they are. A reset keeps the open
** connections, and libcurl itself reuses one only under equal settings. */
static int apply_network (struct cj_transfer *t, const struct cj_network *n) {
  size_t old = t->network.len;
  size_t len;
  if (flatten(&t->network, n) != 0) {
    t->unset = 1;
    return refuse(t, "request", "the network options are too long");
  }
  len = t->network.len - old;
  if (len == old && memcmp(t->network.s, t->network.s + old, len) == 0) {
    t->network.len = old;
    return 0;
  }
  memmove(t->network.s, t->network.s + old, len);
  t->network.len = len;
  if (old > 0)
    curl_easy_reset(t->easy);
  set_defaults(t);
  set_network(t, n);
  t->trusts = n->ca_bundle != NULL;
  return 0;
}

/* Where a certificate may come: of the system's, where they have hashed names,
** only the one needed is read. The bundle takes 18 ms to parse. */
static void apply_trust (struct cj_transfer *t, const struct cj_request *r) {
  int is_plain = strncmp(r->url, "http://", 7) == 0 && r->network.proxy == NULL;
  t->secure |= !is_plain;
  if (t->trusts || is_plain)
    return;
  pthread_once(&looked, look);
  if (has_hashed_certificates) {
    set_text(t, CURLOPT_CAINFO, NULL);
    set_text(t, CURLOPT_PROXY_CAINFO, NULL);
  }
  t->trusts = 1;
}

int cj_transfer_begin (struct cj_transfer *t) {
  t->problem = NULL;
  t->ready = 0;
  t->head_ended = 0;
  t->message[0] = '\0';
  t->count = 0;
  t->given = 0;
  t->head_total = 0;
  cj_buf_reset(&t->lines);
  cj_buf_reset(&t->head);
  if (t->body.cap > KEEP)
    cj_buf_free(&t->body);
  cj_buf_reset(&t->body);
  t->body.max = t->max_body;
  if (t->easy != NULL && t->forks == cj_forks() && !t->unset)
    return 0;
  cj_transfer_start();
  drop(t);
  t->easy = curl_easy_init();
  if (t->easy == NULL)
    return refuse(t, "memory", "libcurl could not make a handle");
  t->forks = cj_forks();
  t->unset = t->secure = 0;
  cj_buf_reset(&t->network);
  return 0;
}

/* ---- the request ---- */

static int is_token (const char *s, size_t n) {
  static const char others[] = "!#$%&'*+.^_`|~";
  size_t i;
  for (i = 0; i < n; i++) {
    char c = s[i];
    if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
          (c >= '0' && c <= '9') || (c != '\0' && strchr(others, c) != NULL)))
      return 0;
  }
  return n > 0;
}

/* Whether it stays on its line: what else a value holds is the server's
** business. */
static int is_line (const char *s, size_t n) {
  return memchr(s, '\r', n) == NULL && memchr(s, '\n', n) == NULL &&
         memchr(s, '\0', n) == NULL;
}

static int is (const char *name, size_t n, const char *other) {
  return strlen(other) == n && memcmp(name, other, n) == 0;
}

static int add_line (struct cj_transfer *t, const char *name, size_t name_len,
                     const char *separator, const char *value,
                     size_t value_len) {
  size_t n = strlen(separator);
  char *to;
  if (cj_buf_reserve(&t->lines, name_len + n + value_len + 1) != 0)
    return refuse(t, "request", "the request's headers are too long");
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
  if (is(name, name_len, "transfer-encoding"))
    return refuse(t, "request", "transfer-encoding is the transport's own");
  /* libcurl counts the body, and never waits for a 100 Continue. */
  if (is(name, name_len, "content-length") || is(name, name_len, "expect"))
    return 0;
  if (is(name, name_len, "content-type"))
    t->given |= GIVEN_TYPE;
  else if (is(name, name_len, "accept"))
    t->given |= GIVEN_ACCEPT;
  while (value_len > 0 && (*value == ' ' || *value == '\t'))
    value++, value_len--;
  /* With a colon and nothing behind it libcurl would leave the header out. */
  return value_len > 0 ? add_line(t, name, name_len, ": ", value, value_len)
                       : add_line(t, name, name_len, ";", "", 0);
}

int cj_transfer_header (struct cj_transfer *t, const char *name,
                        size_t name_len, const char *value, size_t value_len) {
  if (!is_token(name, name_len))
    return refuse(t, "request", "a header's name holds more than a token may");
  if (!is_line(value, value_len))
    return refuse(t, "request", "the header %.64s holds a line break or a NUL",
                  name);
  return add_header(t, name, name_len, value, value_len);
}

int cj_transfer_lines (struct cj_transfer *t, const char *s, size_t n) {
  const char *end = s + n;
  while (s < end) {
    const char *colon = memchr(s, ':', (size_t)(end - s));
    const char *stop = memchr(s, '\r', (size_t)(end - s));
    if (colon == NULL || stop == NULL || stop < colon + 2 || end - stop < 2 ||
        !is_line(s, (size_t)(stop - s)))
      return refuse(t, "request", "not the lines of headers");
    if (add_header(t, s, (size_t)(colon - s), colon + 2,
                   (size_t)(stop - colon - 2)) != 0)
      return -1;
    s = stop + 2;
  }
  return 0;
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

static int has_body (const struct cj_request *r) {
  return r->body != NULL || strcmp(r->method, "POST") == 0 ||
         strcmp(r->method, "PUT") == 0 || strcmp(r->method, "PATCH") == 0;
}

/* Which of libcurl's own requests it is: that is told again only when it
** changes. The method's name is, where libcurl's would be another. */
static void set_method (struct cj_transfer *t, const struct cj_request *r,
                        enum cj_form form) {
  static const char *const own[] = { "", "GET", "HEAD", "POST" };
  int is_own = strcmp(r->method, own[form]) == 0;
  int head = form == CJ_FORM_HEAD;
  if (form != t->form) {
    curl_easy_setopt(t->easy, CURLOPT_HTTPGET, 1L); /* ends an earlier HEAD */
    if (head)
      curl_easy_setopt(t->easy, CURLOPT_NOBODY, 1L);
    /* Refuses a Content-Length at once; a HEAD's only describes. */
    curl_easy_setopt(t->easy, CURLOPT_MAXFILESIZE_LARGE,
                     head ? (curl_off_t)0 : (curl_off_t)t->max_body);
    t->form = form;
  }
  if (!is_own || t->named)
    set_text(t, CURLOPT_CUSTOMREQUEST, is_own ? NULL : r->method);
  t->named = !is_own;
}

static void set_body (struct cj_transfer *t, const struct cj_request *r) {
  curl_easy_setopt(t->easy, CURLOPT_POSTFIELDSIZE_LARGE,
                   (curl_off_t)r->body_len);
  curl_easy_setopt(t->easy, CURLOPT_POSTFIELDS, r->body != NULL ? r->body : "");
}

static void set_timeouts (struct cj_transfer *t, const struct cj_request *r) {
  if (t->timeout != r->timeout)
    curl_easy_setopt(t->easy, CURLOPT_TIMEOUT_MS, r->timeout);
  if (t->connect_timeout != r->connect_timeout)
    curl_easy_setopt(t->easy, CURLOPT_CONNECTTIMEOUT_MS, r->connect_timeout);
  t->timeout = r->timeout;
  t->connect_timeout = r->connect_timeout;
}

static int set_url (struct cj_transfer *t, const struct cj_request *r) {
  if (t->url.len == r->url_len && r->url_len > 0 &&
      memcmp(t->url.s, r->url, r->url_len) == 0)
    return 0;
  cj_buf_reset(&t->url);
  if (curl_easy_setopt(t->easy, CURLOPT_URL, r->url) != CURLE_OK)
    return -1;
  cj_buf_add(&t->url, r->url, r->url_len); /* else it is told once more */
  return 0;
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
  enum cj_form form = has_body(r)                      ? CJ_FORM_BODY
                      : strcmp(r->method, "HEAD") == 0 ? CJ_FORM_HEAD
                                                       : CJ_FORM_GET;
  if (!is_token(r->method, r->method_len))
    return refuse(t, "request", "the method is not a token");
  if (strlen(r->url) != r->url_len)
    return refuse(t, "request", "the URL holds a NUL");
  if (r->body != NULL && strcmp(r->method, "HEAD") == 0)
    return refuse(t, "request", "a HEAD request has no body");
  if (apply_network(t, &r->network) != 0 || suppress_own(t, form) != 0)
    return -1;
  apply_trust(t, r);
  set_method(t, r, form);
  if (form == CJ_FORM_BODY)
    set_body(t, r);
  set_timeouts(t, r);
  list = link_lines(t);
  if (list == NULL || set_url(t, r) != 0 || t->unset)
    return refuse(t, "memory", "out of memory");
  curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER, list);
  t->ready = 1;
  return 0;
}

/* ---- the answer ---- */

static const char *code_of (CURLcode result) {
  switch (result) {
  case CURLE_COULDNT_RESOLVE_HOST:
    return "resolve";
  case CURLE_COULDNT_CONNECT:
  case CURLE_INTERFACE_FAILED:
    return "connect";
  case CURLE_SSL_CONNECT_ERROR:
  case CURLE_SSL_CERTPROBLEM:
  case CURLE_SSL_CIPHER:
  case CURLE_PEER_FAILED_VERIFICATION:
  case CURLE_SSL_CACERT_BADFILE:
  case CURLE_SSL_ISSUER_ERROR:
  case CURLE_SSL_ENGINE_INITFAILED:
  case CURLE_SSL_SHUTDOWN_FAILED:
  case CURLE_SSL_CLIENTCERT:
  case CURLE_USE_SSL_FAILED:
    return "tls";
  case CURLE_OPERATION_TIMEDOUT:
    return "timeout";
  case CURLE_GOT_NOTHING:
  case CURLE_PARTIAL_FILE:
  case CURLE_RECV_ERROR:
  case CURLE_SEND_ERROR:
    return "closed";
  case CURLE_FILESIZE_EXCEEDED:
    return "too_large";
  case CURLE_COULDNT_RESOLVE_PROXY:
  case CURLE_PROXY:
    return "proxy";
  case CURLE_URL_MALFORMAT:
  case CURLE_LOGIN_DENIED:
    return "request";
  case CURLE_OUT_OF_MEMORY:
    return "memory";
  default:
    return "protocol";
  }
}

/* libcurl's text and code, but where they would mislead or tell a secret. */
static const char *explain (struct cj_transfer *t, CURLcode result) {
  long tunnel = 0;
  curl_easy_getinfo(t->easy, CURLINFO_HTTP_CONNECTCODE, &tunnel);
  if (tunnel >= 300) {
    snprintf(t->message, sizeof(t->message),
             "the proxy answered %ld to CONNECT", tunnel);
    return "proxy";
  } else if (strstr(t->message, "Unsupported proxy") != NULL) {
    /* libcurl quotes it, password included */
    snprintf(t->message, sizeof(t->message),
             "the proxy's address is not one libcurl understands");
    return "proxy";
  } else if (result == CURLE_FILESIZE_EXCEEDED) {
    snprintf(t->message, sizeof(t->message), TOO_LARGE, t->max_body);
  } else if (result == CURLE_SSL_CONNECT_ERROR &&
             (strstr(t->message, "SSL_connect: ") != NULL ||
              strstr(t->message, " failure: ") != NULL)) {
    return "connect"; /* cut off in the handshake: not a matter of trust */
  } else if (t->message[0] == '\0') {
    snprintf(t->message, sizeof(t->message), "%s", curl_easy_strerror(result));
  }
  return code_of(result);
}

int cj_transfer_succeeded (struct cj_transfer *t, CURLcode result) {
  if (t->problem != NULL || result != CURLE_OK)
    return 0;
  if (!t->head_ended) /* libcurl takes the end of the connection for it */
    return refuse(t, "closed", "the answer's headers were cut off") == 0;
  return 1;
}

struct cj_failure cj_transfer_failure (struct cj_transfer *t, CURLcode result) {
  struct cj_failure f = { t->problem, t->message, 0 };
  curl_off_t begun = 0;
  if (!t->ready)
    return f;
  if (t->problem == NULL)
    f.code = explain(t, result);
  /* The moment before the request's first byte: resolved, connected, TLS and
  ** tunnel done. */
  curl_easy_getinfo(t->easy, CURLINFO_PRETRANSFER_TIME_T, &begun);
  f.sent = begun > 0;
  if (result == CURLE_UNSUPPORTED_PROTOCOL && !f.sent)
    f.code = "request"; /* else an answer that is not HTTP */
  return f;
}

long cj_transfer_status (const struct cj_transfer *t) {
  long status = 0;
  curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
  return status;
}
