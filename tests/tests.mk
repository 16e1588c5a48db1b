# Tests: `make test` (with a real Kafka, at most 5 minutes warm), `make check` (style, rooms, model, Spark, sanitizers), `make soak`
# (hours).

.PHONY: setup setup-build setup-test setup-check setup-bench
setup: setup-build setup-test ## install the Debian packages that building and testing need
setup-build setup-test setup-check setup-bench: setup-%: ## the packages of that alone
	@tests/setup/install $*

# Scripts that are tests: they exit 0, 1, or 77 (skipped).
TEST_SCRIPTS := $(sort $(wildcard tests/*/test_*.sh tests/*/*/test_*.sh))

JOBS ?= $(shell nproc)

.PHONY: test
test: setup-build setup-test ## every test, against a real Kafka that it brings up
	@$(MAKE) --no-print-directory -j$(JOBS) test-programs fuzz-programs
	@LEAT_TEST_BUILD=$(BUILD) LEAT_TEST_LOG=$(BUILD)/tests/log tests/kafka/with-kafka tests/run --jobs $(JOBS) \
	    $(TEST_PROGRAMS) $(TEST_SCRIPTS)

.PHONY: test-programs
test-programs: $(TARGETS) $(TEST_PROGRAMS) $(KAFKA_PROGRAMS) ## what the tests run, without running it

.PHONY: conformance
CONFORMANCE := ops/expr/test_conformance core/test_streaming_conformance
conformance: $(CONFORMANCE:%=$(BUILD)/tests/%) ## the cases of a live Spark, a line for each file; CASES=DIR runs others
	@tests/conformance/run $(BUILD) $(CASES)

.PHONY: fuzz-expressions
COUNT       ?= 100000
SPARK_COUNT ?= 1000
PYTHON      ?= python3
fuzz-expressions: $(BUILD)/tests/ops/expr/test_fuzz_expressions ## COUNT random expressions, evaluated in two ways; SPARK_COUNT by Spark too, where PYTHON has it
	@FUZZ_EXPRESSIONS=$(COUNT) FUZZ_SEED=$$(date +%s%N) $<
	@FUZZ_EXPRESSIONS=$(SPARK_COUNT) FUZZ_SEED=$$(date +%s%N) FUZZ_FILE=$(BUILD)/fuzz.tsv $< >/dev/null
	@$(PYTHON) tests/ops/expr/fuzz_spark $(BUILD)/fuzz.tsv || [ $$? = 77 ]

# ---------------------------------------------------------------------------------------------- check
.PHONY: check model sanitize-asan sanitize-tsan
check: setup-build setup-test setup-check ## style, rooms, the Spin model, a real Spark, and the tests under each sanitizer
	@$(MAKE) --no-print-directory style layers model
	@tests/style/selftest
	@$(MAKE) --no-print-directory spark
	@$(MAKE) --no-print-directory sanitize-asan sanitize-tsan

.PHONY: spark
spark: setup-build setup-test $(BUILD)/leat ## directories and checkpoints between leat and a real Spark
	@tests/spark/run $(BUILD) || [ $$? = 77 ]

model: setup-check $(BUILD)/libleat.a ## the epoch protocol by Spin
	@tests/model/run
	@tests/model/plant $(BUILD)

# The whole test suite, built with one sanitizer. Programs that count allocations or time are left out by themselves (77). Of
# the scripts, those that put a real relay through most, kill -9 among it. Records, kills and seeds are few, since all of it is
# slow. ThreadSanitizer is not for scripts: it sees librdkafka's own locks as races wherever that library calls itself, and would
# stop relays for them. -g1 names the line of a fault, and the programs are a third smaller for it.
sanitize-asan: SANITIZED_SCRIPTS := tests/relay/test_envelopes.sh tests/relay/test_kill9.sh
ASAN_OPTIONS  ?= detect_stack_use_after_return=1
TSAN_OPTIONS  ?= halt_on_error=1 suppressions=$(CURDIR)/tests/setup/tsan.supp
UBSAN_OPTIONS ?= print_stacktrace=1
export ASAN_OPTIONS TSAN_OPTIONS UBSAN_OPTIONS
sanitize-asan sanitize-tsan: sanitize-%: ## the test programs, built with that sanitizer
	@echo "== $*"
	@$(MAKE) --no-print-directory BUILD=build-$* SAN=$* OPT='-O1 -g1' -j$(JOBS) test-programs
	@LEAT_TEST_BUILD=build-$* LEAT_TEST_LOG=build-$*/tests/log LEAT_ENVELOPES=3000 LEAT_KILLS=4 LEAT_SEEDS=200 LEAT_STATE_SEEDS=6 \
	    tests/kafka/with-kafka tests/run --jobs $(JOBS) $(TEST_SOURCES:tests/%.c=build-$*/tests/%) $(SANITIZED_SCRIPTS)
