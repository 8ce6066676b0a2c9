/* A libcurl handle that is kept for the next request, and what tells it how to
** reach an address. */
#include "easy.h"

#include "../base/fork_generation.h"

#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>

/* libcurl takes 8 MB; servers take a hundredth of this. */
#define MAX_URL ((size_t)1 << 20)
/* Fewer names than this in a directory of certificates are somebody's own
** beside the system's bundle, not the system's. */
#define MIN_CERTIFICATES 40

static pthread_once_t started = PTHREAD_ONCE_INIT;
static pthread_once_t looked = PTHREAD_ONCE_INIT;
static int has_hashed_certificates; /* set by 'look', constant from then on */
static int is_pinned;               /* likewise by 'start' */

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

/* Keeps this library, and so libcurl, loaded for as long as the process lives:
** a thread that resolves a name may outlive the Lua state. */
static int pin (void) {
  Dl_info self;
  return dladdr(&started, &self) != 0 &&
         dlopen(self.dli_fname, RTLD_NOW | RTLD_NOLOAD | RTLD_NODELETE) != NULL;
}

static void start (void) {
  curl_global_init(CURL_GLOBAL_DEFAULT);
  is_pinned = pin();
}

static void look (void) {
#if LIBCURL_VERSION_NUM >= 0x074600
  has_hashed_certificates =
      count_certificates(curl_version_info(CURLVERSION_NOW)->capath) >=
      MIN_CERTIFICATES;
#endif
}

void cj_handle_start (void) {
  pthread_once(&started, start);
}

int cj_handle_refuse (struct cj_handle *h, const char *code,
                      const char *message, ...) {
  va_list values;
  va_start(values, message);
  h->problem = code;
  vsnprintf(h->message, sizeof(h->message), message, values);
  va_end(values);
  return -1;
}

/* ---- opening and closing ---- */

void cj_handle_init (struct cj_handle *h) {
  memset(h, 0, sizeof(*h));
  h->network.max = 2 * CJ_MAX_NETWORK; /* beside those in force */
  h->url.max = MAX_URL;
}

/* After a fork the connections are the parent's too: a TLS goodbye from here
** would end them, so the handle is left alone. */
static void drop (struct cj_handle *h) {
  if (h->easy != NULL && h->fork_generation == cj_fork_generation())
    curl_easy_cleanup(h->easy);
  h->easy = NULL;
}

void cj_handle_free (struct cj_handle *h) {
  drop(h);
  cj_buf_free(&h->network);
  cj_buf_free(&h->url);
}

