/*
 * A lane's rows, into files of its own.
 *
 * Rows are written as text into memory, per partition. When a block is full, and at the end of the
 * epoch, it goes to the file's end in one chain - open, write, sync, close - while rows gather in
 * the next. So a descriptor is held only as long as a block is on its way, whatever the number of
 * partitions; and since each block is synced, the end of an epoch has little left to wait for.
 *
 * A file belongs to one epoch. The marker ends all files that are open; a file that has become too
 * large or too old is ended before, and the partition's next row begins another.
 */
#include "io/files_sink_writer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"

enum {
    HELD_BYTES_MAX = 64 << 20, /* rows of a lane that no file has yet; then the lane waits */
    FIRST_BUCKETS = 64,        /* a power of two */
    LATENCIES_MAX = 4096,
};

static struct lt_files_writer *writer_of(struct lt_writer *base)
{
    return (struct lt_files_writer *)(void *)base;
}

void lt_files_writer_fail(struct lt_files_writer *writer, const struct lt_error *error)
{
    if (writer->has_failed)
        return;
    writer->has_failed = true;
    writer->base.error = *error;
    (void)lt_error_append(&writer->base.error, "%s", writer->sink->stage);
}

/* ------------------------------------------------------------------------------------- batches */

static void begin_epoch(struct lt_files_writer *writer)
{
    writer->open = (struct lt_files_epoch){
        .batch = lt_files_batch_create(&writer->sink->place, &writer->jobs, &writer->known),
        .latencies = lt_alloc_array(LATENCIES_MAX, sizeof(struct lt_files_latency)),
    };
}

static void end_of_epoch(struct lt_files_epoch *epoch)
{
    lt_files_batch_destroy(epoch->batch);
    free(epoch->latencies);
}

struct lt_files_epoch *lt_files_epoch_of(struct lt_files_writer *writer,
                                         const struct lt_files_batch *batch)
{
    for (uint32_t i = 0; i < writer->epoch_count; i++) {
        if (writer->epochs[i].batch == batch)
            return &writer->epochs[i];
    }
    return &writer->open;
}

static struct lt_files_epoch *find_epoch(struct lt_files_writer *writer, uint64_t number)
{
    for (uint32_t i = 0; i < writer->epoch_count; i++) {
        if (writer->epochs[i].number == number)
            return &writer->epochs[i];
    }
    return NULL;
}

void lt_files_epoch_keep(struct lt_files_epoch *epoch)
{
    if (epoch->is_ending && epoch->open_count == 0 && epoch->batch->state == LT_FILES_OPEN)
        lt_files_batch_keep(epoch->batch);
}

/* Rows that came at nearly the same moment are told together when there are too many moments. */
static void note_latency(struct lt_files_epoch *epoch, int64_t ingest_ns)
{
    uint32_t count = epoch->latency_count;
    epoch->row_count++;
    if (count > 0 && (epoch->latencies[count - 1].ingest_ns == ingest_ns || count == LATENCIES_MAX))
        epoch->latencies[count - 1].count++;
    else
        epoch->latencies[epoch->latency_count++] = (struct lt_files_latency){ingest_ns, 1};
}

static void acknowledge(struct lt_files_writer *writer, struct lt_files_epoch *epoch)
{
    int64_t now_ns = lt_clock_now_ns(writer->clock);
    if (epoch->is_acknowledged)
        return;
    epoch->is_acknowledged = true;
    for (uint32_t i = 0; i < epoch->latency_count && writer->base.ack_latency_ns != NULL; i++)
        lt_histogram_record_n(writer->base.ack_latency_ns, now_ns - epoch->latencies[i].ingest_ns,
                              epoch->latencies[i].count);
    if (writer->base.acked_records != NULL)
        lt_counter_add(writer->base.acked_records, epoch->row_count);
    if (writer->base.acked_bytes != NULL)
        lt_counter_add(writer->base.acked_bytes, epoch->byte_count);
}

