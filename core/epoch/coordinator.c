/*
 * The coordinator: one slot per open epoch, each at its own step, moved on by
 * lt_coordinator_step().
 *
 * An epoch's slot waits for the things of enum lt_epoch_step in their order; reports may arrive in
 * any order and are only counted. What is done in order of the epochs is decided in three places,
 * one per rule of core/epoch/protocol.h: may_settle, may_commit_sinks, may_finish. Requests to
 * lanes are in order too: a lane whose mailbox was full is asked for its oldest epoch first.
 *
 * Invariants:
 *   - slots hold the epochs oldest .. next-1, at most LT_LIMIT_EPOCHS_IN_FLIGHT of them;
 *   - steps never go back, and an older epoch is never at an earlier step than a younger one from
 *     LOG on;
 *   - nothing is logged after an error.
 */
#include "core/epoch/coordinator.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/limits.h"
#include "core/epoch/entry.h"
#include "core/epoch/log.h"
#include "core/epoch/slot.h"

enum { RETRY_NS = LT_NS_PER_MS }; /* when a port that said "not yet" is asked again */

struct lt_coordinator {
    struct lt_coordinator_options options;
    struct lt_epoch_shape shape;
    struct lt_epoch_slot slots[LT_LIMIT_EPOCHS_IN_FLIGHT];
    uint64_t oldest, next; /* epochs open: oldest .. next-1 */
    bool is_requested;
    bool must_retry;
    int64_t next_tick_ns, last_step_ns;
    struct lt_position *last_positions; /* of the last epoch that was logged, or of the start */
    struct lt_error failure;            /* code 0: none; set by the publisher's answer */
    struct lt_coordinator_status status;
    struct {
        struct lt_shared_u64 *injected, *logged, *done, *coalesced, *open;
        struct lt_histogram *prepare_ns, *log_ns, *total_ns;
    } counters; /* NULL without counters */
};

static struct lt_epoch_slot *slot_of(struct lt_coordinator *coordinator, uint64_t number)
{
    lt_assert(number >= coordinator->oldest);
    lt_assert(number < coordinator->next);
    struct lt_epoch_slot *epoch = &coordinator->slots[number % LT_LIMIT_EPOCHS_IN_FLIGHT];
    lt_assert(epoch->number == number);
    return epoch;
}

static uint32_t writer_count(const struct lt_coordinator *coordinator)
{
    return lt_epoch_writer_count(&coordinator->shape);
}

static void count(struct lt_shared_u64 *counter)
{
    if (counter != NULL)
        lt_counter_add(counter, 1);
}

static void record(struct lt_histogram *histogram, int64_t since_ns, int64_t now_ns)
{
    if (histogram != NULL)
        lt_histogram_record(histogram, now_ns - since_ns);
}

/* ----------------------------------------------------------------------------------- life span */

static void add_counters(struct lt_coordinator *coordinator)
{
    struct lt_counters *counters = coordinator->options.counters;
    if (counters == NULL)
        return;
    coordinator->counters.injected =
        lt_counters_add(counters, LT_COUNTER_SUM, "epoch.injected", "epochs", "epochs begun");
    coordinator->counters.logged =
        lt_counters_add(counters, LT_COUNTER_SUM, "epoch.logged", "epochs",
                        "epochs whose range is fixed (offsets/e)");
    coordinator->counters.done = lt_counters_add(counters, LT_COUNTER_SUM, "epoch.done", "epochs",
                                                 "epochs shown by every sink (commits/e)");
    coordinator->counters.coalesced =
        lt_counters_add(counters, LT_COUNTER_SUM, "epoch.coalesced", "epochs",
                        "ticks that passed because too many epochs were open");
    coordinator->counters.open = lt_counters_add(counters, LT_COUNTER_GAUGE, "epoch.open", "epochs",
                                                 "epochs begun and not done");
    coordinator->counters.prepare_ns = lt_counters_add_histogram(
        counters, "epoch.prepare_ns", "from a tick to every writer's rows being durable");
    coordinator->counters.log_ns = lt_counters_add_histogram(
        counters, "epoch.log_ns", "from a tick to offsets/e being durable");
    coordinator->counters.total_ns = lt_counters_add_histogram(
        counters, "epoch.total_ns", "from a tick to commits/e being durable");
}

