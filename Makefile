# leat: build, test, bench, install. `make help` lists the targets.
#
# SAN=asan|tsan builds with sanitizers (use with BUILD=..., `make check` does; asan is with UBSan, which it goes together with);
# SAN=fuzz is for `make fuzz`.
BUILD   ?= build
PREFIX  ?= /usr/local
SAN     ?=
VERSION := 0.1.0
ABI     := 0

ifeq ($(origin CC),default)
CC      := gcc
endif
OPT     ?= -O3 -g
ARCH    ?=
WARN    := -Wall -Wextra -Werror -Wconversion
SAN_asan  := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer -Wno-format-truncation -DLT_DEBUG
SAN_tsan  := -fsanitize=thread -DLT_DEBUG
# By clang: counts what an input reaches, and finds what it breaks. (NULL + 0, which bytes without a text are, is no fault.)
SAN_fuzz  := -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize=vptr,pointer-overflow -fno-sanitize-recover=all \
    -fno-omit-frame-pointer -D__SANITIZE_ADDRESS__ -DLT_DEBUG -DLT_SMALL_VALUES=0xffffff
COMMON  := -I. -MMD -MP -fPIC -fvisibility=hidden -pthread -D_GNU_SOURCE -DLT_VERSION='"$(VERSION)"' $(OPT) $(ARCH) $(SAN_$(SAN))
ALL_CFLAGS   := -std=gnu11 $(WARN) -Wshadow -Wstrict-prototypes $(COMMON) $(CFLAGS)
ALL_CXXFLAGS := -std=c++17 -Wall -Wextra -Werror $(COMMON) -fno-rtti $(CXXFLAGS)
# The engine's libraries; executables add jemalloc, libleat.so never does (the embedder owns its allocator).
LIBS     := -luring -lcctz -lck -lcrypto -llz4 -lrdkafka -lsimdjson -lcurl -lpcre2-8 -lrocksdb -lxxhash -lz -lzstd -lstdc++ -lm
# Under ThreadSanitizer librdkafka's C11 threads go through calls that it understands.
SAN_OBJECTS := $(if $(filter tsan,$(SAN)),$(BUILD)/tests/support/tsan_threads.o -rdynamic)
EXE_LIBS := $(SAN_OBJECTS) $(if $(SAN),,-Wl,--no-as-needed -ljemalloc -Wl,--as-needed) $(LIBS) -ledit -lyaml

# Prints "CC file.o"; V=1 prints whole commands.
V ?= 0
ifeq ($(V),0)
Q    := @
show  = @printf '  %-5s %s\n' $(1) $(2)
endif

# ------------------------------------------------------------ rooms
# room: rooms it may include. `make layers` fails on any other #include. ops/expr and ops/sql are part of ops; `core` is
# the public doors (core/leat.h, core/leat_processor.h, core/leat_admin.h, core/leat.c).
define ROOMS
core/base:
core/data: core/base
core/text: core/base core/data
core/flow: core/base core/data
core/state: core/base core/data core/text core/flow
core/epoch: core/base core/data core/text core/flow core/state
ops: core/base core/data core/text core/flow core/state
io: core/base core/data core/text core/flow
core/run: core/base core/data core/text core/flow core/state core/epoch ops io
core: core/base core/data core/text core/flow core/state core/epoch core/run ops io
tools: core
bench: core core/base core/data core/text core/flow core/state core/epoch core/run ops io
tests: core core/base core/data core/text core/flow core/state core/epoch core/run ops io tools bench
endef
export ROOMS

SOURCES := $(sort $(wildcard core/*.c core/*/*.c ops/*.c ops/*/*.c io/*.c))
CXX_SOURCES := $(sort $(wildcard core/*/*.cc))
OBJECTS := $(SOURCES:%.c=$(BUILD)/%.o) $(CXX_SOURCES:%.cc=$(BUILD)/%.cc.o)

