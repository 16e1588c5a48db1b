/*
 * A user-written sink: leat_query_write_sink's struct behind the contract of core/flow/connector.h.
 *
 * Each lane's writer leaves the lane's number as its note, so that after a crash the commit of an
 * epoch that was fixed and not yet shown is called again for each lane that had a part in it.
 */
#include "core/leat.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/leat_objects.h"

/* How long a parked lane waits before it asks again whether an epoch is prepared or shown. */
enum { ASK_AGAIN_NS = 200 * LT_NS_PER_US };
/* Rows taken one after the other are timed together, by the last: reading the clock costs as much
 * as a small row. What is told of the others is too much by less than these rows took. Rows that
 * came at the same moment, as those of one poll do, are counted as one. */
enum { TIMED_TOGETHER = 16 };

/* What leat_query_write_sink keeps of the program's struct, in the query's arena. */
struct definition {
    struct lt_sink_type type;
    leat_sink calls;
};

struct user_sink {
    struct lt_sink base;
    const struct definition *definition;
    int64_t deadline_ns; /* for what waits at start */
    const struct lt_clock *clock;
};

struct user_writer {
    struct lt_writer base;
    const struct definition *definition;
    const struct lt_clock *clock;
    uint32_t lane;
    void *state;
    bool prepare_awaited, commit_awaited; /* the program has said: not yet */
    struct {
        int64_t ingest_ns;
        uint32_t count;
    } untimed[TIMED_TOGETHER]; /* rows that it took, by when they came */
    uint32_t moment_count, untimed_count;
};

/* -------------------------------------------------------------------------------------- writer */

static struct user_writer *writer_of(struct lt_writer *writer)
{
    return (struct user_writer *)(void *)writer;
}

/* These two are rare, and not in line: what they need would be made room for with each row. */
static __attribute__((noinline)) enum lt_write refuse(const struct user_writer *own,
                                                      struct lt_fault **fault)
{
    char stage[64];
    snprintf(stage, sizeof stage, "sink %s", own->definition->calls.name);
    *fault = lt_fault_create(stage, "SINK_REFUSED", "", "the sink refused the record");
    return LT_WRITE_FAILED;
}

static __attribute__((noinline)) enum lt_write break_with(struct lt_writer *writer,
                                                          const char *text)
{
    lt_error_set(&writer->error, LT_E_IO, "sink %s: %s", writer_of(writer)->definition->calls.name,
                 text);
    return LT_WRITE_BROKEN;
}

static void time_rows(struct user_writer *own)
{
    int64_t now_ns = own->untimed_count == 0 ? 0 : lt_clock_now_ns(own->clock);
    for (uint32_t i = 0; i < own->moment_count; i++)
        lt_histogram_record_n(own->base.ack_latency_ns, now_ns - own->untimed[i].ingest_ns,
                              own->untimed[i].count);
    own->moment_count = own->untimed_count = 0;
}

static inline void note_taken(struct user_writer *own, int64_t ingest_ns)
{
    uint32_t last = own->moment_count - 1;
    if (own->moment_count == 0 || own->untimed[last].ingest_ns != ingest_ns) {
        last = own->moment_count++;
        own->untimed[last].ingest_ns = ingest_ns;
        own->untimed[last].count = 0;
    }
    own->untimed[last].count++;
    if (++own->untimed_count == TIMED_TOGETHER)
        time_rows(own);
}

static enum lt_write writer_write(struct lt_writer *writer, struct lt_row *row,
                                  struct lt_fault **fault)
{
    struct user_writer *own = writer_of(writer);
    int64_t ingest_ns = row->ingest_ns;
    switch (own->definition->calls.write(own->state, (const leat_row *)(const void *)row,
                                         row->flags & LT_ROW_END_OF_BATCH)) {
    case LEAT_WRITE_DONE:
        lt_row_release(row);
        note_taken(own, ingest_ns);
        lt_counter_add(writer->acked_records, 1);
        return LT_WRITE_DONE;
    case LEAT_WRITE_FULL:
        return LT_WRITE_FULL;
    case LEAT_WRITE_DEAD_LETTER:
        return refuse(own, fault);
    case LEAT_WRITE_BROKEN:
        return break_with(writer, "its write function answered LEAT_WRITE_BROKEN");
    }
    return break_with(writer, "its write function answered no enum leat_write");
}