int lt_coordinator_create(const struct lt_coordinator_options *options, struct lt_coordinator **out,
                          struct lt_error *error)
{
    if (options->lane_count == 0 || options->lane_count > LT_LIMIT_LANES)
        return lt_error_set(error, LT_E_LIMIT, "a query has 1 to %d lanes, and not %" PRIu32,
                            LT_LIMIT_LANES, options->lane_count);
    if (options->sink_count > LT_LIMIT_SINKS)
        return lt_error_set(error, LT_E_LIMIT, "a query has at most %d sinks, and not %" PRIu32,
                            LT_LIMIT_SINKS, options->sink_count);
    struct lt_coordinator *coordinator = lt_alloc(sizeof *coordinator);
    coordinator->options = *options;
    struct lt_epoch_shape *shape = &coordinator->shape;
    *shape =
        (struct lt_epoch_shape){options->lane_count, options->sink_count, options->source_count, 0};
    for (uint32_t i = 0; i < options->source_count; i++)
        shape->partition_count += options->sources[i]->partition_count;
    coordinator->oldest = coordinator->next = options->first_epoch;
    for (size_t i = 0; i < LT_LIMIT_EPOCHS_IN_FLIGHT; i++) {
        coordinator->slots[i].coordinator = coordinator;
        lt_epoch_slot_init(&coordinator->slots[i], shape);
    }
    size_t positions_size = shape->partition_count * sizeof(struct lt_position);
    coordinator->last_positions =
        lt_alloc_array(shape->partition_count + 1u, sizeof(struct lt_position));
    if (options->start != NULL)
        memcpy(coordinator->last_positions, options->start, positions_size);
    int64_t now_ns = lt_clock_now_ns(options->clock);
    coordinator->next_tick_ns =
        options->interval_ns > 0 ? now_ns + options->interval_ns : LT_NEVER_NS;
    int64_t before_first = (int64_t)options->first_epoch - 1;
    coordinator->status = (struct lt_coordinator_status){
        .last_injected = before_first,
        .last_logged = before_first,
        .last_done = before_first,
        .last_done_ns = now_ns,
    };
    add_counters(coordinator);
    *out = coordinator;
    return 0;
}

void lt_coordinator_destroy(struct lt_coordinator *coordinator)
{
    if (coordinator == NULL)
        return;
    for (size_t i = 0; i < LT_LIMIT_EPOCHS_IN_FLIGHT; i++) {
        struct lt_epoch_slot *epoch = &coordinator->slots[i];
        lt_assert(!epoch->is_publishing); /* the checkpoint is closed before */
        lt_epoch_slot_fini(epoch, &coordinator->shape);
    }
    free(coordinator->last_positions);
    free(coordinator);
}

/* ------------------------------------------------------------------------------------- reports */

void lt_coordinator_position(struct lt_coordinator *coordinator, uint32_t lane, uint64_t number,
                             const uint32_t *partitions, const struct lt_position *positions,
                             uint32_t partition_count)
{
    struct lt_epoch_slot *epoch = slot_of(coordinator, number);
    lt_assert(lane < coordinator->options.lane_count);
    lt_assert(!epoch->has_position[lane]);
    for (uint32_t i = 0; i < partition_count; i++) {
        lt_assert(partitions[i] < coordinator->shape.partition_count);
        epoch->positions[partitions[i]] = positions[i];
    }
    epoch->has_position[lane] = true;
    epoch->position_count++;
}

/* The index of a writer in an epoch's arrays. */
static uint32_t writer_index(const struct lt_coordinator *coordinator, uint32_t lane, uint32_t sink)
{
    lt_assert(lane < coordinator->options.lane_count);
    lt_assert(sink < coordinator->options.sink_count);
    return sink * coordinator->options.lane_count + lane;
}

void lt_coordinator_prepared(struct lt_coordinator *coordinator, uint32_t lane, uint32_t sink,
                             uint64_t number, const char *note)
{
    struct lt_epoch_slot *epoch = slot_of(coordinator, number);
    lt_epoch_slot_prepared(epoch, writer_index(coordinator, lane, sink), note);
}

