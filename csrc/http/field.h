/* Header lines of HTTP/1.1: those of a message that was received, and those of
** a request that is to be sent. */
#ifndef CJ_FIELD_H
#define CJ_FIELD_H

#include "../base/buf.h"

/* A header field as it came, without outer blanks: the name in any case, the
** value perhaps folded over several lines. */
struct cj_field {
  struct cj_slice name, value;
};

/* Whether a text is this word, given in lower case. */
int cj_field_is (struct cj_slice s, const char *lower);

/* Reads the next field of a received head, which begins behind its status line:
** 1; 0 at the empty line or the end of the text; -1 for a line that is not
** `token: value`, and then 'text' begins behind it. A line ends in LF or CR LF,
** and goes on in the next where that begins with a blank (RFC 9112 5.2). */
int cj_field_next (struct cj_slice *text, struct cj_field *f);

/* Writes a value with each fold replaced by one blank and a CR, which is no
** line's end, by another. 'to' has room for value.n bytes; gives the number
** written. */
size_t cj_field_unfold (char *to, struct cj_slice value);

/* Removes and gives the next element of a value that is a list with commas, be
** it empty: 1, or 0 behind the last, when list->s is NULL. */
int cj_field_element (struct cj_slice *list, struct cj_slice *element);

/* Reads the next of a request's lines, "name: value" and CR LF each: 1, 0
** behind the last one, or -1 where something else stands. */
int cj_header_line_next (struct cj_slice *lines, struct cj_field *f);

/* Whether a request may hold this value: it has neither a line's end nor a NUL.
 */
int cj_field_is_line (struct cj_slice value);

#endif
