#include "io/outbox.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>

#include "core/base/arena.h"

enum {
    ROOM_BYTES = 256 * 1024,           /* IO.md: where larger writes gain no more */
    KEPT_BYTES = 16 * ROOM_BYTES,      /* a batch that one large row has made larger is let go */
    OPERATION_BYTES = 1 << 30,         /* a system call takes less than 2 GiB */
    FIRST_RUNS = 64,
    TURN_NS = LT_NS_PER_MS, /* until it is looked again whose turn it is: nobody wakes */
};

static struct lt_outbox_batch *sent_batch(struct lt_outbox *box)
{
    return &box->batches[1 - box->filling];
}

/* ---------------------------------------------------------------------------------------- turns */

/* False: another box has it. */
static bool take_turn(struct lt_outbox *box)
{
    box->waits_for_turn = box->turn != NULL && lt_swap_u64(box->turn, 1) != 0;
    return !box->waits_for_turn;
}

static void give_turn(struct lt_outbox *box)
{
    if (box->turn != NULL)
        lt_store_release_u64(box->turn, 0); /* pairs with take_turn's swap */
}

/* What is not written is given up, unless it is tried again; the others need not wait for that. */
static void fail(struct lt_outbox *box, int number)
{
    box->failure = number;
    give_turn(box);
}

/* -------------------------------------------------------------------------------------- writing */

static void write_done(struct lt_io *io);

static void submit(struct lt_outbox *box)
{
    const struct lt_outbox_batch *batch = sent_batch(box);
    size_t left_bytes = batch->bytes.size_bytes - box->sent_bytes;
    box->io = (struct lt_io){
        .kind = LT_IO_WRITE,
        .fd = box->fd,
        .flags = box->has_offsets ? LT_IO_AT_ONCE : 0,
        .buffer = batch->bytes.data + box->sent_bytes,
        .size_bytes = left_bytes < OPERATION_BYTES ? (uint32_t)left_bytes : OPERATION_BYTES,
        .offset =
            box->has_offsets ? box->file_offset + (int64_t)(box->written + box->sent_bytes) : -1,
        .done = write_done,
        .context = box,
    };
    box->is_busy = true;
    lt_reactor_submit(box->reactor, &box->io);
}

static void room_found(struct lt_io *io)
{
    struct lt_outbox *box = io->context;
    box->is_busy = false;
    if (io->result >= 0 || io->result == -EINTR)
        submit(box);
    else
        fail(box, (int)-io->result);
}

/* Whoever shares the pipe or terminal with us has said that writing is not to wait. */
static void wait_for_room(struct lt_outbox *box)
{
    box->io = (struct lt_io){
        .kind = LT_IO_POLL, .fd = box->fd, .flags = POLLOUT, .done = room_found, .context = box};
    box->is_busy = true;
    lt_reactor_submit(box->reactor, &box->io);
}

static void acknowledge(struct lt_outbox *box, const struct lt_outbox_batch *batch)
{
    int64_t now_ns = lt_clock_now_ns(box->clock);
    uint64_t row_count = 0;
    for (uint32_t i = 0; i < batch->run_count; i++) {
        const struct lt_outbox_run *run = &batch->runs[i];
        row_count += run->row_count;
        if (box->writer->ack_latency_ns != NULL)
            lt_histogram_record_n(box->writer->ack_latency_ns, now_ns - run->ingest_ns,
                                  run->row_count);
    }
    if (box->writer->acked_records != NULL)
        lt_counter_add(box->writer->acked_records, row_count);
    if (box->writer->acked_bytes != NULL)
        lt_counter_add(box->writer->acked_bytes, batch->bytes.size_bytes);
}

static void empty(struct lt_outbox_batch *batch)
{
    if (batch->bytes.capacity > KEPT_BYTES) {
        lt_text_fini(&batch->bytes);
        lt_text_init(&batch->bytes);
    } else {
        lt_text_clear(&batch->bytes);
    }
    batch->run_count = 0;
}

static void finish_batch(struct lt_outbox *box)
{
    struct lt_outbox_batch *batch = sent_batch(box);
    box->written += batch->bytes.size_bytes;
    give_turn(box);
    acknowledge(box, batch);
    empty(batch);
    if (box->turn != NULL)
        box->waits_for_turn = box->wants_flush; /* the others' poll may come first */
    else if (box->wants_flush)
        lt_outbox_flush(box);
}

