# Compiles shapebox. build.sh drives this file; `make BUILD=... SANITIZE=...` makes a variant beside the ordinary build.
#
#   all    $(BUILD)/shapebox and $(BUILD)/libshapebox.so
#   tests  $(BUILD)/tests/<name> for each tests/unit/test_*.c, and $(BUILD)/tests/runner
BUILD ?= build
CC = gcc
SANITIZE ?=
# COVERAGE=1: each line counts how often it ran (gcov), in the library as well.
COVERAGE ?=
# The library is loaded into programs that know nothing of sanitizers: there, undefined behaviour traps instead.
LIB_SANITIZE ?=

MAKEFLAGS += --no-builtin-rules
.DELETE_ON_ERROR:
.SECONDARY:

WARN = -Wall -Wextra -Werror
COMMON = -std=c11 -D_GNU_SOURCE -O2 -g $(WARN) -I. -I$(BUILD)/gen -ffile-prefix-map=$(CURDIR)=.
# -fwrapv: a trace's numbers are anybody's. Their sums may be wrong then, but nothing may be undefined.
COUNT_LINES = $(if $(COVERAGE),--coverage -fprofile-update=atomic)
CFLAGS_VIEWER = $(COMMON) $(COUNT_LINES) -fwrapv $(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-omit-frame-pointer) $(if $(filter thread,$(SANITIZE)),-Wno-tsan)
CFLAGS_SHIM = $(COMMON) $(COUNT_LINES) -fPIC -fvisibility=hidden -ftls-model=initial-exec -fno-split-wide-types $(LIB_SANITIZE)
# The same sources for the unit tests, which may carry a sanitizer.
# (-Wno-tsan: the thread sanitizer knows no fences, and warns of each.)
CFLAGS_SHIM_TEST = $(COMMON) $(COUNT_LINES) -fPIC $(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-omit-frame-pointer) $(if $(filter thread,$(SANITIZE)),-Wno-tsan)

LIBS_SHIM = -ldl -lpthread -lm
LIBS_VIEWER = -l:libsqlite3.a -l:libjansson.a -l:libz.a -lm -ldl -lpthread

