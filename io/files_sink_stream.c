/*
 * Files that are being written: blocks of rows to the file's end.
 *
 * A block is first compressed, if it is to be, by the reactor's helper thread; then it goes out as
 * one chain: open, write, sync, close. A directory that is not there yet is made when the first
 * open misses it.
 */
#include "io/files_sink_writer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/arena.h"

enum {
    WRITE_BYTES_MAX = 1 << 30, /* what one write is asked to take */
    FILE_MODE = 0666,          /* less the umask, as directories */
    DIRECTORY_MODE = 0777,
};

void lt_files_stream_destroy(struct lt_files_stream *stream)
{
    *stream->link = stream->next;
    if (stream->next != NULL)
        stream->next->link = stream->link;
    lt_text_fini(&stream->rows);
    lt_text_fini(&stream->block);
    lt_text_fini(&stream->packed);
    free(stream);
}

static void stream_fail(struct lt_files_stream *stream, const struct lt_io *failed,
                        const char *path)
{
    lt_files_batch_fail(stream->batch, failed, path);
    lt_files_writer_fail(stream->writer, &stream->batch->error);
}

static void write_block(struct lt_files_stream *stream);

/* Makes the directories above a file, from the top; another lane may make the same. on: the
 * reactor's helper. */
static int64_t make_directories(void *context)
{
    struct lt_files_stream *stream = context;
    char *path = stream->file->directory;
    int number = 0;
    for (char *end = path; number == 0 && end != NULL;) {
        end = strchr(end, '/');
        if (end != NULL)
            *end = '\0';
        if (mkdirat(stream->writer->sink->place.fd, path, DIRECTORY_MODE) != 0 && errno != EEXIST)
            number = errno;
        if (end != NULL)
            *end++ = '/';
    }
    return -number;
}

static void on_made(struct lt_file_job *job, const struct lt_io *failed)
{
    struct lt_files_stream *stream = job->context;
    if (failed != NULL)
        stream_fail(stream, failed, stream->file->directory);
    else
        write_block(stream);
}

static void begin_directories(struct lt_files_stream *stream)
{
    stream->file->made_directory = true;
    lt_file_job_init(&stream->job, on_made, stream);
    stream->job.call_does = "make";
    struct lt_io *io = lt_file_job_add(&stream->job, LT_IO_CALL, -1, NULL);
    io->call = make_directories;
    io->call_context = stream;
    lt_file_jobs_submit(&stream->writer->jobs, &stream->job);
}

static void end_block(struct lt_files_stream *stream)
{
    struct lt_files_writer *writer = stream->writer;
    stream->written_bytes += (int64_t)stream->block.size_bytes;
    writer->held_bytes -= stream->raw_bytes;
    lt_text_clear(&stream->block);
    stream->is_busy = false;
    lt_files_stream_advance(stream);
}

/* What a block's chain failed with may pass: it is written on from where it came to. */
static void on_written(struct lt_file_job *job, const struct lt_io *failed)
{
    struct lt_files_stream *stream = job->context;
    const struct lt_io *write = &job->steps[1];
    if (failed == NULL || (failed == write && failed->result > 0))
        stream->done_bytes += (size_t)write->result;
    if (failed == NULL && stream->done_bytes == stream->block.size_bytes)
        end_block(stream);
    else if (failed == NULL || (failed == write && failed->result > 0) ||
             failed->result == -EINTR || failed->result == -EAGAIN)
        write_block(stream);
    else if (failed->kind == LT_IO_OPENAT && failed->result == -ENOENT &&
             stream->written_bytes == 0 && !stream->file->made_directory &&
             stream->file->directory[0] != '\0')
        begin_directories(stream);
    else
        stream_fail(stream, failed, stream->file->staged);
}

