/*
 * The steps of one batch after the other. Reports may arrive in any order and are only counted; a
 * step is left when what it waits for is complete, and each that begins with an action of this
 * machine has its fault point before it.
 */
#include "core/epoch/batches.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/limits.h"
#include "core/epoch/entry.h"
#include "core/epoch/log.h"
#include "core/epoch/slot.h"

enum { RETRY_NS = LT_NS_PER_MS }; /* when a port that said "not yet" is asked again */

struct lt_batches {
    struct lt_batches_options options;
    struct lt_epoch_shape shape; /* lane_count: of readers or deliveries, which are more */
    struct lt_epoch_slot slot;
    enum lt_batch_step step;
    uint64_t next; /* number of the batch that is open, or is to be opened next */
    bool is_logged, keeps_watermark;
    bool is_ahead; /* readers need not wait for offsets/e, but what shows at once does */
    int64_t watermark_ms, timestamp_ms, next_watermark_ms;
    char *conf;
    uint32_t state_count; /* reported */
    uint32_t log_count;   /* of sources, on their way to the disk without entries behind them */
    uint32_t run_count, shown_count; /* readers, deliveries that were told */
    bool must_retry;
    int64_t last_step_ns, entered_ns;
    int64_t step_ns[LT_BATCH_STEPS], last_step_times_ns[LT_BATCH_STEPS];
    struct lt_error failure; /* code 0: none */
};

static const enum lt_epoch_step awaited[] = {
    [LT_BATCH_IDLE] = LT_EPOCH_INJECT,        [LT_BATCH_SETTLES] = LT_EPOCH_SETTLE,
    [LT_BATCH_LOGS] = LT_EPOCH_LOG,           [LT_BATCH_RUNS] = LT_EPOCH_PREPARE,
    [LT_BATCH_CONCLUDES] = LT_EPOCH_PREPARED, [LT_BATCH_COMMITS] = LT_EPOCH_COMMIT,
    [LT_BATCH_ENDS] = LT_EPOCH_DONE,
};

enum lt_epoch_step lt_batch_step_awaits(enum lt_batch_step step)
{
    return awaited[step];
}

