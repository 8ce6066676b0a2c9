#!/bin/sh
# libcurl 8.14.1 (Debian 13, libcurl4t64 8.14.1-2+deb13u7, amd64): a connection of CURLOPT_CONNECT_ONLY whose server sends
# first is closed when its multi opens another one, if the program has not yet called curl_easy_recv or curl_easy_send on
# it. CURLINFO_ACTIVESOCKET then gives no socket, and curl_easy_recv returns 1 (CURLE_UNSUPPORTED_PROTOCOL). What the
# server sent is lost. After one byte was received the connection stays, although more is unread. Debian 12's 7.88.1 and
# 8.23.0 keep it in both cases.
#
# nothing received before: closed, recv 1
# received before: open, recv 0
#
# Why: once connected, the transfer is detached from its connection until curl_easy_recv or curl_easy_send attach it
# again (lib/easy.c); every new transfer prunes from the pool what is attached to none and has input (lib/conncache.c).
#
# Exits with 0 where this is still so, else with 1. Needs gcc, libcurl's headers and a keyring that knows Debian 13.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
chmod 755 .

# The package with all that it needs, its C library too, unpacked here and installed nowhere.
mkdir -p state/lists/partial cache/archives/partial parts root
: >status
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian trixie main" >list
for step in "update" "install --download-only -y --no-install-recommends libcurl4t64=8.14.1-2+deb13u7"; do
  # shellcheck disable=SC2086
  apt-get -qq -o APT::Architecture=amd64 -o APT::Architectures::=amd64 -o APT::Sandbox::User=root \
    -o Acquire::Check-Valid-Until=false -o Dir::State="$folder/state" -o Dir::State::status="$folder/status" \
    -o Dir::Cache="$folder/cache" -o Dir::Etc::SourceList="$folder/list" -o Dir::Etc::SourceParts="$folder/parts" $step >/dev/null
done
for package in cache/archives/*.deb; do
  dpkg-deb -x "$package" root
done

cat >try.c <<'C'
#include <arpa/inet.h>
#include <curl/curl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

/* A server that greets each connection. */
static void *serve (void *listener) {
  int fd;
  while ((fd = accept(*(int *)listener, NULL, NULL)) >= 0)
    send(fd, "220 hello\r\n", 11, 0);
  return NULL;
}

static void connect_in (CURLM *multi, CURL *easy) {
  int running, queued;
  curl_multi_add_handle(multi, easy);
  do {
    curl_multi_perform(multi, &running);
    curl_multi_poll(multi, NULL, 0, 20, NULL);
  } while (curl_multi_info_read(multi, &queued) == NULL);
}

static CURL *new_easy (const char *url) {
  CURL *easy = curl_easy_init();
  curl_easy_setopt(easy, CURLOPT_URL, url);
  curl_easy_setopt(easy, CURLOPT_PROXY, "");
  curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, 1L);
  return easy;
}

int main (void) {
  int listener = socket(AF_INET, SOCK_STREAM, 0), receives;
  struct sockaddr_in a = { 0 };
  socklen_t size = sizeof(a);
  pthread_t thread;
  char url[64], byte;
  a.sin_family = AF_INET;
  a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  bind(listener, (struct sockaddr *)&a, size);
  listen(listener, 8);
  getsockname(listener, (struct sockaddr *)&a, &size);
  snprintf(url, sizeof(url), "http://127.0.0.1:%d/", ntohs(a.sin_port));
  pthread_create(&thread, NULL, serve, &listener);
  curl_global_init(CURL_GLOBAL_ALL);
  fprintf(stderr, "%s\n", curl_version());
  for (receives = 0; receives < 2; receives++) {
    CURLM *multi = curl_multi_init();
    CURL *easy = new_easy(url);
    curl_socket_t fd = CURL_SOCKET_BAD;
    size_t n;
    connect_in(multi, easy);
    if (receives)
      curl_easy_recv(easy, &byte, 1, &n);
    sleep(2); /* libcurl looks for idle connections once a second */
    connect_in(multi, new_easy(url));
    curl_easy_getinfo(easy, CURLINFO_ACTIVESOCKET, &fd);
    printf("%s before: %s, recv %d\n", receives ? "received" : "nothing received",
           fd == CURL_SOCKET_BAD ? "closed" : "open", curl_easy_recv(easy, &byte, 1, &n));
  }
  return 0;
}
C
gcc -o try try.c -lcurl -pthread
library=$folder/root/usr/lib/x86_64-linux-gnu
timeout 30 "$library/ld-linux-x86-64.so.2" --library-path "$library" ./try >seen
printf '%s\n' 'nothing received before: closed, recv 1' 'received before: open, recv 0' >expected
cat seen
cmp seen expected
