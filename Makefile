# cloudjobs. `make demo` and `make test` do their own set-up; see README.md.

CC ?= cc
BUILD ?= build
LUA ?= 5.4
TIME ?= 60
export BUILD
# With make -C the others would print their folder in the midst of their output.
MAKEFLAGS += --no-print-directory

# One flavour a Lua: its headers, its program, the tree its rocks go to.
first_of = $(shell for name in $(1); do \
	pkg-config --cflags $$name 2>/dev/null && break; done)
INCLUDE_5.5 ?= $(call first_of,lua5.5 lua-5.5 lua55)
INCLUDE_5.4 ?= $(call first_of,lua5.4 lua-5.4 lua54)
INCLUDE_5.3 ?= $(call first_of,lua5.3 lua-5.3 lua53)
INCLUDE_5.1 ?= $(call first_of,lua5.1 lua-5.1 lua51)
INCLUDE_jit ?= $(call first_of,luajit)
LIBRARY = $(if $(filter jit,$(LUA)),-lluajit-5.1,-llua$(LUA))
PROGRAM = $(if $(filter jit,$(LUA)),luajit,lua$(LUA))
ROCKS = $(if $(filter jit,$(LUA)),5.1,$(LUA))
FLAVOURS = 5.4 jit

# glibc 2.43 has memchr and strchr as macros of C11, at which clang points in our lines.
STRICT = -std=c99 -Wall -Wextra -pedantic -Wshadow -Wstrict-prototypes \
	-Wmissing-prototypes -Wconversion -Wwrite-strings -Wno-c11-extensions
CFLAGS ?= -O2 -g
HARDEN = -fstack-protector-strong -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
ALL_CFLAGS = $(STRICT) -D_GNU_SOURCE -fPIC -fvisibility=hidden $(HARDEN) \
	$(CFLAGS) $(INCLUDE_$(LUA))
ifeq ($(shell uname),Darwin)
SHARED = -bundle -undefined dynamic_lookup
else
# nodelete: what is fetched once a process outlives the Lua state.
# pthread: before glibc 2.34 it is a library of its own.
SHARED = -shared -pthread -Wl,-z,relro,-z,now,-z,nodelete
endif

out = $(BUILD)/lua$(LUA)
modules = $(patsubst %,$(out)/cloudjobs/%.so,core curl os zlib)

# Each shared object is its luaopen_ file and the rooms of csrc that it links.
rooms = $(foreach room,$(1),$(wildcard csrc/$(room)/*.c))
core_sources = csrc/core.c $(call rooms,base codec http sign)
curl_sources = csrc/curl.c $(call rooms,base curl http)
os_sources = csrc/os.c $(call rooms,base os)
zlib_sources = csrc/zlib.c $(call rooms,base zlib)
unlinked = $(filter-out $(core_sources) $(curl_sources) $(os_sources) $(zlib_sources) $(call rooms,fuzz test),$(wildcard csrc/*.c csrc/*/*.c))
$(if $(unlinked),$(error no shared object links $(unlinked)))

# The Lua side of a room has file names that begin with l; the rest knows no Lua.
plain_sources = $(foreach room,base codec http sign,$(wildcard csrc/$(room)/[!l]*.c))

objects = $(patsubst csrc/%.c,$(out)/obj/%.o,$(1))
each_lua = set -e; for lua in $(1); do $(MAKE) --no-print-directory LUA=$$lua

.PHONY: build env demo nginx-demo test check lint analyse asan valgrind torture tortured \
	fuzz seeded harden judges platforms bench benched pictures install rockspecs sources models definitions faults tables rooms clean
build: $(modules)
	@mkdir -p $(out)/bin
	@printf '#!/bin/sh\nexec %s "%s" "$$@"\n' '$(PROGRAM)' '$(CURDIR)/bin/cloudjobs' >$(out)/bin/cloudjobs
	@chmod +x $(out)/bin/cloudjobs