static void write_block(struct lt_files_stream *stream)
{
    struct lt_file_job *job = &stream->job;
    bool is_new = stream->written_bytes == 0 && stream->done_bytes == 0;
    size_t left = stream->block.size_bytes - stream->done_bytes;
    lt_file_job_init(job, on_written, stream);
    struct lt_io *io =
        lt_file_job_add(job, LT_IO_OPENAT, stream->writer->sink->place.fd, stream->file->staged);
    io->flags = O_WRONLY | O_CLOEXEC | (is_new ? O_CREAT | O_TRUNC : 0);
    io->mode = FILE_MODE;
    io = lt_file_job_add_opened(job, LT_IO_WRITE);
    io->buffer = stream->block.data + stream->done_bytes;
    io->size_bytes = left < WRITE_BYTES_MAX ? (uint32_t)left : WRITE_BYTES_MAX;
    io->offset = stream->written_bytes + (int64_t)stream->done_bytes;
    if (!stream->is_ending || !lt_files_batch_is_large(stream->batch))
        lt_file_job_add_opened(job, LT_IO_FDATASYNC);
    lt_file_job_add_opened(job, LT_IO_CLOSE);
    lt_file_jobs_submit(&stream->writer->jobs, job);
}

/* on: the reactor's helper. */
static int64_t pack(void *context)
{
    struct lt_files_stream *stream = context;
    bool is_packed = lt_compressor_run(stream->writer->compressor, stream->block.data,
                                       stream->block.size_bytes, &stream->packed);
    return is_packed ? 0 : -ENOMEM;
}

static void swap(struct lt_text_buffer *a, struct lt_text_buffer *b)
{
    struct lt_text_buffer kept = *a;
    *a = *b;
    *b = kept;
}

static void on_packed(struct lt_file_job *job, const struct lt_io *failed)
{
    struct lt_files_stream *stream = job->context;
    if (failed != NULL) {
        stream_fail(stream, failed, stream->file->staged);
        return;
    }
    swap(&stream->block, &stream->packed);
    lt_text_clear(&stream->packed);
    write_block(stream);
}

void lt_files_stream_flush(struct lt_files_stream *stream)
{
    struct lt_files_writer *writer = stream->writer;
    swap(&stream->rows, &stream->block);
    stream->raw_bytes = stream->block.size_bytes;
    stream->done_bytes = 0;
    stream->is_busy = true;
    if (writer->compressor == NULL) {
        write_block(stream);
        return;
    }
    lt_file_job_init(&stream->job, on_packed, stream);
    stream->job.call_does = "compress";
    struct lt_io *io = lt_file_job_add(&stream->job, LT_IO_CALL, -1, NULL);
    io->call = pack;
    io->call_context = stream;
    lt_file_jobs_submit(&writer->packing, &stream->job);
}

/* Its file is whole, and on the disk. */
static void end_stream(struct lt_files_stream *stream)
{
    struct lt_files_epoch *epoch = lt_files_epoch_of(stream->writer, stream->batch);
    stream->file->size_bytes = stream->written_bytes;
    stream->file->modified_ms = lt_clock_wall_us(stream->writer->clock) / 1000;
    epoch->byte_count += (uint64_t)stream->written_bytes;
    epoch->open_count--;
    lt_files_stream_destroy(stream);
    lt_files_epoch_keep(epoch);
}

void lt_files_stream_advance(struct lt_files_stream *stream)
{
    if (stream->is_busy || stream->writer->has_failed)
        return;
    if (stream->rows.size_bytes >= LT_FILES_BLOCK_BYTES ||
        (stream->is_ending && stream->rows.size_bytes > 0))
        lt_files_stream_flush(stream);
    else if (stream->is_ending)
        end_stream(stream);
}

struct lt_files_stream *lt_files_stream_open(struct lt_files_writer *writer, int64_t now_ns)
{
    struct lt_files_stream *stream = lt_alloc(sizeof *stream);
    stream->writer = writer;
    stream->batch = writer->open.batch;
    stream->begin_ns = now_ns;
    stream->next = writer->streams;
    stream->link = &writer->streams;
    if (stream->next != NULL)
        stream->next->link = &stream->next;
    writer->streams = stream;
    writer->open.open_count++;
    lt_format_write_begin(writer->format, &stream->rows);
    writer->held_bytes += stream->rows.size_bytes;
    return stream;
}
