#include "bench/recovery/query.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/verdict.h"
#include "core/leat.h"

enum { STRIDE = 7919, LINE_BYTES = 64 }; /* a prime that divides no number of keys used here */
static const int64_t patience_ns = (int64_t)3600 * 1000000000;

/* What the operator and the sink share with the main thread, which writes while no record is under
 * way. */
static struct {
    struct recovery_spec spec;
    _Atomic int64_t asked;     /* records that are there */
    _Atomic int64_t done;      /* records whose rows have been checked */
    _Atomic int64_t rows, sum; /* seen since then: how many, and their last records */
} shared;

/* ------------------------------------------------------------------------------------- records */

static int64_t key_of(int64_t number)
{
    return number % shared.spec.keys * STRIDE % shared.spec.keys;
}

static uint64_t mix(uint64_t value)
{
    value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9u;
    value = (value ^ value >> 27) * 0x94d049bb133111ebu;
    return value ^ value >> 31;
}

/* Letters and digits that nothing is gained from by compressing them much. */
static void write_key(int64_t key, char out[RECOVERY_KEY_BYTES])
{
    static const char digits[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_";
    uint64_t bits = 0;
    for (int i = 0; i < RECOVERY_KEY_BYTES; i++) {
        if (i % 10 == 0)
            bits = mix((uint64_t)key * 16 + (uint64_t)i / 10);
        out[i] = digits[bits >> 6 * (i % 10) & 63];
    }
}

/* The rows of a line, which are all claimed before the first is filled: it is all of them, or none.
 */
struct expansion {
    leat_row *rows[RECOVERY_LINE_RECORDS];
};

static int expand_open(void *user, uint32_t lane, void **state)
{
    (void)user, (void)lane;
    *state = malloc(sizeof(struct expansion));
    return *state == NULL ? LEAT_ERROR_NO_MEMORY : LEAT_OK;
}

static bool claim_all(struct expansion *expansion, leat_out *out, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        expansion->rows[i] = leat_claim(out);
        if (expansion->rows[i] != NULL)
            continue;
        while (i > 0)
            leat_abort(out, expansion->rows[--i]);
        return false;
    }
    return true;
}

static enum leat_action expand_process(void *state, const leat_row *line, leat_out *out,
                                       uint32_t flags)
{
    struct expansion *expansion = state;
    char text[LINE_BYTES] = "";
    size_t size_bytes;
    int64_t from, count;
    const char *bytes = leat_row_bytes(line, 0, &size_bytes);
    (void)flags;
    if (size_bytes < sizeof text)
        memcpy(text, bytes, size_bytes);
    if (sscanf(text, "%" SCNd64 " %" SCNd64, &from, &count) != 2 || count < 0 ||
        count > RECOVERY_LINE_RECORDS)
        bench_wrong("a line says '%s'", text);
    if (!claim_all(expansion, out, count))
        return LEAT_RETRY;
    for (int64_t i = 0; i < count; i++) {
        leat_row *row = expansion->rows[i];
        write_key(key_of(from + i), leat_row_reserve(row, 0, RECOVERY_KEY_BYTES));
        leat_row_set_i64(row, 1, from + i);
        leat_commit(out, row);
    }
    return LEAT_DROP;
}

/* A row of a key: how often it was counted, and its last record. */
static enum leat_write sink_write(void *state, const leat_row *row, uint32_t flags)
{
    (void)state, (void)flags;
    char wanted[RECOVERY_KEY_BYTES];
    size_t size_bytes;
    const char *key = leat_row_bytes(row, 0, &size_bytes);
    int64_t count = leat_row_i64(row, 1), last = leat_row_i64(row, 2);
    if (last < atomic_load(&shared.done) || last >= atomic_load(&shared.asked))
        bench_wrong("a row of record %" PRId64 " came, which is not of the batch", last);
    write_key(key_of(last), wanted);
    if (size_bytes != sizeof wanted || memcmp(key, wanted, sizeof wanted) != 0)
        bench_wrong("record %" PRId64 " is counted for another key", last);
    if (count != last / shared.spec.keys + 1)
        bench_wrong("the key of record %" PRId64 " was counted %" PRId64 " times, not %" PRId64,
                    last, count, last / shared.spec.keys + 1);
    atomic_fetch_add(&shared.rows, 1);
    atomic_fetch_add(&shared.sum, last);
    return LEAT_WRITE_DONE;
}

/* ----------------------------------------------------------------------------------- the query */

struct world {
    leat_context *context;
    leat_query *query;
};

static void check(const struct world *world, int status)
{
    const char *error = world->query != NULL ? leat_query_error(world->query) : "";
    if (status != LEAT_OK)
        bench_wrong("%s", *error != '\0' ? error : leat_context_error(world->context));
}

