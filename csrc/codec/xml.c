/* A pull reader over XML text. No Lua. */
#include "xml.h"

#include "../base/scalar.h"

#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* No service sends elements with more. */
#define MAX_ATTRIBUTES 32

const char cj_xml_no_memory[] = "not enough memory";

static int fail (struct cj_xml *r, const char *at, const char *problem) {
  if (r->problem == NULL) {
    r->problem = problem;
    r->p = at;
  }
  return -1;
}

void cj_xml_init (struct cj_xml *r, struct cj_slice text, struct cj_buf *buf) {
  memset(r, 0, sizeof(*r));
  r->start = r->p = text.s;
  r->end = text.s + text.n;
  r->buffer = buf;
  cj_buf_reset(buf);
  if (text.n > CJ_XML_MAX_TEXT)
    fail(r, r->p, "longer than 64 MiB");
  else if (text.n >= 3 && memcmp(text.s, "\xEF\xBB\xBF", 3) == 0)
    r->p += 3;
}

/* Tokens {=========================================================== */

static int is_blank (char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void skip_blanks (struct cj_xml *r) {
  while (r->p < r->end && is_blank(*r->p))
    r->p++;
}

/* Skips 'literal' if it comes next: 1, else 0. */
static int skip (struct cj_xml *r, const char *literal) {
  size_t n = strlen(literal);
  if ((size_t)(r->end - r->p) < n || memcmp(r->p, literal, n) != 0)
    return 0;
  r->p += n;
  return 1;
}

/* ASCII alone: no service has other names. */
static int is_name_start (char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static int is_name (char c) {
  static const uint64_t set[2] = { /* A-Z a-z 0-9 - . _ */
                                   0x03ff600000000000, 0x07fffffe87fffffe
  };
  return cj_is_in(set, c);
}

static int skip_name (struct cj_xml *r) {
  if (r->p == r->end || !is_name_start(*r->p))
    return fail(r, r->p, "expected a name");
  while (r->p < r->end && is_name(*r->p))
    r->p++;
  return 0;
}

/* A name, with or without a prefix. */
static int read_name (struct cj_xml *r, struct cj_slice *name) {
  name->s = r->p;
  name->n = 0;
  if (skip_name(r) != 0 || (skip(r, ":") && skip_name(r) != 0))
    return -1;
  name->n = (size_t)(r->p - name->s);
  return 0;
}

static struct cj_slice without_prefix (struct cj_slice name) {
  const char *colon = memchr(name.s, ':', name.n);
  if (colon != NULL) {
    name.n -= (size_t)(colon + 1 - name.s);
    name.s = colon + 1;
  }
  return name;
}

/* }================================================================= */

/* Characters {======================================================= */

static int add (struct cj_xml *r, const char *s, size_t n) {
  if (cj_buf_add(r->buffer, s, n) != 0)
    return fail(r, r->p, cj_xml_no_memory);
  return 0;
}

/* Reads a character by its number, past "&#". */
static int read_number (struct cj_xml *r, const char *at) {
  uint32_t base = skip(r, "x") ? 16 : 10, c = 0;
  const char *digits = r->p;
  char utf8[CJ_UTF8_MAX];
  int d;
  for (; r->p < r->end && (d = cj_hex_value(*r->p)) >= 0 && d < (int)base;
       r->p++)
    c = c > 0x10FFFF ? c : c * base + (uint32_t)d;
  if (r->p == digits || !skip(r, ";"))
    return fail(r, at, "expected a character's number");
  if (c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF))
    c = 0xFFFD;
  return add(r, utf8, cj_utf8_write(utf8, c));
}

static int read_reference (struct cj_xml *r) {
  static const struct {
    const char *name, *text;
  } entities[] = { { "lt;", "<" },
                   { "gt;", ">" },
                   { "amp;", "&" },
                   { "quot;", "\"" },
                   { "apos;", "'" } };
  const char *at = r->p++;
  size_t i;
  if (skip(r, "#"))
    return read_number(r, at);
  for (i = 0; i < sizeof(entities) / sizeof(*entities); i++)
    if (skip(r, entities[i].name))
      return add(r, entities[i].text, 1);
  return fail(r, at, "unknown entity");
}

/* Plain text needs no decoding: ASCII but <, &, CR, which becomes LF, and ],
** which may begin a refused ]]>. */
static int is_plain (char c) {
  return (unsigned char)c < 0x80 && c != '<' && c != '&' && c != ']' &&
         c != '\r';
}

/* How many plain bytes there are from 'p' on. */
static size_t plain_length (const char *p, const char *end) {
  const char *from = p;
#ifdef __SSE2__
  for (; end - p >= 16; p += 16) {
    __m128i w = _mm_loadu_si128((const __m128i *)(const void *)p);
    __m128i tag = _mm_or_si128(_mm_cmpeq_epi8(w, _mm_set1_epi8('<')),
                               _mm_cmpeq_epi8(w, _mm_set1_epi8('&')));
    __m128i other = _mm_or_si128(_mm_cmpeq_epi8(w, _mm_set1_epi8(']')),
                                 _mm_cmpeq_epi8(w, _mm_set1_epi8('\r')));
    unsigned bits = (unsigned)_mm_movemask_epi8(
        _mm_or_si128(w, _mm_or_si128(tag, other))); /* w: beyond ASCII */
    if (bits != 0)
      return (size_t)(p - from) + (size_t)__builtin_ctz(bits);
  }
#endif
  while (p < end && is_plain(*p))
    p++;
  return (size_t)(p - from);
}

/* Reads one character. Every kind of line end becomes \n. */
static int read_char (struct cj_xml *r) {
  unsigned char c = (unsigned char)*r->p;
  size_t n = c < 0x80 ? 1 : cj_utf8_sequence(r->p, r->end);
  if (c == '\r') {
    r->p += r->p + 1 < r->end && r->p[1] == '\n' ? 2 : 1;
    return add(r, "\n", 1);
  }
  if (n == 0) {
    r->p += cj_utf8_malformed(r->p, r->end);
    return add(r, CJ_REPLACEMENT, 3);
  }
  r->p += n;
  return add(r, r->p - n, n);
}

/* Past "<![CDATA[". */
static int read_cdata (struct cj_xml *r) {
  while (!skip(r, "]]>")) {
    if (r->p == r->end)
      return fail(r, r->p, "CDATA does not end");
    if (read_char(r) != 0)
      return -1;
  }
  return 0;
}

/* Past "<!--". */
static int skip_comment (struct cj_xml *r) {
  for (; r->p < r->end; r->p++)
    if (skip(r, "--"))
      return skip(r, ">") ? 0 : fail(r, r->p - 2, "-- within a comment");
  return fail(r, r->p, "comment does not end");
}

/* Reads text that has more than plain characters, behind those from 'from' on,
** up to the next tag. */
static int read_mixed_text (struct cj_xml *r, const char *from) {
  cj_buf_reset(r->buffer);
  if (add(r, from, (size_t)(r->p - from)) != 0)
    return -1;
  while (r->p < r->end) {
    size_t n = plain_length(r->p, r->end);
    int got;
    if (n > 0) {
      got = add(r, r->p, n);
      r->p += n;
    } else if (skip(r, "<!--")) {
      got = skip_comment(r);
    } else if (skip(r, "<![CDATA[")) {
      got = read_cdata(r);
    } else if (*r->p == '<') {
      r->text.s = r->buffer->s;
      r->text.n = r->buffer->len;
      return 0;
    } else if (*r->p == '&') {
      got = read_reference(r);
    } else if (*r->p == ']' && skip(r, "]]>")) {
      got = fail(r, r->p - 3, "]]> within text");
    } else {
      got = read_char(r);
    }
    if (got != 0)
      return -1;
  }
  return fail(r, r->p, "the text ends within an element");
}

/* Reads text up to the next tag. */
static int read_text (struct cj_xml *r) {
  const char *from = r->p;
  r->p += plain_length(r->p, r->end);
  if (r->end - r->p < 2 || *r->p != '<' || r->p[1] == '!')
    return read_mixed_text(r, from);
  r->text.s = from;
  r->text.n = (size_t)(r->p - from);
  return 0;
}

/* }================================================================= */

/* Tags {============================================================= */

/* Reads a quoted value into the reader's text. */
static int read_value (struct cj_xml *r) {
  char quote = r->p < r->end ? *r->p : '\0';
  if (quote != '"' && quote != '\'')
    return fail(r, r->p, "expected a quoted value");
  r->p++;
  cj_buf_reset(r->buffer);
  while (r->p < r->end && *r->p != quote) {
    if (*r->p == '<')
      return fail(r, r->p, "< within a value");
    if ((*r->p == '&' ? read_reference(r) : read_char(r)) != 0)
      return -1;
  }
  if (r->p == r->end)
    return fail(r, r->p, "a value does not end");
  r->p++;
  return 0;
}

/* Reads the next attribute of a tag: 1, 0 when there is none. */
static int read_attribute (struct cj_xml *r, struct cj_slice *name) {
  const char *at = r->p;
  skip_blanks(r);
  if (r->p == r->end || *r->p == '>' || *r->p == '/' || *r->p == '?')
    return 0;
  if (r->p == at)
    return fail(r, at, "expected a blank before an attribute");
  if (read_name(r, name) != 0)
    return -1;
  skip_blanks(r);
  if (!skip(r, "="))
    return fail(r, r->p, "expected = after an attribute's name");
  skip_blanks(r);
  return read_value(r) == 0 ? 1 : -1;
}

/* Checks the attributes. */
static int skip_attributes (struct cj_xml *r) {
  struct cj_slice names[MAX_ATTRIBUTES], name = { "", 0 };
  int count, got, i;
  for (count = 0; count < MAX_ATTRIBUTES; count++) {
    if ((got = read_attribute(r, &name)) <= 0)
      return got;
    for (i = 0; i < count; i++)
      if (cj_slice_equal(names[i], name))
        return fail(r, name.s, "an attribute is there twice");
    names[count] = name;
  }
  return fail(r, r->p, "too many attributes");
}

int cj_xml_attribute (struct cj_xml *r, struct cj_slice name) {
  const char *at = r->p;
  struct cj_slice wanted = without_prefix(name), found = { "", 0 };
  int got;
  r->p = r->attributes;
  while ((got = read_attribute(r, &found)) > 0)
    if (cj_slice_equal(without_prefix(found), wanted))
      break;
  r->p = at;
  r->text.s = r->buffer->s;
  r->text.n = r->buffer->len;
  return got > 0;
}

static enum cj_xml_event read_start (struct cj_xml *r) {
  struct cj_slice name;
  if (r->depth == CJ_XML_MAX_DEPTH || r->elements == CJ_XML_MAX_ELEMENTS) {
    fail(r, r->p,
         r->depth == CJ_XML_MAX_DEPTH ? "nested too deep"
                                      : "too many elements");
    return CJ_XML_PROBLEM;
  }
  if (read_name(r, &name) != 0)
    return CJ_XML_PROBLEM;
  r->attributes = r->p;
  r->is_empty = 0;
  if (r->p < r->end && *r->p == '>') {
    r->p++;
  } else {
    if (skip_attributes(r) != 0)
      return CJ_XML_PROBLEM;
    r->is_empty = skip(r, "/");
    if (!skip(r, ">")) {
      fail(r, r->p, "expected > at the end of a tag");
      return CJ_XML_PROBLEM;
    }
  }
  r->elements++;
  r->open[r->depth++] = name;
  r->name = without_prefix(name);
  r->text.n = 0;
  return CJ_XML_START;
}

static enum cj_xml_event end_element (struct cj_xml *r) {
  r->name = without_prefix(r->open[--r->depth]);
  return CJ_XML_END;
}

/* Past "</". */
static enum cj_xml_event read_end (struct cj_xml *r) {
  const struct cj_slice open = r->open[r->depth - 1];
  struct cj_slice name;
  if ((size_t)(r->end - r->p) > open.n && r->p[open.n] == '>' &&
      memcmp(r->p, open.s, open.n) == 0) {
    r->p += open.n + 1;
    return end_element(r);
  }
  if (read_name(r, &name) != 0)
    return CJ_XML_PROBLEM;
  if (!cj_slice_equal(name, open)) {
    fail(r, name.s, "an end tag of another element");
    return CJ_XML_PROBLEM;
  }
  skip_blanks(r);
  if (!skip(r, ">")) {
    fail(r, r->p, "expected > at the end of a tag");
    return CJ_XML_PROBLEM;
  }
  return end_element(r);
}

/* }================================================================= */

/* Skips blanks and comments before and after the root element. */
static int skip_misc (struct cj_xml *r) {
  for (;;) {
    skip_blanks(r);
    if (!skip(r, "<!--"))
      return 0;
    if (skip_comment(r) != 0)
      return -1;
  }
}

static int is_utf8 (const struct cj_buf *b) {
  static const struct cj_slice name = CJ_SLICE("utf-8");
  struct cj_slice encoding = { b->s, b->len };
  return cj_equal_fold(encoding, name);
}

/* Skips <?xml version="1.0" encoding="UTF-8"?> and checks the encoding. */
static int skip_declaration (struct cj_xml *r) {
  struct cj_slice name = { "", 0 };
  int got;
  if (!skip(r, "<?xml"))
    return 0;
  while ((got = read_attribute(r, &name)) > 0)
    if (name.n == 8 && memcmp(name.s, "encoding", 8) == 0 &&
        !is_utf8(r->buffer))
      return fail(r, name.s, "an encoding that is not UTF-8");
  if (got == 0 && !skip(r, "?>"))
    return fail(r, r->p, "the declaration does not end");
  return got;
}

static enum cj_xml_event read_root (struct cj_xml *r) {
  skip_blanks(r); /* S3 sends some while it works */
  if (skip_declaration(r) != 0 || skip_misc(r) != 0)
    return CJ_XML_PROBLEM;
  if (skip(r, "<!DOCTYPE")) {
    fail(r, r->p - 9, "a document type is not allowed");
    return CJ_XML_PROBLEM;
  }
  if (!skip(r, "<")) {
    fail(r, r->p, "expected an element");
    return CJ_XML_PROBLEM;
  }
  return read_start(r);
}

static enum cj_xml_event read_nothing (struct cj_xml *r) {
  if (skip_misc(r) == 0 && r->p < r->end)
    fail(r, r->p, "something follows the root element");
  return r->problem != NULL ? CJ_XML_PROBLEM : CJ_XML_DONE;
}

enum cj_xml_event cj_xml_next (struct cj_xml *r) {
  if (r->problem != NULL)
    return CJ_XML_PROBLEM;
  if (r->is_empty) {
    r->is_empty = 0;
    return end_element(r);
  }
  if (r->depth == 0)
    return r->name.s == NULL ? read_root(r) : read_nothing(r);
  if (read_text(r) != 0)
    return CJ_XML_PROBLEM;
  if (skip(r, "</"))
    return read_end(r);
  r->p++;
  return read_start(r);
}

int cj_xml_skip (struct cj_xml *r) {
  int depth = r->depth;
  while (r->depth >= depth)
    if (cj_xml_next(r) == CJ_XML_PROBLEM)
      return -1;
  return 0;
}

/* Whether 'name' and '>' come at 'p'. */
static int ends_tag (const char *p, const char *end, struct cj_slice name) {
  return (size_t)(end - p) > name.n && p[name.n] == '>' &&
         memcmp(p, name.s, name.n) == 0;
}

int cj_xml_try_leaf (struct cj_xml *r, struct cj_slice name) {
  const char *p = r->p, *end = r->end, *text;
  size_t n;
  if (r->is_empty || r->depth == 0 || r->depth == CJ_XML_MAX_DEPTH ||
      r->elements == CJ_XML_MAX_ELEMENTS)
    return 0;
  while (p < end && is_blank(*p))
    p++;
  if (p == end || *p != '<' || !ends_tag(p + 1, end, name))
    return 0;
  text = p + name.n + 2;
  n = plain_length(text, end);
  p = text + n;
  if (end - p < 2 || p[0] != '<' || p[1] != '/' || !ends_tag(p + 2, end, name))
    return 0;
  r->text.s = text;
  r->text.n = n;
  r->p = p + name.n + 3;
  r->elements++;
  return 1;
}
