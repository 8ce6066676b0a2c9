/* The limit of bodies that stream: libcurl in C between a file and a server on
** loopback that only sends and receives. The server is a child process.
**
** Built by `make bench` as the Lua module "stream_limit". */
#include "../../csrc/base/compat.h"

#include <curl/curl.h>

#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PIECE (256 << 10)

static char piece[PIECE];

static double now (void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ---- the server ---- */

static int send_all (int fd, const char *s, size_t n) {
  while (n > 0) {
    ssize_t sent = send(fd, s, n, MSG_NOSIGNAL);
    if (sent <= 0)
      return -1;
    s += sent;
    n -= (size_t)sent;
  }
  return 0;
}

/* Reads a head into 'head'. Gives the number of bytes behind it, or -1. */
static long read_head (int fd, char *head, size_t max) {
  size_t n = 0;
  const char *end;
  do {
    ssize_t some = recv(fd, head + n, max - n - 1, 0);
    if (some <= 0)
      return -1;
    n += (size_t)some;
    head[n] = '\0';
    end = strstr(head, "\r\n\r\n");
  } while (end == NULL && n < max - 1);
  return end != NULL ? (long)(n - (size_t)(end + 4 - head)) : -1;
}

/* GET /n gets n bytes; the body of any other request is read. */
static void serve (int fd) {
  char head[8192], answer[128];
  for (;;) {
    long behind = read_head(fd, head, sizeof(head));
    const char *length = strstr(head, "ontent-Length: ");
    long long left;
    if (behind < 0)
      return;
    if (strncmp(head, "GET /", 5) == 0) {
      left = strtoll(head + 5, NULL, 10);
      snprintf(answer, sizeof(answer),
               "HTTP/1.1 200 OK\r\nContent-Length: %lld\r\n\r\n", left);
      if (send_all(fd, answer, strlen(answer)) != 0)
        return;
      for (; left > 0; left -= PIECE) {
        size_t n = left < PIECE ? (size_t)left : PIECE;
        if (send_all(fd, piece, n) != 0)
          return;
      }
      continue;
    }
    left = length != NULL ? strtoll(length + 15, NULL, 10) - behind : 0;
    while (left > 0) {
      ssize_t n = recv(fd, piece, PIECE, 0);
      if (n <= 0)
        return;
      left -= n;
    }
    snprintf(answer, sizeof(answer),
             "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    if (send_all(fd, answer, strlen(answer)) != 0)
      return;
  }
}

/* server() -> port, pid */
static int l_server (lua_State *L) {
  struct sockaddr_in a = { 0 };
  socklen_t size = sizeof(a);
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  pid_t pid;
  a.sin_family = AF_INET;
  a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(fd, (struct sockaddr *)&a, sizeof(a)) != 0 || listen(fd, 8) != 0 ||
      getsockname(fd, (struct sockaddr *)&a, &size) != 0)
    return luaL_error(L, "no server");
  pid = fork();
  if (pid == 0) {
    for (;;) {
      int client = accept(fd, NULL, NULL);
      if (client >= 0 && fork() == 0) {
        serve(client);
        _exit(0);
      }
      close(client);
      while (waitpid(-1, NULL, WNOHANG) > 0)
        ;
    }
  }
  close(fd);
  lua_pushinteger(L, ntohs(a.sin_port));
  lua_pushinteger(L, pid);
  return 2;
}

/* stop(pid) */
static int l_stop (lua_State *L) {
  kill((pid_t)luaL_checkinteger(L, 1), SIGTERM);
  return 0;
}

/* ---- the client ---- */

static CURL *new_easy (const char *url) {
  CURL *e = curl_easy_init();
  curl_easy_setopt(e, CURLOPT_URL, url);
  curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(e, CURLOPT_BUFFERSIZE, 100L << 10); /* curl's own */
  curl_easy_setopt(e, CURLOPT_UPLOAD_BUFFERSIZE, 64L << 10);
  return e;
}

static int run (lua_State *L, CURL *e, FILE *file, double started) {
  CURLcode result = curl_easy_perform(e);
  if (fclose(file) != 0)
    result = CURLE_WRITE_ERROR;
  lua_pushnumber(L, now() - started);
  curl_easy_cleanup(e);
  return result == CURLE_OK ? 1 : luaL_error(L, curl_easy_strerror(result));
}

/* download(url, path) -> seconds */
static int l_download (lua_State *L) {
  double started = now();
  CURL *e = new_easy(luaL_checkstring(L, 1));
  FILE *file = fopen(luaL_checkstring(L, 2), "wb");
  if (file == NULL)
    return luaL_error(L, "no file");
  curl_easy_setopt(e, CURLOPT_WRITEDATA, file);
  return run(L, e, file, started);
}

/* upload(url, path, size) -> seconds */
static int l_upload (lua_State *L) {
  double started = now();
  CURL *e = new_easy(luaL_checkstring(L, 1));
  FILE *file = fopen(luaL_checkstring(L, 2), "rb");
  struct curl_slist *headers = curl_slist_append(NULL, "Expect:");
  int results;
  if (file == NULL)
    return luaL_error(L, "no file");
  curl_easy_setopt(e, CURLOPT_UPLOAD, 1L);
  curl_easy_setopt(e, CURLOPT_READDATA, file);
  curl_easy_setopt(e, CURLOPT_INFILESIZE_LARGE,
                   (curl_off_t)luaL_checknumber(L, 3));
  curl_easy_setopt(e, CURLOPT_HTTPHEADER, headers);
  results = run(L, e, file, started);
  curl_slist_free_all(headers);
  return results;
}

static const luaL_Reg functions[] = {
  { "server", l_server }, { "stop", l_stop }, { "download", l_download },
  { "upload", l_upload }, { NULL, NULL },
};

int luaopen_stream_limit (lua_State *L);

CJ_EXPORT int luaopen_stream_limit (lua_State *L) {
  luaL_newlib(L, functions);
  return 1;
}
