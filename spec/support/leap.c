/* Preloaded, it makes sleeps end at once: the clock has advanced instead, and
** for the whole process. */
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
