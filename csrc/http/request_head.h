/* The head of an HTTP/1.1 request as it goes over a connection of our own.
** Knows no Lua and no socket. */
#ifndef CJ_REQUEST_HEAD_H
#define CJ_REQUEST_HEAD_H

#include "request.h"

/* The length of "scheme://host:port" in a request's URL, or 0 when the URL is
** not as plain as those of services are: libcurl is to read it. */
size_t cj_request_origin (const struct cj_request *r);

/* Appends the request line, the headers, and with them the host and the body's
** length. 'origin' is what cj_request_origin gave. 0; or -1 when 'out' is full
** or a line is not a header that may be sent. */
int cj_request_head_write (struct cj_buf *out, const struct cj_request *r,
                           size_t origin);

#endif
