/*
 * A window over the file, which moves forward block by block; the block's entries, expanded if they
 * were compressed; a place among them.
 */
#include "core/state/file_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/arena.h"

#define SQLSTATE "58030"
#define CONDITION "CANNOT_LOAD_STATE_STORE."
#define INTENT "An error occurred during loading state. Error reading %s file %s of leat: "

enum {
    WINDOW_BYTES = 256 * 1024,
    FIRST_BLOCK = LT_STATE_HEADER_BYTES,
    FILE_LEAST_BYTES = LT_STATE_HEADER_BYTES + LT_STATE_TRAILER_BYTES,
};

struct lt_state_reader {
    struct lt_state_stream stream;
    char *path;
    int fd; /* -1: the window has all of the file */
    struct lt_state_header header;
    struct lt_state_trailer trailer;
    uint32_t first_group, end_group;
    uint64_t blocks_end; /* where the trailer begins */
    /* the window: bytes of the file from window_at on */
    unsigned char *window;
    size_t window_bytes, window_capacity;
    uint64_t window_at;
    /* the block that is read */
    uint64_t block_at, next_block;
    const unsigned char *entries; /* in the window, or expanded */
    size_t entries_bytes, place;
    uint32_t entries_left;
    unsigned char *expanded;
    size_t expanded_capacity;
    struct lt_state_codec *codec;
    /* all so far */
    uint64_t entry_count, removal_count, entry_bytes, block_count, checksums, last_hash;
    struct lt_state_bytes last_key; /* of the same block; no data: none yet */
    struct lt_error *error;         /* of the call that is running */
};

static const char *kind_text(enum lt_state_file_kind kind)
{
    return kind == LT_STATE_SNAPSHOT ? "snapshot" : "delta";
}

int lt_state_file_missing(const char *path, enum lt_state_file_kind kind, struct lt_error *error)
{
    lt_error_set(error, LT_E_CORRUPT,
                 INTENT "%s does not exist; hint: the state directory of the checkpoint is not "
                        "complete, bring the file back from a backup, or begin with a new "
                        "checkpoint directory",
                 kind_text(kind), path, path);
    return lt_error_condition(error,
                              kind == LT_STATE_SNAPSHOT
                                  ? CONDITION "CANNOT_READ_MISSING_SNAPSHOT_FILE"
                                  : CONDITION "CANNOT_READ_DELTA_FILE_NOT_EXISTS",
                              SQLSTATE);
}

int lt_state_file_unread(const char *path, enum lt_state_file_kind kind, int number,
                         struct lt_error *error)
{
    if (number == ENOENT)
        return lt_state_file_missing(path, kind, error);
    lt_error_set_errno(error, number, INTENT "cannot read it", kind_text(kind), path);
    return lt_error_condition(error, CONDITION "UNCATEGORIZED", SQLSTATE);
}

static int cannot_read(const struct lt_state_reader *reader, int number)
{
    return lt_state_file_unread(reader->path, reader->header.kind, number, reader->error);
}

/* `condition`: Spark's, without the family. */
__attribute__((format(printf, 3, 4))) static int
damaged(const struct lt_state_reader *reader, const char *condition, const char *format, ...)
{
    char what[512], name[LT_ERROR_CONDITION_MAX];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    lt_error_set(reader->error, LT_E_CORRUPT,
                 INTENT "%s; hint: the file is damaged, and the state of this version with it: "
                        "bring the file back from a backup, or begin with a new checkpoint "
                        "directory",
                 kind_text(reader->header.kind), reader->path, what);
    snprintf(name, sizeof name, CONDITION "%s", condition);
    return lt_error_condition(reader->error, name, SQLSTATE);
}

/* -------------------------------------------------------------------------------------- window */

/* Reads until the bytes are there; 0, or an errno. What ends early is EIO: the file shrank. */
static int read_at(int fd, void *out, size_t size_bytes, uint64_t offset)
{
    for (size_t done = 0; done < size_bytes;) {
        ssize_t count =
            pread(fd, (char *)out + done, size_bytes - done, (off_t)(offset + done));
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            return count < 0 ? errno : EIO;
        done += (size_t)count;
    }
    return 0;
}

/* The bytes at `offset`, which lie before the end of the file; NULL and an error if they cannot be
 * read. What the window held before is gone. */
