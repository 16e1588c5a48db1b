/*
 * The counters file: its reader, and what reader and writer both ask of a set of counters.
 *
 * The reader copies the file into its own memory with pread, and checks the copy. A mapping would
 * be live, but a file that is truncated under a mapping kills the reader. Nothing of a file is
 * believed before it is checked: the name of the query and the texts end with a NUL, and values lie
 * within the copy.
 *
 * Threads: a handle of lt_counters_open() belongs to one thread. The queries of the writer's own
 * handle may come from any thread.
 */
#include "core/base/counters.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include "core/base/arena.h"
#include "core/base/counters_format.h"

/* Copies what fits and always ends with a NUL; `out` is zeroed before. */
void lt_counters_copy_text(char *out, size_t capacity, const char *text)
{
    size_t size_bytes = strlen(text);
    if (size_bytes >= capacity) {
        size_bytes = capacity - 1;
        while (size_bytes > 0 && ((unsigned char)text[size_bytes] & 0xc0) == 0x80)
            size_bytes--;
    }
    memcpy(out, text, size_bytes);
    out[size_bytes] = '\0';
}

/* Reads a small file of /proc as a text; returns false if it cannot be read. */
static bool read_proc(const char *path, char *out, size_t capacity)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t size_bytes = read(fd, out, capacity - 1);
    int closed = close(fd);
    if (size_bytes <= 0 || closed != 0)
        return false;
    out[size_bytes] = '\0';
    return true;
}

/* The start time of a running process in ticks since boot, 0 if none of that number runs. A zombie
 * holds its number but does not run. */
uint64_t lt_counters_process_start_ticks(int pid)
{
    enum { FIELDS_FROM_STATE_TO_START = 19 };
    char path[64];
    char text[1024];
    int size_bytes = snprintf(path, sizeof path, "/proc/%d/stat", pid);
    lt_assert(size_bytes > 0);
    if (pid <= 0 || !read_proc(path, text, sizeof text))
        return 0;
    /* The second field is the program's name in parentheses, which may hold anything, these too. */
    const char *at = strrchr(text, ')');
    if (at == NULL || at[1] != ' ' || at[2] == 'Z' || at[2] == 'X')
        return 0;
    at += 2;
    for (int i = 0; i < FIELDS_FROM_STATE_TO_START; i++) {
        at = strchr(at, ' ');
        if (at == NULL)
            return 0;
        at++;
    }
    return strtoull(at, NULL, 10);
}

uint64_t lt_counters_boot_hash(void)
{
    char text[64];
    if (!read_proc("/proc/sys/kernel/random/boot_id", text, sizeof text))
        return 0;
    return XXH64(text, strlen(text), 0);
}

