/* Dates as text: ISO-8601, HTTP's, and the stamps of SigV4. */
#include "date.h"

#include "scalar.h"

#include <math.h>
#include <string.h>

static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
static const char weekdays[] = "ThuFriSatSunMonTueWed"; /* the epoch's first */

struct civil {
  int year, month, day, hour, minute, second;
  double fraction;
  int offset; /* minutes east of Greenwich */
};

/* Days since 1970-01-01 in the Gregorian calendar, years counted from March
** (the algorithm of Howard Hinnant's days_from_civil). */
static int64_t days_from_civil (int year, int month, int day) {
  int64_t y = (int64_t)year - (month <= 2);
  int64_t era = (y >= 0 ? y : y - 399) / 400;
  int64_t of_era = y - era * 400;
  int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year -
         719468;
}

static void civil_from_days (struct civil *c, int64_t days) {
  int64_t z = days + 719468;
  int64_t era = (z >= 0 ? z : z - 146096) / 146097;
  int64_t of_era = z - era * 146097;
  int64_t y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
  int64_t of_year = of_era - (365 * y + y / 4 - y / 100);
  int64_t m = (5 * of_year + 2) / 153;
  c->day = (int)(of_year - (153 * m + 2) / 5 + 1);
  c->month = (int)(m < 10 ? m + 3 : m - 9);
  c->year = (int)(y + era * 400 + (c->month <= 2));
}

static int days_in_month (int year, int month) {
  static const char days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
  int leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return days[month - 1] + (month == 2 && leap);
}

static int seconds_from_civil (double *t, const struct civil *c) {
  if (c->month < 1 || c->month > 12 || c->day < 1 ||
      c->day > days_in_month(c->year, c->month) || c->minute > 59 ||
      c->second > 60 || c->hour > 24 ||
      (c->hour == 24 && (c->minute > 0 || c->second > 0 || c->fraction > 0)))
    return -1;
  *t = (double)(days_from_civil(c->year, c->month, c->day) * 86400 +
                c->hour * 3600 + c->minute * 60 + c->second - c->offset * 60) +
       c->fraction;
  return 0;
}

/* Splits 't' into a date and microseconds. Gives the weekday, or -1 when the
** year has more than four digits. */
static int civil_from_seconds (struct civil *c, int *micros, double t) {
  double whole = floor(t);
  int64_t days, s, us;
  if (!(t >= -62167219200.0 && t < 253402300800.0))
    return -1;
  us = (int64_t)floor((t - whole) * 1e6 + 0.5);
  s = (int64_t)whole + us / 1000000;
  days = (s >= 0 ? s : s - 86399) / 86400;
  s -= days * 86400;
  civil_from_days(c, days);
  c->hour = (int)(s / 3600);
  c->minute = (int)(s / 60 % 60);
  c->second = (int)(s % 60);
  *micros = (int)(us % 1000000);
  return c->year > 9999 ? -1 : (int)((days % 7 + 7) % 7);
}

static char *put (char *to, int value, int width) {
  int i;
  for (i = width - 1; i >= 0; i--, value /= 10)
    to[i] = (char)('0' + value % 10);
  return to + width;
}

static char *put_clock (char *to, const struct civil *c) {
  to = put(to, c->hour, 2);
  *to++ = ':';
  to = put(to, c->minute, 2);
  *to++ = ':';
  return put(to, c->second, 2);
}

size_t cj_iso_write (char *to, double t) {
  struct civil c;
  char *out = to;
  int micros;
  if (civil_from_seconds(&c, &micros, t) < 0)
    return 0;
  out = put(out, c.year, 4);
  *out++ = '-';
  out = put(out, c.month, 2);
  *out++ = '-';
  out = put(out, c.day, 2);
  *out++ = 'T';
  out = put_clock(out, &c);
  if (micros > 0) {
    *out++ = '.';
    out = put(out, micros, 6);
    while (out[-1] == '0')
      out--;
  }
  *out++ = 'Z';
  return (size_t)(out - to);
}

size_t cj_stamp_write (char *to, double t) {
  struct civil c;
  char *out = to;
  int micros;
  if (civil_from_seconds(&c, &micros, floor(t)) < 0)
    return 0;
  out = put(put(put(out, c.year, 4), c.month, 2), c.day, 2);
  *out++ = 'T';
  out = put(put(put(out, c.hour, 2), c.minute, 2), c.second, 2);
  *out++ = 'Z';
  return (size_t)(out - to);
}

size_t cj_http_date_write (char *to, double t) {
  struct civil c;
  char *out = to;
  int micros, weekday = civil_from_seconds(&c, &micros, floor(t));
  if (weekday < 0)
    return 0;
  memcpy(out, weekdays + weekday * 3, 3);
  memcpy(out + 3, ", ", 2);
  out = put(out + 5, c.day, 2);
  *out++ = ' ';
  memcpy(out, months + (c.month - 1) * 3, 3);
  out[3] = ' ';
  out = put(out + 4, c.year, 4);
  *out++ = ' ';
  out = put_clock(out, &c);
  memcpy(out, " GMT", 4);
  return (size_t)(out + 4 - to);
}