static uint32_t larger(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

static uint32_t writer_count(const struct lt_batches *batches)
{
    return batches->options.delivery_count * batches->options.sink_count;
}

struct lt_batches *lt_batches_create(const struct lt_batches_options *options)
{
    struct lt_batches *batches = lt_alloc(sizeof *batches);
    lt_assert(options->reader_count > 0 && options->delivery_count > 0);
    batches->options = *options;
    batches->shape = (struct lt_epoch_shape){
        .lane_count = larger(options->reader_count, options->delivery_count),
        .sink_count = options->sink_count,
        .source_count = options->source_count,
    };
    for (uint32_t i = 0; i < options->source_count; i++)
        batches->shape.partition_count += options->sources[i]->partition_count;
    lt_epoch_slot_init(&batches->slot, &batches->shape);
    batches->next = options->first_epoch;
    batches->entered_ns = lt_clock_now_ns(options->clock);
    return batches;
}

void lt_batches_destroy(struct lt_batches *batches)
{
    if (batches == NULL)
        return;
    lt_assert(!batches->slot.is_publishing && batches->log_count == 0);
    lt_epoch_slot_fini(&batches->slot, &batches->shape);
    free(batches->conf);
    free(batches);
}

/* ------------------------------------------------------------------------------------- reports */

/* The first failure counts. */
static void keep_failure(struct lt_batches *batches, const struct lt_error *error)
{
    if (batches->failure.code == 0)
        batches->failure = *error;
}

static struct lt_epoch_slot *open_slot(struct lt_batches *batches, uint64_t epoch)
{
    lt_assert(batches->step != LT_BATCH_IDLE);
    lt_assert(epoch == batches->next);
    return &batches->slot;
}

static void check_position(struct lt_batches *batches, uint32_t partition, int64_t stands)
{
    uint32_t first = 0, source = 0;
    char name[256];
    struct lt_error error;
    int64_t end = batches->slot.positions[partition].offset;
    if (stands == end)
        return;
    while (partition >= first + batches->options.sources[source]->partition_count)
        first += batches->options.sources[source++]->partition_count;
    lt_source_partition_name(batches->options.sources[source], partition - first, name,
                             sizeof name);
    lt_error_set(&error, LT_E_DATA_LOSS,
                 "the source did not give exactly the records of batch %" PRIu64
                 ": in %s it stands at %" PRId64 ", and the batch ends at %" PRId64,
                 batches->next, name, stands, end);
    keep_failure(batches, &error);
}

void lt_batches_position(struct lt_batches *batches, uint32_t reader, uint64_t epoch,
                         const uint32_t *partitions, const struct lt_position *positions,
                         uint32_t count)
{
    struct lt_epoch_slot *slot = open_slot(batches, epoch);
    lt_assert(batches->step == LT_BATCH_RUNS || batches->is_ahead);
    lt_assert(!slot->has_position[reader]);
    for (uint32_t i = 0; i < count; i++)
        check_position(batches, partitions[i], positions[i].offset);
    slot->has_position[reader] = true;
    slot->position_count++;
}

/* The index of a writer in the slot's arrays. */
static uint32_t writer_index(const struct lt_batches *batches, uint32_t delivery, uint32_t sink)
{
    lt_assert(delivery < batches->options.delivery_count);
    lt_assert(sink < batches->options.sink_count);
    return sink * batches->options.delivery_count + delivery;
}

void lt_batches_prepared(struct lt_batches *batches, uint32_t delivery, uint32_t sink,
                         uint64_t epoch, const char *note)
{
    struct lt_epoch_slot *slot = open_slot(batches, epoch);
    lt_epoch_slot_prepared(slot, writer_index(batches, delivery, sink), note);
}

void lt_batches_committed(struct lt_batches *batches, uint32_t delivery, uint32_t sink,
                          uint64_t epoch)
{
    struct lt_epoch_slot *slot = open_slot(batches, epoch);
    lt_epoch_slot_committed(slot, delivery, writer_index(batches, delivery, sink));
}

void lt_batches_state_prepared(struct lt_batches *batches, uint64_t epoch)
{
    (void)open_slot(batches, epoch);
    lt_assert(batches->state_count < batches->options.state_count);
    batches->state_count++;
}

/* --------------------------------------------------------------------------------------- files */

static void on_published(void *context, int code, const struct lt_error *error)
{
    struct lt_batches *batches = context;
    batches->slot.is_publishing = false;
    batches->slot.is_published = code == 0;
    if (code != 0)
        keep_failure(batches, error);
}

/* Of what comes before the file that a step waits for; after a failure that one is not begun. */
static void on_earlier_published(void *context, int code, const struct lt_error *error)
{
    if (code != 0)
        keep_failure(context, error);
}

/* Of a source's log, with no entry to wait for behind it. */
static void on_source_log(void *context, int code, const struct lt_error *error)
{
    struct lt_batches *batches = context;
    batches->log_count--;
    if (code != 0)
        keep_failure(batches, error);
}

static void publish_source_logs(struct lt_batches *batches)
{
    const struct lt_batches_options *options = &batches->options;
    for (uint32_t i = 0; i < options->source_count && options->source_logs != NULL; i++) {
        batches->log_count += batches->slot.logs[i].name[0] != '\0';
        lt_entry_publish_source_log(options->source_logs, i, &batches->slot.logs[i], on_source_log,
                                    batches);
    }
}

static const char *const *notes_of(const struct lt_batches *batches, uint32_t sink)
{
    return (const char *const *)&batches->slot.notes[sink * batches->options.delivery_count];
}

static void publish_log(struct lt_batches *batches)
{
    const struct lt_batches_options *options = &batches->options;
    for (uint32_t i = 0; i < options->source_count; i++)
        lt_entry_publish_source_log(options->checkpoint, i, &batches->slot.logs[i],
                                    on_earlier_published, batches);
    const struct lt_entry_offsets offsets = {
        .sources = options->sources,
        .source_count = options->source_count,
        .positions = batches->slot.positions,
        .metadata = {.watermark_ms = batches->watermark_ms,
                     .timestamp_ms = batches->timestamp_ms,
                     .prepared_sinks = -1,
                     .conf = batches->conf},
    };
    lt_entry_publish_offsets(options->checkpoint, batches->next, &offsets, on_published, batches);
    if (batches->keeps_watermark)
        lt_entry_write_commit_ahead(options->checkpoint, batches->next, batches->watermark_ms);
}

static void publish_prepared(struct lt_batches *batches)
{
    const struct lt_batches_options *options = &batches->options;
    for (uint32_t i = 0; i < options->sink_count; i++)
        lt_entry_publish_notes(options->checkpoint, i, batches->next, notes_of(batches, i),
                               options->delivery_count, on_earlier_published, batches);
    const struct lt_epoch_prepared prepared = {options->sink_count, batches->next_watermark_ms};
    lt_entry_publish_prepared(options->checkpoint, batches->next, &prepared, on_published,
                              batches);
}

static void publish_commit(struct lt_batches *batches)
{
    lt_entry_publish_commit(batches->options.checkpoint, batches->next,
                            batches->next_watermark_ms, on_published, batches);
}

/* --------------------------------------------------------------------------------------- steps */

uint64_t lt_batches_begin(struct lt_batches *batches, const struct lt_batch_plan *plan)
{
    lt_assert(batches->step == LT_BATCH_IDLE);
    int64_t now_ns = lt_clock_now_ns(batches->options.clock);
    lt_epoch_slot_begin(&batches->slot, &batches->shape, batches->next, now_ns, plan->end);
    memset(batches->step_ns, 0, sizeof batches->step_ns);
    batches->watermark_ms = plan->watermark_ms;
    batches->timestamp_ms = plan->timestamp_ms;
    batches->is_logged = plan->is_logged;
    batches->keeps_watermark = plan->keeps_watermark;
    batches->is_ahead =
        !plan->is_logged && batches->next > 0 && batches->options.checkpoint != NULL;
    batches->state_count = batches->run_count = batches->shown_count = 0;
    free(batches->conf);
    batches->conf = plan->conf != NULL ? lt_strdup(plan->conf) : NULL;
    batches->step = LT_BATCH_SETTLES;
    batches->entered_ns = now_ns;
    return batches->next;
}

bool lt_batches_is_ahead(const struct lt_batches *batches)
{
    return batches->is_ahead;
}

/* Goes to the next step, which begins with `publish`, if there is a checkpoint to write to. */
static int enter(struct lt_batches *batches, enum lt_batch_step step,
                 void (*publish)(struct lt_batches *batches), struct lt_error *error)
{
    int64_t now_ns = lt_clock_now_ns(batches->options.clock);
    lt_assert(step > batches->step);
    batches->step_ns[batches->step] += now_ns - batches->entered_ns;
    batches->entered_ns = now_ns;
    batches->step = step;
    if (lt_epoch_fault_point(awaited[step], batches->next))
        return lt_error_set(error, LT_E_CANCELLED,
                            "stopped at the fault point '%s' of batch %" PRIu64,
                            lt_epoch_step_name(awaited[step]), batches->next);
    batches->slot.is_published = batches->options.checkpoint == NULL;
    batches->slot.is_publishing = publish != NULL && !batches->slot.is_published;
    if (batches->slot.is_publishing)
        publish(batches);
    return 1;
}

/* Asks the sources in turn, until one is not ready. A batch that is run again has its entries. */
static int settle(struct lt_batches *batches, struct lt_error *error)
{
    if (batches->is_logged)
        return enter(batches, LT_BATCH_RUNS, NULL, error);
    const struct lt_batches_options *options = &batches->options;
    struct lt_epoch_slot *slot = &batches->slot;
    const struct lt_position *positions = slot->positions;
    for (uint32_t i = 0; i < slot->settled_count; i++)
        positions += options->sources[i]->partition_count;
    while (slot->settled_count < options->source_count) {
        uint32_t at = slot->settled_count;
        struct lt_source *source = options->sources[at];
        int answer = source->ops->settle == NULL
                         ? 1
                         : source->ops->settle(source, batches->next, positions, &slot->logs[at],
                                               error);
        if (answer < 0)
            return lt_error_append(error, "%s: cannot settle batch %" PRIu64, source->description,
                                   batches->next);
        if (answer == 0) {
            batches->must_retry = true;
            return 0;
        }
        positions += source->partition_count;
        slot->settled_count++;
    }
    int code = enter(batches, LT_BATCH_LOGS, publish_log, error);
    if (code > 0 && options->checkpoint == NULL)
        publish_source_logs(batches);
    return code;
}

/* With everything shown, prepared/e would say no more than commits/e, which comes at once: a batch
 * that dies in between is run again, as one that dies a moment earlier. */
static bool has_to_conclude(const struct lt_batches *batches)
{
    bool has_notes = false;
    for (uint32_t i = 0; i < writer_count(batches) && !has_notes; i++)
        has_notes = batches->slot.notes[i][0] != '\0';
    return has_notes || !batches->options.shows_at_once;
}

/* Tells lanes, in their order, until a mailbox is full. */
static int tell(struct lt_batches *batches, bool (*port)(void *, uint32_t, uint64_t),
                uint32_t *told, uint32_t count)
{
    int work = 0;
    while (*told < count && port(batches->options.ports.context, *told, batches->next)) {
        ++*told;
        work++;
    }
    batches->must_retry |= *told < count;
    return work;
}

static int tell_readers(struct lt_batches *batches)
{
    const struct lt_batches_options *options = &batches->options;
    return tell(batches, options->ports.run, &batches->run_count, options->reader_count);
}

static int tell_deliveries(struct lt_batches *batches)
{
    const struct lt_batches_options *options = &batches->options;
    return tell(batches, options->ports.show, &batches->shown_count, options->delivery_count);
}

/* The work of a batch that is ahead and the disk's go side by side. */
static int log_offsets(struct lt_batches *batches, struct lt_error *error)
{
    if (batches->slot.is_published && batches->log_count == 0)
        return enter(batches, LT_BATCH_RUNS, NULL, error);
    return batches->is_ahead ? tell_readers(batches) : 0;
}

/* Waits for all reports. */
static int run(struct lt_batches *batches, struct lt_error *error)
{
    const struct lt_batches_options *options = &batches->options;
    const struct lt_epoch_slot *slot = &batches->slot;
    int work = tell_readers(batches);
    if (batches->is_ahead)
        work += tell_deliveries(batches);
    if (slot->position_count < options->reader_count ||
        slot->prepared_count < writer_count(batches) ||
        batches->state_count < options->state_count)
        return work;
    batches->next_watermark_ms = options->ports.conclude(options->ports.context, batches->next);
    return has_to_conclude(batches)
               ? enter(batches, LT_BATCH_CONCLUDES, publish_prepared, error)
               : enter(batches, LT_BATCH_COMMITS, NULL, error);
}

/* Asks the deliveries that have not been asked. */
static int ask_deliveries(struct lt_batches *batches)
{
    const struct lt_batches_ports *ports = &batches->options.ports;
    struct lt_epoch_slot *slot = &batches->slot;
    int work = 0;
    for (uint32_t i = 0; i < batches->options.delivery_count; i++) {
        if (slot->is_commit_asked[i])
            continue;
        slot->is_commit_asked[i] = true; /* the answer may come from within */
        bool takes = ports->commit(ports->context, i, batches->next);
        batches->must_retry |= !takes;
        slot->is_commit_asked[i] = takes;
        slot->commit_asked_count += takes;
        work += takes;
    }
    return work;
}

/* Asks the sinks in turn, until one is not ready. */
static int commit_sinks(struct lt_batches *batches, struct lt_error *error)
{
    const struct lt_batches_ports *ports = &batches->options.ports;
    struct lt_epoch_slot *slot = &batches->slot;
    int work = 0;
    while (slot->sinks_done < batches->options.sink_count) {
        struct lt_text_buffer notes;
        lt_text_init(&notes);
        lt_epoch_log_join_notes(&notes, notes_of(batches, slot->sinks_done),
                                batches->options.delivery_count);
        int code = ports->commit_sink(ports->context, slot->sinks_done, batches->next,
                                      lt_text_get(&notes), error);
        lt_text_fini(&notes);
        if (code < 0)
            return lt_error_append(error, "cannot commit batch %" PRIu64 " to sink %" PRIu32,
                                   batches->next, slot->sinks_done);
        if (code > 0) {
            batches->must_retry = true;
            return work;
        }
        slot->sinks_done++;
        work++;
    }
    return enter(batches, LT_BATCH_ENDS, publish_commit, error);
}

static int commit(struct lt_batches *batches, struct lt_error *error)
{
    const struct lt_epoch_slot *slot = &batches->slot;
    int work = ask_deliveries(batches);
    if (slot->commit_asked_count < batches->options.delivery_count ||
        slot->committed_count < writer_count(batches))
        return work;
    return commit_sinks(batches, error);
}

static void delete_old(struct lt_batches *batches, uint64_t epoch)
{
    const struct lt_batches_options *options = &batches->options;
    for (uint32_t i = 0; i < options->source_count; i++)
        lt_entry_delete_source_log(options->checkpoint, i, &batches->slot.logs[i]);
    lt_checkpoint_purge(options->checkpoint, epoch);
}

static int end(struct lt_batches *batches)
{
    const struct lt_batches_ports *ports = &batches->options.ports;
    uint64_t number = batches->next++;
    int64_t now_ns = lt_clock_now_ns(batches->options.clock);
    batches->step_ns[LT_BATCH_ENDS] += now_ns - batches->entered_ns;
    batches->entered_ns = now_ns;
    memcpy(batches->last_step_times_ns, batches->step_ns, sizeof batches->step_ns);
    batches->step = LT_BATCH_IDLE;
    ports->done(ports->context, number, batches->slot.positions);
    if (batches->options.checkpoint != NULL)
        delete_old(batches, number);
    lt_epoch_slot_end(&batches->slot, &batches->shape);
    return 1;
}

static int advance(struct lt_batches *batches, struct lt_error *error)
{
    const struct lt_epoch_slot *slot = &batches->slot;
    switch (batches->step) {
    case LT_BATCH_SETTLES:
        return settle(batches, error);
    case LT_BATCH_LOGS:
        return log_offsets(batches, error);
    case LT_BATCH_RUNS:
        return run(batches, error);
    case LT_BATCH_CONCLUDES:
        return slot->is_published ? enter(batches, LT_BATCH_COMMITS, NULL, error) : 0;
    case LT_BATCH_COMMITS:
        return commit(batches, error);
    case LT_BATCH_ENDS:
        return slot->is_published ? end(batches) : 0;
    case LT_BATCH_IDLE:
    case LT_BATCH_STEPS:
        break;
    }
    return 0;
}

/* Steps follow each other at once where nothing has to be waited for. */
int lt_batches_step(struct lt_batches *batches, struct lt_error *error)
{
    int work = 0, result = 0;
    enum lt_batch_step before;
    batches->last_step_ns = lt_clock_now_ns(batches->options.clock);
    batches->must_retry = false;
    do {
        before = batches->step;
        if (batches->failure.code != 0) {
            if (error != NULL)
                *error = batches->failure;
            return batches->failure.code;
        }
        result = advance(batches, error);
        work += result;
    } while (result > 0 && batches->step > before);
    return result < 0 ? result : work;
}

int64_t lt_batches_deadline_ns(const struct lt_batches *batches)
{
    return batches->must_retry ? batches->last_step_ns + RETRY_NS : LT_NEVER_NS;
}

const struct lt_source_log *lt_batches_source_logs(const struct lt_batches *batches)
{
    return batches->slot.logs;
}

void lt_batches_status(const struct lt_batches *batches, struct lt_batches_status *out)
{
    const struct lt_batches_options *options = &batches->options;
    const struct lt_epoch_slot *slot = &batches->slot;
    *out = (struct lt_batches_status){.step = batches->step, .epoch = batches->next};
    memcpy(out->step_ns, batches->last_step_times_ns, sizeof out->step_ns);
    if (batches->step == LT_BATCH_SETTLES)
        out->missing = options->source_count - slot->settled_count;
    else if (batches->step == LT_BATCH_RUNS)
        out->missing = options->reader_count - slot->position_count + writer_count(batches) -
                       slot->prepared_count + options->state_count - batches->state_count;
    else if (batches->step == LT_BATCH_COMMITS)
        out->missing = writer_count(batches) - slot->committed_count + options->sink_count -
                       slot->sinks_done;
}
