# What the scripts of tests/tail need beside them; and their long form, a part of `make soak`.
TAIL_PROGRAMS := $(BUILD)/tests/logger

test-programs: $(TAIL_PROGRAMS)

$(BUILD)/tests/logger: $(BUILD)/tests/tail/logger.o
	@mkdir -p $(@D)
	$(call show,LINK,$@)
	$(Q)$(CC) $(SAN_$(SAN)) $^ -o $@

.PHONY: soak-tail
soak: soak-tail
soak-tail: test-programs ## the long tests of the source tail: 100 kills, a line of 2 GiB
	@LEAT_KILLS=100 $(SOAK) tests/run tests/tail/test_kill9.sh tests/tail/test_spooled_stdin.sh \
	    tests/tail/giant_line.sh
