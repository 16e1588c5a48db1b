# Fuzzing: `make fuzz FUZZ_SECONDS=N` gives each target of tests/fuzz/fuzz_*.c so many seconds. `make test` does the same with
# a few.

FUZZ_SECONDS ?= 60
FUZZ_CC      ?= clang-14
FUZZ_CXX     ?= clang++-14
FUZZ_BUILD   ?= build-fuzz
FUZZ_TARGETS := $(patsubst tests/fuzz/fuzz_%.c,%,$(sort $(wildcard tests/fuzz/fuzz_*.c)))

.PHONY: fuzz fuzz-programs
fuzz: setup-build setup-test ## fuzz every parser, FUZZ_SECONDS (60) each; TARGETS="json csv" picks some
	@$(MAKE) --no-print-directory -j$(JOBS) fuzz-programs
	@tests/fuzz/run --build $(FUZZ_BUILD) --seconds $(FUZZ_SECONDS) $(or $(TARGETS),$(FUZZ_TARGETS))

# Their own build, by clang. A machine without it has none, and the test says so.
fuzz-programs: ## what fuzzing runs, without running it
	@! command -v $(FUZZ_CC) >/dev/null || $(MAKE) -s --no-print-directory BUILD=$(FUZZ_BUILD) CC=$(FUZZ_CC) CXX=$(FUZZ_CXX) SAN=fuzz \
	    OPT='-O1 -g' WARN='-Wall -Wextra -Wno-unknown-warning-option' $(FUZZ_TARGETS:%=$(FUZZ_BUILD)/tests/fuzz/fuzz_%)

$(FUZZ_TARGETS:%=$(BUILD)/tests/fuzz/fuzz_%): $(BUILD)/tests/fuzz/fuzz_%: $(BUILD)/tests/fuzz/fuzz_%.o $(BUILD)/tests/fuzz/fuzz.o \
    $(SUPPORT_OBJECTS) $(TOOL_OBJECTS) $(BUILD)/libleat.a
	$(call show,LINK,$@)
	$(Q)$(CC) $(ALL_CFLAGS) -fsanitize=fuzzer $^ -o $@ -lcmocka $(LIBS) -ledit -lyaml