void lt_coordinator_committed(struct lt_coordinator *coordinator, uint32_t lane, uint32_t sink,
                              uint64_t number)
{
    struct lt_epoch_slot *epoch = slot_of(coordinator, number);
    lt_epoch_slot_committed(epoch, lane, writer_index(coordinator, lane, sink));
}

void lt_coordinator_request(struct lt_coordinator *coordinator)
{
    coordinator->is_requested = true;
}

void lt_coordinator_request_last(struct lt_coordinator *coordinator)
{
    coordinator->is_requested = true;
    coordinator->next_tick_ns = LT_NEVER_NS;
}

/* ----------------------------------------------------------------------------------- injecting */

static void open_epoch(struct lt_coordinator *coordinator, int64_t now_ns)
{
    uint64_t number = coordinator->next++;
    struct lt_epoch_slot *epoch = &coordinator->slots[number % LT_LIMIT_EPOCHS_IN_FLIGHT];
    /* A partition that no lane owns stays where it stood. */
    lt_epoch_slot_begin(epoch, &coordinator->shape, number, now_ns, coordinator->last_positions);
    coordinator->status.last_injected = (int64_t)number;
    coordinator->status.open_count++;
    count(coordinator->counters.injected);
}

/* Opens an epoch if it is time or asked for, and there is room. Returns a work count. */
static int tick(struct lt_coordinator *coordinator, int64_t now_ns)
{
    bool is_due = now_ns >= coordinator->next_tick_ns;
    if (is_due) {
        /* On the grid of the start; a stall makes one epoch, not many empty ones. */
        int64_t missed =
            (now_ns - coordinator->next_tick_ns) / coordinator->options.interval_ns + 1;
        coordinator->next_tick_ns += missed * coordinator->options.interval_ns;
    }
    if (!is_due && !coordinator->is_requested)
        return 0;
    if (coordinator->next - coordinator->oldest == LT_LIMIT_EPOCHS_IN_FLIGHT) {
        if (is_due)
            count(coordinator->counters.coalesced);
        return 0;
    }
    coordinator->is_requested = false;
    open_epoch(coordinator, now_ns);
    return 1;
}

/* Asks one lane for the markers and commits it has not been asked for, oldest first. */
static int ask_lane(struct lt_coordinator *coordinator, uint32_t lane)
{
    const struct lt_coordinator_ports *ports = &coordinator->options.ports;
    int work = 0;
    bool takes = true;
    for (uint64_t e = coordinator->oldest; takes && e < coordinator->next; e++) {
        struct lt_epoch_slot *epoch = slot_of(coordinator, e);
        if (epoch->is_injected[lane])
            continue;
        takes = ports->inject(ports->context, lane, e);
        coordinator->must_retry |= !takes;
        epoch->is_injected[lane] = takes;
        epoch->injected_count += takes;
        work += takes;
    }
    takes = true;
    for (uint64_t e = coordinator->oldest; takes && e < coordinator->next; e++) {
        struct lt_epoch_slot *epoch = slot_of(coordinator, e);
        if (epoch->step != LT_EPOCH_COMMIT || epoch->is_commit_asked[lane])
            continue;
        epoch->is_commit_asked[lane] = true; /* the answer may come from within */
        takes = ports->commit(ports->context, lane, e);
        coordinator->must_retry |= !takes;
        epoch->is_commit_asked[lane] = takes;
        epoch->commit_asked_count += takes;
        work += takes;
    }
    return work;
}

/* ------------------------------------------------------------------------------------- logging */

static void on_published(void *context, int code, const struct lt_error *error)
{
    struct lt_epoch_slot *epoch = context;
    struct lt_coordinator *coordinator = epoch->coordinator;
    epoch->is_publishing = false;
    epoch->is_published = code == 0;
    if (code != 0 && coordinator->failure.code == 0)
        coordinator->failure = *error;
}

/* Notes and sources' logs come before the offsets; a failure here shows with the offsets, which are
 * not begun. */
static void on_earlier_published(void *context, int code, const struct lt_error *error)
{
    const struct lt_epoch_slot *epoch = context;
    struct lt_coordinator *coordinator = epoch->coordinator;
    if (code != 0 && coordinator->failure.code == 0)
        coordinator->failure = *error;
}

/* ----------------------------------------------------------------------------- rules and steps */