# What the library shares with the viewer.
SHIM_SCHEMA = $(addprefix schema/,config.c secret.c site.c phase.c fingerprint.c)
SHIM_SOURCES = $(wildcard libshim/*.c libshim/*.S) $(SHIM_SCHEMA)
VIEWER_SOURCES = $(shell find viewer schema -name '*.c')
VIEWER_MAIN = $(wildcard viewer/main.c viewer/commands/main.c)
RUNNER_SOURCES = $(wildcard tests/e2e/*.c)
TEST_SOURCES = $(wildcard tests/unit/test_*.c)
HELPER_SOURCES = $(filter-out $(TEST_SOURCES),$(wildcard tests/unit/*.c))
SQL = $(wildcard schema/*.sql)

objects = $(patsubst %,$(BUILD)/obj/$(1)/%.o,$(2))
SHIM_OBJECTS = $(call objects,shim,$(SHIM_SOURCES))
# (A test's dlsym is the C library's.)
SHIM_TEST_OBJECTS = $(call objects,shim-test,$(filter-out libshim/cuda_dlsym.S,$(SHIM_SOURCES)))
VIEWER_OBJECTS = $(call objects,viewer,$(VIEWER_SOURCES))
VIEWER_MAIN_OBJECTS = $(call objects,viewer,$(VIEWER_MAIN))
RUNNER_OBJECTS = $(call objects,viewer,$(RUNNER_SOURCES))
GENERATED = $(patsubst schema/%.sql,$(BUILD)/gen/%_sql.h,$(SQL)) $(BUILD)/gen/commit.h $(BUILD)/gen/page_hash.h
TESTS = $(patsubst tests/unit/%.c,$(BUILD)/tests/%,$(TEST_SOURCES))

all: $(BUILD)/shapebox $(BUILD)/libshapebox.so
tests: $(TESTS) $(BUILD)/tests/runner $(BUILD)/tests/identity-check $(BUILD)/tests/truth.so $(BUILD)/tests/faults.so \
  $(BUILD)/tests/make-hostile $(BUILD)/tests/fuzz
library: $(BUILD)/libshapebox.so
viewer: $(BUILD)/shapebox
runner: $(BUILD)/tests/runner
.PHONY: all tests library viewer runner

# Each SQL file as a C string: schema/views.sql -> views_sql.h
$(BUILD)/gen/%_sql.h: schema/%.sql schema/embed.sh
	@mkdir -p $(@D)
	sh schema/embed.sh $< $*_sql > $@

# The page's script and style: page_js.h, page_css.h, page_hash.h
$(BUILD)/gen/page_hash.h: $(wildcard viewer/page/*) schema/embed.sh
	sh viewer/page/build.sh $(BUILD)/gen

# The commit that is being built, "+" behind it where files differ from it; written only where it changed.
$(BUILD)/gen/commit.h: always
	@mkdir -p $(@D)
	@commit=$$(git rev-parse --short=12 HEAD 2>/dev/null) && \
	  { git diff --quiet HEAD 2>/dev/null || commit="$$commit+"; }; \
	printf '#define SHAPEBOX_COMMIT "%s"\n' "$$commit" >$@.new; \
	if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi
.PHONY: always

$(BUILD)/obj/shim/%.c.o: %.c Makefile
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_SHIM) -MMD -MP -c $< -o $@
$(BUILD)/obj/shim/%.S.o: %.S Makefile
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_SHIM) -MMD -MP -c $< -o $@
$(BUILD)/obj/shim-test/%.c.o: %.c Makefile
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_SHIM_TEST) -MMD -MP -c $< -o $@
$(BUILD)/obj/shim-test/%.S.o: %.S Makefile
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_SHIM_TEST) -MMD -MP -c $< -o $@
$(BUILD)/obj/viewer/%.c.o: %.c Makefile | $(GENERATED)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_VIEWER) -MMD -MP -c $< -o $@

# Both files run on this glibc and all newer ones, whichever built them: packaging/glibc/stub.sh tells how. A variant with
# a sanitizer is for this machine alone.
GLIBC_OLDEST = 2.28
GLIBC = $(BUILD)/gen/glibc
GLIBC_STUBS = $(addprefix $(GLIBC)/,libc.so.6 libm.so.6 libdl.so.2 libpthread.so.0)
# The command counts the memory that it was refused: schema/shortage.h.
COUNT_MEMORY = -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc
ifeq ($(SANITIZE)$(COVERAGE),)
PORTABLE = $(BUILD)/obj/shim/packaging/glibc/compat.c.o
PORTABLE_START = $(BUILD)/obj/viewer/packaging/glibc/start.c.o
PORTABLE_LIBS = -nodefaultlibs -Wl,--as-needed $(GLIBC)/libc.so.6 $(GLIBC)/libm.so.6 \
  -Wl,--no-as-needed $(GLIBC)/libdl.so.2 $(GLIBC)/libpthread.so.0 -l:libc_nonshared.a -lgcc
PORTABLE_STUBS = $(GLIBC_STUBS)
LINK_SHIM = $(PORTABLE) $(PORTABLE_LIBS)
LINK_VIEWER = $(COUNT_MEMORY) $(PORTABLE) $(PORTABLE_START) -Wl,--wrap=__libc_start_main -l:libsqlite3.a -l:libjansson.a -l:libz.a $(PORTABLE_LIBS)
else
LINK_SHIM = $(if $(COVERAGE),$(COUNT_AT_END)) -Wl,--as-needed -static-libgcc $(LIBS_SHIM)
LINK_VIEWER = $(COUNT_MEMORY) $(LIBS_VIEWER)
endif

$(GLIBC)/libm.so.6 $(GLIBC)/libdl.so.2 $(GLIBC)/libpthread.so.0: $(GLIBC)/libc.so.6
$(GLIBC)/libc.so.6: packaging/glibc/stub.sh
	sh packaging/glibc/stub.sh $(CC) $(GLIBC_OLDEST) $(GLIBC)

# What a process counted is written at its end, whatever that is: tests/coverage.c
COUNT = $(if $(COVERAGE),$(BUILD)/obj/shim/tests/coverage.c.o)
COUNT_AT_END = $(COUNT) -Wl,--wrap=box_end

EXPORTS = $(wildcard libshim/exports.map)
EXPORT_FLAGS = $(EXPORTS:%=-Wl,--version-script=%)
$(BUILD)/libshapebox.so: $(SHIM_OBJECTS) $(EXPORTS) $(PORTABLE) $(PORTABLE_STUBS) $(COUNT)
	$(CC) -shared $(CFLAGS_SHIM) -o $@ $(SHIM_OBJECTS) $(EXPORT_FLAGS) \
	  -Wl,--exclude-libs,ALL -Wl,-z,now,-z,relro,-z,nodelete -Wl,-z,defs $(LINK_SHIM)

$(BUILD)/shapebox: $(VIEWER_OBJECTS) $(PORTABLE) $(PORTABLE_START) $(PORTABLE_STUBS)
	$(CC) $(CFLAGS_VIEWER) -o $@ $(VIEWER_OBJECTS) $(LINK_VIEWER)

# Archives for the unit tests: a test pulls in what it uses.
$(BUILD)/viewer.a: $(filter-out $(VIEWER_MAIN_OBJECTS),$(VIEWER_OBJECTS))
	rm -f $@ && $(AR) rcs $@ $^
$(BUILD)/shim.a: $(SHIM_TEST_OBJECTS)
	rm -f $@ && $(AR) rcs $@ $^
$(BUILD)/unit.a: $(call objects,viewer,$(HELPER_SOURCES))
	rm -f $@ && $(AR) rcs $@ $^
$(BUILD)/e2e.a: $(filter-out %/runner.c.o,$(RUNNER_OBJECTS))
	rm -f $@ && $(AR) rcs $@ $^

# A test says what it links in a comment: /* links: schema viewer */ or /* links: libshim */
links = $(shell sed -n 's|.*links: *\([a-z0-9 ]*[a-z0-9]\).*|\1|p' tests/unit/$(1).c | head -n 1)
archives = $(sort $(patsubst e2e,$(BUILD)/e2e.a,$(patsubst libshim,$(BUILD)/shim.a,$(patsubst schema,$(BUILD)/viewer.a,$(patsubst viewer,$(BUILD)/viewer.a,$(1))))))
libraries = $(if $(filter libshim,$(1)),$(LIBS_SHIM)) $(if $(filter schema viewer e2e,$(1)),$(LIBS_VIEWER))

define test_rule
$(BUILD)/tests/$(1): $(BUILD)/obj/viewer/tests/unit/$(1).c.o $(BUILD)/unit.a $(call archives,$(call links,$(1)))
	@mkdir -p $$(@D)
	$$(CC) $$(CFLAGS_VIEWER) -o $$@ $$^ $(call libraries,$(call links,$(1))) -l:libcunit.a -lpthread
endef
$(foreach t,$(notdir $(TESTS)),$(eval $(call test_rule,$(t))))

$(BUILD)/tests/runner: $(RUNNER_OBJECTS)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_VIEWER) -o $@ $^ $(LIBS_VIEWER)

