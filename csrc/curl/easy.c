/* An easy handle of libcurl: opening, the options that every request shares,
** and the meaning of libcurl's results. */
#include "easy.h"

#include "../base/fork_generation.h"

#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>

/* The limit of a URL: a request's head may have 1 MB in libcurl, its URL and
** CJ_MAX_HEADER_LINES in all. Servers accept a hundredth of this. */
#define MAX_URL ((size_t)512 << 10)
/* A directory with fewer hashed certificates than this is not the system's
** store: the user added some beside the system's bundle. */
#define MIN_CERTIFICATES 40

static pthread_once_t started = PTHREAD_ONCE_INIT;
static pthread_once_t counted = PTHREAD_ONCE_INIT;
static int has_hashed_certificates; /* set once, constant from then on */
static unsigned libcurl_version;    /* likewise */
static int is_pinned;               /* likewise */

/* Whether OpenSSL finds a certificate by this file name: 8 hex digits and a
** number. */
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

/* Keeps this library, and so libcurl, loaded until the process ends: a thread
** that resolves a name may outlive the Lua state. */
static int pin (void) {
  Dl_info self;
  return dladdr(&started, &self) != 0 &&
         dlopen(self.dli_fname, RTLD_NOW | RTLD_NOLOAD | RTLD_NODELETE) != NULL;
}

static void start (void) {
  curl_global_init(CURL_GLOBAL_DEFAULT);
  libcurl_version = curl_version_info(CURLVERSION_NOW)->version_num;
  is_pinned = pin();
}

static void count_system_certificates (void) {
#if LIBCURL_VERSION_NUM >= 0x074600
  has_hashed_certificates =
      count_certificates(curl_version_info(CURLVERSION_NOW)->capath) >=
      MIN_CERTIFICATES;
#endif
}

void cj_easy_start (void) {
  pthread_once(&started, start);
}

int cj_easy_libcurl_is (unsigned version) {
  cj_easy_start();
  return libcurl_version >= version;
}

int cj_easy_refuse (struct cj_easy *easy, const char *code, const char *message,
                    ...) {
  va_list values;
  va_start(values, message);
  easy->problem = code;
  vsnprintf(easy->message, sizeof(easy->message), message, values);
  va_end(values);
  return -1;
}

/* ---- opening and closing ---- */

void cj_easy_init (struct cj_easy *easy) {
  memset(easy, 0, sizeof(*easy));
  easy->network.max = 2 * CJ_MAX_NETWORK; /* those in force and a request's */
  easy->url.max = MAX_URL;
}

/* After a fork the connections belong to the parent, too. An alert of TLS from
** this process would end them, so the handle is not closed but forgotten. */
void cj_easy_close (struct cj_easy *easy) {
  if (easy->handle != NULL && easy->fork_generation == cj_fork_generation())
    curl_easy_cleanup(easy->handle);
  easy->handle = NULL;
}

void cj_easy_free (struct cj_easy *easy) {
  cj_easy_close(easy);
  cj_buf_free(&easy->network);
  cj_buf_free(&easy->url);
}

int cj_easy_begin (struct cj_easy *easy) {
  easy->problem = NULL;
  easy->message[0] = easy->detail[0] = '\0';
  if (easy->handle != NULL && easy->fork_generation == cj_fork_generation() &&
      !easy->invalid)
    return 0;
  cj_easy_start();
  cj_easy_close(easy);
  easy->handle = curl_easy_init();
  if (easy->handle == NULL)
    return cj_easy_refuse(easy, "memory", "libcurl could not make a handle");
  easy->fork_generation = cj_fork_generation();
  easy->invalid = easy->secure = 0;
  cj_buf_reset(&easy->network);
  return 0;
}

/* A socket that child processes do not inherit. */
static curl_socket_t on_open (void *data, curlsocktype purpose,
                              struct curl_sockaddr *a) {
  curl_socket_t fd = socket(a->family, a->socktype, a->protocol);
  (void)purpose;
  if (fd < 0)
    return fd;
  fcntl(fd, F_SETFD, FD_CLOEXEC);
  if (data != NULL)
    cj_socket_list_add(data, fd);
  return fd;
}

/* ---- options ---- */

/* A handle for which libcurl had no memory to copy an option is not used any
** more. */
void cj_easy_text (struct cj_easy *easy, CURLoption option, const char *text) {
  if (curl_easy_setopt(easy->handle, option, text) == CURLE_OUT_OF_MEMORY)
    easy->invalid = 1;
}