/* Everything before the markers of e is durable, its positions are known, and e-1 is logged. */
static bool may_settle(const struct lt_coordinator *coordinator, const struct lt_epoch_slot *epoch)
{
    return epoch->position_count == coordinator->options.lane_count &&
           epoch->prepared_count == writer_count(coordinator) &&
           coordinator->status.last_logged + 1 == (int64_t)epoch->number;
}

/* Every writer has shown e, and every sink has committed e-1. */
static bool may_commit_sinks(struct lt_coordinator *coordinator, const struct lt_epoch_slot *epoch)
{
    if (epoch->committed_count < writer_count(coordinator) ||
        epoch->commit_asked_count < coordinator->options.lane_count)
        return false;
    return epoch->number == coordinator->oldest ||
           slot_of(coordinator, epoch->number - 1)->step == LT_EPOCH_DONE;
}

/* Every sink has committed e, and e-1 is done. */
static bool may_finish(const struct lt_coordinator *coordinator, const struct lt_epoch_slot *epoch)
{
    return epoch->sinks_done == coordinator->options.sink_count &&
           coordinator->status.last_done + 1 == (int64_t)epoch->number;
}

static int stop_at_fault(const struct lt_epoch_slot *epoch, struct lt_error *error)
{
    if (!lt_epoch_fault_point(epoch->step, epoch->number))
        return 0;
    return lt_error_set(error, LT_E_CANCELLED, "stopped at the fault point '%s' of epoch %" PRIu64,
                        lt_epoch_step_name(epoch->step), epoch->number);
}

/* Goes to a step that begins with an action of the coordinator. */
static int enter(struct lt_epoch_slot *epoch, enum lt_epoch_step step, struct lt_error *error)
{
    lt_assert(step > epoch->step);
    epoch->step = step;
    epoch->is_published = false;
    return stop_at_fault(epoch, error);
}

/* The notes of a sink's writers, by lane. */
static const char *const *notes_of(const struct lt_coordinator *coordinator,
                                   const struct lt_epoch_slot *epoch, uint32_t sink)
{
    return (const char *const *)&epoch->notes[sink * coordinator->options.lane_count];
}

/* What is queued is published in this order, each durable before the next. */
static void publish_log(struct lt_coordinator *coordinator, struct lt_epoch_slot *epoch)
{
    const struct lt_coordinator_options *options = &coordinator->options;
    epoch->is_publishing = true;
    for (uint32_t sink = 0; sink < options->sink_count; sink++)
        lt_entry_publish_notes(options->checkpoint, sink, epoch->number,
                               notes_of(coordinator, epoch, sink), options->lane_count,
                               on_earlier_published, epoch);
    for (uint32_t source = 0; source < options->source_count; source++)
        lt_entry_publish_source_log(options->checkpoint, source, &epoch->logs[source],
                                    on_earlier_published, epoch);
    const struct lt_entry_offsets offsets = {
        .sources = options->sources,
        .source_count = options->source_count,
        .positions = epoch->positions,
        .metadata = {.timestamp_ms = lt_clock_wall_us(options->clock) / LT_US_PER_MS,
                     .prepared_sinks = options->sink_count},
    };
    lt_entry_publish_offsets(options->checkpoint, epoch->number, &offsets, on_published, epoch);
}

static int begin_log(struct lt_coordinator *coordinator, struct lt_epoch_slot *epoch,
                     struct lt_error *error)
{
    int code = enter(epoch, LT_EPOCH_LOG, error);
    if (code != 0)
        return code;
    memcpy(coordinator->last_positions, epoch->positions,
           coordinator->shape.partition_count * sizeof epoch->positions[0]);
    epoch->is_published = coordinator->options.checkpoint == NULL;
    if (!epoch->is_published)
        publish_log(coordinator, epoch);
    return 1;
}

