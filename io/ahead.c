/*
 * The queue, and the two inner readers: one of a range that is read again, and then the one that
 * reads on. The first is closed with the last, for rows of it may still be on their way.
 */
#include "io/ahead.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/limits.h"

enum {
    QUEUE_FIRST = 1024,           /* a power of 2; it grows up to half of the lane's rows */
    FULL_RETRY_NS = LT_NS_PER_MS, /* how soon to look again for rows that came home */
};

static const uint32_t the_partition = 0; /* sources that read on have one */

/* A row that waits; with the fault, if it is one that cannot be read. */
struct waiting {
    struct lt_row *row; /* NULL: none came, and only the position has moved */
    struct lt_fault *fault;
    bool is_boundary; /* a batch may end behind it, at: */
    struct lt_position position;
};

struct ahead_reader {
    struct lt_reader base;
    struct lt_ahead_options options;
    struct lt_connector_env env;
    char *counter_prefix; /* the environment's is its caller's */
    struct lt_reader *inner, *former;
    struct lt_out out; /* into the queue */
    struct waiting *queue;
    uint32_t first, count, capacity, count_max;
    uint32_t moved; /* of them, how many have no row */
    uint32_t left;  /* of the queue, the batch's */
    struct lt_position at, end; /* where it stands, and where the batch ends */
    bool is_again; /* the inner reader reads a range again */
    bool has_given;
};

static struct ahead_reader *reader_of(struct lt_reader *base)
{
    return (struct ahead_reader *)(void *)base; /* the base is its first member */
}

/* ------------------------------------------------------------------------------------ the place */

void lt_ahead_init(struct lt_ahead *ahead)
{
    *ahead = (struct lt_ahead){.position = {0}};
    int result = pthread_mutex_init(&ahead->lock, NULL);
    lt_assert(result == 0);
}

void lt_ahead_fini(struct lt_ahead *ahead)
{
    int result = pthread_mutex_destroy(&ahead->lock);
    lt_assert(result == 0);
}

/* True if the position before was told to somebody; nobody is told it any more, unless it is the
 * same. */
static bool set_position(struct lt_ahead *ahead, const struct lt_position *position)
{
    int result = pthread_mutex_lock(&ahead->lock);
    lt_assert(result == 0);
    bool was_taken = ahead->was_taken;
    ahead->was_taken = was_taken && ahead->position.offset == position->offset;
    ahead->position = *position;
    result = pthread_mutex_unlock(&ahead->lock);
    lt_assert(result == 0);
    return was_taken;
}

void lt_ahead_reset(struct lt_ahead *ahead)
{
    (void)set_position(ahead, &(struct lt_position){0});
}

struct lt_position lt_ahead_position(struct lt_ahead *ahead)
{
    int result = pthread_mutex_lock(&ahead->lock);
    lt_assert(result == 0);
    struct lt_position position = ahead->position;
    ahead->was_taken = true;
    result = pthread_mutex_unlock(&ahead->lock);
    lt_assert(result == 0);
    return position;
}

/* ------------------------------------------------------------------------------------ the queue */

static struct waiting *waiting_at(const struct ahead_reader *reader, uint32_t index)
{
    return &reader->queue[(reader->first + index) & (reader->capacity - 1)];
}

static void grow(struct ahead_reader *reader)
{
    uint32_t capacity = reader->capacity == 0 ? QUEUE_FIRST : 2 * reader->capacity;
    struct waiting *queue = lt_alloc_array(capacity, sizeof *queue);
    for (uint32_t i = 0; i < reader->count; i++)
        queue[i] = *waiting_at(reader, i);
    free(reader->queue);
    reader->queue = queue;
    reader->capacity = capacity;
    reader->first = 0;
}

static struct ahead_reader *reader_behind(struct lt_out *out)
{
    return (struct ahead_reader *)(void *)((char *)out - offsetof(struct ahead_reader, out));
}

