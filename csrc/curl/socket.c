/* The bytes and the queues of a TCP socket. */
#include "socket.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/types.h>
#ifdef __linux__
#include <linux/sockios.h>
#endif

/* Systems without it have SO_NOSIGPIPE, which libcurl sets. */
#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0
#endif

static int is_unready (void) {
  return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

int cj_socket_is_idle (curl_socket_t fd) {
  char byte;
  ssize_t n = recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return n < 0 && is_unready();
}

CURLcode cj_socket_send (curl_socket_t fd, const char *s, size_t n,
                         size_t *sent) {
  ssize_t result = send(fd, s, n, MSG_DONTWAIT | MSG_NOSIGNAL);
  *sent = result > 0 ? (size_t)result : 0;
  if (result >= 0)
    return CURLE_OK;
  return is_unready() ? CURLE_AGAIN : CURLE_SEND_ERROR;
}

CURLcode cj_socket_receive (curl_socket_t fd, char *s, size_t n,
                            size_t *received) {
  ssize_t result = recv(fd, s, n, MSG_DONTWAIT);
  *received = result > 0 ? (size_t)result : 0;
  if (result >= 0)
    return CURLE_OK;
  return is_unready() ? CURLE_AGAIN : CURLE_RECV_ERROR;
}

size_t cj_socket_unacknowledged (curl_socket_t fd) {
#ifdef SIOCOUTQ
  int n;
  if (ioctl(fd, SIOCOUTQ, &n) == 0 && n > 0)
    return (size_t)n;
#else
  (void)fd;
#endif
  return 0;
}

static int port_of (const struct sockaddr_storage *a) {
  struct sockaddr_in v4;
  struct sockaddr_in6 v6;
  if (a->ss_family == AF_INET) {
    memcpy(&v4, a, sizeof(v4));
    return ntohs(v4.sin_port);
  } else if (a->ss_family == AF_INET6) {
    memcpy(&v6, a, sizeof(v6));
    return ntohs(v6.sin6_port);
  }
  return -1;
}

static int has_ports (curl_socket_t fd, int local_port, int remote_port) {
  struct sockaddr_storage local = { 0 }, remote = { 0 };
  socklen_t local_len = sizeof(local), remote_len = sizeof(remote);
  return getsockname(fd, (struct sockaddr *)&local, &local_len) == 0 &&
         port_of(&local) == local_port &&
         getpeername(fd, (struct sockaddr *)&remote, &remote_len) == 0 &&
         port_of(&remote) == remote_port;
}

/* A closed socket stays in the list until its number is used again. */
void cj_socket_list_add (struct cj_socket_list *l, curl_socket_t fd) {
  curl_socket_t *fds;
  size_t i;
  for (i = 0; i < l->n; i++) {
    if (l->fds[i] == fd)
      return;
  }
  fds = realloc(l->fds, (l->n + 1) * sizeof(*fds));
  if (fds == NULL)
    return;
  l->fds = fds;
  fds[l->n++] = fd;
}

curl_socket_t cj_socket_list_find (const struct cj_socket_list *l,
                                   int local_port, int remote_port) {
  size_t i;
  for (i = 0; i < l->n; i++) {
    if (has_ports(l->fds[i], local_port, remote_port))
      return l->fds[i];
  }
  return CURL_SOCKET_BAD;
}

void cj_socket_list_free (struct cj_socket_list *l) {
  free(l->fds);
  l->fds = NULL;
  l->n = 0;
}
