# cloudjobs. `make demo` and `make test` do their own set-up; see README.md.

CC ?= cc
BUILD ?= build
LUA ?= 5.4

# One flavour a Lua: its program, its headers, its place in the build.
PROGRAM_5.4 = lua5.4
PROGRAM_5.3 = lua5.3
PROGRAM_5.1 = lua5.1
PROGRAM_jit = luajit
INCLUDE_5.4 ?= $(shell pkg-config --cflags lua5.4)
INCLUDE_5.3 ?= $(shell pkg-config --cflags lua5.3)
INCLUDE_5.1 ?= $(shell pkg-config --cflags lua5.1)
INCLUDE_jit ?= $(shell pkg-config --cflags luajit)

STRICT = -std=c99 -Wall -Wextra -pedantic -Wshadow -Wstrict-prototypes \
	-Wmissing-prototypes -Wconversion -Wwrite-strings
CFLAGS ?= -O2 -g
ALL_CFLAGS = $(STRICT) -D_GNU_SOURCE -fPIC -fvisibility=hidden $(CFLAGS) \
	$(INCLUDE_$(LUA))
SHARED = -shared

out = $(BUILD)/lua$(LUA)
present = $(foreach s,$(1),$(if $(wildcard csrc/$(s).c),$(s)))
modules = $(patsubst %,$(out)/cloudjobs/%.so,$(call present,core curl os))

core_sources = $(call present,core codec shape json scalar sign hash buf)
curl_sources = $(call present,curl buf)
os_sources = os

objects = $(patsubst %,$(out)/obj/%.o,$(1))

.PHONY: build env clean
build: $(modules)

$(out)/obj/%.o: csrc/%.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -MMD -c -o $@ $<

$(out)/cloudjobs/core.so: $(call objects,$(core_sources))
	@mkdir -p $(@D)
	$(CC) $(SHARED) $(LDFLAGS) -o $@ $^ -lcrypto

$(out)/cloudjobs/curl.so: $(call objects,$(curl_sources))
	@mkdir -p $(@D)
	$(CC) $(SHARED) $(LDFLAGS) -o $@ $^ -lcurl

$(out)/cloudjobs/os.so: $(call objects,$(os_sources))
	@mkdir -p $(@D)
	$(CC) $(SHARED) $(LDFLAGS) -o $@ $^

-include $(wildcard $(out)/obj/*.d)

# `eval "$(make -s env LUA=5.4)"` points a shell's Lua at this checkout.
env:
	@echo "export LUA_PATH='$(CURDIR)/lua/?.lua;$(CURDIR)/lua/?/init.lua;;'"
	@echo "export LUA_CPATH='$(CURDIR)/$(out)/?.so;;'"

clean:
	rm -rf $(BUILD)