static void push(struct ahead_reader *reader, struct lt_row *row, struct lt_fault *fault)
{
    if (reader->count == reader->capacity)
        grow(reader);
    reader->moved += row == NULL;
    *waiting_at(reader, reader->count++) = (struct waiting){.row = row, .fault = fault};
}

static void keep_failed(struct lt_out *out, struct lt_row *row, struct lt_fault *fault)
{
    row->flags &= (uint8_t)~LT_ROW_END_OF_BATCH; /* which batch it is in is not known yet */
    push(reader_behind(out), row, fault);
}

static void keep(struct lt_out *out, struct lt_row *row)
{
    keep_failed(out, row, NULL);
}

static struct waiting take(struct ahead_reader *reader)
{
    struct waiting taken = *waiting_at(reader, 0);
    reader->first = (reader->first + 1) & (reader->capacity - 1);
    reader->count--;
    reader->moved -= taken.row == NULL;
    return taken;
}

static void drop_queue(struct ahead_reader *reader)
{
    while (reader->count > 0) {
        struct waiting dropped = take(reader);
        if (dropped.row != NULL)
            lt_row_release(dropped.row);
        lt_fault_destroy(dropped.fault);
    }
    reader->left = 0;
}

/* ----------------------------------------------------------------------------------- reading on */

static int fail(struct ahead_reader *reader, const struct lt_error *error)
{
    reader->base.error = *error;
    reader->base.has_failed = true;
    return error->code;
}

static int open_inner(struct ahead_reader *reader, const struct lt_position *start,
                      const struct lt_position *end, struct lt_error *error)
{
    reader->is_again = end != NULL;
    return reader->options.open(reader->options.source, &reader->env, &the_partition, 1, start, end,
                                &reader->inner, error);
}

/* Another inner reader takes over; what the one before has given away may be on its way still. */
static int replace_inner(struct ahead_reader *reader, const struct lt_position *end,
                         struct lt_error *error)
{
    if (reader->inner->ops->stop != NULL)
        reader->inner->ops->stop(reader->inner);
    if (reader->has_given) {
        lt_assert(reader->former == NULL);
        reader->former = reader->inner;
    } else {
        reader->inner->ops->close(reader->inner);
    }
    reader->inner = NULL;
    return open_inner(reader, &reader->at, end, error);
}

/* The queue ends behind its last row now, no more behind the one at `before`. */
static void move_end(struct ahead_reader *reader, struct waiting *before)
{
    struct waiting *last = waiting_at(reader, reader->count - 1);
    reader->inner->ops->position(reader->inner, &last->position);
    last->is_boundary = true;
    bool was_taken = set_position(reader->options.ahead, &last->position);
    if (before == NULL || was_taken || before->position.offset == last->position.offset)
        return;
    before->is_boundary = false;
    if (reader->options.drop != NULL)
        reader->options.drop(reader->options.source, &before->position);
}

/* Polls the inner reader, even with no room: it has more to do than to give rows. */
static void read_ahead(struct ahead_reader *reader)
{
    uint32_t room = reader->count < reader->count_max ? reader->count_max - reader->count : 0;
    uint32_t limit = room < LT_LIMIT_POLL_RECORDS ? room : LT_LIMIT_POLL_RECORDS;
    uint32_t before = reader->count, read;
    if (reader->base.has_failed)
        return;
    enum lt_poll_status status =
        reader->inner->ops->poll(reader->inner, &reader->out, limit, &read);
    if (status == LT_POLL_FAILED)
        (void)fail(reader, &reader->inner->error);
    if (reader->count == before && reader->options.has_moved != NULL &&
        reader->options.has_moved(reader->inner))
        push(reader, NULL, NULL);
    if (reader->count == before)
        return;
    move_end(reader, before > 0 ? waiting_at(reader, before - 1) : NULL);
}

/* The range that was to be read again is: on to what comes. */
static bool go_live(struct ahead_reader *reader)
{
    struct lt_error error;
    if (!reader->is_again)
        return true;
    return replace_inner(reader, NULL, &error) == 0 || fail(reader, &error) == 0;
}

/* -------------------------------------------------------------------------------------- polling */