static const unsigned char *look(struct lt_state_reader *reader, uint64_t offset, size_t size_bytes)
{
    lt_assert(offset + size_bytes <= reader->trailer.file_bytes);
    if (offset >= reader->window_at &&
        offset + size_bytes <= reader->window_at + reader->window_bytes)
        return reader->window + (offset - reader->window_at);
    uint64_t rest = reader->trailer.file_bytes - offset;
    size_t wanted = size_bytes > WINDOW_BYTES ? size_bytes
                    : rest < WINDOW_BYTES     ? (size_t)rest
                                              : WINDOW_BYTES;
    if (wanted > reader->window_capacity) {
        free(reader->window);
        reader->window = malloc(wanted);
        reader->window_capacity = reader->window == NULL ? 0 : wanted;
    }
    int number =
        reader->window == NULL ? ENOMEM : read_at(reader->fd, reader->window, wanted, offset);
    reader->window_at = offset;
    reader->window_bytes = number == 0 ? wanted : 0;
    if (number == 0)
        return reader->window;
    cannot_read(reader, number);
    return NULL;
}

/* ---------------------------------------------------------------------------------------- open */

static int judge_place(const struct lt_state_reader *reader,
                       const struct lt_state_expected *expected)
{
    const struct lt_state_header *header = &reader->header;
    if (header->kind != expected->kind)
        return damaged(reader, "UNCATEGORIZED", "it is a %s file by its header",
                       kind_text(header->kind));
    if (header->version != expected->version)
        return damaged(reader, "UNEXPECTED_VERSION", "it is of version %" PRIu64 " by its header",
                       header->version);
    if (header->partition != expected->partition ||
        header->partition_count != expected->partition_count)
        return damaged(reader, "UNCATEGORIZED",
                       "it is of partition %" PRIu32 " of %" PRIu32
                       " by its header, and was expected to be of %" PRIu32 " of %" PRIu32,
                       header->partition, header->partition_count, expected->partition,
                       expected->partition_count);
    if (header->key_suffix_bytes != expected->key_suffix_bytes)
        return damaged(reader, "UNCATEGORIZED",
                       "its keys are of another operator: %" PRIu32
                       " bytes of them do not count for their group, and %" PRIu32
                       " were expected",
                       header->key_suffix_bytes, expected->key_suffix_bytes);
    return 0;
}

/* Header and trailer, whatever the file is. */
static int read_ends(struct lt_state_reader *reader, uint64_t file_bytes)
{
    if (file_bytes < FILE_LEAST_BYTES)
        return damaged(reader, "UNEXPECTED_FILE_SIZE",
                       "expected at least %d bytes, found %" PRIu64 " bytes", FILE_LEAST_BYTES,
                       file_bytes);
    reader->trailer.file_bytes = file_bytes;
    reader->blocks_end = file_bytes - LT_STATE_TRAILER_BYTES;
    const unsigned char *bytes = look(reader, reader->blocks_end, LT_STATE_TRAILER_BYTES);
    if (bytes == NULL)
        return LT_E_IO;
    const char *fault = lt_state_trailer_read(bytes, &reader->trailer);
    if (fault == NULL && reader->trailer.file_bytes != file_bytes) {
        uint64_t said = reader->trailer.file_bytes;
        reader->trailer.file_bytes = file_bytes;
        return damaged(reader, "UNEXPECTED_FILE_SIZE",
                       "expected %" PRIu64 " bytes, found %" PRIu64 " bytes", said, file_bytes);
    }
    if (fault == NULL) {
        bytes = look(reader, 0, LT_STATE_HEADER_BYTES);
        if (bytes == NULL)
            return LT_E_IO;
        fault = lt_state_header_read(bytes, &reader->header);
    }
    return fault == NULL ? 0 : damaged(reader, "UNCATEGORIZED", "%s", fault);
}

