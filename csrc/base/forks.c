/* A count of forks, which is higher in a child than in its parent. */
#include "forks.h"

#include <pthread.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static unsigned forks; /* changes in a child alone, before anything else runs */

static void on_child (void) {
  forks++;
}

static void watch (void) {
  pthread_atfork(NULL, NULL, on_child);
}

unsigned cj_forks (void) {
  pthread_once(&once, watch);
  return forks;
}
