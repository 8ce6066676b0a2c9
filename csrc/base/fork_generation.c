/* A count of forks, which is higher in a child than in its parent. */
#include "fork_generation.h"

#include <pthread.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static unsigned generation; /* written by a child before it runs other code */

static void on_child (void) {
  generation++;
}

static void register_handler (void) {
  pthread_atfork(NULL, NULL, on_child);
}

unsigned cj_fork_generation (void) {
  pthread_once(&once, register_handler);
  return generation;
}
