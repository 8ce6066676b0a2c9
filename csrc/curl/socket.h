/* A TCP socket that libcurl has opened: its bytes, and the state of its queues,
** which tells a response from input that precedes the request. Knows no Lua. */
#ifndef CJ_SOCKET_H
#define CJ_SOCKET_H

#include <stddef.h>

#include <curl/curl.h>

/* Whether the connection is open and has nothing to read. */
int cj_socket_is_idle (curl_socket_t fd);

/* The number of bytes sent that the peer's kernel has not acknowledged; 0 where
** the system does not tell. */
size_t cj_socket_unacknowledged (curl_socket_t fd);

/* Send and receive without waiting on a connection without TLS. CURLE_AGAIN:
 *the
 ** socket is not ready. */
CURLcode cj_socket_send (curl_socket_t fd, const char *s, size_t n,
                         size_t *sent);
CURLcode cj_socket_receive (curl_socket_t fd, char *s, size_t n,
                            size_t *received);

/* The sockets that libcurl has opened, to find the one of a connection. */
struct cj_socket_list {
  curl_socket_t *fds;
  size_t n;
};

/* Out of memory, it is not added. */
void cj_socket_list_add (struct cj_socket_list *l, curl_socket_t fd);

/* The open socket with these two ports, or CURL_SOCKET_BAD. */
curl_socket_t cj_socket_list_find (const struct cj_socket_list *l,
                                   int local_port, int remote_port);
void cj_socket_list_free (struct cj_socket_list *l);

#endif