static int open_file(struct lt_state_reader *reader, const struct lt_state_expected *expected)
{
    reader->header.kind = expected->kind; /* for errors, until it is read */
    reader->fd = open(reader->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat status;
    if (reader->fd < 0 || fstat(reader->fd, &status) != 0)
        return cannot_read(reader, errno);
    if (!S_ISREG(status.st_mode))
        return damaged(reader, "UNCATEGORIZED", "it is not a file");
    int code = read_ends(reader, (uint64_t)status.st_size);
    if (code == 0)
        code = judge_place(reader, expected);
    if (code != 0)
        return code;
    reader->codec = lt_state_codec_create(reader->header.codec);
    reader->checksums = reader->header.checksum;
    reader->next_block = FIRST_BLOCK;
    if (reader->window_bytes == reader->trailer.file_bytes) {
        close(reader->fd);
        reader->fd = -1;
    }
    return 0;
}

static int next_change(struct lt_state_stream *stream, struct lt_state_change *out,
                       struct lt_error *error);

static struct lt_state_reader *reader_of(struct lt_state_stream *stream)
{
    return (struct lt_state_reader *)stream; /* its first member */
}

static void destroy_stream(struct lt_state_stream *stream)
{
    lt_state_reader_close(reader_of(stream));
}

int lt_state_reader_open(const char *path, const struct lt_state_expected *expected,
                         uint32_t first_group, uint32_t end_group, struct lt_state_reader **out,
                         struct lt_error *error)
{
    struct lt_state_reader *reader = lt_alloc(sizeof *reader);
    reader->stream.next = next_change;
    reader->stream.destroy = destroy_stream;
    reader->path = lt_strdup(path);
    reader->first_group = first_group;
    reader->end_group = end_group;
    reader->error = error;
    int code = open_file(reader, expected);
    if (code != 0) {
        lt_state_reader_close(reader);
        return code;
    }
    *out = reader;
    return 0;
}

void lt_state_reader_close(struct lt_state_reader *reader)
{
    if (reader == NULL)
        return;
    if (reader->fd >= 0)
        close(reader->fd);
    lt_state_codec_destroy(reader->codec);
    free(reader->path);
    free(reader->window);
    free(reader->expanded);
    free(reader);
}

struct lt_state_stream *lt_state_reader_stream(struct lt_state_reader *reader)
{
    return &reader->stream;
}

const struct lt_state_header *lt_state_reader_header(const struct lt_state_reader *reader)
{
    return &reader->header;
}

const struct lt_state_trailer *lt_state_reader_trailer(const struct lt_state_reader *reader)
{
    return &reader->trailer;
}

bool lt_state_reader_peek(const char *path, struct lt_state_header *out, uint64_t *bytes,
                          int *number)
{
    unsigned char header[LT_STATE_HEADER_BYTES];
    struct stat status = {0};
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    *number = fd < 0 || fstat(fd, &status) != 0 ? errno : 0;
    bool has_header = *number == 0 && S_ISREG(status.st_mode) &&
                      status.st_size >= (off_t)sizeof header;
    if (has_header)
        *number = read_at(fd, header, sizeof header, 0);
    if (fd >= 0)
        close(fd);
    bool is_sound =
        has_header && *number == 0 && lt_state_header_read(header, out) == NULL;
    *bytes = is_sound ? (uint64_t)status.st_size : 0;
    return is_sound;
}

/* -------------------------------------------------------------------------------------- blocks */

/* Makes `entries` the block's plain bytes. */
static int expand(struct lt_state_reader *reader, const struct lt_state_block *block,
                  const unsigned char *stored)
{
    reader->entries = stored;
    reader->entries_bytes = block->plain_bytes;
    if (block->stored_bytes == block->plain_bytes)
        return 0;
    if (block->plain_bytes > reader->expanded_capacity) {
        free(reader->expanded);
        reader->expanded = malloc(block->plain_bytes);
        reader->expanded_capacity = reader->expanded == NULL ? 0 : block->plain_bytes;
        if (reader->expanded == NULL)
            return cannot_read(reader, ENOMEM);
    }
    reader->entries = reader->expanded;
    if (!lt_state_codec_expand(reader->codec, stored, block->stored_bytes, reader->expanded,
                               block->plain_bytes))
        return damaged(reader, "UNCATEGORIZED",
                       "its block at byte %" PRIu64 " does not expand to its %" PRIu32 " bytes",
                       reader->block_at, block->plain_bytes);
    return 0;
}

static bool is_size_possible(const struct lt_state_block *block)
{
    uint64_t most = (uint64_t)LT_STATE_ENTRY_MAX_BYTES + LT_STATE_BLOCK_BYTES;
    return block->stored_bytes > 0 && block->stored_bytes <= block->plain_bytes &&
           block->plain_bytes <= most && block->entry_count > 0;
}

/* 1: the next block is there; 0: there is none; negative: failed. */
static int next_block(struct lt_state_reader *reader)
{
    uint64_t at = reader->next_block, rest = reader->blocks_end - at;
    if (rest == 0)
        return 0;
    struct lt_state_block block = {0};
    const unsigned char *bytes = NULL;
    if (rest >= LT_STATE_BLOCK_HEADER_BYTES) {
        bytes = look(reader, at, LT_STATE_BLOCK_HEADER_BYTES);
        if (bytes == NULL)
            return LT_E_IO;
        lt_state_block_read(bytes, &block);
    }
    if (bytes == NULL || block.stored_bytes > rest - LT_STATE_BLOCK_HEADER_BYTES)
        return damaged(reader, "UNCATEGORIZED",
                       "its block at byte %" PRIu64 " does not lie within it", at);
    size_t size_bytes = LT_STATE_BLOCK_HEADER_BYTES + (size_t)block.stored_bytes;
    bytes = look(reader, at, size_bytes);
    if (bytes == NULL)
        return LT_E_IO;
    const unsigned char *stored = bytes + LT_STATE_BLOCK_HEADER_BYTES;
    if (!lt_state_block_is_sound(bytes, &block, stored) || !is_size_possible(&block))
        return damaged(reader, "UNCATEGORIZED",
                       "its block at byte %" PRIu64 " is damaged: the checksum differs", at);
    reader->block_at = at;
    reader->next_block = at + size_bytes;
    reader->block_count++;
    reader->checksums = lt_state_checksums_add(reader->checksums, block.checksum);
    reader->place = 0;
    reader->entries_left = block.entry_count;
    reader->last_key = (struct lt_state_bytes){0};
    int code = expand(reader, &block, stored);
    return code == 0 ? 1 : code;
}

/* At the end: all is as the trailer says. */
static int judge_whole(const struct lt_state_reader *reader)
{
    const struct lt_state_trailer *said = &reader->trailer;
    if (said->checksums != reader->checksums || said->block_count != reader->block_count)
        return damaged(reader, "UNCATEGORIZED",
                       "its blocks are not those that it was written with");
    if (said->entry_count != reader->entry_count || said->removal_count != reader->removal_count ||
        said->entry_bytes != reader->entry_bytes)
        return damaged(reader, "UNCATEGORIZED", "its entries are not as many as it says");
    return 0;
}

/* ------------------------------------------------------------------------------------- entries */

/* Reads the entry at the place; 0 or negative. */
static int read_entry(struct lt_state_reader *reader, struct lt_state_change *out)
{
    uint64_t key_size, value_size;
    size_t left = reader->entries_bytes - reader->place;
    size_t size_bytes =
        lt_state_entry_read(reader->entries + reader->place, left, out, &key_size, &value_size);
    if (size_bytes == 0) {
        bool is_value = value_size > 0;
        bool is_snapshot = reader->header.kind == LT_STATE_SNAPSHOT;
        return damaged(reader,
                       is_value ? (is_snapshot ? "CANNOT_READ_SNAPSHOT_FILE_VALUE_SIZE"
                                               : "UNCATEGORIZED")
                                : (is_snapshot ? "CANNOT_READ_SNAPSHOT_FILE_KEY_SIZE"
                                               : "CANNOT_READ_DELTA_FILE_KEY_SIZE"),
                       "%s size cannot be %" PRIu64, is_value ? "value" : "key",
                       is_value ? value_size : key_size);
    }
    reader->place += size_bytes;
    out->hash = lt_state_hash(out->key.data, out->key.size_bytes, reader->header.key_suffix_bytes);
    uint32_t group = lt_state_group_of_hash(out->hash);
    bool ascends = out->hash > reader->last_hash || reader->entry_count == 0 ||
                   (out->hash == reader->last_hash &&
                    (reader->last_key.data == NULL ||
                     lt_state_bytes_compare(reader->last_key, out->key) < 0));
    if (!ascends || group < reader->header.first_group || group >= reader->header.end_group ||
        (out->is_removed && reader->header.kind == LT_STATE_SNAPSHOT))
        return damaged(reader, "UNCATEGORIZED",
                       "an entry of its block at byte %" PRIu64 " does not belong there",
                       reader->block_at);
    reader->last_hash = out->hash;
    reader->last_key = out->key;
    reader->entry_count++;
    reader->removal_count += out->is_removed;
    reader->entry_bytes += out->key.size_bytes + out->value.size_bytes;
    return 0;
}

static int next_change(struct lt_state_stream *stream, struct lt_state_change *out,
                       struct lt_error *error)
{
    struct lt_state_reader *reader = reader_of(stream);
    reader->error = error;
    for (;;) { /* ends with the file */
        if (reader->entries_left == 0) {
            if (reader->place != reader->entries_bytes)
                return damaged(reader, "UNCATEGORIZED",
                               "its block at byte %" PRIu64 " has more than its entries",
                               reader->block_at);
            int code = next_block(reader);
            if (code < 0)
                return code;
            if (code == 0)
                return judge_whole(reader);
        }
        int code = read_entry(reader, out);
        if (code != 0)
            return code;
        reader->entries_left--;
        uint32_t group = lt_state_group_of_hash(out->hash);
        if (group >= reader->end_group && reader->end_group < reader->header.end_group)
            return 0; /* the rest is another partition's, which reads it */
        if (group >= reader->first_group && group < reader->end_group)
            return 1;
    }
}
