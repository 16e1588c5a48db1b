# What the scripts of tests/relay need beside them, and `make soak`: the same with many more records, kills and seeds.

RELAY_PROGRAMS := $(BUILD)/tests/killer $(BUILD)/tests/marks $(BUILD)/tests/unpinned

test-programs: $(RELAY_PROGRAMS)

$(BUILD)/tests/killer: $(BUILD)/tests/relay/killer.o
$(BUILD)/tests/unpinned: $(BUILD)/tests/relay/unpinned.o
$(BUILD)/tests/marks: $(BUILD)/tests/relay/marks.o $(BUILD)/tests/kafka/audit_record.o
$(RELAY_PROGRAMS):
	@mkdir -p $(@D)
	$(call show,LINK,$@)
	$(Q)$(CC) -pthread $(SAN_$(SAN)) $^ -o $@ -lrdkafka

# Hours are allowed, so that a slow machine is no failure.
SOAK := LEAT_TEST_SECONDS=7200 LEAT_TEST_BUILD=$(BUILD) LEAT_TEST_LOG=$(BUILD)/tests/log-soak
.PHONY: soak
soak: setup-build setup-test ## the long tests: 200 kills, a million envelopes, 100,000 simulator seeds; hours
	@$(MAKE) --no-print-directory test-programs
	@LEAT_SEEDS=100000 $(SOAK) tests/run --jobs $(JOBS) $(BUILD)/tests/core/epoch/test_simulate \
	    $(BUILD)/tests/core/run/test_simulate $(BUILD)/tests/core/run/test_simulate_batches \
	    $(BUILD)/tests/io/test_files_sink_simulate $(BUILD)/tests/io/test_files_simulate
	@LEAT_KILLS=100 $(SOAK) tests/kafka/with-kafka tests/run tests/relay/test_batches_kill9.sh
	@LEAT_KILLS=100 $(SOAK) tests/kafka/with-kafka tests/run tests/relay/test_stateful_kill9.sh
	@LEAT_KILLS=100 $(SOAK) tests/run $(BUILD)/tests/tools/test_also_kill
	@LEAT_KILLS=25 $(SOAK) tests/run tests/tools/test_files_steps.sh
	@LEAT_KILLS=100 $(SOAK) tests/kafka/with-kafka tests/run tests/tools/test_files_kill9.sh
	@TEST_CLIENTS=10000 $(SOAK) tests/run $(BUILD)/tests/io/test_tcp_source
	@LEAT_KILLS=100 $(SOAK) tests/kafka/with-kafka tests/run tests/relay/test_spool_kill9.sh
	@LEAT_KILLS=100 $(SOAK) tests/kafka/with-kafka tests/run tests/relay/test_files_sink.sh
	@LEAT_GIANT=true $(SOAK) tests/run tests/tools/test_files_limits.sh
	@LEAT_ENVELOPES=1000000 LEAT_KILLS=200 $(SOAK) tests/kafka/with-kafka tests/run \
	    tests/relay/test_envelopes.sh tests/relay/test_kill9.sh tests/relay/test_adverse.sh
