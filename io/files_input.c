#include "io/files_input.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/files_name.h"

enum {
    WANTED_BYTES = 64 * 1024, /* room that makes a read worth its while */
    READ_BYTES_MAX = 0x40000000,
};

static struct lt_files_input *input_of(struct lt_io *io)
{
    return io->context;
}

void lt_files_input_init(struct lt_files_input *input, struct lt_reactor *reactor,
                         struct lt_feed *feed, bool *is_poked)
{
    *input =
        (struct lt_files_input){.reactor = reactor, .feed = feed, .is_poked = is_poked, .fd = -1};
}

static void fail(struct lt_files_input *input, int code)
{
    input->state = LT_FILES_FAILED;
    input->code = lt_error_append(&input->error, "file \"%s\"", input->path);
    if (code != 0)
        input->code = code;
}

static void fail_errno(struct lt_files_input *input, int64_t result)
{
    lt_error_set_errno(&input->error, (int)-result, "byte %" PRId64, input->at);
    fail(input, 0);
}

/* ----------------------------------------------------------------------------------------- read */

static void end_input(struct lt_files_input *input)
{
    lt_feed_end(input->feed);
    input->state = LT_FILES_ENDED;
}

static bool is_at_end(const struct lt_files_input *input)
{
    if (input->end >= 0 && input->at >= input->end)
        return true;
    return input->packing == LT_FILES_PLAIN && input->at >= input->size_bytes;
}

/* Nothing more comes, and more was expected: of plain files, which say how long they are, or where
 * a position lies behind the end. */
static void fail_short(struct lt_files_input *input)
{
    int64_t expected = input->end >= 0 ? input->end : input->size_bytes;
    lt_error_set(&input->error, LT_E_DATA_LOSS,
                 "it ends at byte %" PRId64 " and had %" PRId64 " bytes: it was cut off while it "
                 "was read; hint: files must not change once they are in their place; "
                 "ignoreCorruptFiles goes on without the rest",
                 input->at, expected);
    fail(input, 0);
}

static void fail_inflate(struct lt_files_input *input, int64_t result)
{
    if (result != -EBADMSG) {
        fail_errno(input, result);
        return;
    }
    lt_error_set(&input->error, LT_E_CORRUPT,
                 "byte %" PRId64 ": %s; hint: ignoreCorruptFiles goes on without the rest",
                 input->at, lt_files_inflate_fault(input->inflate));
    fail(input, 0);
}

static void read_done(struct lt_io *io)
{
    struct lt_files_input *input = input_of(io);
    *input->is_poked = true;
    input->state = LT_FILES_READABLE;
    if (io->result == -EINTR || io->result == -EAGAIN)
        return;
    if (io->result < 0) {
        if (input->packing == LT_FILES_PLAIN)
            fail_errno(input, io->result);
        else
            fail_inflate(input, io->result);
        return;
    }
    if (io->result == 0 && (input->packing == LT_FILES_PLAIN || input->end >= 0)) {
        fail_short(input);
        return;
    }
    lt_feed_filled(input->feed, (size_t)io->result);
    input->at += io->result;
    if (io->result == 0 || is_at_end(input))
        end_input(input);
}

/* on: the helper thread; nobody else touches it meanwhile. */
static int64_t inflate_call(void *context)
{
    struct lt_files_input *input = context;
    return lt_files_inflate_read(input->inflate, input->space.data, input->io.size_bytes);
}

void lt_files_input_read(struct lt_files_input *input)
{
    if (input->state != LT_FILES_READABLE)
        return;
    int64_t left = input->end >= 0                    ? input->end - input->at
                   : input->packing == LT_FILES_PLAIN ? input->size_bytes - input->at
                                                      : INT64_MAX;
    input->space = lt_feed_space(input->feed, left < WANTED_BYTES ? (size_t)left : WANTED_BYTES);
    if (input->space.data == NULL)
        return;
    size_t size =
        input->space.size_bytes < READ_BYTES_MAX ? input->space.size_bytes : READ_BYTES_MAX;
    if ((int64_t)size > left)
        size = (size_t)left;
    bool is_plain = input->packing == LT_FILES_PLAIN;
    input->io = (struct lt_io){
        .kind = is_plain ? LT_IO_READ : LT_IO_CALL,
        .fd = input->fd,
        .buffer = input->space.data,
        .size_bytes = (uint32_t)size,
        .offset = input->at,
        .call = inflate_call,
        .call_context = input,
        .done = read_done,
        .context = input,
    };
    input->state = LT_FILES_READING;
    lt_reactor_submit(input->reactor, &input->io);
}

/* ----------------------------------------------------------------------------------------- open */

static void fail_begun(struct lt_files_input *input, const char *what)
{
    lt_error_set(&input->error, LT_E_DATA_LOSS,
                 "it was read up to byte %" PRId64
                 " and %s since; hint: files must not change once "
                 "they are in their place",
                 input->begin, what);
    fail(input, 0);
}