TEST_SOURCES := $(sort $(shell find tests -name 'test_*.c' 2>/dev/null))
TEST_PROGRAMS := $(TEST_SOURCES:tests/%.c=$(BUILD)/tests/%)
# Helpers shared by test programs: tests/support/*.c
SUPPORT_OBJECTS := $(patsubst %.c,$(BUILD)/%.o,$(filter-out tests/support/tsan_threads.c,$(wildcard tests/support/*.c)))
# Programs that tests run: tests/kafka/NAME.c with its companions NAME_*.c
KAFKA_PROGRAMS := $(patsubst tests/kafka/%.c,$(BUILD)/tests/%,$(foreach f,$(wildcard tests/kafka/*.c),$(if $(findstring _,$(notdir $f)),,$f)))

TOOLS   := $(if $(wildcard tools/leat.c),$(BUILD)/leat $(BUILD)/leat-relay)
TARGETS := $(BUILD)/libleat.a $(BUILD)/libleat.so $(TOOLS)

.PHONY: all
all: $(TARGETS) ## the library in both forms, leat and leat-relay

# A target is told about beside its rule: "target: what it needs ## what it does", in make's own files.
.PHONY: help
help: ## this list
	@awk '/^[a-z][-a-z ]*:.*## / { told = $$0; sub(/.*## /, "", told); sub(/:.*/, ""); \
	    for (i = 1; i <= NF; i++) printf "  %-16s %s\n", $$i, told }' $(filter-out %.d,$(MAKEFILE_LIST))

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(call show,CC,$@)
	$(Q)$(CC) $(ALL_CFLAGS) -c $< -o $@
$(BUILD)/%.cc.o: %.cc
	@mkdir -p $(@D)
	$(call show,CXX,$@)
	$(Q)$(CXX) $(ALL_CXXFLAGS) -c $< -o $@

$(BUILD)/libleat.a: $(OBJECTS) | $(filter %.o,$(SAN_OBJECTS))
	@rm -f $@
	$(call show,AR,$@)
	$(Q)$(AR) rcs $@ $^

$(BUILD)/libleat.so: $(OBJECTS) core/leat.map
	$(call show,LINK,$@)
	$(Q)$(CC) -shared $(SAN_$(SAN)) -Wl,-soname,libleat.so.$(ABI) -Wl,--version-script=core/leat.map -Wl,-z,defs $(OBJECTS) -o $@ $(LIBS) -pthread

# ------------------------------------------------------------ tests
$(BUILD)/tests/%: $(BUILD)/tests/%.o $(SUPPORT_OBJECTS) $(BUILD)/libleat.a
	@mkdir -p $(@D)
	$(call show,LINK,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $^ $(SAN_OBJECTS) -o $@ -lcmocka $(LIBS)

# A simulator lives by the thousand, and each life pays for every library and object: it gets what it needs.
SIMULATORS := $(addprefix $(BUILD)/tests/,core/run/test_simulate core/run/test_simulate_batches io/test_files_sink_simulate)
$(SIMULATORS): $(BUILD)/tests/%: $(BUILD)/tests/%.o $(BUILD)/tests/support.a $(BUILD)/libleat.a
	@mkdir -p $(@D)
	$(call show,LINK,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $^ $(SAN_OBJECTS) -o $@ -lcmocka -Wl,--as-needed,-z,now $(LIBS)
$(BUILD)/tests/support.a: $(SUPPORT_OBJECTS)
	@rm -f $@
	$(call show,AR,$@)
	$(Q)$(AR) rcs $@ $^

.PHONY: unit
unit: $(TEST_PROGRAMS) ## the test programs; those that need a broker are skipped
	@tests/run --jobs $(JOBS) $(TEST_PROGRAMS)

.PHONY: layers style
layers: ## who includes whom, against the table of rooms
	@printf '%s\n' "$$ROOMS" | tests/style/layers
style: ## the style, as far as a program can judge it
	@tests/style/check

.PHONY: clean
clean: ## remove what was built
	rm -rf $(BUILD)

-include $(wildcard bench/bench.mk tests/tests.mk tests/relay/relay.mk tests/tail/tail.mk tools/tools.mk tests/fuzz/fuzz.mk tools/install.mk)

# Objects of tests are kept.
.PRECIOUS: $(BUILD)/%.o
-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)

# Last, since it changes how the rules after it are read: a program's companions are known by its name.
.SECONDEXPANSION:
$(KAFKA_PROGRAMS): $(BUILD)/tests/%: $$(addprefix $(BUILD)/,$$(addsuffix .o,$$(basename $$(wildcard tests/kafka/$$*.c tests/kafka/$$*_*.c))))
	@mkdir -p $(@D)
	$(call show,LINK,$@)
	$(Q)$(CC) -pthread $(SAN_$(SAN)) $^ -o $@ -lrdkafka