unsigned char *lt_counters_map_memory(void)
{
    void *memory = mmap(NULL, LT_COUNTERS_EXTENT_BYTES, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

/* Reads exactly `size_bytes` at `offset` into the same place of the copy. */
static int read_part(struct lt_counters *counters, size_t offset, size_t size_bytes,
                     struct lt_error *error)
{
    size_t done = 0;
    while (done < size_bytes) {
        ssize_t got = pread(counters->fd, counters->base + offset + done, size_bytes - done,
                            (off_t)(offset + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return lt_error_set_errno(error, errno, "cannot read");
        if (got == 0)
            return lt_error_set(error, LT_E_CORRUPT,
                                "truncated: it ends at byte %zu of at least %zu", offset + done,
                                offset + size_bytes);
        done += (size_t)got;
    }
    return 0;
}

/* A foreign file is called foreign, however short it is, before anything is called truncated. */
static int check_magic(const struct lt_counters *counters, struct lt_error *error)
{
    char magic[sizeof LT_COUNTERS_MAGIC - 1];
    ssize_t got = pread(counters->fd, magic, sizeof magic, 0);
    if (got > 0 && memcmp(magic, LT_COUNTERS_MAGIC, (size_t)got) != 0)
        return lt_error_set(error, LT_E_INVALID, "not a counters file of leat");
    return 0; /* what else may be wrong, reading the header will tell */
}

static int check_header(const struct lt_counters_header *header, struct lt_error *error)
{
    if (memcmp(header->magic, LT_COUNTERS_MAGIC, sizeof header->magic) != 0)
        return lt_error_set(error, LT_E_INVALID, "not a counters file of leat");
    if (header->version != LT_COUNTERS_VERSION)
        return lt_error_set(error, LT_E_UNSUPPORTED,
                            "format version %u; this leat reads version %d", header->version,
                            LT_COUNTERS_VERSION);
    if (header->hash != lt_counters_header_hash(header))
        return lt_error_set(error, LT_E_CORRUPT, "damaged: its header does not match its hash");
    if (header->header_bytes != LT_COUNTERS_HEADER_BYTES ||
        header->entry_bytes != sizeof(struct lt_counters_entry) ||
        header->entry_capacity != LT_COUNTERS_ENTRY_CAPACITY ||
        header->directory_offset != LT_COUNTERS_DIRECTORY_OFFSET ||
        header->values_offset != LT_COUNTERS_VALUES_OFFSET ||
        header->values_capacity != LT_COUNTERS_VALUES_CAPACITY)
        return lt_error_set(error, LT_E_CORRUPT, "damaged: its sizes are not those of version %d",
                            LT_COUNTERS_VERSION);
    if (memchr(header->query_name, '\0', sizeof header->query_name) == NULL)
        return lt_error_set(error, LT_E_CORRUPT, "damaged: the query's name has no end");
    return 0;
}

/* The size that a value of a kind has, 0 for a kind that this version does not know. */
static size_t size_of_kind(uint32_t kind)
{
    switch (kind) {
    case LT_COUNTER_SUM:
    case LT_COUNTER_GAUGE:
        return sizeof(struct lt_shared_u64);
    case LT_COUNTER_HISTOGRAM:
        return sizeof(struct lt_histogram);
    case LT_COUNTER_TEXT:
        return sizeof(struct lt_counter_text);
    default:
        return 0;
    }
}

static int check_entry(const struct lt_counters_entry *entry, size_t index, size_t values_bytes,
                       struct lt_error *error)
{
    const char *fault = NULL;
    size_t end = LT_COUNTERS_VALUES_OFFSET + values_bytes;
    if (entry->hash != lt_counters_entry_hash(entry))
        fault = "does not match its hash";
    else if (memchr(entry->name, '\0', sizeof entry->name) == NULL ||
             memchr(entry->unit, '\0', sizeof entry->unit) == NULL ||
             memchr(entry->help, '\0', sizeof entry->help) == NULL)
        fault = "has a text without an end";
    else if (size_of_kind(entry->kind) == 0 || size_of_kind(entry->kind) != entry->size_bytes)
        fault = "has an unknown kind or a wrong size";
    else if (entry->offset % sizeof(uint64_t) != 0 || entry->offset < LT_COUNTERS_VALUES_OFFSET ||
             entry->offset > end || end - entry->offset < entry->size_bytes)
        fault = "points outside the values";
    if (fault == NULL)
        return 0;
    return lt_error_set(error, LT_E_CORRUPT, "damaged: entry %zu %s", index, fault);
}

/* Reads the whole file anew. The count of values is read after the count of entries, and written
 * before it, so that entries made meanwhile cannot point past the values that are read. */
static int load(struct lt_counters *counters, struct lt_error *error)
{
    struct lt_counters_header *header = lt_counters_header_of(counters);
    counters->checked_count = 0;
    int code = check_magic(counters, error);
    if (code == 0)
        code = read_part(counters, 0, LT_COUNTERS_HEADER_BYTES, error);
    if (code == 0)
        code = check_header(header, error);
    if (code < 0)
        return code;
    uint64_t count = header->entry_count.value;
    if (count > LT_COUNTERS_ENTRY_CAPACITY)
        return lt_error_set(error, LT_E_CORRUPT, "damaged: it claims %llu entries of at most %d",
                            (unsigned long long)count, LT_COUNTERS_ENTRY_CAPACITY);
    code = read_part(counters, LT_COUNTERS_DIRECTORY_OFFSET,
                     (size_t)count * sizeof(struct lt_counters_entry), error);
    if (code == 0)
        code = read_part(counters, 0, LT_COUNTERS_HEADER_BYTES, error);
    if (code == 0)
        code = check_header(header, error);
    if (code < 0)
        return code;
    uint64_t values_bytes = header->values_bytes.value;
    if (values_bytes > LT_COUNTERS_VALUES_CAPACITY)
        return lt_error_set(error, LT_E_CORRUPT,
                            "damaged: it claims %llu bytes of values of at most %d",
                            (unsigned long long)values_bytes, LT_COUNTERS_VALUES_CAPACITY);
    code = read_part(counters, LT_COUNTERS_VALUES_OFFSET, (size_t)values_bytes, error);
    for (size_t i = 0; code == 0 && i < count; i++)
        code = check_entry(lt_counters_entry_of(counters, i), i, (size_t)values_bytes, error);
    if (code == 0)
        counters->checked_count = (size_t)count;
    return code;
}

/* Opens the file; what is not a regular file (a pipe would make us wait) is refused. */
static int open_file(struct lt_counters *counters, struct lt_error *error)
{
    struct stat status;
    counters->fd = open(counters->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (counters->fd < 0)
        return lt_error_set_errno(error, errno, "cannot open");
    if (fstat(counters->fd, &status) != 0)
        return lt_error_set_errno(error, errno, "cannot stat");
    if (!S_ISREG(status.st_mode))
        return lt_error_set(error, LT_E_INVALID, "not a regular file");
    return 0;
}

int lt_counters_open(const char *path, struct lt_counters **out, struct lt_error *error)
{
    struct lt_counters *counters = lt_alloc(sizeof *counters);
    counters->path = lt_strdup(path);
    counters->fd = -1;
    counters->is_reader = true;
    *out = NULL;
    int code = open_file(counters, error);
    if (code == 0) {
        counters->base = lt_counters_map_memory();
        if (counters->base == NULL)
            code = lt_error_set(error, LT_E_NO_MEMORY, "no address space to read it into");
    }
    if (code == 0)
        code = load(counters, error);
    if (code < 0) {
        lt_counters_close(counters);
        return lt_error_append(error, "counters file \"%s\"", path);
    }
    *out = counters;
    return 0;
}

int lt_counters_refresh(struct lt_counters *counters, struct lt_error *error)
{
    lt_assert(counters->is_reader);
    if (load(counters, error) < 0)
        return lt_error_append(error, "counters file \"%s\"", counters->path);
    return 0;
}

size_t lt_counters_count(const struct lt_counters *counters)
{
    if (counters->is_reader)
        return counters->checked_count;
    /* pairs with: the store at the end of add() in counters.c */
    return lt_load_acquire_u64(&lt_counters_header_of(counters)->entry_count);
}

struct lt_counter_info lt_counters_at(const struct lt_counters *counters, size_t index)
{
    lt_assert(index < lt_counters_count(counters));
    const struct lt_counters_entry *entry = lt_counters_entry_of(counters, index);
    const void *value = counters->base + entry->offset;
    struct lt_counter_info info = {
        .name = entry->name,
        .unit = entry->unit,
        .help = entry->help,
        .kind = (enum lt_counter_kind)entry->kind,
    };
    if (info.kind == LT_COUNTER_HISTOGRAM)
        info.histogram = value;
    else if (info.kind == LT_COUNTER_TEXT)
        info.text = value;
    else
        info.value = value;
    return info;
}

struct lt_counters_identity lt_counters_identity(const struct lt_counters *counters)
{
    const struct lt_counters_header *header = lt_counters_header_of(counters);
    uint64_t start_ticks = lt_counters_process_start_ticks(header->pid);
    struct lt_counters_identity identity = {
        .pid = header->pid,
        .alive = start_ticks != 0 && start_ticks == header->process_start_ticks &&
                 lt_counters_boot_hash() == header->boot_hash,
        .started_wall_us = header->started_wall_us,
        /* relaxed: a statistic */
        .heartbeat_wall_us = (int64_t)lt_load_relaxed_u64(&header->heartbeat_wall_us),
        .query_name = header->query_name,
    };
    return identity;
}

static bool read_copy(const struct lt_counter_text_copy *copy,
                      uint64_t words[LT_COUNTERS_TEXT_WORDS])
{
    for (size_t i = 0; i < LT_COUNTERS_TEXT_WORDS; i++)
        words[i] = lt_load_relaxed_u64(&copy->words[i]); /* relaxed: the hash vouches for them */
    return XXH64(words, LT_COUNTERS_TEXT_WORDS * sizeof *words, 0) ==
           lt_load_relaxed_u64(&copy->hash);
}

/* A copy that was overwritten while it was read (by two settings meanwhile, or while a file was
 * read) betrays itself by its hash; then the other copy is whole. */
void lt_counter_text_get(const struct lt_counter_text *text, char *out, size_t out_size)
{
    enum { TRIES = 1000 }; /* a writer that never pauses spoils some ten in a row */
    lt_assert(out_size > 0);
    uint64_t words[LT_COUNTERS_TEXT_WORDS];
    out[0] = '\0';
    for (int i = 0; i < TRIES; i++) {
        /* pairs with: the store in lt_counter_text_set */
        uint64_t version = lt_load_acquire_u64(&text->version);
        if (read_copy(&text->copies[version & 1], words) ||
            read_copy(&text->copies[(version + 1) & 1], words)) {
            ((char *)words)[sizeof words - 1] = '\0';
            lt_counters_copy_text(out, out_size, (const char *)words);
            return;
        }
        lt_cpu_relax();
    }
}
