/* Dates as text: ISO-8601, HTTP's, and the stamps of SigV4. Times are seconds
** since 1970. No Lua. */
#ifndef CJ_DATE_H
#define CJ_DATE_H

#include <stddef.h>

/* Room that a writer may need at 'to'; none of them adds a NUL. */
#define CJ_DATE_MAX 32   /* Sun, 06 Nov 1994 08:49:37 GMT */
#define CJ_STAMP_SIZE 16 /* YYYYMMDDTHHMMSSZ */

/* Writers give the number of bytes written, 0 when 't' is not a number or
** outside the years 0 to 9999. */
size_t cj_iso_write (char *to, double t);
size_t cj_http_date_write (char *to, double t);
size_t cj_stamp_write (char *to, double t);

/* Parses exactly the n bytes: ISO-8601, the three HTTP forms, or seconds as a
** decimal. 0, or -1 for any other text. */
int cj_time_read (double *t, const char *s, size_t n);

#endif
