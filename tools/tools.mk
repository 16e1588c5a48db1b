# The command line. Each executable is its own main and what all share; leat and leat-relay are two
# doors to the same rooms.
TOOL_MAINS   := tools/leat.c tools/leat-relay.c
TOOL_OBJECTS := $(patsubst %.c,$(BUILD)/%.o,$(filter-out $(TOOL_MAINS),$(sort $(wildcard tools/*.c))))
DEMO_OBJECTS := $(patsubst %.c,$(BUILD)/%.o,$(sort $(wildcard tools/demo/*.c)) tools/commands.c tools/quantity.c)

$(BUILD)/leat $(BUILD)/leat-relay: $(BUILD)/%: $(BUILD)/tools/%.o $(TOOL_OBJECTS) $(BUILD)/libleat.a
	$(call show,LINK,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $^ -o $@ $(EXE_LIBS)

$(BUILD)/leat-demo: $(DEMO_OBJECTS) $(BUILD)/libleat.a
	$(call show,LINK,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $^ -o $@ $(EXE_LIBS)

# A relay between two topics of a broker that lives in the demo's own process; ends by itself.
.PHONY: demo
demo: setup-build ## a relay that needs no Kafka, with a live table; ends by itself
	@$(MAKE) --no-print-directory -j$(JOBS) $(BUILD)/leat-demo
	@$(BUILD)/leat-demo

# What is written from the program's tables; a test compares.
REFERENCE_PAGES := io/FILES.md io/KAFKA.md io/SOCKETS.md ops/expr/FUNCTIONS.md ops/sql/OPTIONS.md tools/man/leat.1
.PHONY: docs
docs: $(BUILD)/leat ## write the reference pages from the tables of options and functions
	$(Q)for page in $(REFERENCE_PAGES); do \
	    tools/reference $< $$page >$$page.new && mv $$page.new $$page || { rm -f $$page.new; exit 1; }; \
	done

# The tests of the command line run the programs that lie beside them.
$(addprefix $(BUILD)/tests/tools/,test_cli test_layers test_relay_life test_sql): | $(BUILD)/leat $(BUILD)/leat-relay