/* A cursor over the text of a date. Each function below advances it and gives 1
** when its part of the grammar matches. */
struct cursor {
  const char *p, *end;
};

static int number (struct cursor *c, int width, int *value) {
  int v = 0, i;
  if (c->end - c->p < width)
    return 0;
  for (i = 0; i < width; i++) {
    if (!cj_is_digit(c->p[i]))
      return 0;
    v = v * 10 + (c->p[i] - '0');
  }
  c->p += width;
  *value = v;
  return 1;
}

static int eat (struct cursor *c, char ch) {
  if (c->p == c->end || *c->p != ch)
    return 0;
  c->p++;
  return 1;
}

static void fraction (struct cursor *c, double *value) {
  double scale = 1, v = 0;
  for (; c->p < c->end && cj_is_digit(*c->p); c->p++)
    if (scale < 1e15) {
      scale *= 10;
      v = v * 10 + (*c->p - '0');
    }
  *value = v / scale;
}

/* hh[:]mm[[:]ss[.fraction]] */
static int clock_time (struct cursor *c, struct civil *t) {
  int colon;
  if (!number(c, 2, &t->hour))
    return 0;
  colon = eat(c, ':');
  if (!number(c, 2, &t->minute))
    return 0;
  if (colon ? eat(c, ':') : c->p < c->end && cj_is_digit(*c->p)) {
    if (!number(c, 2, &t->second))
      return 0;
    if (eat(c, '.') || eat(c, ',')) {
      if (c->p == c->end || !cj_is_digit(*c->p))
        return 0;
      fraction(c, &t->fraction);
    }
  }
  return 1;
}

/* Nothing, Z, or an offset: +hh, +hhmm, +hh:mm. */
static int zone (struct cursor *c, struct civil *t) {
  int hours, minutes = 0, east;
  if (c->p == c->end || eat(c, 'Z') || eat(c, 'z'))
    return 1;
  east = eat(c, '+');
  if ((!east && !eat(c, '-')) || !number(c, 2, &hours))
    return 0;
  if ((eat(c, ':') || c->p < c->end) && !number(c, 2, &minutes))
    return 0;
  if (hours > 23 || minutes > 59)
    return 0;
  t->offset = (east ? 1 : -1) * (hours * 60 + minutes);
  return 1;
}

static int iso_date (struct cursor *c, struct civil *t) {
  int dashed;
  if (!number(c, 4, &t->year))
    return 0;
  dashed = eat(c, '-');
  if (!number(c, 2, &t->month) || (dashed && !eat(c, '-')) ||
      !number(c, 2, &t->day))
    return 0;
  if (c->p == c->end)
    return 1;
  return (eat(c, 'T') || eat(c, 't') || eat(c, ' ')) && clock_time(c, t) &&
         zone(c, t);
}

static int month_name (struct cursor *c, int *month) {
  int m;
  if (c->end - c->p < 3)
    return 0;
  for (m = 0; m < 12; m++)
    if (memcmp(c->p, months + m * 3, 3) == 0) {
      c->p += 3;
      *month = m + 1;
      return 1;
    }
  return 0;
}

/* Two digits mean 1970 to 2069. */
static int http_year (struct cursor *c, int *year) {
  if (number(c, 4, year))
    return 1;
  if (!number(c, 2, year))
    return 0;
  *year += *year < 70 ? 2000 : 1900;
  return 1;
}

/* Sun, 06 Nov 1994 08:49:37 GMT; Sunday, 06-Nov-94 08:49:37 GMT;
** Sun Nov  6 08:49:37 1994 */
static int http_date (struct cursor *c, struct civil *t) {
  while (c->p < c->end &&
         ((*c->p >= 'a' && *c->p <= 'z') || (*c->p >= 'A' && *c->p <= 'Z')))
    c->p++;
  if (eat(c, ',')) {
    char between;
    if (!eat(c, ' ') || !(number(c, 2, &t->day) || number(c, 1, &t->day)))
      return 0;
    between = c->p < c->end && *c->p == '-' ? '-' : ' ';
    return eat(c, between) && month_name(c, &t->month) && eat(c, between) &&
           http_year(c, &t->year) && eat(c, ' ') && clock_time(c, t) &&
           eat(c, ' ') && c->end - c->p == 3 &&
           (memcmp(c->p, "GMT", 3) == 0 || memcmp(c->p, "UTC", 3) == 0) &&
           (c->p += 3) == c->end;
  }
  return eat(c, ' ') && month_name(c, &t->month) && eat(c, ' ') &&
         (number(c, 2, &t->day) || (eat(c, ' ') && number(c, 1, &t->day))) &&
         eat(c, ' ') && clock_time(c, t) && eat(c, ' ') &&
         number(c, 4, &t->year);
}

int cj_time_read (double *t, const char *s, size_t n) {
  struct cursor c;
  struct civil civil;
  int letter = n > 0 && !cj_is_digit(*s) && *s != '-';
  c.p = s;
  c.end = s + n;
  memset(&civil, 0, sizeof(civil));
  if ((letter ? http_date(&c, &civil) : iso_date(&c, &civil)) && c.p == c.end &&
      seconds_from_civil(t, &civil) == 0)
    return 0;
  return letter ? -1 : cj_double_read(t, s, n);
}
