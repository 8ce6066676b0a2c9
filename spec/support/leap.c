/* Preloaded, it has nobody wait: who sleeps finds that the clock has leapt, and
** so does everybody else in the process. */
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static struct timespec leapt;

static void add (struct timespec *to, const struct timespec *t) {
  to->tv_sec += t->tv_sec;
  to->tv_nsec += t->tv_nsec;
  if (to->tv_nsec >= 1000000000) {
    to->tv_nsec -= 1000000000;
    to->tv_sec++;
  }
}

int nanosleep (const struct timespec *t, struct timespec *left) {
  (void)left;
  add(&leapt, t);
  return 0;
}

int clock_gettime (clockid_t id, struct timespec *t) {
  int result = (int)syscall(SYS_clock_gettime, id, t);
  if (result == 0)
    add(t, &leapt);
  return result;
}