static enum lt_poll_status poll_again(struct ahead_reader *reader, struct lt_out *out,
                                      uint32_t limit, uint32_t *count)
{
    enum lt_poll_status status = reader->inner->ops->poll(reader->inner, out, limit, count);
    reader->has_given = true;
    if (status == LT_POLL_FAILED)
        (void)fail(reader, &reader->inner->error);
    if (status == LT_POLL_ENDED) {
        reader->at = reader->end;
        (void)set_position(reader->options.ahead, &reader->at);
    }
    return status;
}

/* No more rows of the batch wait. */
static bool is_last_row(const struct ahead_reader *reader)
{
    for (uint32_t i = 0; i < reader->left; i++)
        if (waiting_at(reader, i)->row != NULL)
            return false;
    return true;
}

/* How many rows: one or none. */
static uint32_t give(struct ahead_reader *reader, struct lt_out *out)
{
    struct waiting given = take(reader);
    reader->left--;
    if (given.is_boundary)
        reader->at = given.position;
    if (given.row == NULL)
        return 0;
    reader->has_given = true;
    if (given.fault != NULL) {
        out->fail(out, given.row, given.fault);
        return 1;
    }
    given.row->flags |= is_last_row(reader) ? LT_ROW_END_OF_BATCH : 0;
    out->emit(out, given.row);
    return 1;
}

static enum lt_poll_status ahead_poll(struct lt_reader *base, struct lt_out *out, uint32_t limit,
                                      uint32_t *count)
{
    struct ahead_reader *reader = reader_of(base);
    *count = 0;
    if (reader->base.has_failed)
        return LT_POLL_FAILED;
    if (reader->is_again && reader->at.offset < reader->end.offset)
        return poll_again(reader, out, limit, count);
    if (!go_live(reader))
        return LT_POLL_FAILED;
    read_ahead(reader);
    while (*count < limit && reader->left > 0)
        *count += give(reader, out);
    return reader->left > 0 ? LT_POLL_MORE : LT_POLL_ENDED;
}

static bool ahead_has_more(struct lt_reader *base)
{
    struct ahead_reader *reader = reader_of(base);
    if (reader->base.has_failed)
        return true;
    if (reader->is_again && reader->at.offset < reader->end.offset)
        return false; /* it is read yet */
    if (!go_live(reader))
        return true;
    read_ahead(reader);
    return reader->count > reader->left;
}

/* How much of the queue lies before this position; false: there is no such place in it. */
static bool find_end(const struct ahead_reader *reader, const struct lt_position *end,
                     uint32_t *rows)
{
    *rows = 0;
    if (end->offset <= reader->at.offset)
        return true;
    for (uint32_t i = 0; i < reader->count; i++) {
        const struct waiting *waiting = waiting_at(reader, i);
        *rows = i + 1;
        if (waiting->is_boundary && waiting->position.offset == end->offset)
            return true;
    }
    return false;
}

/* A batch that was planned before a crash ends where it ends, whatever was read since: it is read
 * again, as far as the source has it. */
static int ahead_extend(struct lt_reader *base, const struct lt_position *end,
                        struct lt_error *error)
{
    struct ahead_reader *reader = reader_of(base);
    reader->end = end[0];
    if (reader->base.has_failed) {
        *error = reader->base.error;
        return error->code;
    }
    if (find_end(reader, &end[0], &reader->left))
        return 0;
    drop_queue(reader);
    if (replace_inner(reader, &end[0], error) != 0)
        return fail(reader, error);
    return 0;
}

static bool ahead_is_idle(struct lt_reader *base)
{
    const struct ahead_reader *reader = reader_of(base);
    if (reader->left > 0)
        return false;
    return reader->base.has_failed || reader->count >= reader->count_max ||
           reader->inner->ops->is_idle == NULL || reader->inner->ops->is_idle(reader->inner);
}

