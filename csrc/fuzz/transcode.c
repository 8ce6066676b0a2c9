/* Fuzzes what writes the encoder's JSON as a form and as XML: the XML is read
** again, a form has no character but its own, and both hold the same values in
** the same order. */
#include "../codec/form.h"
#include "../codec/json.h"
#include "../codec/xml.h"
#include "../codec/xml_writer.h"
#include "check.h"

#include "../base/ascii.h"

/* Of each kind of name and flag; every structure is the shape itself. */
static const char plain[] =
    "A string\nB integer as=Bee\nL string[]\nF S[] flattened\n"
    "N string(as=n)[] flattened\nM S(as=v){as=k}\nG string{} flattened\n"
    "D S[][]{} namespace=urn:x prefix=p\nS S namespace=urn:\"\n"
    "T time.iso query=When\nX blob\n";
static const char attributes[] = "A string\nB boolean attribute as=x:b\nS S\n";

static void compile (struct cj_shape *shape, const char *text) {
  size_t i;
  memset(shape, 0, sizeof(*shape));
  check(cj_shape_parse(shape, text, strlen(text)) == 0);
  for (i = 0; i < shape->node_count; i++)
    shape->nodes[i].shape = shape;
}

/* The texts of the elements without children, one after the other. */
static void read_xml (const struct cj_buf *xml, struct cj_buf *values) {
  struct cj_buf scratch = { NULL, 0, 0, CJ_XML_MAX_TEXT };
  struct cj_slice text;
  struct cj_xml r;
  enum cj_xml_event event;
  int is_leaf = 0;
  text.s = xml->s;
  text.n = xml->len;
  cj_xml_init(&r, text, &scratch);
  while ((event = cj_xml_next(&r)) == CJ_XML_START || event == CJ_XML_END) {
    if (event == CJ_XML_END && is_leaf)
      cj_buf_add(values, r.text.s, r.text.n);
    is_leaf = event == CJ_XML_START;
  }
  /* The writer has no limit of its own. */
  check(event == CJ_XML_DONE || strcmp(r.problem, "nested too deep") == 0);
  cj_buf_free(&scratch);
}

/* The same of a form's values. */
static void read_form (const struct cj_buf *form, struct cj_buf *values) {
  const char *p = form->s, *end;
  if (form->len == 0)
    return;
  for (end = p + form->len; p < end;) {
    int in_value = 0;
    check(*p++ == '&');
    for (; p < end && *p != '&'; p++) {
      char c = *p;
      if (c == '=') {
        check(!in_value);
        in_value = 1;
        continue;
      }
      if (c == '%') {
        check(end - p > 2 && cj_hex_value(p[1]) >= 0 &&
              cj_hex_value(p[2]) >= 0);
        c = (char)(cj_hex_value(p[1]) * 16 + cj_hex_value(p[2]));
        p += 2;
      } else if (c == '+') {
        c = ' ';
      } else {
        check(cj_is_unreserved(c));
      }
      if (in_value)
        cj_buf_byte(values, c);
    }
    check(in_value);
  }
}

static void check_xml_and_form (const char *notation, struct cj_slice json,
                                int with_values) {
  static const struct cj_slice name = CJ_SLICE("Root");
  struct cj_buf form = { NULL, 0, 0, CJ_MAX_TEXT };
  struct cj_buf ec2 = { NULL, 0, 0, CJ_MAX_TEXT };
  struct cj_buf xml = { NULL, 0, 0, CJ_MAX_TEXT };
  struct cj_buf of_form = { NULL, 0, 0, CJ_MAX_TEXT };
  struct cj_buf of_ec2 = { NULL, 0, 0, CJ_MAX_TEXT };
  struct cj_buf of_xml = { NULL, 0, 0, CJ_MAX_TEXT };
  struct cj_shape shape;
  struct cj_node root = { .type = CJ_STRUCTURE };
  const char *problem;
  compile(&shape, notation);
  root.shape = &shape;
  if (cj_form_write(&form, &shape, json, 0, &problem) == 0) {
    check(problem == NULL);
    read_form(&form, &of_form);
    check(cj_form_write(&ec2, &shape, json, 1, &problem) == 0);
    read_form(&ec2, &of_ec2);
    check(cj_xml_write(&xml, name, &root, json, &problem) == 0);
    read_xml(&xml, &of_xml);
    check(of_ec2.len == of_form.len);
    if (with_values && xml.len < 100000) {
      check(of_xml.len <= of_form.len); /* shorter when nested too deep */
      check(of_xml.len == 0 || memcmp(of_xml.s, of_form.s, of_xml.len) == 0);
    }
  } else {
    check(problem != NULL);
    check(cj_xml_write(&xml, name, &root, json, &problem) == -1);
  }
  cj_buf_free(&form);
  cj_buf_free(&ec2);
  cj_buf_free(&xml);
  cj_buf_free(&of_form);
  cj_buf_free(&of_ec2);
  cj_buf_free(&of_xml);
  cj_shape_free(&shape);
}

/* An object whose values and key are this text: 0, or -1 when it is no UTF-8.
 */
static int write_object (struct cj_buf *to, const char *s, size_t n) {
  static const char *const parts[] = { "{\"A\":", ",\"L\":[", "],\"M\":{",
                                       ":{\"A\":", ",\"B\":true}}}" };
  size_t i;
  for (i = 0; i < 5; i++) {
    check(cj_buf_add(to, parts[i], strlen(parts[i])) == 0);
    if (i < 4 && cj_json_quote(to, s, n) != 0)
      return -1;
  }
  return 0;
}

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size) {
  struct cj_buf object = { NULL, 0, 0, CJ_MAX_TEXT };
  /* The encoder writes objects. */
  struct cj_slice json = input_behind("{", data, size), quoted;
  check_xml_and_form(plain, json, 1);
  check_xml_and_form(attributes, json, 0);
  if (write_object(&object, (const char *)data, size) == 0) {
    quoted.s = object.s;
    quoted.n = object.len;
    check_xml_and_form(plain, quoted, 1);
    check_xml_and_form(attributes, quoted, 0);
  }
  cj_buf_free(&object);
  free((void *)(uintptr_t)json.s);
  return 0;
}
