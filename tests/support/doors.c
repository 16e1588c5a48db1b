#include "tests/support/doors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

const char *doors_cpus(void)
{
    static char text[32];
    cpu_set_t allowed;
    int count = 0;
    assert_int_equal(sched_getaffinity(0, sizeof allowed, &allowed), 0);
    for (size_t cpu = 0; cpu < CPU_SETSIZE && count < 2; cpu++)
        if (CPU_ISSET(cpu, &allowed)) {
            size_t used = count == 0 ? 0 : strlen(text);
            snprintf(text + used, sizeof text - used, count == 0 ? "%zu" : ",%zu", cpu);
            count++;
        }
    return text;
}

leat_options *doors_options(const char *stages, const char *checkpoint)
{
    leat_options *options = leat_options_of("stages", stages, "idle", "park", "pin", "false",
                                            "dmaLatency", "off", NULL);
    if (checkpoint != NULL)
        assert_int_equal(leat_options_set(options, "checkpointLocation", checkpoint, NULL), 0);
    return options;
}

static enum leat_write break_down(void *state, const leat_row *row, uint32_t flags)
{
    (void)state;
    (void)row;
    (void)flags;
    return LEAT_WRITE_BROKEN;
}

const leat_sink doors_broken_sink = {
    .size = sizeof doors_broken_sink, .name = "broken", .write = break_down};

void doors_assert_contains(const char *text, const char *piece)
{
    if (strstr(text, piece) == NULL)
        fail_msg("no %s in %s", piece, text);
}

void doors_nap(void)
{
    struct timespec nap = {.tv_nsec = 200 * 1000};
    (void)nanosleep(&nap, NULL); /* a nap cut short is a nap */
}

static time_t now_s(void)
{
    struct timespec now;
    assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &now), 0);
    return now.tv_sec;
}

void doors_push(leat_input *input, int64_t first, int64_t count)
{
    time_t until_s = now_s() + DOORS_PATIENCE_S;
    for (int64_t n = first; n < first + count; n++) {
        leat_row *row;
        while ((row = leat_input_claim(input)) == NULL) {
            assert_true(now_s() < until_s);
            doors_nap();
        }
        char text[DOORS_TEXT_MAX];
        int size_bytes = snprintf(text, sizeof text, "t%lld", (long long)n);
        leat_row_set_i64(row, 0, n);
        assert_int_equal(leat_row_set_bytes(row, 1, text, (size_t)size_bytes), LEAT_OK);
        (void)leat_input_commit(input, row); /* tests that care for offsets look at the rows */
    }
}

static void keep_row(void *user, const leat_row *row)
{
    struct doors_rows *rows = user;
    uint32_t at = rows->count++;
    assert_true(at < DOORS_ROWS_MAX);
    rows->numbers[at] = leat_row_is_null(row, 0) ? -1 : leat_row_i64(row, 0);
    rows->offsets[at] = leat_row_offset(row);
    rows->partitions[at] = leat_row_partition(row);
    if (leat_row_column_count(row) < 2)
        return;
    size_t size_bytes;
    const void *text = leat_row_bytes(row, 1, &size_bytes);
    assert_true(size_bytes < DOORS_TEXT_MAX);
    if (text != NULL)
        memcpy(rows->texts[at], text, size_bytes);
}

bool doors_collect(leat_output *output, struct doors_rows *rows, uint32_t count)
{
    time_t until_s = now_s() + DOORS_PATIENCE_S;
    while (rows->count < count) {
        if (leat_output_poll(output, keep_row, rows, count - rows->count) > 0)
            continue;
        if (now_s() >= until_s)
            return false;
        doors_nap();
    }
    return true;
}

void doors_start(leat_query *query)
{
    int code = leat_start(query);
    if (code != LEAT_OK)
        fail_msg("%d: %s", code, leat_query_error(query));
}

void doors_finish(leat_query *query, leat_input *input, leat_output *output,
                  struct doors_rows *rows)
{
    if (input != NULL)
        leat_input_end(input);
    /* The output must be emptied while the query ends, or it could not. */
    int code = LEAT_ERROR_TIMEOUT;
    for (int i = 0; code == LEAT_ERROR_TIMEOUT && i < DOORS_PATIENCE_S * 1000; i++) {
        if (output != NULL)
            (void)leat_output_poll(output, keep_row, rows, DOORS_ROWS_MAX); /* counted in rows */
        code = leat_await(query, 1000000);
    }
    if (code != LEAT_OK)
        fail_msg("%d: %s", code, leat_query_error(query));
    while (output != NULL && leat_output_poll(output, keep_row, rows, DOORS_ROWS_MAX) > 0) {
        /* until nothing is left */
    }
}
