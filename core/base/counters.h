/*
 * Counters and histograms in one mapped file, so that `leat stat`, a scraper or a post-mortem reads
 * them at no cost to the record path: a counter is a relaxed store by its single writer.
 *
 * File: a header (magic "LEATCNT1", format version, pid, start wall time, directory size, value
 * size, query name, a heartbeat), a directory of named entries, then the values. The layout is
 * written in prose at the top of counters_format.h. The file is created under a temporary name and
 * renamed, so a reader sees it whole or not at all. It stays, whatever way the query ends: who
 * chose the path removes it.
 *
 * Entries are made before the query starts (lt_counters_add); after that only values change.
 */
#ifndef LT_BASE_COUNTERS_H
#define LT_BASE_COUNTERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/error.h"
#include "core/base/histogram.h"
#include "core/base/shared.h"

struct lt_counters;

enum lt_counter_kind {
    LT_COUNTER_SUM,       /* only grows: records read */
    LT_COUNTER_GAUGE,     /* goes up and down: lag */
    LT_COUNTER_HISTOGRAM, /* nanoseconds */
    LT_COUNTER_TEXT,      /* a short text: state, last error; 256 bytes */
};

/* Replaces an empty file, or the counters file of a writer that has ended or closed it; anything
 * else at `path` is LT_E_INVALID with what it is. `path` NULL keeps the counters in anonymous
 * memory (tests, embedders that want no file). */
int lt_counters_create(const char *path, const char *query_name, struct lt_counters **out,
                       struct lt_error *error) LT_MUST_USE;
/* Reads the file of another process, running or dead, into memory of its own and checks it: a
 * damaged, truncated or foreign file is an error that names what is wrong, and no such file can
 * crash the reader. What the handle then shows is the moment of opening; see lt_counters_refresh().
 */
int lt_counters_open(const char *path, struct lt_counters **out,
                     struct lt_error *error) LT_MUST_USE;
/* Reads the file again, and with it values and entries made since. Pointers from lt_counters_at()
 * stay valid and show the new values. After an error the handle has no entries. on: readers of
 * lt_counters_open() only. */
int lt_counters_refresh(struct lt_counters *counters, struct lt_error *error) LT_MUST_USE;
void lt_counters_close(struct lt_counters *counters); /* NULL is a no-op; the file stays */

/* Until now added names may be added once more, by a query that begins again: they give the same
 * place, and its value goes on. on: before start, when nobody writes. */
void lt_counters_begin_again(struct lt_counters *counters);

/* on: before start. `name` as "lane0.source.records"; unit as "records", "ns", "bytes". Names are
 * unique (asserted), but for lt_counters_begin_again. Never returns NULL: what a full file has no
 * room for is counted where nobody reads, and lt_counters_check_room says so. `kind` is SUM or
 * GAUGE. Counters whose names are equal up to the last dot are packed together, so they must have
 * the same writer. */
struct lt_shared_u64 *lt_counters_add(struct lt_counters *counters, enum lt_counter_kind kind,
                                      const char *name, const char *unit, const char *help);
struct lt_histogram *lt_counters_add_histogram(struct lt_counters *counters, const char *name,
                                               const char *help);
/* A text value; written by one thread, read by any as a whole or as the one before. */
struct lt_counter_text;
struct lt_counter_text *lt_counters_add_text(struct lt_counters *counters, const char *name,
                                             const char *help);
void lt_counter_text_set(struct lt_counter_text *text, const char *value);

/* LT_E_LIMIT if something was added that the file has no room for (limits in counters_format.h):
 * the query cannot run. on: as lt_counters_add. */
int lt_counters_check_room(const struct lt_counters *counters, struct lt_error *error) LT_MUST_USE;

/* on: the single writer of the counter. */
static inline void lt_counter_add(struct lt_shared_u64 *counter, uint64_t delta)
{
    lt_store_relaxed_u64(counter, counter->value + delta); /* relaxed: single writer, a statistic */
}
static inline void lt_counter_set(struct lt_shared_u64 *counter, uint64_t value)
{
    lt_store_relaxed_u64(counter, value); /* relaxed: as above */
}

struct lt_counter_info {
    const char *name, *unit, *help;
    enum lt_counter_kind kind;
    const struct lt_shared_u64 *value;    /* SUM, GAUGE */
    const struct lt_histogram *histogram; /* HISTOGRAM */
    const struct lt_counter_text *text;   /* TEXT */
};
size_t lt_counters_count(const struct lt_counters *counters);
struct lt_counter_info lt_counters_at(const struct lt_counters *counters, size_t index);
/* Copies the text, cut to `out_size`; "" if it is damaged. on: any. */
void lt_counter_text_get(const struct lt_counter_text *text, char *out, size_t out_size);

struct lt_counters_identity {
    int pid;
    bool alive; /* a process with that pid and start time runs */
    int64_t started_wall_us;
    int64_t heartbeat_wall_us; /* last time the query said it lives */
    const char *query_name;
};
struct lt_counters_identity lt_counters_identity(const struct lt_counters *counters);
/* on: the query's control thread, about once a second. */
void lt_counters_heartbeat(struct lt_counters *counters, int64_t wall_us);

#endif
