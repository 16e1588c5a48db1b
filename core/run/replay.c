#include "core/run/replay.h"

#include <inttypes.h>
#include <stdlib.h>

#include "core/base/arena.h"
#include "core/base/log.h"
#include "core/run/lane.h"
#include "core/run/report.h"

enum {
    MESSAGES_PER_STEP = 128,
    /* Sleeps are no longer than this, so that patience can end. */
    LOOK_AGAIN_NS = 10 * LT_NS_PER_MS,
};

enum step { READS, PREPARES, COMMITS, SHOWS, DONE };

static const char *const awaited[] = {"the source has not given all of its records",
                                      "the sink has not made them durable",
                                      "the sink has not shown them", "the sink has not shown them"};

struct replay {
    const struct lt_recover_options *options; /* constant */
    uint32_t sink;
    uint64_t epoch;
    struct lt_position *start, *end;
    struct lt_pipeline pipeline; /* with stand-ins */
    struct lt_sink stand_ins[LT_LIMIT_SINKS];
    struct lt_worker *worker;
    struct lt_mailbox *mailbox; /* of this file, as the control agent's of a query */
    struct lt_lane *lane;
    enum step step;
    uint32_t prepared_count, committed_count; /* sinks, stand-ins too */
    bool has_ended;
    char *note; /* of the sink; NULL: none */
};

/* ------------------------------------------------------------------------------ the stand-in */

static enum lt_write let_go(struct lt_writer *writer, struct lt_row *row, struct lt_fault **fault)
{
    (void)writer;
    (void)fault;
    lt_row_release(row);
    return LT_WRITE_DONE;
}

static void prepare_nothing(struct lt_writer *writer, uint64_t epoch)
{
    (void)writer;
    (void)epoch;
}

static int nothing_is_prepared(struct lt_writer *writer, uint64_t epoch,
                               struct lt_text_buffer *note)
{
    (void)writer;
    (void)epoch;
    (void)note;
    return 1;
}

static void close_stand_in(struct lt_writer *writer)
{
    free(writer);
}

static int open_stand_in(struct lt_sink *sink, const struct lt_connector_env *env,
                         struct lt_writer **out, struct lt_error *error)
{
    static const struct lt_writer_ops ops = {
        .write = let_go,
        .prepare = prepare_nothing,
        .prepared = nothing_is_prepared,
        .close = close_stand_in,
    };
    (void)sink;
    (void)env;
    (void)error;
    *out = lt_alloc(sizeof **out);
    (*out)->ops = &ops;
    return 0;
}

/* The sink, if it is the one that lost the epoch, or one in its place. */
static struct lt_sink *cast(struct replay *replay, uint32_t index)
{
    static const struct lt_sink_ops ops = {.open_writer = open_stand_in};
    struct lt_sink *sink = lt_pipeline_sink(replay->options->pipeline, index);
    if (index == replay->sink)
        return sink;
    replay->stand_ins[index] = *sink;
    replay->stand_ins[index].ops = &ops;
    return &replay->stand_ins[index];
}

static void make_pipeline(struct replay *replay)
{
    const struct lt_pipeline *all = replay->options->pipeline;
    replay->pipeline = *all;
    replay->pipeline.branches = lt_alloc_array(all->branch_count, sizeof *all->branches);
    for (uint32_t i = 0; i < all->branch_count; i++) {
        replay->pipeline.branches[i] = all->branches[i];
        replay->pipeline.branches[i].sink = cast(replay, i);
    }
    if (all->dead_letters != NULL)
        replay->pipeline.dead_letters = cast(replay, all->branch_count);
}

/* ------------------------------------------------------------------------------------- making */

static int find_range(struct replay *replay, struct lt_error *error)
{
    uint32_t partitions = replay->options->pipeline->source->partition_count;
    replay->start = lt_alloc_array(partitions, sizeof *replay->start);
    replay->end = lt_alloc_array(partitions, sizeof *replay->end);
    int code = lt_recover_begin_of(replay->options, replay->epoch, replay->start, error);
    if (code == 0)
        code = lt_recover_end_of(replay->options, replay->epoch, replay->end, error);
    return code;
}