/* Asks the sources in turn, until one is not ready; when all are, the epoch is logged. */
static int settle(struct lt_coordinator *coordinator, struct lt_epoch_slot *epoch,
                  struct lt_error *error)
{
    const struct lt_coordinator_options *options = &coordinator->options;
    const struct lt_position *positions = epoch->positions;
    for (uint32_t i = 0; i < epoch->settled_count; i++)
        positions += options->sources[i]->partition_count;
    int work = 0;
    while (epoch->settled_count < options->source_count) {
        uint32_t at = epoch->settled_count;
        struct lt_source *source = options->sources[at];
        int answer =
            source->ops->settle == NULL
                ? 1
                : source->ops->settle(source, epoch->number, positions, &epoch->logs[at], error);
        if (answer < 0)
            return lt_error_append(error, "%s: cannot settle epoch %" PRIu64, source->description,
                                   epoch->number);
        if (answer == 0) {
            coordinator->must_retry = true;
            return work;
        }
        positions += source->partition_count;
        epoch->settled_count++;
        work++;
    }
    int code = begin_log(coordinator, epoch, error);
    return code < 0 ? code : work + code;
}

static int begin_settle(struct lt_coordinator *coordinator, struct lt_epoch_slot *epoch,
                        int64_t now_ns, struct lt_error *error)
{
    record(coordinator->counters.prepare_ns, epoch->injected_ns, now_ns);
    int code = enter(epoch, LT_EPOCH_SETTLE, error);
    return code < 0 ? code : settle(coordinator, epoch, error);
}

static int end_log(struct lt_coordinator *coordinator, struct lt_epoch_slot *epoch, int64_t now_ns,
                   struct lt_error *error)
{
    coordinator->status.last_logged = (int64_t)epoch->number;
    count(coordinator->counters.logged);
    record(coordinator->counters.log_ns, epoch->injected_ns, now_ns);
    int code = enter(epoch, LT_EPOCH_COMMIT, error);
    return code == 0 ? 1 : code;
}

/* Asks the sinks in turn, until one is not ready. */
static int commit_sinks(struct lt_coordinator *coordinator, struct lt_epoch_slot *epoch,
                        struct lt_error *error)
{
    const struct lt_coordinator_ports *ports = &coordinator->options.ports;
    int work = 0;
    while (epoch->sinks_done < coordinator->options.sink_count) {
        struct lt_text_buffer notes;
        lt_text_init(&notes);
        lt_epoch_log_join_notes(&notes, notes_of(coordinator, epoch, epoch->sinks_done),
                                coordinator->options.lane_count);
        int code = ports->commit_sink(ports->context, epoch->sinks_done, epoch->number,
                                      lt_text_get(&notes), error);
        lt_text_fini(&notes);
        if (code < 0)
            return lt_error_append(error, "cannot commit epoch %" PRIu64 " to sink %" PRIu32,
                                   epoch->number, epoch->sinks_done);
        if (code > 0) {
            coordinator->must_retry = true;
            break;
        }
        epoch->sinks_done++;
        work++;
    }
    return work;
}

static int begin_done(struct lt_coordinator *coordinator, struct lt_epoch_slot *epoch,
                      struct lt_error *error)
{
    int code = enter(epoch, LT_EPOCH_DONE, error);
    if (code != 0)
        return code;
    epoch->is_published = coordinator->options.checkpoint == NULL;
    if (!epoch->is_published) {
        epoch->is_publishing = true;
        lt_entry_publish_commit(coordinator->options.checkpoint, epoch->number, 0, on_published,
                                epoch);
    }
    return 1;
}

static void delete_old(struct lt_coordinator *coordinator, const struct lt_epoch_slot *epoch)
{
    const struct lt_coordinator_options *options = &coordinator->options;
    for (uint32_t i = 0; i < options->source_count; i++)
        lt_entry_delete_source_log(options->checkpoint, i, &epoch->logs[i]);
    lt_checkpoint_purge(options->checkpoint, epoch->number);
}

static int end_done(struct lt_coordinator *coordinator, struct lt_epoch_slot *epoch, int64_t now_ns)
{
    lt_assert(epoch->number == coordinator->oldest);
    const struct lt_coordinator_ports *ports = &coordinator->options.ports;
    coordinator->status.last_done = (int64_t)epoch->number;
    coordinator->status.last_done_ns = now_ns;
    coordinator->status.open_count--;
    count(coordinator->counters.done);
    record(coordinator->counters.total_ns, epoch->injected_ns, now_ns);
    coordinator->oldest++;
    ports->done(ports->context, epoch->number, epoch->positions);
    if (coordinator->options.checkpoint != NULL)
        delete_old(coordinator, epoch);
    lt_epoch_slot_end(epoch, &coordinator->shape);
    return 1;
}

