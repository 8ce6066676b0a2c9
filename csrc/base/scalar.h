/* Text forms of single values: base64, integers, doubles; UTF-8. No Lua. */
#ifndef CJ_SCALAR_H
#define CJ_SCALAR_H

#include "ascii.h"

#include <stddef.h>
#include <stdint.h>

/* Room that a writer may need at 'to'; none of them adds a NUL. */
#define CJ_INTEGER_MAX 20 /* -9223372036854775808 */
#define CJ_DOUBLE_MAX 32  /* -1.7976931348623157e+308, and snprintf's NUL */

#define CJ_UTF8_MAX 4

#define CJ_BASE64_LEN(n) (((n) + 2) / 3 * 4)

/* Writers give the number of bytes written. */
size_t cj_base64_write (char *to, const char *s, size_t n);
size_t cj_integer_write (char *to, int64_t i);
/* The shortest decimal that reads back as 'd', which must be finite. */
size_t cj_double_write (char *to, double d);
/* 'c' is at most U+10FFFF. */
size_t cj_utf8_write (char *to, uint32_t c);

/* Readers parse exactly the n bytes: 0, or -1 for any other text. 'to' may be
** 's'. */
int cj_base64_read (char *to, size_t *len, const char *s, size_t n);
int cj_integer_read (int64_t *i, const char *s, size_t n);
/* JSON's grammar; -1 also for what is too large for a double. */
int cj_double_read (double *d, const char *s, size_t n);

/* The length of the well-formed UTF-8 sequence of two to four bytes at 'p', or
** 0: no overlong form, no surrogate, nothing above U+10FFFF. */
size_t cj_utf8_sequence (const char *p, const char *end);

/* U+FFFD, which stands for bytes that are no UTF-8. */
#define CJ_REPLACEMENT "\xEF\xBF\xBD"

/* Where no well-formed sequence begins: how many bytes one U+FFFD replaces, the
** longest beginning of such a sequence or one (Unicode 3.9, the practice of the
** W3C). 'p' is before 'end'. */
size_t cj_utf8_malformed (const char *p, const char *end);

#endif