/* --------------------------------------------------------------------------------------- slots */

static void clear_slots(struct lt_files_writer *writer)
{
    for (uint32_t i = 0; i < writer->bucket_count; i++) {
        while (writer->buckets[i] != NULL) {
            struct lt_files_slot *slot = writer->buckets[i];
            writer->buckets[i] = slot->next;
            free(slot->directory);
            free(slot);
        }
    }
    writer->slot_count = 0;
    writer->last_slot = NULL;
}

static void grow_buckets(struct lt_files_writer *writer)
{
    uint32_t count = writer->bucket_count == 0 ? FIRST_BUCKETS : 2 * writer->bucket_count;
    struct lt_files_slot **buckets = lt_alloc_array(count, sizeof(struct lt_files_slot *));
    for (uint32_t i = 0; i < writer->bucket_count; i++) {
        for (struct lt_files_slot *slot = writer->buckets[i], *next; slot != NULL; slot = next) {
            next = slot->next;
            slot->next = buckets[slot->hash & (count - 1)];
            buckets[slot->hash & (count - 1)] = slot;
        }
    }
    free(writer->buckets);
    writer->buckets = buckets;
    writer->bucket_count = count;
}

static bool is_slot_of(const struct lt_files_slot *slot, const struct lt_text_buffer *directory)
{
    return slot != NULL && strcmp(slot->directory, lt_text_get(directory)) == 0;
}

static struct lt_files_slot *find_slot(struct lt_files_writer *writer)
{
    const struct lt_text_buffer *directory = &writer->directory;
    if (is_slot_of(writer->last_slot, directory))
        return writer->last_slot;
    if (writer->slot_count >= writer->bucket_count)
        grow_buckets(writer);
    const char *path = lt_text_get(directory);
    union lt_value value = lt_value_bytes(path, (uint32_t)directory->size_bytes);
    uint64_t hash = lt_value_hash(lt_type_simple(LT_TYPE_STRING), &value, LT_VALUE_HASH_SEED);
    struct lt_files_slot **bucket = &writer->buckets[hash & (writer->bucket_count - 1)];
    struct lt_files_slot *slot = *bucket;
    while (slot != NULL && !is_slot_of(slot, directory))
        slot = slot->next;
    if (slot == NULL) {
        slot = lt_alloc(sizeof *slot);
        slot->hash = hash;
        slot->directory = lt_strdup(path);
        slot->next = *bucket;
        *bucket = slot;
        writer->slot_count++;
    }
    writer->last_slot = slot;
    return slot;
}

/* As Spark: part-<lane>-<uuid>-c000.json, with a point before c000 in a partition's directory. */
static void name_file(struct lt_files_stream *stream, struct lt_files_slot *slot)
{
    const struct lt_files_writer *writer = stream->writer;
    char name[LT_FILES_NAME_SIZE], uuid[LT_UUID_SIZE];
    lt_uuid_make(uuid);
    snprintf(name, sizeof name, "part-%05u-%s%cc%03u%s", writer->lane, uuid,
             writer->sink->layout.count > 0 ? '.' : '-', slot->file_count++,
             writer->sink->suffix);
    stream->file = lt_files_batch_add(stream->batch, slot->directory, name);
}

/* -------------------------------------------------------------------------------------- writing */

static enum lt_write refuse(const struct lt_files_writer *writer, const char *why,
                            struct lt_fault **fault)
{
    *fault = lt_fault_create(writer->sink->stage, "INVALID_PARTITION_VALUE", "22023", "%s", why);
    return LT_WRITE_FAILED;
}

/* So that the rows that are held become fewer. */
static void write_all(struct lt_files_writer *writer)
{
    for (struct lt_files_stream *stream = writer->streams; stream != NULL; stream = stream->next) {
        if (!stream->is_busy && stream->rows.size_bytes > 0 && stream->file != NULL)
            lt_files_stream_flush(stream);
    }
}