static int64_t skip_call(void *context)
{
    struct lt_files_input *input = context;
    return lt_files_inflate_skip(input->inflate, input->begin);
}

static void skip_done(struct lt_io *io)
{
    struct lt_files_input *input = input_of(io);
    *input->is_poked = true;
    input->state = LT_FILES_READABLE;
    if (io->result < 0)
        fail_inflate(input, io->result);
    else if (io->result < input->begin)
        fail_begun(input, "has become shorter");
    else if (is_at_end(input))
        end_input(input);
}

static void begin_packed(struct lt_files_input *input)
{
    input->inflate = lt_files_inflate_create(input->packing, input->fd);
    if (input->inflate == NULL) {
        lt_error_set(&input->error, LT_E_NO_MEMORY, "to unpack it");
        fail(input, 0);
        return;
    }
    if (input->begin == 0) {
        input->state = LT_FILES_READABLE;
        return;
    }
    input->io = (struct lt_io){.kind = LT_IO_CALL,
                               .call = skip_call,
                               .call_context = input,
                               .done = skip_done,
                               .context = input};
    lt_reactor_submit(input->reactor, &input->io);
}

static void begin_plain(struct lt_files_input *input)
{
    if (input->begin > input->size_bytes)
        fail_begun(input, "has become shorter");
    else if (is_at_end(input))
        end_input(input);
    else
        input->state = LT_FILES_READABLE;
}

/* The file has just been opened, so that what it is stands in memory: asking takes no operation. */
static void begin(struct lt_files_input *input)
{
    struct stat status;
    if (fstat(input->fd, &status) != 0) {
        fail_errno(input, -errno);
        return;
    }
    int64_t modified_ms =
        (int64_t)status.st_mtim.tv_sec * 1000 + status.st_mtim.tv_nsec / 1000000;
    input->size_bytes = status.st_size;
    if (!S_ISREG(status.st_mode)) {
        lt_error_set(&input->error, LT_E_INVALID, "it is no regular file any more");
        fail(input, 0);
    } else if (input->begin > 0 && modified_ms != input->modified_ms) {
        fail_begun(input, "was changed or replaced");
    } else if (input->packing == LT_FILES_PLAIN) {
        begin_plain(input);
    } else {
        begin_packed(input);
    }
}

static void fail_open(struct lt_files_input *input, int number)
{
    int code = lt_error_set_errno(&input->error, number, "cannot be opened");
    if (number == EACCES || number == EPERM)
        lt_error_set(&input->error, code,
                     "cannot be opened: %s; hint: let leat's user read it, or take it out of the "
                     "directory",
                     strerror(number));
    else if (number == EMFILE || number == ENFILE)
        lt_error_set(&input->error, code,
                     "cannot be opened: %s; hint: raise the limit of open files (ulimit -n)",
                     strerror(number));
    fail(input, 0);
}

static void open_done(struct lt_io *io)
{
    struct lt_files_input *input = input_of(io);
    *input->is_poked = true;
    if (io->result == -EINTR || io->result == -EAGAIN) {
        lt_reactor_submit(input->reactor, io);
        return;
    }
    if (io->result < 0) {
        fail_open(input, (int)-io->result);
        return;
    }
    input->fd = (int)io->result;
    begin(input);
}

void lt_files_input_open(struct lt_files_input *input, const struct lt_files_item *item,
                         int64_t begin, int64_t end)
{
    lt_assert(input->state == LT_FILES_CLOSED);
    input->path = item->path;
    input->modified_ms = item->modified_ms;
    input->begin = input->at = begin;
    input->end = end;
    input->state = LT_FILES_OPENING;
    input->packing = lt_files_packing_of(item->path);
    if (input->packing == LT_FILES_UNKNOWN_PACKING) {
        lt_error_set(
            &input->error, LT_E_UNSUPPORTED,
            "it is packed in a way that is not read; hint: .gz, .deflate and .zst are, and "
            "pathGlobFilter can leave files out");
        fail(input, 0);
        return;
    }
    input->io = (struct lt_io){
        .kind = LT_IO_OPENAT,
        .fd = AT_FDCWD,
        .path = input->path,
        .flags = O_RDONLY | O_NONBLOCK, /* a pipe of that name must not hold the reactor up */
        .done = open_done,
        .context = input,
    };
    lt_reactor_submit(input->reactor, &input->io);
}

void lt_files_input_close(struct lt_files_input *input)
{
    lt_reactor_cancel_and_wait(input->reactor, &input->io);
    /* An open that came through all the same has gone on to skip what was read. */
    lt_reactor_cancel_and_wait(input->reactor, &input->io);
    lt_files_inflate_destroy(input->inflate);
    input->inflate = NULL;
    if (input->fd >= 0)
        close(input->fd); /* nothing was written: it does not wait */
    input->fd = -1;
    input->state = LT_FILES_CLOSED;
}