# What is missing is said once for each Lua, before anything is compiled.
$(out)/found: tools/found
	@mkdir -p $(@D)
	@tools/found $(LUA) "$(CC) $(INCLUDE_$(LUA)) $(CFLAGS)" "$(LDFLAGS)" && touch $@

$(out)/obj/%.o: csrc/%.c Makefile | $(out)/found
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -MMD -c -o $@ $<

# Only Lua's own functions may be left for the program that loads it.
link = $(CC) $(SHARED) $(LDFLAGS) -o $@ $^ $(1) -lm && tools/undefined $@ || { rm -f $@; exit 1; }

$(out)/cloudjobs/core.so: $(call objects,$(core_sources))
	@mkdir -p $(@D)
	$(call link,-lcrypto)

$(out)/cloudjobs/curl.so: $(call objects,$(curl_sources))
	@mkdir -p $(@D)
	$(call link,-lcurl)

$(out)/cloudjobs/os.so: $(call objects,$(os_sources))
	@mkdir -p $(@D)
	$(call link)

$(out)/cloudjobs/zlib.so: $(call objects,$(zlib_sources))
	@mkdir -p $(@D)
	$(call link,-lz)

# A header that was renamed or removed makes what included it be built again.
%.h: ;
-include $(wildcard $(out)/obj/*.d $(out)/obj/*/*.d)

# `eval "$(make -s env LUA=5.4)"` points a shell's Lua at this checkout, and
# gives it the command, which `make build` has run by the Lua it was built for.
env:
	@echo "export PATH='$(CURDIR)/$(out)/bin':\"\$$PATH\""
	@echo "export LUA_PATH='$(CURDIR)/lua/?.lua;$(CURDIR)/lua/?/init.lua;;'"
	@echo "export LUA_CPATH='$(CURDIR)/$(out)/?.so;;'"

demo:
	@tools/setup demo
	@$(MAKE) -s build
	@eval "$$($(MAKE) -s env)"; $(PROGRAM) bin/cloudjobs demo

# examples/nginx on the emulator, until it is interrupted. PORT=8080
nginx-demo:
	@tools/setup test
	@$(call each_lua,$(FLAVOURS)) -s build; done
	@eval "$$($(MAKE) -s env)"; $(PROGRAM) examples/nginx/demo.lua $(PORT)

# SPECS="spec/unit/json_spec.lua" runs less than all.
test:
	@tools/setup test
	@$(call each_lua,$(FLAVOURS)) -s build; done
	@tools/test "$(FLAVOURS)" $(SPECS)

# Warnings are errors for each Lua and each compiler; then the linters.
check:
	@tools/setup check
	@for cc in gcc clang; do $(call each_lua,5.4 jit 5.3 5.1 $(if $(INCLUDE_5.5),5.5)) -s build \
	  CC=$$cc BUILD=$(BUILD)/$$cc CFLAGS='-O2 -Werror'; done; done
	@$(MAKE) --no-print-directory lint analyse

lint:
	luacheck -q .
	clang-format --dry-run -Werror $$(git ls-files '*.c' '*.h')

# cppcheck 2.22 takes the buffer in f(buffer, write(buffer)) for uninitialized: clang's
# analyser and valgrind look for those. Fuzz targets may fail without memory.
UNASKED = --suppress=toomanyconfigs --suppress=uninitvar \
	$(foreach id,nullPointerOutOfMemory nullPointerArithmeticOutOfMemory ctunullpointerOutOfMemory,--suppress='$(id):csrc/fuzz/*')
analyse:
	printf '%s\n' csrc/*.c csrc/*/*.c | xargs -P "$$(nproc)" -I{} \
	  clang-tidy --quiet {} -- $(STRICT) -D_GNU_SOURCE $(INCLUDE_5.4)
	cppcheck --quiet -j "$$(nproc)" --error-exitcode=1 --inline-suppr $(UNASKED) --std=c99 \
	  --enable=warning,performance,portability $(INCLUDE_5.4) csrc