static bool is_full(const struct lt_files_sink *sink, const struct lt_files_stream *stream,
                    int64_t now_ns)
{
    int64_t bytes = stream->written_bytes + (int64_t)stream->rows.size_bytes +
                    (stream->is_busy ? (int64_t)stream->block.size_bytes : 0);
    return (sink->rows_max >= 0 && stream->row_count >= sink->rows_max) ||
           (sink->bytes_max >= 0 && bytes >= sink->bytes_max) ||
           (sink->duration_max_ns >= 0 && now_ns - stream->begin_ns >= sink->duration_max_ns);
}

static enum lt_write write_row(struct lt_files_writer *writer, struct lt_files_slot *slot,
                               struct lt_row *row, struct lt_fault **fault)
{
    struct lt_files_stream *stream = slot->stream;
    if (stream == NULL)
        stream = slot->stream = lt_files_stream_open(writer, row->ingest_ns);
    if (stream->is_busy && stream->rows.size_bytes >= LT_FILES_BLOCK_BYTES)
        return LT_WRITE_FULL;
    size_t before = stream->rows.size_bytes;
    if (!lt_format_write(writer->format, row, &stream->rows, writer->sink->stage, fault))
        return LT_WRITE_FAILED;
    if (stream->file == NULL)
        name_file(stream, slot);
    writer->held_bytes += stream->rows.size_bytes - before;
    stream->row_count++;
    note_latency(&writer->open, row->ingest_ns);
    if (is_full(writer->sink, stream, row->ingest_ns)) {
        slot->stream = NULL;
        stream->is_ending = true;
    }
    lt_row_release(row);
    lt_files_stream_advance(stream);
    return LT_WRITE_DONE;
}

static enum lt_write files_write(struct lt_writer *base, struct lt_row *row,
                                 struct lt_fault **fault)
{
    struct lt_files_writer *writer = writer_of(base);
    if (writer->has_failed)
        return LT_WRITE_BROKEN;
    if (writer->held_bytes >= HELD_BYTES_MAX) {
        write_all(writer);
        return LT_WRITE_FULL;
    }
    if (writer->sink->layout.count > 0) {
        const char *why = lt_files_layout_write(&writer->sink->layout, row, &writer->cell,
                                                    &writer->directory);
        if (why != NULL)
            return refuse(writer, why, fault);
    }
    return write_row(writer, find_slot(writer), row, fault);
}

/* Completions run in the reactor; here is only told that there were some. */
static int files_poll(struct lt_writer *base, struct lt_out *out)
{
    struct lt_files_writer *writer = writer_of(base);
    (void)out;
    uint64_t count = writer->jobs.completed_count + writer->packing.completed_count;
    int work = count != writer->seen_count;
    writer->seen_count = count;
    return writer->has_failed ? -1 : work;
}

/* -------------------------------------------------------------------------------------- epochs */

static void files_prepare(struct lt_writer *base, uint64_t number)
{
    struct lt_files_writer *writer = writer_of(base);
    lt_assert(writer->epoch_count < LT_FILES_EPOCHS);
    struct lt_files_epoch *epoch = &writer->epochs[writer->epoch_count++];
    *epoch = writer->open;
    epoch->number = number;
    epoch->is_ending = true;
    clear_slots(writer);
    begin_epoch(writer);
    for (struct lt_files_stream *stream = writer->streams, *next; stream != NULL; stream = next) {
        next = stream->next;
        if (stream->batch != epoch->batch || stream->is_ending)
            continue;
        stream->is_ending = true;
        if (stream->file != NULL) {
            lt_files_stream_advance(stream);
            continue;
        }
        writer->held_bytes -= stream->rows.size_bytes; /* all its rows were refused */
        epoch->open_count--;
        lt_files_stream_destroy(stream);
    }
    lt_files_epoch_keep(epoch);
}