static int make_lane(struct replay *replay, struct lt_error *error)
{
    uint32_t count = replay->pipeline.source->partition_count;
    uint32_t *partitions = lt_alloc_array(count, sizeof *partitions);
    for (uint32_t i = 0; i < count; i++)
        partitions[i] = i;
    struct lt_lane_options options = {
        .pipeline = &replay->pipeline,
        .partitions = partitions,
        .partition_count = count,
        .start = replay->start,
        .end = replay->end,
        .stage_count = 1,
        .workers = &replay->worker,
        .control = replay->mailbox,
        .env = replay->options->env,
    };
    options.env.in_batches = false; /* one range, whatever the query does */
    int code = lt_lane_create(&options, &replay->lane, error);
    free(partitions);
    return code;
}

static int open_replay(struct replay *replay, struct lt_error *error)
{
    struct lt_worker_options worker = replay->options->worker;
    worker.is_inline = true;
    int code = find_range(replay, error);
    if (code == 0)
        code = lt_worker_start(&worker, &replay->worker, error);
    if (code == 0)
        code = lt_mailbox_create(lt_worker_waker(replay->worker), &replay->mailbox, error);
    if (code == 0)
        code = make_lane(replay, error);
    return code == 0 ? lt_worker_run(replay->worker, error) : code;
}

static void close_replay(struct replay *replay)
{
    struct lt_message message;
    lt_worker_stop(replay->worker);
    lt_lane_destroy(replay->lane);
    while (replay->mailbox != NULL && lt_mailbox_take(replay->mailbox, &message))
        if (message.kind == LT_REPORT_PREPARED || message.kind == LT_REPORT_FAILED)
            free(message.payload);
    lt_worker_destroy(replay->worker);
    lt_mailbox_destroy(replay->mailbox);
    /* The query's own lanes count on where this one has counted. */
    lt_counters_begin_again(replay->options->env.counters);
    free(replay->pipeline.branches);
    free(replay->start);
    free(replay->end);
    free(replay->note);
}

/* ------------------------------------------------------------------------------------ reports */

/* A source that ends before the range does would lose the rest of it. */
static int check_range(const struct replay *replay, const struct lt_position *positions,
                       struct lt_error *error)
{
    struct lt_source *source = replay->pipeline.source;
    for (uint32_t i = 0; i < source->partition_count; i++) {
        char name[256];
        if (positions[i].offset == replay->end[i].offset)
            continue;
        lt_source_partition_name(source, i, name, sizeof name);
        return lt_error_set(error, LT_E_DATA_LOSS,
                            "the source did not give exactly its records again: in %s it stands "
                            "at %" PRId64 ", and the epoch ends at %" PRId64,
                            name, positions[i].offset, replay->end[i].offset);
    }
    return 0;
}

static int take_report(struct replay *replay, const struct lt_message *message,
                       struct lt_error *error)
{
    switch (message->kind) {
    case LT_REPORT_ENDED:
        replay->has_ended = true;
        return 0;
    case LT_REPORT_POSITION:
        return check_range(replay, message->payload, error);
    case LT_REPORT_PREPARED:
        replay->prepared_count++;
        if (lt_report_sink(message->sender) == replay->sink)
            replay->note = message->payload;
        else
            free(message->payload);
        return 0;
    case LT_REPORT_COMMITTED:
        replay->committed_count++;
        return 0;
    case LT_REPORT_FAILED:
        *error = *(const struct lt_error *)message->payload;
        free(message->payload);
        return error->code;
    case LT_REPORT_READY:
    case LT_REPORT_STOP_ASKED: /* as the first time: the epoch then ended there */
        return 0;
    default:
        lt_assert(false && "an unknown report");
    }
}

