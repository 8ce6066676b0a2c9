/* Paths and queries in SigV4's canonical form. A path that is not 'encode'd and
** a query may hold %XX, which then stand for their bytes; so doing it twice
** changes nothing. */
#ifndef CJ_URI_H
#define CJ_URI_H

#include "../base/buf.h"

/* Both append to 'out': 0, or -1 when it is full or there are too many
** parameters. */
int cj_uri_path (struct cj_buf *out, struct cj_slice path, int normalize,
                 int encode);
int cj_uri_query (struct cj_buf *out, struct cj_slice query);

#endif