# The specs in one process with our modules: nginx and luarocks have their own.
IN_PROCESS = $(filter-out spec/nginx spec/rocks spec/support,$(wildcard spec/*))
SANITIZE = -fsanitize=address,undefined -fno-sanitize-recover=undefined
UNDER_VALGRIND = valgrind -q --error-exitcode=99 --leak-check=full \
	--errors-for-leak-kinds=definite --suppressions=tools/valgrind.supp

# A copy of each Lua that loads ASan's runtime first, so that of all child
# processes Lua's alone run under it.
$(BUILD)/asan/bin/%:
	@mkdir -p $(@D)
	@cp "$$(command -v $*)" $@
	@patchelf --add-needed "$$(readelf -d "$$(gcc -print-file-name=libasan.so)" | \
	  sed -n 's/.*SONAME.*\[\(.*\)\]/\1/p')" $@

asan:
	@tools/setup check
	@$(MAKE) --no-print-directory $(BUILD)/asan/bin/lua5.4 $(BUILD)/asan/bin/luajit
	@$(call each_lua,$(FLAVOURS)) -s build CC=gcc BUILD=$(BUILD)/asan HARDEN= \
	  CFLAGS='-O1 -g -fno-omit-frame-pointer $(SANITIZE)' \
	  LDFLAGS='$(SANITIZE)'; done
	@BUILD=$(BUILD)/asan PATH="$(CURDIR)/$(BUILD)/asan/bin:$$PATH" \
	  WITHOUT_NGINX='it cannot load modules built for a sanitizer' \
	  LSAN_OPTIONS=suppressions=$(CURDIR)/tools/lsan.supp:print_suppressions=0:use_tls=0 \
	  tools/test "$(FLAVOURS)" $(or $(SPECS),$(IN_PROCESS))

valgrind:
	@tools/setup check
	@$(MAKE) --no-print-directory -s build LUA=5.4
	@WRAP="$(UNDER_VALGRIND)" WITHOUT_NGINX='valgrind is for the Lua alone' tools/test 5.4 $(or $(SPECS),$(IN_PROCESS))

$(out)/torture: $(out)/obj/test/torture.o
	$(CC) -o $@ $^ $(LIBRARY)

torture:
	@tools/setup test
	@$(MAKE) -s build LUA=5.4
	@$(call each_lua,$(FLAVOURS)) -s tortured; done

tortured: build $(out)/torture
	@echo "== $(PROGRAM)"
	@eval "$$($(MAKE) -s env)"; tools/torture $(out)/torture $(wildcard spec/torture/*.lua)

# Other people's clients against the emulator, their requests and signatures
# beside ours. `make test` runs these specs too where the clients are installed.
# SEED=n draws the services that another run drew.
judges:
	@tools/setup judges
	@tools/judges
	@$(call each_lua,$(FLAVOURS)) -s build; done
	@seed=$${SEED:-$$(date +%s)}; echo "SEED=$$seed"; SEED=$$seed EVERY_DESCRIPTION=1 tools/test "$(FLAVOURS)" spec/judges

# The specs in chroots of Debian's releases, and on OPENRESTY where one is named: tools/platforms.
platforms:
	@tools/platforms $(SPECS)

# A limit is C in spec/bench that may use what of csrc knows no Lua.
limits = $(patsubst spec/bench/%.c,$(out)/bench/%.so,$(wildcard spec/bench/*.c))
$(out)/bench/%.so: spec/bench/%.c $(call objects,$(plain_sources))
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(SHARED) -o $@ $^ -lcrypto -lcurl -lz

bench:
	@tools/setup test
	@$(call each_lua,$(FLAVOURS)) -s benched; done

benched: build $(limits)
	@echo "== $(PROGRAM)"
	@eval "$$($(MAKE) -s env)"; export LUA_PATH="spec/bench/?.lua;$$LUA_PATH"; \
	  export LUA_CPATH="$(out)/bench/?.so;$$LUA_CPATH"; \
	  for bench in $(filter-out %/bench.lua,$(wildcard spec/bench/*.lua)); do \
	    $(PROGRAM) $$bench || exit; done

# libFuzzer beside the C that knows no Lua, and then the reading of service descriptions, which is Lua. What it learns stays in the build;
# TIME is each target's, in seconds.
fuzz_targets = $(patsubst csrc/fuzz/%.c,$(BUILD)/fuzz/%,$(wildcard csrc/fuzz/*.c))
$(BUILD)/fuzz/%: csrc/fuzz/%.c $(plain_sources) $(wildcard csrc/*/*.h)
	@mkdir -p $@.corpus
	clang $(STRICT) -D_GNU_SOURCE -g -O1 -fsanitize=fuzzer,address,undefined \
	  -fno-sanitize-recover=undefined -o $@ $< $(plain_sources) -lcrypto -lm

fuzz:
	@tools/setup check
	@$(MAKE) --no-print-directory -s $(fuzz_targets)
	@for target in $(fuzz_targets); do tools/fuzz $$target $(TIME) || exit; done
	@$(MAKE) --no-print-directory -s build
	@eval "$$($(MAKE) -s env)"; $(PROGRAM) tools/fuzz_description.lua $(TIME)

# Whether they find anything: a mistake planted in a copy of csrc for each.
seeded: build
	@tools/setup check
	@eval "$$($(MAKE) -s env)"; $(PROGRAM) tools/seeded.lua $(BUILD)/seeded 60

harden: build
	@tools/harden $(modules)
	@$(call each_lua,$(FLAVOURS)) -s build; done
	@eval "$$($(MAKE) -s env)"; $(PROGRAM) tools/soak.lua 100000
	@STREAM_MB=1024 tools/test "$(FLAVOURS)" spec/promises/stream_memory_spec.lua

# The pictures of README.md and docs/, from a real terminal over the emulator.
pictures: build
	@mkdir -p docs
	@eval "$$($(MAKE) -s env)"; export LUA_PATH="./?.lua;$$LUA_PATH"; \
	  $(PROGRAM) tools/pictures.lua docs

# `luarocks make` without its own dependency check: Debian's lua-cjson and
# argparse are no rocks. TREE is the folder to install to.
install:
	luarocks --lua-version=$(ROCKS) make --deps-mode=none \
	  $(if $(TREE),--tree=$(TREE)) rockspec/cloudjobs-scm-1.rockspec

rockspecs:
	tools/rockspec

# What each C module is made of, one a line.
sources:
	@echo core $(core_sources)
	@echo curl $(curl_sources)
	@echo os $(os_sources)
	@echo zlib $(zlib_sources)

# lua/cloudjobs/models/ from descriptions in botocore's layout, and all that
# follows from them. A service is added by SERVICES=name/version.
BOTOCORE ?= ../shared/models
models: build
	@eval "$$($(MAKE) -s env)"; $(PROGRAM) tools/models.lua $(BOTOCORE) lua/cloudjobs/models $(SERVICES)
	@$(MAKE) definitions rockspecs

# lua/cloudjobs/meta/, what editors are to know of the services' clients.
definitions: build
	@eval "$$($(MAKE) -s env)"; $(PROGRAM) tools/definitions.lua lua/cloudjobs/meta

# The tables of docs/ that follow from the kinds of job and the models.
tables: build
	@eval "$$($(MAKE) -s env)"; $(PROGRAM) tools/tables.lua docs/jobs.md docs/clients.md

# docs/faults.md, from what every transport is tested against.
faults:
	@$(PROGRAM) -e 'io.write(require("spec.support.fault_table")())' >docs/faults.md

# Which rooms require which; fails on a cycle.
rooms: build
	@eval "$$($(MAKE) -s env)"; export LUA_PATH="./?.lua;$$LUA_PATH"; $(PROGRAM) tools/rooms.lua

clean:
	rm -rf $(BUILD)