static int64_t ahead_deadline_ns(struct lt_reader *base)
{
    const struct ahead_reader *reader = reader_of(base);
    bool has_none = reader->base.has_failed || reader->inner->ops->deadline_ns == NULL;
    int64_t deadline_ns =
        has_none ? LT_NEVER_NS : reader->inner->ops->deadline_ns(reader->inner);
    if (reader->count < reader->count_max || deadline_ns == LT_NEVER_NS)
        return deadline_ns;
    int64_t soon_ns = lt_clock_now_ns(reader->env.clock) + FULL_RETRY_NS;
    return deadline_ns > soon_ns ? deadline_ns : soon_ns; /* rows that wait here wait for a batch */
}

static void ahead_position(struct lt_reader *base, struct lt_position *positions)
{
    positions[0] = reader_of(base)->at;
}

static void ahead_lag(struct lt_reader *base, int64_t *records, int64_t *ms)
{
    const struct ahead_reader *reader = reader_of(base);
    *records = 0;
    if (reader->inner->ops->lag != NULL)
        reader->inner->ops->lag(reader->inner, records, ms);
    *records = *records < 0 ? -1 : *records + reader->count - reader->moved;
    *ms = *records == 0 ? 0 : -1;
}

/* ----------------------------------------------------------------------------------------- life */

static bool ahead_is_ready(struct lt_reader *base)
{
    const struct ahead_reader *reader = reader_of(base);
    return reader->base.has_failed || reader->inner->ops->is_ready == NULL ||
           reader->inner->ops->is_ready(reader->inner);
}

static void ahead_stop(struct lt_reader *base)
{
    struct ahead_reader *reader = reader_of(base);
    drop_queue(reader);
    if (reader->inner != NULL && reader->inner->ops->stop != NULL)
        reader->inner->ops->stop(reader->inner);
}

static void ahead_close(struct lt_reader *base)
{
    struct ahead_reader *reader = reader_of(base);
    drop_queue(reader);
    if (reader->inner != NULL)
        reader->inner->ops->close(reader->inner);
    if (reader->former != NULL)
        reader->former->ops->close(reader->former);
    free(reader->queue);
    free(reader->counter_prefix);
    free(reader);
}

static int open_ahead(const struct lt_ahead_options *options, const struct lt_connector_env *env,
                      const struct lt_position *start, const struct lt_position *end,
                      struct lt_reader **out, struct lt_error *error)
{
    static const struct lt_reader_ops ops = {
        .poll = ahead_poll,
        .is_ready = ahead_is_ready,
        .is_idle = ahead_is_idle,
        .deadline_ns = ahead_deadline_ns,
        .position = ahead_position,
        .extend = ahead_extend,
        .has_more = ahead_has_more,
        .lag = ahead_lag,
        .stop = ahead_stop,
        .close = ahead_close,
    };
    struct ahead_reader *reader = lt_alloc(sizeof *reader);
    *out = NULL;
    reader->base.ops = &ops;
    reader->base.reads_ahead = true;
    reader->options = *options;
    reader->counter_prefix = env->counter_prefix == NULL ? NULL : lt_strdup(env->counter_prefix);
    reader->env = *env;
    reader->env.counter_prefix = reader->counter_prefix;
    reader->out = (struct lt_out){.emit = keep, .fail = keep_failed};
    reader->count_max = env->lane_rows > 1 ? env->lane_rows / 2 : 1;
    reader->at = start[0];
    reader->end = end != NULL ? end[0] : start[0];
    (void)set_position(options->ahead, &reader->at);
    bool is_again = end != NULL && end[0].offset > start[0].offset;
    int code = open_inner(reader, start, is_again ? end : NULL, error);
    if (code != 0) {
        ahead_close(&reader->base);
        return code;
    }
    *out = &reader->base;
    return 0;
}

int lt_ahead_open_reader(const struct lt_ahead_options *options,
                         const struct lt_connector_env *env, const struct lt_position *start,
                         const struct lt_position *end, struct lt_reader **out,
                         struct lt_error *error)
{
    return env->in_batches ? open_ahead(options, env, start, end, out, error)
                           : options->open(options->source, env, &the_partition, 1, start, end,
                                           out, error);
}
