/*
 * The counters file's format, shared by its writer (counters.c) and its reader (counters_reader.c)
 * only.
 *
 * Format, version 1. All numbers are in the byte order of the machine; the file is not meant to
 * travel.
 *
 *   offset   size      what
 *   0        8         magic "LEATCNT1"
 *   8        4         format version, 1
 *   12       4         size of this header, 4096
 *   16       4         size of a directory entry, 256
 *   20       4         entries that the directory can hold, 8192
 *   24       8         offset of the directory, 4096
 *   32       8         offset of the values: 4096 + 8192 * 256
 *   40       8         bytes that the values may grow to, 64 MiB
 *   48       8         wall time of creation, microseconds since 1970
 *   56       8         start time of the process in ticks since boot (/proc/PID/stat, field 22)
 *   64       8         XXH64 of the machine's boot id, 0 if it has none
 *   72       4         process id
 *   76       4         zero
 *   80       128       name of the query, NUL-terminated
 *   208      8         XXH64 of bytes 0 to 207
 *   256      8         entries used: written last, when entry and value are complete
 *   264      8         bytes of values used
 *   272      8         heartbeat: wall time at which the query last said that it lives
 *
 *   An entry of the directory:
 *   0        8         offset of its value from the start of the file
 *   8        4         kind: 0 sum, 1 gauge, 2 histogram, 3 text
 *   12       4         size of its value
 *   16       96        name
 *   112      16        unit
 *   128      120       help
 *   248      8         XXH64 of bytes 0 to 247
 *
 *   A sum or a gauge is one 64-bit word. A histogram is a struct lt_histogram. A text is a struct
 *   lt_counter_text: a version, and two copies of hash and 256 bytes; copy (version & 1) is the
 *   current one.
 *
 * A file is valid if and only if: magic, version, sizes and offsets are the ones above; the
 * header's hash is right; the counts of entries and bytes are within their capacities and the file
 * is as long as they say; each used entry's hash is right, its texts end with a NUL, its kind is
 * known, its size is its kind's, and its value lies aligned and whole within the used values. The
 * file may be longer; what lies between the last used entry and the values is a hole.
 */
#ifndef LT_BASE_COUNTERS_FORMAT_H
#define LT_BASE_COUNTERS_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <xxhash.h>

#include "core/base/counters.h"
#include "core/base/error.h"
#include "core/base/shared.h"

enum {
    LT_COUNTERS_VERSION = 1,
    LT_COUNTERS_HEADER_BYTES = 4096,
    LT_COUNTERS_ENTRY_CAPACITY = 8192, /* 256 lanes of 32 values */
    LT_COUNTERS_NAME_BYTES = 96,
    LT_COUNTERS_UNIT_BYTES = 16,
    LT_COUNTERS_HELP_BYTES = 120,
    LT_COUNTERS_QUERY_NAME_BYTES = 128,
    LT_COUNTERS_TEXT_WORDS = 32,
    /* 256 lanes of 7 histograms; only what is used is allocated. */
    LT_COUNTERS_VALUES_CAPACITY = 64 * 1024 * 1024,
};

#define LT_COUNTERS_MAGIC "LEATCNT1"

struct lt_counters_header {
    char magic[8];
    uint32_t version;
    uint32_t header_bytes;
    uint32_t entry_bytes;
    uint32_t entry_capacity;
    uint64_t directory_offset;
    uint64_t values_offset;
    uint64_t values_capacity;
    int64_t started_wall_us;
    uint64_t process_start_ticks;
    uint64_t boot_hash;
    int32_t pid;
    uint32_t zero;
    char query_name[LT_COUNTERS_QUERY_NAME_BYTES];
    uint64_t hash;
    /* constant above, written while the query lives below */
    unsigned char gap[40];
    struct lt_shared_u64 entry_count;
    struct lt_shared_u64 values_bytes;
    struct lt_shared_u64 heartbeat_wall_us;
};

struct lt_counters_entry {
    uint64_t offset;
    uint32_t kind;
    uint32_t size_bytes;
    char name[LT_COUNTERS_NAME_BYTES];
    char unit[LT_COUNTERS_UNIT_BYTES];
    char help[LT_COUNTERS_HELP_BYTES];
    uint64_t hash;
};

struct lt_counter_text {
    struct lt_shared_u64 version;
    struct lt_counter_text_copy {
        struct lt_shared_u64 hash;
        struct lt_shared_u64 words[LT_COUNTERS_TEXT_WORDS];
    } copies[2];
};

_Static_assert(offsetof(struct lt_counters_header, query_name) == 80, "as the table says");
_Static_assert(offsetof(struct lt_counters_header, hash) == 208, "as the table says");
_Static_assert(offsetof(struct lt_counters_header, entry_count) == 256, "as the table says");
_Static_assert(sizeof(struct lt_counters_header) <= LT_COUNTERS_HEADER_BYTES,
               "the header must fit");
_Static_assert(offsetof(struct lt_counters_entry, hash) == 248, "as the table says");
_Static_assert(sizeof(struct lt_counters_entry) == 256, "as the table says");

#define LT_COUNTERS_DIRECTORY_OFFSET ((size_t)LT_COUNTERS_HEADER_BYTES)
#define LT_COUNTERS_VALUES_OFFSET                                                                  \
    (LT_COUNTERS_DIRECTORY_OFFSET +                                                                \
     (size_t)LT_COUNTERS_ENTRY_CAPACITY * sizeof(struct lt_counters_entry))
#define LT_COUNTERS_EXTENT_BYTES (LT_COUNTERS_VALUES_OFFSET + (size_t)LT_COUNTERS_VALUES_CAPACITY)

struct lt_counters {
    unsigned char *base; /* the whole extent of address space: the file's mapping, or memory */
    char *path;          /* NULL for counters in memory */
    int fd;              /* -1 for counters in memory */
    bool is_reader;
    /* Writer: how far the file's blocks are allocated. */
    size_t directory_end;
    size_t values_end;
    bool *is_claimed; /* by entry: added since the query began, or began again */
    void *spill;      /* a place for all that there was no room for; NULL: there was for all */
    /* Reader: how many entries of the copy were checked. */
    size_t checked_count;
};

static inline struct lt_counters_header *lt_counters_header_of(const struct lt_counters *counters)
{
    return (struct lt_counters_header *)(void *)counters->base;
}

static inline struct lt_counters_entry *lt_counters_entry_of(const struct lt_counters *counters,
                                                             size_t index)
{
    lt_assert(index < LT_COUNTERS_ENTRY_CAPACITY);
    return (struct lt_counters_entry *)(void *)(counters->base + LT_COUNTERS_DIRECTORY_OFFSET) +
           index;
}

static inline uint64_t lt_counters_header_hash(const struct lt_counters_header *header)
{
    return XXH64(header, offsetof(struct lt_counters_header, hash), 0);
}

static inline uint64_t lt_counters_entry_hash(const struct lt_counters_entry *entry)
{
    return XXH64(entry, offsetof(struct lt_counters_entry, hash), 0);
}

/* The start time of a running process in ticks since boot, 0 if none of that number runs. */
uint64_t lt_counters_process_start_ticks(int pid);
/* XXH64 of the machine's boot id, 0 if it has none. */
uint64_t lt_counters_boot_hash(void);
/* The whole extent as zeroed memory of this process, NULL if there is no address space for it. */
unsigned char *lt_counters_map_memory(void);
/* Copies what fits, cut at a character's boundary, and ends it with a NUL. */
void lt_counters_copy_text(char *out, size_t capacity, const char *text);

#endif
