/* Preloaded, it lets every look-up of a name fail until the file NAME_EXISTS
** does exist, and resolves names as 127.0.0.1 from then on. */
#include <dlfcn.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int getaddrinfo (const char *node, const char *service,
                 const struct addrinfo *hints, struct addrinfo **result) {
  int (*look_up)(const char *, const char *, const struct addrinfo *,
                 struct addrinfo **);
  void *symbol = dlsym(RTLD_NEXT, "getaddrinfo");
  (void)node;
  memcpy(&look_up, &symbol, sizeof(symbol));
  return access(getenv("NAME_EXISTS"), F_OK) == 0
             ? look_up("127.0.0.1", service, hints, result)
             : EAI_NONAME;
}
