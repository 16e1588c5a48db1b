/* The recovery function: a table from directory contents to conclusions. */
#include "core/epoch/recovery.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

struct line {
    const char *offsets; /* numbers; "p" after one: it says that it was prepared */
    const char *commits;
    int64_t last_commit, last_logged;
    size_t stale_count;
    const char *damage; /* NULL: none */
};

static const struct line lines[] = {
    /* what the protocol leaves */
    {"", "", -1, -1, 0, NULL},
    {"0p", "", -1, 0, 0, NULL},
    {"0p", "0", 0, 0, 0, NULL},
    {"0p 1p", "0", 0, 1, 0, NULL},
    {"0p 1p 2p 3p", "", -1, 3, 0, NULL},
    {"0p 1p 2p 3p", "0", 0, 3, 0, NULL},
    {"5p 6p 7p", "5 6 7", 7, 7, 0, NULL},
    {"5p 6p 7p", "5 6", 6, 7, 0, NULL},
    /* a purge that was interrupted, in either folder, and Spark's asynchronous progress tracking */
    {"2p 5p 6p", "1 2 6", 6, 6, 0, NULL},
    {"6p", "1 2 3 6", 6, 6, 0, NULL},
    {"0 10 20", "0 10 20", 20, 20, 0, NULL},
    /* Spark's entries are intentions: written before the work, or before the writers had answered
     */
    {"0", "", -1, -1, 1, NULL},
    {"0 1", "0", 0, 0, 1, NULL},
    {"0 1 2 3", "0", 0, 0, 3, NULL},
    {"0 1", "0 1", 1, 1, 0, NULL},
    /* leat's, taken over by Spark, which died in the batch after */
    {"0p 1p 2", "0", 0, 1, 1, NULL},
    {"4p 5p 7", "4", 4, 5, 1, NULL},
    /* damage */
    {"", "0", 0, 0, 0, "'commits/0' is ahead of 'offsets', which is empty"},
    {"0p 1p", "0 1 2", 0, 0, 0, "'commits/2' is ahead of 'offsets', which ends with 1"},
    {"0p 2p", "0 1", 0, 0, 0,
     "batch 1 doesn't exist: 'offsets/1' is missing, and 'commits/1' is there"},
    {"0p 2p", "0", 0, 0, 0,
     "'offsets/2' says that it was prepared, and 'offsets/1' before it is missing or was not"},
    {"1p", "", 0, 0, 0,
     "'offsets/1' says that it was prepared, and 'offsets/0' before it is missing or was not"},
    {"0p 1 2p", "0", 0, 0, 0,
     "'offsets/2' says that it was prepared, and 'offsets/1' before it is missing or was not"},
};

static size_t parse_entries(const char *text, struct lt_recovery_entry *out)
{
    size_t count = 0;
    while (*text != '\0') {
        char *end;
        out[count].epoch = strtoull(text, &end, 10);
        out[count].is_prepared = *end == 'p';
        text = end + out[count].is_prepared;
        text += *text == ' ';
        count++;
    }
    return count;
}

static void check_line(const struct line *line)
{
    struct lt_recovery_entry offsets[8], commits[8];
    uint64_t numbers[8];
    struct lt_recovery_listing listing = {.offsets = offsets, .commits = numbers};
    listing.offsets_count = parse_entries(line->offsets, offsets);
    listing.commits_count = parse_entries(line->commits, commits);
    for (size_t i = 0; i < listing.commits_count; i++)
        numbers[i] = commits[i].epoch;
    struct lt_recovery_conclusion conclusion;
    struct lt_error error;
    lt_error_clear(&error);
    int code = lt_recovery_conclude(&listing, &conclusion, &error);
    assert_string_equal(error.text, line->damage == NULL ? "" : line->damage);
    assert_int_equal(code, line->damage == NULL ? 0 : LT_E_CORRUPT);
    if (code != 0)
        return;
    if (conclusion.last_commit != line->last_commit ||
        conclusion.last_logged != line->last_logged || conclusion.stale_count != line->stale_count)
        fail_msg("offsets '%s' commits '%s': c %" PRId64 ", b %" PRId64 ", %zu stale",
                 line->offsets, line->commits, conclusion.last_commit, conclusion.last_logged,
                 conclusion.stale_count);
}

static void a_directory_has_one_meaning(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        check_line(&lines[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_directory_has_one_meaning),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