static void write_done(struct lt_io *io)
{
    struct lt_outbox *box = io->context;
    box->is_busy = false;
    box->has_news = true;
    if (io->result == -EINTR || (io->result == -EAGAIN && box->has_offsets)) {
        submit(box);
        return;
    }
    if (io->result == -EAGAIN) {
        wait_for_room(box);
        return;
    }
    if (io->result <= 0) { /* nothing taken, and no reason given, will not become better */
        fail(box, io->result == 0 ? EIO : (int)-io->result);
        return;
    }
    box->sent_bytes += (size_t)io->result;
    if (box->sent_bytes < sent_batch(box)->bytes.size_bytes)
        submit(box);
    else
        finish_batch(box);
}

void lt_outbox_init(struct lt_outbox *box, const struct lt_outbox_options *options)
{
    *box = (struct lt_outbox){
        .reactor = options->reactor,
        .clock = options->clock,
        .writer = options->writer,
        .fd = options->fd,
        .has_offsets = options->has_offsets,
        .file_offset = options->file_offset,
        .room_bytes = ROOM_BYTES,
        .turn = options->turn,
    };
    for (int i = 0; i < 2; i++)
        lt_text_init(&box->batches[i].bytes);
}

void lt_outbox_fini(struct lt_outbox *box)
{
    box->wants_flush = false;
    while (box->is_busy) /* a short write goes on once more before it ends */
        lt_reactor_cancel_and_wait(box->reactor, &box->io);
    for (int i = 0; i < 2; i++) {
        lt_text_fini(&box->batches[i].bytes);
        free(box->batches[i].runs);
        box->batches[i] = (struct lt_outbox_batch){0};
    }
}

static struct lt_outbox_run *add_run(struct lt_outbox_batch *batch, int64_t ingest_ns)
{
    if (batch->run_count == batch->run_capacity) {
        batch->run_capacity = batch->run_capacity == 0 ? FIRST_RUNS : 2 * batch->run_capacity;
        batch->runs = lt_realloc_array(batch->runs, batch->run_capacity, sizeof *batch->runs);
    }
    struct lt_outbox_run *run = &batch->runs[batch->run_count++];
    *run = (struct lt_outbox_run){.ingest_ns = ingest_ns};
    return run;
}

void lt_outbox_end_row(struct lt_outbox *box, int64_t ingest_ns)
{
    struct lt_outbox_batch *batch = &box->batches[box->filling];
    struct lt_outbox_run *run = batch->run_count > 0 ? &batch->runs[batch->run_count - 1] : NULL;
    if (run == NULL || run->ingest_ns != ingest_ns)
        run = add_run(batch, ingest_ns);
    run->row_count++;
    if (lt_unlikely(batch->bytes.size_bytes >= box->room_bytes))
        lt_outbox_flush(box);
}

void lt_outbox_flush(struct lt_outbox *box)
{
    if (box->is_busy || box->failure != 0) {
        box->wants_flush = true;
        return;
    }
    box->wants_flush = box->waits_for_turn = false;
    if (box->batches[box->filling].bytes.size_bytes == 0 || !take_turn(box))
        return;
    box->filling = 1 - box->filling;
    box->sent_bytes = 0;
    submit(box);
}

int lt_outbox_poll(struct lt_outbox *box)
{
    if (lt_unlikely(box->failure != 0))
        return -1;
    if (lt_unlikely(box->waits_for_turn))
        lt_outbox_flush(box);
    bool had_news = box->has_news;
    box->has_news = false;
    return had_news ? 1 : 0;
}

void lt_outbox_retry(struct lt_outbox *box)
{
    lt_assert(box->failure != 0 && !box->is_busy && box->turn == NULL);
    box->failure = 0;
    box->sent_bytes = 0;
    submit(box);
}

int64_t lt_outbox_deadline_ns(const struct lt_outbox *box)
{
    return box->waits_for_turn ? lt_clock_now_ns(box->clock) + TURN_NS : LT_NEVER_NS;
}

uint64_t lt_outbox_end(const struct lt_outbox *box)
{
    return box->written + box->batches[0].bytes.size_bytes + box->batches[1].bytes.size_bytes;
}
