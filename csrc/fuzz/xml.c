/* Fuzzes the XML reader: elements begin and end in pairs, what is read and
** written reads the same again, also by the shorter way that decoders use, no
** prefix of a valid text is valid, and no read leaves the input. */
#include "../codec/xml.h"
#include "check.h"

static void write_tag (struct cj_buf *to, const char *open,
                       struct cj_slice name) {
  cj_buf_add(to, open, strlen(open));
  cj_buf_add(to, name.s, name.n);
  cj_buf_byte(to, '>');
}

static void write_text (struct cj_buf *to, struct cj_slice text) {
  size_t i;
  for (i = 0; i < text.n; i++) {
    char c = text.s[i];
    if (c == '<')
      cj_buf_add(to, "&lt;", 4);
    else if (c == '>')
      cj_buf_add(to, "&gt;", 4);
    else if (c == '&')
      cj_buf_add(to, "&amp;", 5);
    else if (c == '\r')
      cj_buf_add(to, "&#13;", 5);
    else
      cj_buf_byte(to, c);
  }
}

/* Reads a whole text: whether it is valid, and its elements in 'to'. */
static int read_text (struct cj_slice text, struct cj_buf *to) {
  struct cj_buf scratch = { NULL, 0, 0, CJ_XML_MAX_TEXT };
  struct cj_xml r;
  enum cj_xml_event event;
  int depth = 0, is_leaf = 0;
  cj_xml_init(&r, text, &scratch);
  while ((event = cj_xml_next(&r)) == CJ_XML_START || event == CJ_XML_END) {
    check(r.p >= text.s && r.p <= text.s + text.n);
    if (event == CJ_XML_START) {
      check(++depth <= CJ_XML_MAX_DEPTH);
      write_tag(to, "<", r.name);
    } else {
      check(depth-- > 0);
      if (is_leaf)
        write_text(to, r.text);
      write_tag(to, "</", r.name);
    }
    is_leaf = event == CJ_XML_START;
  }
  check((event == CJ_XML_DONE) == (r.problem == NULL));
  check(event != CJ_XML_DONE || depth == 0);
  check(r.p >= text.s && r.p <= text.s + text.n);
  check(cj_xml_next(&r) == event);
  cj_buf_free(&scratch);
  return event == CJ_XML_DONE;
}

/* Reads a whole text as a decoder does, for which this is the next member's
** name. */
static int read_by_leaves (struct cj_slice text, struct cj_slice name,
                           struct cj_buf *to) {
  struct cj_buf scratch = { NULL, 0, 0, CJ_XML_MAX_TEXT };
  struct cj_xml r;
  enum cj_xml_event event;
  int is_leaf = 0;
  cj_xml_init(&r, text, &scratch);
  do {
    while (cj_xml_try_leaf(&r, name)) {
      write_tag(to, "<", name);
      write_text(to, r.text);
      write_tag(to, "</", name);
      is_leaf = 0;
    }
    if ((event = cj_xml_next(&r)) == CJ_XML_START) {
      struct cj_xml copy = r;
      write_tag(to, "<", r.name);
      cj_xml_attribute(&copy, name);
      check(copy.p == r.p && copy.depth == r.depth);
      scratch.len = 0;
    } else if (event == CJ_XML_END) {
      if (is_leaf)
        write_text(to, r.text);
      write_tag(to, "</", r.name);
    }
    is_leaf = event == CJ_XML_START;
  } while (event == CJ_XML_START || event == CJ_XML_END);
  cj_buf_free(&scratch);
  return event == CJ_XML_DONE;
}

/* Skips the root element: the whole text, when it is valid. */
static int skip_text (struct cj_slice text) {
  struct cj_buf scratch = { NULL, 0, 0, CJ_XML_MAX_TEXT };
  struct cj_xml r;
  int sound;
  cj_xml_init(&r, text, &scratch);
  sound = cj_xml_next(&r) == CJ_XML_START && cj_xml_skip(&r) == 0 &&
          cj_xml_next(&r) == CJ_XML_DONE;
  cj_buf_free(&scratch);
  return sound;
}

static void check_same (const struct cj_buf *a, const struct cj_buf *b) {
  check(a->len == b->len);
  check(a->len == 0 || memcmp(a->s, b->s, a->len) == 0);
}

static int is_sound (struct cj_slice text) {
  struct cj_buf to = { NULL, 0, 0, CJ_XML_MAX_TEXT };
  int sound = read_text(text, &to);
  cj_buf_free(&to);
  return sound;
}

/* For a text that ends with its root element. */
static void check_no_sound_beginning (struct cj_slice text) {
  size_t n;
  for (n = 0; n < text.n; n++) {
    /* A copy of just its size, so that ASan sees a read behind it. */
    char *copied = malloc(n + 1);
    struct cj_slice own = { copied + 1, n };
    check(copied != NULL);
    memcpy(copied + 1, text.s, n);
    check(!is_sound(own));
    free(copied);
  }
}

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size) {
  struct cj_buf once = { NULL, 0, 0, CJ_XML_MAX_TEXT };
  struct cj_buf twice = { NULL, 0, 0, CJ_XML_MAX_TEXT };
  struct cj_buf leaves = { NULL, 0, 0, CJ_XML_MAX_TEXT };
  struct cj_slice text = { (const char *)data, size }, written;
  static const struct cj_slice name = CJ_SLICE("a");
  int sound = read_text(text, &once);
  check(skip_text(text) == sound);
  check(read_by_leaves(text, name, &leaves) == sound);
  if (sound) {
    check_same(&once, &leaves);
    written.s = once.s;
    written.n = once.len;
    check(read_text(written, &twice));
    check_same(&once, &twice);
    if (size < 300)
      check_no_sound_beginning(written);
  }
  cj_buf_free(&once);
  cj_buf_free(&twice);
  cj_buf_free(&leaves);
  return 0;
}