/* Moves one epoch by one step if what it waits for is there. Returns a work count or a negative
 * code. */
static int advance(struct lt_coordinator *coordinator, struct lt_epoch_slot *epoch, int64_t now_ns,
                   struct lt_error *error)
{
    switch (epoch->step) {
    case LT_EPOCH_SETTLE:
        return settle(coordinator, epoch, error);
    case LT_EPOCH_LOG:
        return epoch->is_published ? end_log(coordinator, epoch, now_ns, error) : 0;
    case LT_EPOCH_COMMIT: {
        int work = 0;
        if (may_commit_sinks(coordinator, epoch))
            work = commit_sinks(coordinator, epoch, error);
        if (work >= 0 && may_finish(coordinator, epoch))
            work = begin_done(coordinator, epoch, error);
        return work;
    }
    case LT_EPOCH_DONE:
        return epoch->is_published ? end_done(coordinator, epoch, now_ns) : 0;
    default:
        if (may_settle(coordinator, epoch))
            return begin_settle(coordinator, epoch, now_ns, error);
        return 0;
    }
}

int lt_coordinator_step(struct lt_coordinator *coordinator, struct lt_error *error)
{
    if (coordinator->failure.code != 0) {
        if (error != NULL)
            *error = coordinator->failure;
        return coordinator->failure.code;
    }
    int64_t now_ns = lt_clock_now_ns(coordinator->options.clock);
    coordinator->last_step_ns = now_ns;
    coordinator->must_retry = false;
    int work = tick(coordinator, now_ns);
    if (work > 0) {
        int code = stop_at_fault(slot_of(coordinator, coordinator->next - 1), error);
        if (code != 0)
            return code;
    }
    for (uint64_t e = coordinator->oldest; e < coordinator->next; e++) {
        int result = advance(coordinator, slot_of(coordinator, e), now_ns, error);
        if (result < 0)
            return result;
        work += result;
    }
    for (uint32_t lane = 0; lane < coordinator->options.lane_count; lane++)
        work += ask_lane(coordinator, lane);
    if (coordinator->counters.open != NULL)
        lt_counter_set(coordinator->counters.open, coordinator->next - coordinator->oldest);
    return work;
}

int64_t lt_coordinator_deadline_ns(const struct lt_coordinator *coordinator)
{
    int64_t deadline_ns = coordinator->next_tick_ns;
    if (coordinator->must_retry && coordinator->last_step_ns + RETRY_NS < deadline_ns)
        deadline_ns = coordinator->last_step_ns + RETRY_NS;
    return deadline_ns;
}

/* -------------------------------------------------------------------------------------- status */

/* What an epoch that is not logged waits for, and how many reports of it are missing. */
static enum lt_epoch_step waiting_for(const struct lt_coordinator *coordinator,
                                      const struct lt_epoch_slot *epoch, uint32_t *missing)
{
    uint32_t lanes = coordinator->options.lane_count;
    *missing = lanes - epoch->injected_count;
    if (*missing > 0)
        return LT_EPOCH_INJECT;
    *missing = lanes - epoch->position_count;
    if (*missing > 0)
        return LT_EPOCH_POSITION;
    *missing = writer_count(coordinator) - epoch->prepared_count;
    return LT_EPOCH_PREPARED;
}

void lt_coordinator_status(const struct lt_coordinator *coordinator,
                           struct lt_coordinator_status *out)
{
    *out = coordinator->status;
    if (coordinator->oldest == coordinator->next)
        return;
    const struct lt_epoch_slot *epoch =
        &coordinator->slots[coordinator->oldest % LT_LIMIT_EPOCHS_IN_FLIGHT];
    out->oldest_step = epoch->step;
    if (epoch->step < LT_EPOCH_SETTLE)
        out->oldest_step = waiting_for(coordinator, epoch, &out->oldest_missing);
    else if (epoch->step == LT_EPOCH_SETTLE)
        out->oldest_missing = coordinator->options.source_count - epoch->settled_count;
    else if (epoch->step == LT_EPOCH_COMMIT)
        out->oldest_missing = writer_count(coordinator) - epoch->committed_count +
                              coordinator->options.sink_count - epoch->sinks_done;
}