# Traces of many ranks: tests/bench/ranks.c
$(BUILD)/tests/make-ranks: $(BUILD)/obj/viewer/tests/bench/ranks.c.o $(BUILD)/unit.a $(BUILD)/viewer.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_VIEWER) -o $@ $^ $(LIBS_VIEWER)

# Traces that were made to do harm: tests/hostile/
$(BUILD)/tests/make-hostile: $(BUILD)/obj/viewer/tests/hostile/make.c.o $(BUILD)/unit.a $(BUILD)/viewer.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_VIEWER) -o $@ $^ $(LIBS_VIEWER)

# Recorded identities against the allocator's: tests/identity/
$(BUILD)/tests/identity-check: $(BUILD)/obj/viewer/tests/identity/check.c.o $(BUILD)/viewer.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_VIEWER) -o $@ $^ $(LIBS_VIEWER)
$(BUILD)/tests/truth.so: tests/identity/truth.c
	@mkdir -p $(@D)
	$(CC) $(COMMON) -fPIC -shared -o $@ $< -ldl

# Files that came from anywhere: tests/fuzz/. With FUZZER=1, CC=clang: libFuzzer's main.
$(BUILD)/tests/fuzz: $(BUILD)/obj/viewer/tests/fuzz/fuzz.c.o $(BUILD)/viewer.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_VIEWER) $(if $(FUZZER),-fsanitize=fuzzer) -o $@ $^ $(LIBS_VIEWER)
$(BUILD)/obj/viewer/tests/fuzz/fuzz.c.o: CFLAGS_VIEWER += $(if $(FUZZER),-DFUZZ_LIBFUZZER)

# One call fails: tests/faults/
$(BUILD)/tests/faults.so: tests/faults/faults.c tests/faults/faults.h tests/faults/points.def
	@mkdir -p $(@D)
	$(CC) $(COMMON) -fPIC -fvisibility=hidden -shared -o $@ $< -ldl

# A CUDA stack without a GPU: tests/fake/
FAKE = $(BUILD)/fake
CFLAGS_FAKE = $(COMMON) -fPIC -fvisibility=hidden -Itests/fake
FAKE_HEADERS = tests/fake/fake.h libshim/cuda_types.h libshim/cuda_driver.def Makefile
fake: $(FAKE)/libcuda.so.1 $(FAKE)/libcudart.so.12 $(FAKE)/libcudart.so.13 $(FAKE)/libnvidia-ml.so.1
.PHONY: fake

$(FAKE)/%.c: tests/symbols/%.txt tests/fake/stubs.sh
	@mkdir -p $(@D)
	sh tests/fake/stubs.sh $< > $@
# -Bsymbolic: a library's own functions are its own, whoever is preloaded.
$(FAKE)/libcuda.so.1: tests/fake/fake_state.c tests/fake/fake_driver.c tests/fake/fake_driver_table.c $(FAKE)/libcuda-asked.c $(FAKE_HEADERS)
	$(CC) $(CFLAGS_FAKE) -shared -Wl,-soname,$(@F) -Wl,-Bsymbolic -o $@ $(filter %.c,$^) -ldl -lpthread
$(FAKE)/libcudart.so.%: tests/fake/fake_runtime.c $(FAKE)/libcudart.so.%.c $(FAKE)/libcuda.so.1 $(FAKE_HEADERS)
	sh tests/fake/stubs.sh - $(@F) > $@.map
	$(CC) $(CFLAGS_FAKE) -DRUNTIME_VERSION=$(if $(filter 12,$*),12080,13000) -shared -Wl,-soname,$(@F) -Wl,-Bsymbolic \
	  -Wl,--version-script=$@.map -Wl,-rpath,'$$ORIGIN' -o $@ $(filter %.c,$^) $(FAKE)/libcuda.so.1 -ldl -lpthread
$(FAKE)/libnvidia-ml.so.1: tests/fake/fake_nvml.c Makefile
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_FAKE) -shared -Wl,-soname,$(@F) -o $@ $<

-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)