static void writer_flush(struct lt_writer *writer)
{
    struct user_writer *own = writer_of(writer);
    time_rows(own);
    if (own->definition->calls.flush != NULL)
        own->definition->calls.flush(own->state);
}

/* The program is asked in `prepared` until it says yes: there is nothing to begin. */
static void writer_prepare(struct lt_writer *writer, uint64_t epoch)
{
    (void)writer;
    (void)epoch;
}

static int ask(struct lt_writer *writer, int (*call)(void *state, uint64_t epoch), uint64_t epoch,
               const char *what)
{
    struct user_writer *own = writer_of(writer);
    int answer = call == NULL ? 1 : call(own->state, epoch);
    if (answer < 0)
        lt_error_set(&writer->error, LT_E_IO,
                     "sink %s: epoch %" PRIu64 ": its %s function returned %d",
                     own->definition->calls.name, epoch, what, answer);
    return answer;
}

static int writer_prepared(struct lt_writer *writer, uint64_t epoch, struct lt_text_buffer *note)
{
    struct user_writer *own = writer_of(writer);
    int answer = ask(writer, own->definition->calls.prepare, epoch, "prepare");
    own->prepare_awaited = answer == 0;
    if (answer > 0 && own->definition->calls.commit != NULL)
        lt_text_format(note, "%u", own->lane);
    return answer;
}

static int writer_committed(struct lt_writer *writer, uint64_t epoch)
{
    struct user_writer *own = writer_of(writer);
    int answer = ask(writer, own->definition->calls.commit, epoch, "commit");
    own->commit_awaited = answer == 0;
    return answer;
}

static void writer_close(struct lt_writer *writer)
{
    struct user_writer *own = writer_of(writer);
    if (own->definition->calls.close != NULL)
        own->definition->calls.close(own->state);
    free(own);
}

/* Nothing wakes the lane when the program has prepared or shown an epoch: it is asked again. */
static int64_t writer_deadline_ns(struct lt_writer *writer)
{
    struct user_writer *own = writer_of(writer);
    bool is_awaited = own->prepare_awaited || own->commit_awaited;
    return is_awaited ? lt_clock_now_ns(own->clock) + ASK_AGAIN_NS : LT_NEVER_NS;
}

static const struct lt_writer_ops writer_ops = {
    .write = writer_write,
    .flush = writer_flush,
    .prepare = writer_prepare,
    .deadline_ns = writer_deadline_ns,
    .prepared = writer_prepared,
    .committed = writer_committed,
    .close = writer_close,
};

/* ---------------------------------------------------------------------------------------- sink */

static struct user_sink *sink_of(struct lt_sink *sink)
{
    return (struct user_sink *)(void *)sink;
}

static int open_state(const struct definition *definition, uint32_t lane, void **state,
                      struct lt_error *error)
{
    const leat_sink *calls = &definition->calls;
    *state = calls->user;
    int status = calls->open == NULL ? LEAT_OK : calls->open(calls->user, lane, state);
    if (status >= 0)
        return 0;
    return lt_error_set(error, status, "lane %u: its open function returned %d (%s)", lane, status,
                        leat_status_name(status));
}

static int sink_connect(struct lt_sink *sink, const struct lt_connector_env *env,
                        struct lt_error *error)
{
    (void)error;
    sink_of(sink)->clock = env->clock;
    sink_of(sink)->deadline_ns = env->deadline_ns;
    return 0;
}

static int commit_again(struct user_sink *own, uint32_t lane, uint64_t epoch,
                        struct lt_error *error)
{
    const leat_sink *calls = &own->definition->calls;
    void *state;
    int code = open_state(own->definition, lane, &state, error);
    if (code != 0)
        return code;
    int answer;
    do
        answer = calls->commit(state, epoch);
    while (answer == 0 && lt_clock_now_ns(own->clock) < own->deadline_ns);
    if (calls->close != NULL)
        calls->close(state);
    if (answer > 0)
        return 0;
    return answer < 0 ? lt_error_set(error, LT_E_IO, "its commit function returned %d", answer)
                      : lt_error_set(error, LT_E_TIMEOUT,
                                     "its commit function did not end within the start-up timeout");
}

