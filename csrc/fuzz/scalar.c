/* Fuzzes base64, dates and numbers: what is read and written reads the same
** again. */
#include "../base/date.h"
#include "../base/scalar.h"
#include "check.h"

#include <math.h>
#include <string.h>

/* Each content has one text in base64, so that reading and writing gives that
** text. */
static void fuzz_base64 (const char *s, size_t n) {
  char *text = malloc(CJ_BASE64_LEN(n) + 1), *back = malloc(n + 4);
  size_t length;
  check(text != NULL && back != NULL);
  check(cj_base64_write(text, s, n) == CJ_BASE64_LEN(n));
  check(cj_base64_read(text, &length, text, CJ_BASE64_LEN(n)) == 0);
  check(length == n && memcmp(text, s, n) == 0);
  if (cj_base64_read(back, &length, s, n) == 0) {
    check(length <= n && CJ_BASE64_LEN(length) == n);
    check(cj_base64_write(text, back, length) == n);
    check(memcmp(text, s, n) == 0);
  }
  free(text);
  free(back);
}

static void fuzz_numbers (const char *s, size_t n) {
  char text[CJ_DOUBLE_MAX];
  int64_t i, j;
  double d, e;
  if (cj_integer_read(&i, s, n) == 0) {
    check(cj_integer_read(&j, text, cj_integer_write(text, i)) == 0);
    check(i == j);
  }
  if (cj_double_read(&d, s, n) == 0) {
    char *plain = malloc(n + 1);
    check(plain != NULL && isfinite(d));
    memcpy(plain, s, n);
    plain[n] = '\0';
    check(strtod(plain, NULL) == d); /* the fast path is exact */
    free(plain);
    check(cj_double_read(&e, text, cj_double_write(text, d)) == 0);
    check(d == e && !signbit(d) == !signbit(e));
  }
}

/* Checks that a date keeps its microseconds. */
static void fuzz_time (double t) {
  char text[CJ_DATE_MAX], again[CJ_DATE_MAX];
  double back;
  size_t n = cj_iso_write(text, t);
  if (n > 0) {
    check(n < CJ_DATE_MAX);
    check(cj_time_read(&back, text, n) == 0);
    check(fabs(back - t) <= 0.000501 - 0.0005 + fabs(t) * 1e-15);
    check(cj_iso_write(again, back) == n && memcmp(text, again, n) == 0);
  }
  n = cj_http_date_write(text, t);
  if (n > 0) {
    check(n < CJ_DATE_MAX);
    check(cj_time_read(&back, text, n) == 0);
    check(back == floor(t));
  }
}

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size) {
  const char *s = (const char *)data;
  double t;
  fuzz_base64(s, size);
  fuzz_numbers(s, size);
  if (cj_time_read(&t, s, size) == 0)
    fuzz_time(t);
  if (size >= sizeof(t)) {
    memcpy(&t, data, sizeof(t));
    fuzz_time(t);
    fuzz_time(fmod(t, 3e11));
  }
  return 0;
}
