/* Preloaded, it makes each write of a sink's file wait as a slow disk does: the
** file's end is set before its bytes are written. */
#include <dlfcn.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

int ftruncate (int fd, off_t length) {
  const struct timespec wait = { 0, 50000000 };
  int (*truncate_file)(int, off_t);
  void *symbol = dlsym(RTLD_NEXT, "ftruncate");
  memcpy(&truncate_file, &symbol, sizeof(symbol));
  nanosleep(&wait, NULL);
  return truncate_file(fd, length);
}