int cj_handle_begin (struct cj_handle *h) {
  h->problem = NULL;
  h->message[0] = '\0';
  if (h->easy != NULL && h->fork_generation == cj_fork_generation() &&
      !h->unset)
    return 0;
  cj_handle_start();
  drop(h);
  h->easy = curl_easy_init();
  if (h->easy == NULL)
    return cj_handle_refuse(h, "memory", "libcurl could not make a handle");
  h->fork_generation = cj_fork_generation();
  h->unset = h->secure = 0;
  cj_buf_reset(&h->network);
  return 0;
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

/* ---- the way to an address ---- */

/* libcurl may be short of memory. A handle that lacks a setting is not used any
** more. */
void cj_handle_text (struct cj_handle *h, CURLoption option, const char *text) {
  if (curl_easy_setopt(h->easy, option, text) == CURLE_OUT_OF_MEMORY)
    h->unset = 1;
}

/* What holds for every request. */
static void set_defaults (struct cj_handle *h) {
  CURL *e = h->easy;
  curl_easy_setopt(e, CURLOPT_PRIVATE, h->owner);
  curl_easy_setopt(e, CURLOPT_ERRORBUFFER, h->message);
  curl_easy_setopt(e, CURLOPT_OPENSOCKETFUNCTION, on_open);
  curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
#if LIBCURL_VERSION_NUM >= 0x075700
  /* Whoever gives up a request does not wait until its name is resolved. */
  curl_easy_setopt(e, CURLOPT_QUICK_EXIT, (long)is_pinned);
#endif
#if LIBCURL_VERSION_NUM >= 0x075500
  cj_handle_text(h, CURLOPT_PROTOCOLS_STR, "http,https");
#else
  curl_easy_setopt(e, CURLOPT_PROTOCOLS,
                   (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
  curl_easy_setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
  curl_easy_setopt(e, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
  curl_easy_setopt(e, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
  curl_easy_setopt(e, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  curl_easy_setopt(e, CURLOPT_TCP_NODELAY, 1L);
  curl_easy_setopt(e, CURLOPT_TCP_KEEPALIVE, 1L);
  h->timeout = h->connect_timeout = 0;
  h->trusts = 0;
  cj_buf_reset(&h->url);
}

static int is_folder (const char *path) {
  struct stat st;
  return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static void set_network (struct cj_handle *h, const struct cj_network *n) {
  /* "" and not NULL: libcurl would ask the environment. */
  cj_handle_text(h, CURLOPT_PROXY, n->proxy != NULL ? n->proxy : "");
  cj_handle_text(h, CURLOPT_NOPROXY, n->no_proxy != NULL ? n->no_proxy : "");
  if (n->ca_bundle != NULL) {
    const char *folder = is_folder(n->ca_bundle) ? n->ca_bundle : NULL;
    const char *file = folder == NULL ? n->ca_bundle : NULL;
    cj_handle_text(h, CURLOPT_CAINFO, file);
    cj_handle_text(h, CURLOPT_CAPATH, folder);
    cj_handle_text(h, CURLOPT_PROXY_CAINFO, file);
    cj_handle_text(h, CURLOPT_PROXY_CAPATH, folder);
  }
  if (n->client_cert != NULL) {
    cj_handle_text(h, CURLOPT_SSLCERT, n->client_cert);
    cj_handle_text(h, CURLOPT_SSLKEY,
                   n->client_key != NULL ? n->client_key : n->client_cert);
  }
}

int cj_network_flatten (struct cj_buf *b, const struct cj_network *n) {
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

/* Where a certificate may come: of the system's, where they have hashed names,
** only the one needed is read. The bundle takes 18 ms to parse. */
static void apply_trust (struct cj_handle *h, const struct cj_request *r) {
  int is_plain = strncmp(r->url, "http://", 7) == 0 && r->network.proxy == NULL;
  h->secure |= !is_plain;
  if (h->trusts || is_plain)
    return;
  pthread_once(&looked, look);
  if (r->network.ca_bundle == NULL && has_hashed_certificates) {
    cj_handle_text(h, CURLOPT_CAINFO, NULL);
    cj_handle_text(h, CURLOPT_PROXY_CAINFO, NULL);
  }
  h->trusts = 1;
}

/* A reset keeps the open connections, and libcurl itself reuses one only under
** equal settings. */
int cj_handle_network (struct cj_handle *h, const struct cj_request *r) {
  size_t old = h->network.len;
  size_t len;
  int is_new;
  if (cj_network_flatten(&h->network, &r->network) != 0) {
    h->unset = 1;
    return cj_handle_refuse(h, "request", "the network options are too long");
  }
  len = h->network.len - old;
  is_new = len != old || memcmp(h->network.s, h->network.s + old, len) != 0;
  if (is_new) {
    memmove(h->network.s, h->network.s + old, len);
    if (old > 0)
      curl_easy_reset(h->easy);
    set_defaults(h);
    set_network(h, &r->network);
  }
  h->network.len = len;
  apply_trust(h, r);
  return is_new;
}

void cj_handle_timeouts (struct cj_handle *h, long timeout,
                         long connect_timeout) {
  if (h->timeout != timeout)
    curl_easy_setopt(h->easy, CURLOPT_TIMEOUT_MS, timeout);
  if (h->connect_timeout != connect_timeout)
    curl_easy_setopt(h->easy, CURLOPT_CONNECTTIMEOUT_MS, connect_timeout);
  h->timeout = timeout;
  h->connect_timeout = connect_timeout;
}

int cj_handle_address (struct cj_handle *h, const char *url, size_t n) {
  if (h->url.len == n && n > 0 && memcmp(h->url.s, url, n) == 0)
    return 0;
  cj_buf_reset(&h->url);
  if (curl_easy_setopt(h->easy, CURLOPT_URL, url) != CURLE_OK)
    return -1;
  cj_buf_add(&h->url, url, n); /* else it is told once more */
  return 0;
}

/* ---- what went wrong ---- */

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
static const char *explain (struct cj_handle *h, CURLcode result) {
  long tunnel = 0;
  curl_easy_getinfo(h->easy, CURLINFO_HTTP_CONNECTCODE, &tunnel);
  if (tunnel >= 300) {
    cj_handle_refuse(h, "proxy", "the proxy answered %ld to CONNECT", tunnel);
    return "proxy";
  } else if (strstr(h->message, "Unsupported proxy") != NULL) {
    /* libcurl quotes it, password included */
    cj_handle_refuse(h, "proxy",
                     "the proxy's address is not one libcurl understands");
    return "proxy";
  } else if (result == CURLE_SSL_CONNECT_ERROR &&
             (strstr(h->message, "SSL_connect: ") != NULL ||
              strstr(h->message, " failure: ") != NULL)) {
    return "connect"; /* cut off in the handshake: not a matter of trust */
  } else if (h->message[0] == '\0') {
    snprintf(h->message, sizeof(h->message), "%s", curl_easy_strerror(result));
  }
  return code_of(result);
}

struct cj_failure cj_handle_failure (struct cj_handle *h, CURLcode result) {
  struct cj_failure f = { h->problem, h->message, 0 };
  curl_off_t begun = 0;
  if (f.code == NULL)
    f.code = explain(h, result);
  /* The moment before the request's first byte: resolved, connected, TLS and
  ** tunnel done. */
  curl_easy_getinfo(h->easy, CURLINFO_PRETRANSFER_TIME_T, &begun);
  f.sent = begun > 0;
  if (result == CURLE_UNSUPPORTED_PROTOCOL && !f.sent)
    f.code = "request"; /* else an answer that is not HTTP */
  return f;
}