static void start(struct world *world)
{
    static const leat_operator expand = {.size = sizeof expand,
                                         .name = "expand",
                                         .output_schema = "key string, number bigint",
                                         .open = expand_open,
                                         .process = expand_process,
                                         .close = free};
    static const leat_sink sink = {.size = sizeof sink, .name = "checks", .write = sink_write};
    char min_deltas[24];
    snprintf(min_deltas, sizeof min_deltas, "%" PRId64, shared.spec.min_deltas);
    world->context = leat_context_create();
    world->query = leat_query_create(
        world->context,
        leat_options_of("checkpointLocation", shared.spec.checkpoint, "stateStore",
                        shared.spec.store, "minDeltasForSnapshot", min_deltas, (const char *)NULL));
    check(world, world->query != NULL ? LEAT_OK : LEAT_ERROR_INVALID);
    leat_stream *lines = leat_read(
        world->context, "text",
        leat_options_of("path", shared.spec.input, (const char *)NULL), NULL);
    leat_stream *counted = leat_group_by(leat_apply(lines, &expand), "key",
                                         "key, count(*) AS n, max(number) AS last");
    check(world, leat_query_trigger_processing_time(world->query, 0));
    check(world, leat_query_output_mode(world->query, "update"));
    check(world, leat_query_write_sink(world->query, counted, &sink));
    check(world, leat_start(world->query));
}

/* Waits until all that is there is committed; how many rows came of it: all of them, or, if it had
 * been committed before, none. */
static int64_t finish(const struct world *world, bool may_be_done)
{
    int64_t from = atomic_load(&shared.done), end = atomic_load(&shared.asked);
    check(world, leat_process_all_available(world->query, patience_ns));
    int64_t rows = atomic_exchange(&shared.rows, 0), sum = atomic_exchange(&shared.sum, 0);
    bool is_whole = rows == end - from && sum == (from + end - 1) * (end - from) / 2;
    if (!is_whole && !(may_be_done && rows == 0))
        bench_wrong("%" PRId64 " rows came of the records from %" PRId64 " to %" PRId64, rows, from,
                    end);
    atomic_store(&shared.done, end);
    return rows;
}

/* By the progress of the last batch. */
static int64_t entries_of(const struct world *world)
{
    static const char name[] = "\"numRowsTotal\":";
    char *progress = leat_query_recent_progress(world->query, 0);
    const char *at = progress == NULL ? NULL : strstr(progress, name);
    if (at == NULL)
        bench_wrong("the progress says nothing of the state: %s", progress);
    int64_t entries = strtoll(at + strlen(name), NULL, 10);
    free(progress);
    return entries;
}

void recovery_spec_write(const struct recovery_spec *spec,
                         char out[RECOVERY_ARGUMENTS][RECOVERY_ARGUMENT_BYTES])
{
    const int64_t numbers[] = {spec->keys, spec->min_deltas, spec->done, spec->asked};
    snprintf(out[0], RECOVERY_ARGUMENT_BYTES, "recovery_bench");
    snprintf(out[1], RECOVERY_ARGUMENT_BYTES, "query");
    snprintf(out[2], RECOVERY_ARGUMENT_BYTES, "%s", spec->input);
    snprintf(out[3], RECOVERY_ARGUMENT_BYTES, "%s", spec->checkpoint);
    snprintf(out[4], RECOVERY_ARGUMENT_BYTES, "%s", spec->store);
    for (int i = 0; i < 4; i++)
        snprintf(out[5 + i], RECOVERY_ARGUMENT_BYTES, "%" PRId64, numbers[i]);
}

int recovery_query_run(int count, char **arguments)
{
    struct world world = {0};
    char line[LINE_BYTES];
    if (count != RECOVERY_ARGUMENTS)
        bench_wrong("a query is started with %d arguments", count);
    shared.spec = (struct recovery_spec){.input = arguments[2],
                                         .checkpoint = arguments[3],
                                         .store = arguments[4],
                                         .keys = strtoll(arguments[5], NULL, 10),
                                         .min_deltas = strtoll(arguments[6], NULL, 10),
                                         .done = strtoll(arguments[7], NULL, 10),
                                         .asked = strtoll(arguments[8], NULL, 10)};
    atomic_store(&shared.done, shared.spec.done);
    atomic_store(&shared.asked, shared.spec.asked);
    setvbuf(stdout, NULL, _IOLBF, 0);
    start(&world);
    puts("open");
    printf("ready %" PRId64 "\n", finish(&world, true));
    while (fgets(line, sizeof line, stdin) != NULL) {
        int64_t end;
        if (sscanf(line, "go %" SCNd64, &end) != 1)
            bench_wrong("it is told \"%s\"", line);
        atomic_store(&shared.asked, end);
        (void)finish(&world, false);
        leat_totals totals = {.size = sizeof totals};
        check(&world, leat_query_totals(world.query, &totals));
        printf("done %" PRId64 " %" PRId64 "\n", totals.epoch, entries_of(&world));
    }
    check(&world, leat_stop(world.query, patience_ns));
    leat_query_destroy(world.query);
    leat_context_destroy(world.context);
    return 0;
}