static int state_of(struct lt_files_writer *writer, const struct lt_files_epoch *epoch,
                    enum lt_files_state wanted)
{
    if (epoch->batch->state == LT_FILES_FAILED)
        lt_files_writer_fail(writer, &epoch->batch->error);
    return writer->has_failed ? writer->base.error.code : epoch->batch->state >= wanted;
}

static int files_prepared(struct lt_writer *base, uint64_t number, struct lt_text_buffer *note)
{
    struct lt_files_writer *writer = writer_of(base);
    struct lt_files_epoch *epoch = find_epoch(writer, number);
    lt_assert(epoch != NULL);
    int status = state_of(writer, epoch, LT_FILES_KEPT);
    if (status == 1) {
        acknowledge(writer, epoch);
        lt_files_batch_note(epoch->batch, note);
    }
    return status;
}

static void files_commit(struct lt_writer *base, uint64_t number)
{
    struct lt_files_epoch *epoch = find_epoch(writer_of(base), number);
    if (epoch != NULL && epoch->batch->state == LT_FILES_KEPT)
        lt_files_batch_show(epoch->batch);
}

static int files_committed(struct lt_writer *base, uint64_t number)
{
    struct lt_files_writer *writer = writer_of(base);
    struct lt_files_epoch *epoch = find_epoch(writer, number);
    if (epoch == NULL) /* asked again */
        return 1;
    int status = state_of(writer, epoch, LT_FILES_SHOWN);
    if (status != 1)
        return status;
    end_of_epoch(epoch);
    uint32_t index = (uint32_t)(epoch - writer->epochs);
    memmove(epoch, epoch + 1, (--writer->epoch_count - index) * sizeof *epoch);
    return 1;
}

/* ---------------------------------------------------------------------------------------- life */

/* Staged files of epochs that never will be are left to the next start, which sweeps them. */
static void files_close(struct lt_writer *base)
{
    struct lt_files_writer *writer = writer_of(base);
    writer->has_failed = true; /* nothing more is begun by what ends now */
    lt_file_jobs_stop(&writer->packing);
    lt_file_jobs_stop(&writer->jobs);
    while (writer->streams != NULL)
        lt_files_stream_destroy(writer->streams);
    for (uint32_t i = 0; i < writer->epoch_count; i++)
        end_of_epoch(&writer->epochs[i]);
    end_of_epoch(&writer->open);
    clear_slots(writer);
    free(writer->buckets);
    lt_text_fini(&writer->cell);
    lt_text_fini(&writer->directory);
    lt_compressor_destroy(writer->compressor);
    lt_format_writer_destroy(writer->format);
    free(writer);
}

int lt_files_open_writer(struct lt_sink *base, const struct lt_connector_env *env,
                         struct lt_writer **out, struct lt_error *error)
{
    static const struct lt_writer_ops ops = {
        .write = files_write,
        .poll = files_poll,
        .prepare = files_prepare,
        .prepared = files_prepared,
        .commit = files_commit,
        .committed = files_committed,
        .close = files_close,
    };
    struct lt_files_sink *sink = lt_files_sink_of(base);
    struct lt_format_writer *format;
    *out = NULL;
    int code = lt_files_sink_format(sink, &format, error);
    if (code != 0)
        return code;
    struct lt_files_writer *writer = lt_alloc(sizeof *writer);
    writer->base.ops = &ops;
    writer->sink = sink;
    writer->clock = env->clock;
    writer->lane = env->lane;
    writer->format = format;
    if (sink->compression != LT_COMPRESSION_NONE)
        writer->compressor = lt_compressor_create(sink->compression);
    lt_file_jobs_init(&writer->jobs, env->reactor, sink->open_max);
    lt_file_jobs_init(&writer->packing, env->reactor, 1);
    lt_text_init(&writer->cell);
    lt_text_init(&writer->directory);
    begin_epoch(writer);
    *out = &writer->base;
    return 0;
}
