# The whole-system benches. BENCH_RELAY_ARGS go to relay_bench, FLOOR=/path/to/binary replaces the floor.
FLOOR_PROGRAM := $(BUILD)/bench/floor
RELAY_BENCH   := $(BUILD)/bench/relay_bench
RELAY_BENCH_OBJECTS := $(patsubst %.c,$(BUILD)/%.o,$(sort $(wildcard bench/relay/*.c)))
RIVALS ?= franz-go kstreams flink hazelcast-jet spark
# What the rivals are called in bench/relay/programs.
RIVAL_PROGRAMS ?= franz-go,kstreams,flink,hazelcast-jet,spark-real-time,spark-continuous

BENCH_LATENCY ?= one-hop,floor,leat,leat-no-epochs
BENCH_DRAIN   ?= floor,floor-throughput,leat,leat-no-epochs
# Runs $(2); its report goes to $(BUILD)/bench/$(1).txt too. A missed bar is a failure.
bench_to = @$(2) >$(BUILD)/bench/$(1).txt; status=$$?; cat $(BUILD)/bench/$(1).txt; exit $$status

# In one step: its object directory would have the name of the program. Like every executable here it links
# jemalloc, which librdkafka then uses too.
$(FLOOR_PROGRAM): bench/floor/floor.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(filter-out -MMD -MP,$(ALL_CFLAGS)) $< -o $@.new $(if $(SAN),,-Wl,--no-as-needed -ljemalloc -Wl,--as-needed) -lrdkafka
	@mv $@.new $@
$(RELAY_BENCH): $(RELAY_BENCH_OBJECTS)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) $^ -o $@ -lrdkafka -lxxhash -lm -pthread

.PHONY: bench-relay bench-rivals bench-kafka-rivals
bench-relay: $(FLOOR_PROGRAM) $(RELAY_BENCH) $(TOOLS) ## the relay against the floor, through a real Kafka
	$(call bench_to,relay,BUILD=$(BUILD) bench/relay/run \
	    --latency $(BENCH_LATENCY) --drain $(BENCH_DRAIN) $(BENCH_RELAY_ARGS))

# For scale, not for the bars: other engines under the same load.
bench-rivals: ## bench-kafka-rivals, bench-socket-rivals and bench-state-rivals, one after the other
	@status=0; for each in kafka socket state; do $(MAKE) --no-print-directory bench-$$each-rivals || status=1; done; exit $$status
bench-kafka-rivals: $(FLOOR_PROGRAM) $(RELAY_BENCH) $(TOOLS) ## other engines under the load of bench-relay
	for rival in $(RIVALS); do sh bench/rivals/$$rival/build.sh || exit; done
	BUILD=$(BUILD) bench/relay/run --warmup 10 --pairs 3 \
	    --latency floor,leat,$(RIVAL_PROGRAMS) --drain floor,leat,$(RIVAL_PROGRAMS) \
	    --rest floor,leat,$(RIVAL_PROGRAMS) $(BENCH_RELAY_ARGS)

# ------------------------------------------------------------ small benches
# MICRO_ARGS are Google Benchmark's (--benchmark_filter=ring).
MICRO_BENCH := $(BUILD)/bench/micro_bench
MICRO_BENCH_OBJECTS := $(BUILD)/bench/micro/main.cc.o $(BUILD)/bench/verdict.o \
    $(patsubst %.c,$(BUILD)/%.o,$(sort $(wildcard bench/micro/*.c)))
$(MICRO_BENCH): $(MICRO_BENCH_OBJECTS) $(BUILD)/libleat.a
	@mkdir -p $(@D)
	$(call show,LINK,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $^ -o $@ -lbenchmark $(EXE_LIBS)

.PHONY: bench-micro
bench-micro: $(MICRO_BENCH) ## ring, rows, histograms, expressions and state alone
	$(call bench_to,micro,$(MICRO_BENCH) $(MICRO_ARGS))

INPROCESS_BENCH := $(BUILD)/bench/inprocess_bench
INPROCESS_BENCH_OBJECTS := $(BUILD)/bench/verdict.o \
    $(patsubst %.c,$(BUILD)/%.o,$(sort $(wildcard bench/inprocess/*.c)))
$(INPROCESS_BENCH): $(INPROCESS_BENCH_OBJECTS) $(BUILD)/libleat.a
	@mkdir -p $(@D)
	$(call show,LINK,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $^ -o $@ $(EXE_LIBS)

.PHONY: bench-inprocess bench
bench-inprocess: $(INPROCESS_BENCH) ## a pipeline without connectors
	$(call bench_to,inprocess,$(INPROCESS_BENCH))

IO_BENCH := $(BUILD)/bench/io_bench
$(IO_BENCH): $(addprefix $(BUILD)/bench/,verdict.o machine.o) $(patsubst %.c,$(BUILD)/%.o,$(sort $(wildcard bench/io/*.c))) $(BUILD)/libleat.a
	@mkdir -p $(@D)
	$(call show,LINK,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $^ -o $@ $(EXE_LIBS)

.PHONY: bench-io
bench-io: $(IO_BENCH) ## sockets and files by io_uring, by epoll and by hand
	$(call bench_to,io,$(IO_BENCH))

# Smoke it with LEAT_BENCH_SMOKE=1.
TAIL_BENCH := $(BUILD)/bench/tail_bench
$(TAIL_BENCH): $(addprefix $(BUILD)/bench/,tail/main.o verdict.o machine.o)
	@mkdir -p $(@D)
	$(call show,LINK,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $^ -o $@ -lm

.PHONY: bench-tail
bench-tail: $(TAIL_BENCH) $(TOOLS) ## from a line appended to a log to the far end of a query
	$(call bench_to,tail,$(TAIL_BENCH) $(BUILD)/leat)

# Smoke them with LEAT_BENCH_SMOKE=1.
SOCKETS_BENCH := $(BUILD)/bench/sockets_bench
$(SOCKETS_BENCH): $(addprefix $(BUILD)/bench/,verdict.o machine.o) $(patsubst %.c,$(BUILD)/%.o,$(sort $(wildcard bench/sockets/*.c)))
	@mkdir -p $(@D)
	$(call show,LINK,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $^ -o $@ -luring -lm

.PHONY: bench-tcp bench-udp
bench-tcp bench-udp: bench-%: $(SOCKETS_BENCH) $(TOOLS) ## from socket to socket through a filter, against a relay by hand
	$(call bench_to,$*,$(SOCKETS_BENCH) $(BUILD)/leat $(BUILD)/bench/$*.log $*)

SOCKET_RIVALS ?= flink hazelcast-jet
.PHONY: bench-socket-rivals
bench-socket-rivals: $(SOCKETS_BENCH) $(TOOLS) ## other engines from socket to socket, and leat as they do it
	$(call bench_to,socket-rivals,BUILD=$(BUILD) bench/sockets/run-rivals $(SOCKET_RIVALS))

# SPOOL_DIRECTORY is on the disk that is meant.
SPOOL_BENCH := $(BUILD)/bench/spool_bench
SPOOL_DIRECTORY ?= $(BUILD)/bench
$(SPOOL_BENCH): $(addprefix $(BUILD)/bench/,spool/main.o verdict.o machine.o) $(BUILD)/libleat.a
	@mkdir -p $(@D)
	$(call show,LINK,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $^ -o $@ $(EXE_LIBS)

.PHONY: bench-spool
bench-spool: $(SPOOL_BENCH) ## records that the spool makes durable, against fdatasync for each
	$(call bench_to,spool,$(SPOOL_BENCH) $(SPOOL_DIRECTORY))

# BATCH_DIRECTORY is on the disk that is meant. Smoke it with LEAT_BENCH_SMOKE=1.
BATCH_BENCH := $(BUILD)/bench/batch_bench
BATCH_DIRECTORY ?= $(BUILD)/bench
$(BATCH_BENCH): $(addprefix $(BUILD)/bench/,batch/main.o verdict.o machine.o) $(BUILD)/libleat.a
	@mkdir -p $(@D)
	$(call show,LINK,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $^ -o $@ $(EXE_LIBS)

.PHONY: bench-batch
bench-batch: $(BATCH_BENCH) ## a micro-batch of 1,000 records from a real Kafka: until it is seen, until it is committed
	$(call bench_to,batch,BUILD=$(BUILD) bench/batch/run $(BATCH_DIRECTORY))

# STATE_DIRECTORY is on the disk that is meant; QUERY=id measures one query alone, or those that begin so. A query has STATE_LIMIT
# seconds, of STATE_ROUNDS rounds as many as fit into them, and STATE_PERCENT of its rows. STATE_RIVALS are of spark, kstreams, flink.
# Smoke them with LEAT_BENCH_SMOKE=1.
STATE_BENCH := $(BUILD)/bench/state_bench
STATE_DIRECTORY ?= $(BUILD)/bench
STATE_ROUNDS ?= 3
STATE_PERCENT ?= 100
STATE_RIVALS ?= kstreams flink
bench-state: STATE_LIMIT ?= 25
bench-state-rivals: STATE_LIMIT ?= 40
run_state = BUILD=$(BUILD) QUERY=$(QUERY) ROUNDS=$(STATE_ROUNDS) LIMIT=$(STATE_LIMIT) PERCENT=$(STATE_PERCENT) bench/state/run $(STATE_DIRECTORY)
$(STATE_BENCH): $(addprefix $(BUILD)/bench/,engine_process.o verdict.o machine.o) $(patsubst %.c,$(BUILD)/%.o,$(sort $(wildcard bench/state/*.c))) $(BUILD)/libleat.a
	@mkdir -p $(@D)
	$(call show,LINK,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $^ -o $@ $(EXE_LIBS)

.PHONY: bench-state
bench-state: $(STATE_BENCH) ## windows, sessions, duplicates and joins over JSON from a real Kafka, against Spark
	$(call bench_to,state,$(run_state) spark)

.PHONY: bench-state-rivals
bench-state-rivals: $(STATE_BENCH) ## the same against Kafka Streams and Flink
	$(call bench_to,state-rivals,$(run_state) $(STATE_RIVALS))

# RECOVERY_DIRECTORY is on the disk that is meant, with room for 20 GB. Smoke it with LEAT_BENCH_SMOKE=1.
RECOVERY_BENCH := $(BUILD)/bench/recovery_bench
RECOVERY_DIRECTORY ?= $(BUILD)/bench
$(RECOVERY_BENCH): $(addprefix $(BUILD)/bench/,verdict.o machine.o) $(patsubst %.c,$(BUILD)/%.o,$(sort $(wildcard bench/recovery/*.c))) $(BUILD)/libleat.a
	@mkdir -p $(@D)
	$(call show,LINK,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $^ -o $@ $(EXE_LIBS)

.PHONY: bench-recovery
bench-recovery: $(RECOVERY_BENCH) ## state: after kill -9, when little changes, when it does not fit into memory
	$(call bench_to,recovery,$(RECOVERY_BENCH) $(RECOVERY_DIRECTORY))

# SQL_BENCH_ARGS: a query by its name, or some by how theirs begin, to measure no others. PYTHON is one that has PySpark and DuckDB.
SQL_BENCH := $(BUILD)/bench/sql_bench
SQL_BENCH_OBJECTS := $(addprefix $(BUILD)/bench/,engine_process.o verdict.o) \
    $(patsubst %.c,$(BUILD)/%.o,$(sort $(wildcard bench/sql/*.c))) \
    $(patsubst %.cc,$(BUILD)/%.cc.o,$(sort $(wildcard bench/sql/*.cc)))
$(SQL_BENCH): $(SQL_BENCH_OBJECTS) $(BUILD)/libleat.a
	@mkdir -p $(@D)
	$(call show,LINK,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $^ -o $@ $(EXE_LIBS)

.PHONY: bench-sql
bench-sql: $(SQL_BENCH) ## SQL against loops by hand, Spark, DuckDB and jq
	$(call bench_to,sql,BUILD=$(BUILD) bench/sql/run $(if $(SQL_BENCH_ARGS),"$(SQL_BENCH_ARGS)"))

FILES_BENCH := $(BUILD)/bench/files_bench
$(FILES_BENCH): $(addprefix $(BUILD)/bench/,files/main.o files/data.o files/spark.o engine_process.o verdict.o)
	@mkdir -p $(@D)
	$(call show,LINK,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $^ -o $@ -lxxhash
$(BUILD)/bench/files_by_hand: $(BUILD)/bench/files/by_hand.cc.o
	@mkdir -p $(@D)
	$(call show,LINK,$@)
	$(Q)$(CXX) $(ALL_CXXFLAGS) $^ -o $@ -lsimdjson

.PHONY: bench-files
bench-files: $(FILES_BENCH) $(BUILD)/bench/files_by_hand $(BUILD)/leat ## files through a filter, against grep, simdjson, jq and Spark
	$(call bench_to,files,BUILD=$(BUILD) bench/files/run)

BENCHES := micro inprocess io tail batch recovery state tcp udp socket-rivals spool files sql relay
# One after the other, whatever -j says: each wants the machine to itself.
bench: setup-bench ## all but bench-kafka-rivals and bench-state-rivals, one after the other
	@status=0; for each in $(BENCHES); do \
	    $(MAKE) --no-print-directory bench-$$each || status=1; done; exit $$status

.PHONY: bench-record
bench-record: ## the last bench's tables and curves into bench/RESULTS.md
	@BUILD=$(BUILD) bench/record

# ------------------------------------------------------------ what the benches' own tests are linked with besides
$(BUILD)/tests/bench/test_verdict: $(BUILD)/bench/verdict.o
$(BUILD)/tests/bench/relay/test_report: $(addprefix $(BUILD)/bench/relay/,report.o results.o histogram.o machine.o)
$(BUILD)/tests/bench/relay/test_payload: $(addprefix $(BUILD)/bench/relay/,payload.o machine.o)
