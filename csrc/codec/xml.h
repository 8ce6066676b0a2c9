/* A pull reader over XML text: elements, their character data and attributes.
** No DTD, no entities but the five and characters by number, no processing
** instructions. One bad text does not make the whole unreadable: bytes that are
** no UTF-8 and numbers that are no characters become U+FFFD, and control
** characters are kept, which S3 writes as numbers. No Lua. */
#ifndef CJ_XML_H
#define CJ_XML_H

#include "../base/buf.h"

/* Services stay under 10 levels. */
#define CJ_XML_MAX_DEPTH 64

/* The longest text read, far above any response. */
#define CJ_XML_MAX_TEXT ((size_t)64 << 20)

/* A response has thousands of elements, and each costs a table at most. */
#define CJ_XML_MAX_ELEMENTS (1 << 20)

/* A cursor over bytes it does not own. */
struct cj_xml {
  const char *start, *p, *end;
  struct cj_buf *buffer;  /* text that is not in the input as it is */
  const char *problem;    /* the error, at 'p', or NULL */
  struct cj_slice name;   /* of the element that begins or ends, no prefix */
  struct cj_slice text;   /* character data since the last tag, decoded; valid
                             until the next read */
  const char *attributes; /* of the element that begins */
  struct cj_slice open[CJ_XML_MAX_DEPTH]; /* whole names, to match the ends */
  int depth, elements;
  int is_empty; /* <name/>: its end comes next */
};

enum cj_xml_event {
  CJ_XML_PROBLEM, /* 'problem' is set */
  CJ_XML_START,
  CJ_XML_END, /* 'text' is the element's when it has no children */
  CJ_XML_DONE /* the root element has ended, and nothing follows it */
};

/* The problem that is not an error in the text. */
extern const char cj_xml_no_memory[];

void cj_xml_init (struct cj_xml *r, struct cj_slice text, struct cj_buf *buf);

/* Called at CJ_XML_START: whether the element has an attribute of this name,
** prefixes left out, whose value is then in 'text'. */
int cj_xml_attribute (struct cj_xml *r, struct cj_slice name);

/* Reads a whole element of this name, plain text without attributes, when it
** comes next: 1, and 'text' is its; else 0 and nothing was read. Most elements
** are such, and those of a shape mostly come in its order. */
int cj_xml_try_leaf (struct cj_xml *r, struct cj_slice name);

/* Skips to the end of the element that has begun: 0 or -1. */
int cj_xml_skip (struct cj_xml *r);

/* After CJ_XML_PROBLEM and CJ_XML_DONE there is nothing more to read. */
enum cj_xml_event cj_xml_next (struct cj_xml *r);

#endif