/* Sets the options that never change. */
static void set_defaults (struct cj_easy *easy) {
  CURL *e = easy->handle;
  curl_easy_setopt(e, CURLOPT_PRIVATE, easy->owner);
  curl_easy_setopt(e, CURLOPT_ERRORBUFFER, easy->detail);
  curl_easy_setopt(e, CURLOPT_OPENSOCKETFUNCTION, on_open);
  curl_easy_setopt(e, CURLOPT_OPENSOCKETDATA, easy->opened);
  curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
#if LIBCURL_VERSION_NUM >= 0x075700
  /* Closing the handle does not wait for the resolver's thread. */
  curl_easy_setopt(e, CURLOPT_QUICK_EXIT, (long)is_pinned);
#endif
#if LIBCURL_VERSION_NUM >= 0x075500
  cj_easy_text(easy, CURLOPT_PROTOCOLS_STR, "http,https");
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
  easy->timeout = easy->connect_timeout = 0;
  easy->trusts = 0;
  cj_buf_reset(&easy->url);
}

static int is_folder (const char *path) {
  struct stat st;
  return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static void set_network (struct cj_easy *easy, const struct cj_network *n) {
  /* "" and not NULL, for which libcurl reads the environment. */
  cj_easy_text(easy, CURLOPT_PROXY, n->proxy != NULL ? n->proxy : "");
  cj_easy_text(easy, CURLOPT_NOPROXY, n->no_proxy != NULL ? n->no_proxy : "");
  if (n->ca_bundle != NULL) {
    const char *folder = is_folder(n->ca_bundle) ? n->ca_bundle : NULL;
    const char *file = folder == NULL ? n->ca_bundle : NULL;
    cj_easy_text(easy, CURLOPT_CAINFO, file);
    cj_easy_text(easy, CURLOPT_CAPATH, folder);
    cj_easy_text(easy, CURLOPT_PROXY_CAINFO, file);
    cj_easy_text(easy, CURLOPT_PROXY_CAPATH, folder);
  }
  if (n->client_cert != NULL) {
    cj_easy_text(easy, CURLOPT_SSLCERT, n->client_cert);
    cj_easy_text(easy, CURLOPT_SSLKEY,
                 n->client_key != NULL ? n->client_key : n->client_cert);
  }
}

int cj_network_flatten (struct cj_buf *b, const struct cj_network *n) {
  const char *const parts[] = { n->proxy, n->no_proxy, n->ca_bundle,
                                n->client_cert, n->client_key };
  size_t i;
  for (i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
    /* A NUL ends each; an unset one is a byte that none begins with. */
    if (parts[i] != NULL ? cj_buf_add(b, parts[i], strlen(parts[i]) + 1)
                         : cj_buf_add(b, "\1", 2))
      return -1;
  }
  return 0;
}

/* Chooses the trusted certificates before the first use of TLS. From a system
** store with hashed names only the certificate in question is read, while the
** system's bundle takes 18 ms to parse. */
static void apply_trust (struct cj_easy *easy, const struct cj_request *r) {
  int is_plain = strncmp(r->url, "http://", 7) == 0 && r->network.proxy == NULL;
  easy->secure |= !is_plain;
  if (easy->trusts || is_plain)
    return;
  pthread_once(&counted, count_system_certificates);
  if (r->network.ca_bundle == NULL && has_hashed_certificates) {
    cj_easy_text(easy, CURLOPT_CAINFO, NULL);
    cj_easy_text(easy, CURLOPT_PROXY_CAINFO, NULL);
  }
  easy->trusts = 1;
}

/* A reset keeps the open connections. libcurl reuses one only under equal
** options. */
int cj_easy_network (struct cj_easy *easy, const struct cj_request *r) {
  size_t old = easy->network.len;
  size_t len;
  int is_new;
  if (cj_network_flatten(&easy->network, &r->network) != 0) {
    easy->invalid = 1;
    return cj_easy_refuse(easy, "request", "the network options are too long");
  }
  len = easy->network.len - old;
  is_new =
      len != old || memcmp(easy->network.s, easy->network.s + old, len) != 0;
  if (is_new) {
    memmove(easy->network.s, easy->network.s + old, len);
    if (old > 0)
      curl_easy_reset(easy->handle);
    set_defaults(easy);
    set_network(easy, &r->network);
  }
  easy->network.len = len;
  apply_trust(easy, r);
  return is_new;
}

void cj_easy_timeouts (struct cj_easy *easy, long timeout,
                       long connect_timeout) {
  if (easy->timeout != timeout)
    curl_easy_setopt(easy->handle, CURLOPT_TIMEOUT_MS, timeout);
  if (easy->connect_timeout != connect_timeout)
    curl_easy_setopt(easy->handle, CURLOPT_CONNECTTIMEOUT_MS, connect_timeout);
  easy->timeout = timeout;
  easy->connect_timeout = connect_timeout;
}

int cj_easy_address (struct cj_easy *easy, const char *url, size_t n) {
  if (easy->url.len == n && n > 0 && memcmp(easy->url.s, url, n) == 0)
    return 0;
  cj_buf_reset(&easy->url);
  if (n > MAX_URL)
    return cj_easy_refuse(easy, "request", "the URL is longer than %zu bytes",
                          MAX_URL);
  if (curl_easy_setopt(easy->handle, CURLOPT_URL, url) != CURLE_OK)
    return cj_easy_refuse(easy, "memory", "out of memory");
  cj_buf_add(&easy->url, url, n); /* if that fails, it is set once more */
  return 0;
}

/* ---- failures ---- */

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
#if LIBCURL_VERSION_NUM >= 0x074D00
  case CURLE_SSL_CLIENTCERT:
#endif
  case CURLE_USE_SSL_FAILED:
    return "tls";
  case CURLE_OPERATION_TIMEDOUT:
    return "timeout";
  case CURLE_GOT_NOTHING:
  case CURLE_PARTIAL_FILE:
  case CURLE_RECV_ERROR:
  case CURLE_SEND_ERROR:
  case CURLE_SEND_FAIL_REWIND: /* it would have sent a body in pieces again */
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

/* Whether the name that was not found is the proxy's, of which libcurl 8.13 to
** 8.19 says at times that it is the host's. The proxy comes first in 'network'.
*/
static int names_proxy (const struct cj_easy *easy) {
  static const char prefix[] = "Could not resolve host: ";
  const char *found = easy->detail + sizeof(prefix) - 1;
  char name[CURL_ERROR_SIZE];
  size_t n;
  if (strncmp(easy->detail, prefix, sizeof(prefix) - 1) != 0)
    return 0;
  n = strcspn(found, " ");
  memcpy(name, found, n); /* within 'detail', which has that size */
  name[n] = '\0';
  return strstr(easy->network.s, name) != NULL &&
         memmem(easy->url.s, easy->url.len, name, strlen(name)) == NULL;
}

/* Sets the failure from libcurl's result, with its message unless that is
** misleading or holds a secret. */
static void explain (struct cj_easy *easy, CURLcode result) {
  long tunnel = 0;
  curl_easy_getinfo(easy->handle, CURLINFO_HTTP_CONNECTCODE, &tunnel);
  if (tunnel >= 300) {
    cj_easy_refuse(easy, "proxy", "the proxy answered %ld to CONNECT", tunnel);
  } else if (strstr(easy->detail, "Unsupported proxy") != NULL) {
    /* libcurl's message quotes it, password included */
    cj_easy_refuse(easy, "proxy",
                   "the proxy's address is not one that libcurl supports");
  } else if (result == CURLE_COULDNT_RESOLVE_HOST && names_proxy(easy)) {
    cj_easy_refuse(easy, "proxy", "%s", easy->detail);
  } else if (result == CURLE_SSL_CONNECT_ERROR &&
             (strstr(easy->detail, "SSL_connect: ") != NULL ||
              strstr(easy->detail, " failure: ") != NULL)) {
    /* closed in the handshake: no certificate is at fault */
    cj_easy_refuse(easy, "connect", "%s", easy->detail);
  } else {
    cj_easy_refuse(easy, code_of(result), "%s",
                   easy->detail[0] != '\0' ? easy->detail
                                           : curl_easy_strerror(result));
  }
}

struct cj_failure cj_easy_failure (struct cj_easy *easy, CURLcode result) {
  struct cj_failure f = { NULL, easy->message, 0 };
  if (easy->problem == NULL)
    explain(easy, result);
  f.code = easy->problem;
  return f;
}

/* ---- input on a kept connection ---- */

/* The function that returns whether TLS holds bytes that it has not yet given
** to libcurl, be they decrypted or not; NULL where libcurl does not use
** OpenSSL. It is looked up in libcurl's own dependencies, because this module
** does not link OpenSSL. */
typedef int has_pending_function (const void *ssl);
static pthread_once_t searched = PTHREAD_ONCE_INIT;
static has_pending_function
    *ssl_has_pending; /* set once, constant from then on */

static void find_ssl_has_pending (void) {
  Dl_info libcurl;
  void *library, *symbol;
  if (dladdr((const void *)(uintptr_t)&curl_easy_init, &libcurl) == 0)
    return;
  library = dlopen(libcurl.dli_fname, RTLD_NOW | RTLD_NOLOAD);
  if (library == NULL)
    return;
  symbol = dlsym(library, "SSL_has_pending");
  dlclose(library); /* it stays loaded, as this module links it */
  memcpy(&ssl_has_pending, &symbol, sizeof(symbol));
}

int cj_easy_has_tls_input (struct cj_easy *easy) {
  struct curl_tlssessioninfo *tls = NULL;
  pthread_once(&searched, find_ssl_has_pending);
  return ssl_has_pending != NULL &&
         curl_easy_getinfo(easy->handle, CURLINFO_TLS_SSL_PTR, &tls) ==
             CURLE_OK &&
         tls != NULL && tls->backend == CURLSSLBACKEND_OPENSSL &&
         tls->internals != NULL && ssl_has_pending(tls->internals) > 0;
}