static int sink_recover(struct lt_sink *sink, uint64_t epoch, const char *notes, bool *must_replay,
                        struct lt_error *error)
{
    struct user_sink *own = sink_of(sink);
    *must_replay = false;
    for (const char *line = notes; *line != '\0';) {
        char *end;
        unsigned long lane = strtoul(line, &end, 10);
        if (end == line)
            return lt_error_set(error, LT_E_CORRUPT, "a note is no lane's number: \"%s\"", notes);
        int code = commit_again(own, (uint32_t)lane, epoch, error);
        if (code != 0)
            return code;
        line = end + strspn(end, "\n");
    }
    return 0;
}

static int sink_open_writer(struct lt_sink *sink, const struct lt_connector_env *env,
                            struct lt_writer **out, struct lt_error *error)
{
    const struct definition *definition = sink_of(sink)->definition;
    void *state;
    int code = open_state(definition, env->lane, &state, error);
    if (code != 0)
        return code;
    struct user_writer *own = lt_alloc(sizeof *own);
    *own = (struct user_writer){
        .base.ops = &writer_ops,
        .definition = definition,
        .clock = env->clock,
        .lane = env->lane,
        .state = state,
    };
    *out = &own->base;
    return 0;
}

static void sink_close(struct lt_sink *sink)
{
    free(sink);
}

static const struct lt_sink_ops sink_ops = {
    .connect = sink_connect,
    .recover = sink_recover,
    .open_writer = sink_open_writer,
    .close = sink_close,
};
/* Without a commit function nothing is left to do of what is prepared. */
static const struct lt_sink_ops plain_ops = {
    .connect = sink_connect,
    .open_writer = sink_open_writer,
    .close = sink_close,
};

static int bind(const struct lt_sink_type *type, const struct lt_options *options,
                const struct lt_type *schema, struct lt_arena *arena, struct lt_sink **out,
                struct lt_error *error)
{
    const struct definition *definition = (const struct definition *)(const void *)type;
    (void)options; /* there is no way to give any */
    (void)arena;
    (void)error;
    struct user_sink *sink = lt_alloc(sizeof *sink);
    sink->definition = definition;
    sink->base = (struct lt_sink){
        .ops = definition->calls.commit != NULL ? &sink_ops : &plain_ops,
        .type = type,
        .schema = schema,
        .guarantee = LT_AT_LEAST_ONCE,
    };
    snprintf(sink->base.description, sizeof sink->base.description, "%s", definition->calls.name);
    *out = &sink->base;
    return 0;
}

/* -------------------------------------------------------------------------------------- public */

static int make_definition(leat_query *query, const leat_sink *sink, struct definition **out,
                           struct lt_error *error)
{
    struct definition *definition = lt_arena_alloc(query->arena, sizeof *definition);
    leat_sink *calls = &definition->calls;
    int code = lt_door_copy_struct("leat_sink", sink, calls, sizeof *calls,
                                   offsetof(leat_sink, flush), error);
    if (code != 0)
        return code;
    calls->name = lt_arena_text(query->arena, calls->name != NULL ? calls->name : "sink");
    if (calls->write == NULL)
        return lt_error_set(error, LT_E_INVALID, "sink \"%s\" has no write function", calls->name);
    definition->type = (struct lt_sink_type){
        .name = calls->name,
        .doc = "A sink that the program has written.",
        .bind = bind,
    };
    *out = definition;
    return 0;
}

int leat_query_write_sink(leat_query *query, leat_stream *stream, const leat_sink *sink)
{
    struct lt_error error;
    struct definition *definition = NULL;
    if (query == NULL)
        return LEAT_ERROR_INVALID;
    if (make_definition(query, sink, &definition, &error) != 0) {
        query->error = error;
        return error.code;
    }
    return lt_door_write(query, stream, NULL, &definition->type, lt_options_create());
}

int leat_query_dead_letters_sink(leat_query *query, const leat_sink *sink)
{
    struct lt_error error;
    struct definition *definition = NULL;
    if (query == NULL)
        return LEAT_ERROR_INVALID;
    if (make_definition(query, sink, &definition, &error) != 0) {
        query->error = error;
        return error.code;
    }
    return lt_door_write_dead_letters(query, NULL, &definition->type, lt_options_create());
}
