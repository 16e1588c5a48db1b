/*
 * One source into two files, killed again and again while lines are appended: in the end each file
 * holds what it should, once and in order.
 *
 *   LEAT_KILLS=100   how often, 5 by default
 *   LEAT_SEED=17     when: every other kill as soon as an epoch is logged, the others at will
 */
#include <inttypes.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "tests/support/program.h"
#include "tests/support/scratch.h"

enum { LINES_PER_MS = 20, START_MS = 60000, AT_WILL_MS = 700 };

static struct program p;
static char scratch[SCRATCH_PATH_SIZE];
static uint64_t written; /* lines: the numbers from 0 */
static FILE *input;
static uint64_t random_state;

static uint64_t number_from(const char *name, uint64_t fallback)
{
    const char *text = getenv(name);
    return text == NULL ? fallback : strtoull(text, NULL, 10);
}

/* Appends what a millisecond brings. */
static void load(void)
{
    const struct timespec pause = {.tv_nsec = 1000000};
    for (int i = 0; i < LINES_PER_MS; i++)
        fprintf(input, "%" PRIu64 "\n", written++);
    assert_int_equal(fflush(input), 0);
    nanosleep(&pause, NULL);
}

static uint32_t draw(uint32_t bound)
{
    random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(random_state >> 33) % bound;
}

static void start(bool until_end)
{
    static char in[256], all[256], some[256], checkpoint[256];
    snprintf(in, sizeof in, "tail://%s/in", scratch);
    snprintf(all, sizeof all, "append://%s/all", scratch);
    snprintf(some, sizeof some, "append://%s/some", scratch);
    snprintf(checkpoint, sizeof checkpoint, "%s/checkpoint", scratch);
    program_start(&p, "leat",
                  PROGRAM_ARGS("relay", in, all, "--also", some, "--where", "value % 3 = 0",
                               "--checkpoint", checkpoint, "--from", "earliest", "--epoch", "20ms",
                               "--counters", "off", "-q", until_end ? "--until-end" : "-q"),
                  NULL, NULL);
}

static bool exists(const char *folder, uint64_t epoch)
{
    char path[SCRATCH_PATH_SIZE + 64];
    snprintf(path, sizeof path, "%s/checkpoint/%s/%" PRIu64, scratch, folder, epoch);
    return access(path, F_OK) == 0;
}

/* The next number that offsets have no entry of. */
static uint64_t next_epoch(uint64_t from)
{
    while (exists("offsets", from))
        from++;
    return from;
}

static void kill_it(void)
{
    assert_int_equal(kill(p.pid, SIGKILL), 0);
    program_wait(&p, 60);
    if (p.status != 1000 + SIGKILL)
        fail_msg("it ended by itself: %s", p.err);
}

/* Returns where the epochs are. */
static uint64_t kill_when_logged(uint64_t epoch)
{
    for (int i = 0; i < START_MS && !exists("offsets", epoch); i++)
        load();
    if (!exists("offsets", epoch)) {
        kill_it();
        fail_msg("epoch %" PRIu64 " was not logged: %s", epoch, p.err);
    }
    kill_it();
    return next_epoch(epoch);
}

/* Each number that is a multiple of `step`, once and in order. */
static void holds(const char *name, uint64_t step)
{
    char path[SCRATCH_PATH_SIZE + 16], line[64];
    snprintf(path, sizeof path, "%s/%s", scratch, name);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    uint64_t expected = 0;
    for (; fgets(line, sizeof line, file) != NULL; expected += step)
        if (strtoull(line, NULL, 10) != expected)
            fail_msg("%s: %" PRIu64 " is expected, and there is %s", name, expected, line);
    fclose(file);
    if (expected < written || expected >= written + step)
        fail_msg("%s ends before %" PRIu64 ", and %" PRIu64 " lines were written", name, expected,
                 written);
}

static void nothing_is_lost_or_doubled_in_either_file(void **state)
{
    (void)state;
    uint64_t kills = number_from("LEAT_KILLS", 5), epoch = 0;
    char path[SCRATCH_PATH_SIZE + 16];
    scratch_create(scratch);
    random_state = number_from("LEAT_SEED", 1);
    snprintf(path, sizeof path, "%s/in", scratch);
    input = fopen(path, "w");
    assert_non_null(input);
    load();
    for (uint64_t i = 0; i < kills; i++) {
        start(false);
        if (i % 2 == 0) {
            epoch = kill_when_logged(epoch);
            continue;
        }
        for (uint32_t ms = draw(AT_WILL_MS); ms > 0; ms--)
            load();
        kill_it();
        epoch = next_epoch(epoch);
    }
    start(true);
    program_wait(&p, 120);
    if (p.status != 0)
        fail_msg("%s", p.err);
    holds("all", 1);
    holds("some", 3);
    fclose(input);
    scratch_remove(scratch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_lost_or_doubled_in_either_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
