/*
 * Believing a spool's folder: its segments in order, each chunk after the other, by the rules of
 * io/spool_file.h. The segments are mapped while they are looked at.
 */
#include "io/spool_internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/arena.h"
#include "core/base/log.h"

static const char suffix[] = ".spool";

struct mapped {
    const unsigned char *bytes;
    size_t size_bytes;
};

static bool parse_name(const char *name, uint64_t *first_record)
{
    char *end;
    if (strlen(name) != 20 + sizeof suffix - 1 || strspn(name, "0123456789") != 20)
        return false;
    errno = 0;
    *first_record = strtoull(name, &end, 10);
    return errno == 0 && strcmp(end, suffix) == 0;
}

static int compare_records(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return a < b ? -1 : a > b;
}

/* The first records that the names of segments say, in order; free() them. */
static int list(const struct lt_spool *spool, uint64_t **out, size_t *out_count,
                struct lt_error *error)
{
    size_t count = 0, capacity = 0;
    uint64_t *records = NULL;
    *out = NULL;
    *out_count = 0;
    int fd = openat(spool->directory_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *directory = fd < 0 ? NULL : fdopendir(fd);
    if (directory == NULL) {
        int code = lt_error_set_errno(error, errno, "cannot list it");
        if (fd >= 0)
            close(fd);
        return code;
    }
    const struct dirent *entry;
    for (errno = 0; (entry = readdir(directory)) != NULL; errno = 0) { /* ends with the folder */
        uint64_t record;
        if (!parse_name(entry->d_name, &record))
            continue;
        if (count == capacity) {
            capacity = capacity == 0 ? 16 : 2 * capacity;
            records = lt_realloc_array(records, capacity, sizeof *records);
        }
        records[count++] = record;
    }
    int number = errno;
    closedir(directory);
    if (number != 0) { /* a segment that is not known would be written over */
        free(records);
        return lt_error_set_errno(error, number, "cannot list it");
    }
    if (count > 1)
        qsort(records, count, sizeof *records, compare_records);
    *out = records;
    *out_count = count;
    return 0;
}

static int map(const struct lt_spool *spool, const char *name, struct mapped *out,
               struct lt_error *error)
{
    *out = (struct mapped){0};
    int fd = openat(spool->directory_fd, name, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return lt_error_set_errno(error, errno, "cannot open it");
    struct stat status;
    int code = 0;
    if (fstat(fd, &status) != 0)
        code = lt_error_set_errno(error, errno, "cannot look at it");
    else if (status.st_size > 0) {
        void *memory = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (memory == MAP_FAILED)
            code = lt_error_set_errno(error, errno, "cannot map it");
        else
            *out = (struct mapped){.bytes = memory, .size_bytes = (size_t)status.st_size};
    }
    close(fd);
    return code;
}

static void unmap(const struct mapped *mapped)
{
    if (mapped->size_bytes > 0)
        (void)munmap((void *)(uintptr_t)mapped->bytes, mapped->size_bytes);
}

/* True for a header that was never written whole: a write of a page is whole or it is zeros. */
static bool is_unwritten(const struct mapped *mapped)
{
    if (mapped->size_bytes < LT_SPOOL_SEGMENT_BYTES)
        return true;
    for (size_t i = 0; i < LT_SPOOL_SEGMENT_BYTES; i++) {
        if (mapped->bytes[i] != 0)
            return false;
    }
    return true;
}

static int check_header(const struct lt_spool *spool, const struct lt_spool_segment *segment,
                        uint64_t named, struct lt_error *error)
{
    if (segment->first.record != named)
        return lt_error_set(error, LT_E_CORRUPT,
                            "its header says that it begins at record %" PRIu64,
                            segment->first.record);
    if (strcmp(segment->framing, spool->options.framing) != 0)
        return lt_error_set(error, LT_E_INVALID,
                            "its records are framed by \"%s\", and the source's by \"%s\"; hint: "
                            "the framing of a spool cannot be changed while it has records",
                            segment->framing, spool->options.framing);
    if (spool->file_count == 0)
        return 0;
    const struct lt_spool_place *end = &spool->files[spool->file_count - 1].end;
    if (segment->first.record == end->record && segment->first.byte == end->byte)
        return 0;
    return lt_error_set(error, LT_E_CORRUPT,
                        "it begins at record %" PRIu64 ", byte %" PRIu64
                        ", but the one before it ends at record %" PRIu64 ", byte %" PRIu64
                        "; hint: what lies between was durable and is damaged or was removed; "
                        "restore it, or give it up by moving the files before this one away",
                        segment->first.record, segment->first.byte, end->record, end->byte);
}

/* Walks the chunks; *used is where the belief ends. */
static void walk(const struct mapped *mapped, struct lt_spool_file *file, size_t *used)
{
    struct lt_spool_chunk chunk;
    size_t size;
    *used = LT_SPOOL_SEGMENT_BYTES;
    file->end = file->segment.first;
    while (lt_spool_read_chunk(mapped->bytes + *used, mapped->size_bytes - *used,
                               file->segment.seed, file->end, &chunk, &size) == LT_SPOOL_CHUNK) {
        *used += size;
        file->end.record += chunk.record_count;
        file->end.byte += chunk.size_bytes;
    }
}

static int read_chunks(const struct mapped *mapped, struct lt_spool_file *file, const char *name,
                       struct lt_error *error)
{
    size_t used;
    walk(mapped, file, &used);
    if (used == mapped->size_bytes)
        return 0;
    if (lt_spool_has_durable(mapped->bytes + used, mapped->size_bytes - used, file->segment.seed,
                             file->end.record))
        return lt_error_set(error, LT_E_CORRUPT,
                            "byte %zu: record %" PRIu64
                            " is damaged, and it was durable: what was written after it is there; "
                            "hint: restore the file, or give its rest up by cutting it there and "
                            "moving later files away",
                            used, file->end.record);
    lt_log_warn("spool: %s: what stands behind byte %zu (record %" PRIu64
                ") was never acknowledged, and is cut off: %zu bytes",
                name, used, file->end.record, mapped->size_bytes - used);
    return 0;
}

static int believe(struct lt_spool *spool, uint64_t named, const char *name, bool is_last,
                   struct lt_error *error)
{
    struct mapped mapped;
    int code = map(spool, name, &mapped, error);
    if (code != 0)
        return code;
    if (is_last && is_unwritten(&mapped)) {
        unmap(&mapped); /* its first group was never durable; the next segment takes its name */
        return 0;
    }
    struct lt_spool_file file = {.size_bytes = (int64_t)mapped.size_bytes};
    code = lt_spool_read_segment(mapped.bytes, mapped.size_bytes, &file.segment, error);
    if (code == 0)
        code = check_header(spool, &file.segment, named, error);
    if (code == 0)
        code = read_chunks(&mapped, &file, name, error);
    unmap(&mapped);
    if (code != 0)
        return code;
    spool->end = file.end;
    if (file.end.record == file.segment.first.record && is_last)
        return 0; /* nothing in it: the next segment takes its name */
    *lt_spool_add_file(spool) = file;
    spool->total_size_bytes += file.size_bytes;
    return 0;
}

int lt_spool_recover(struct lt_spool *spool, struct lt_error *error)
{
    uint64_t *records;
    size_t count;
    int code = list(spool, &records, &count, error);
    for (size_t i = 0; i < count && code == 0; i++) {
        char name[LT_SPOOL_NAME_SIZE];
        lt_spool_file_name(records[i], name);
        code = believe(spool, records[i], name, i + 1 == count, error);
        if (code != 0)
            code = lt_error_append(error, "segment \"%s\"", name);
    }
    free(records);
    return code;
}