static int take_reports(struct replay *replay, struct lt_error *error)
{
    struct lt_message message;
    int code = 0;
    for (int i = 0; i < MESSAGES_PER_STEP && code == 0; i++) {
        if (!lt_mailbox_take(replay->mailbox, &message))
            break;
        code = take_report(replay, &message, error);
    }
    return code;
}

/* -------------------------------------------------------------------------------------- steps */

static bool tell(struct replay *replay, enum lt_command command)
{
    return lt_mailbox_try_send(lt_lane_first_mailbox(replay->lane),
                               &(struct lt_message){.kind = command, .number = replay->epoch});
}

static int advance(struct replay *replay, struct lt_error *error)
{
    const struct lt_recover_options *options = replay->options;
    struct lt_sink *sink = lt_pipeline_sink(options->pipeline, replay->sink);
    const char *notes = replay->note != NULL ? replay->note : "";
    uint32_t sink_count = lt_pipeline_sink_count(&replay->pipeline);
    int code = 0;
    switch (replay->step) {
    case READS:
        if (replay->has_ended && tell(replay, LT_COMMAND_INJECT))
            replay->step = PREPARES;
        break;
    case PREPARES:
        if (replay->prepared_count < sink_count)
            break;
        code = lt_checkpoint_write_notes(options->checkpoint, replay->sink, replay->epoch, notes,
                                         error);
        if (code == 0 && tell(replay, LT_COMMAND_COMMIT))
            replay->step = COMMITS;
        break;
    case COMMITS:
        if (replay->committed_count == sink_count)
            replay->step = SHOWS;
        break;
    case SHOWS:
        if (sink->ops->commit != NULL)
            code = sink->ops->commit(sink, replay->epoch, notes, error);
        if (code == 0)
            replay->step = DONE;
        break;
    case DONE:
        break;
    }
    return code < 0 ? code : 0;
}

static int run(struct replay *replay, struct lt_error *error)
{
    /* A program's own clock may stand still while it starts a query. */
    const struct lt_clock *clock = lt_clock_system();
    int64_t moved_ns = lt_clock_now_ns(clock);
    int code = 0;
    while (replay->step != DONE && code == 0) {
        uint32_t work = lt_worker_round(replay->worker);
        enum step before = replay->step;
        code = take_reports(replay, error);
        if (code == 0)
            code = advance(replay, error);
        int64_t now_ns = lt_clock_now_ns(clock);
        if (work > 0 || replay->step != before)
            moved_ns = now_ns;
        else if (now_ns - moved_ns > replay->options->patience_ns)
            code = lt_error_set(error, LT_E_TIMEOUT,
                                "%s again within the start-up timeout; hint: check that it "
                                "answers, or raise startupTimeout (--startup-timeout)",
                                awaited[replay->step]);
        else
            lt_worker_park(replay->worker,
                           lt_clock_now_ns(replay->options->env.clock) + LOOK_AGAIN_NS);
    }
    return code;
}

int lt_replay(const struct lt_recover_options *options, uint32_t sink, uint64_t epoch,
              struct lt_error *error)
{
    const struct lt_source *source = options->pipeline->source;
    if ((lt_source_traits(source) & LT_SOURCE_REPLAYABLE) == 0)
        return lt_error_set(error, LT_E_DATA_LOSS,
                            "the sink has lost what it had prepared, and source %s cannot read "
                            "it again; hint: start with a new checkpoint",
                            source->type->name);
    struct replay replay = {.options = options, .sink = sink, .epoch = epoch};
    make_pipeline(&replay);
    int code = open_replay(&replay, error);
    if (code == 0)
        code = run(&replay, error);
    close_replay(&replay);
    if (code != 0)
        return lt_error_append(error, "reading it again for a sink that has lost it");
    lt_log_info("epoch %" PRIu64 " was read again for sink %s, which had lost what it prepared%s",
                epoch, lt_pipeline_sink(options->pipeline, sink)->type->name,
                sink == options->pipeline->branch_count
                    ? ": records that another sink refused are not among these dead letters"
                    : "");
    return 0;
}
