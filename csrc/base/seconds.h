/* Clocks and sleeps in seconds. */
#ifndef CJ_SECONDS_H
#define CJ_SECONDS_H

#include <math.h>
#include <time.h>

/* More than a century: no sleep is longer. */
#define CJ_MAX_SLEEP 4e9
/* The longest wait in the kernel, in ms: an hour. */
#define CJ_MAX_WAIT 3600000.0

static inline double cj_seconds_read (clockid_t id) {
  struct timespec t;
  clock_gettime(id, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Seconds as a poll timeout in whole ms, rounded up. */
static inline int cj_seconds_ms (double seconds) {
  double ms = ceil(seconds * 1000);
  return ms <= 0 ? 0 : (int)(ms < CJ_MAX_WAIT ? ms : CJ_MAX_WAIT);
}

/* A signal ends it early. */
static inline void cj_seconds_sleep (double seconds) {
  struct timespec t;
  if (!(seconds > 0))
    return;
  if (seconds > CJ_MAX_SLEEP)
    seconds = CJ_MAX_SLEEP;
  t.tv_sec = (time_t)seconds;
  t.tv_nsec = (long)((seconds - (double)t.tv_sec) * 1e9);
  nanosleep(&t, NULL);
}

#endif
