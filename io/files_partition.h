/*
 * Partition columns: what the directories `k=v` between a root and a file say.
 *
 * Their names and types are found once, when the query is made, by Spark's rules: every directory
 * has the same names in the same order, and a column's type is the narrowest that takes all its
 * values: int, bigint, decimal, double, date, timestamp, or else string. A type that the user's
 * schema gives counts more. Later files are judged against that.
 *
 * on: any; a reading of dates uses the context's zones, one thread at a time.
 */
#ifndef LT_IO_FILES_PARTITION_H
#define LT_IO_FILES_PARTITION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/arena.h"
#include "core/base/error.h"
#include "core/data/type.h"
#include "core/data/value.h"
#include "core/text/datetime.h"

enum { LT_FILES_PARTITIONS_MAX = 64 };

/* What one path says. */
struct lt_files_parts {
    const char *names[LT_FILES_PARTITIONS_MAX];
    const char *values[LT_FILES_PARTITIONS_MAX]; /* unescaped */
    uint32_t count;
    size_t base_size; /* bytes of the path up to where the partitions begin */
};

/* `root_size`: bytes of the path that are the root's. INVALID for a side of `k=v` that is empty. */
int lt_files_parts_of(const char *path, size_t root_size, struct lt_arena *arena,
                      struct lt_files_parts *out, struct lt_error *error) LT_MUST_USE;

struct lt_files_partitions {
    struct lt_field columns[LT_FILES_PARTITIONS_MAX];
    uint32_t count;
};

struct lt_files_inference;

/* Both live as long as the inference; the arena holds what comes of it. */
struct lt_files_inference *lt_files_inference_create(struct lt_datetime_context *times,
                                                     struct lt_arena *arena);
void lt_files_inference_destroy(struct lt_files_inference *inference); /* NULL is a no-op */
/* A file that was found. ANALYSIS (CONFLICTING_...) when its directories and those before do not
 * agree. */
int lt_files_inference_add(struct lt_files_inference *inference, const char *path, size_t root_size,
                           struct lt_error *error) LT_MUST_USE;
/* `user_schema` may be NULL. Asked once. */
int lt_files_inference_end(struct lt_files_inference *inference, const struct lt_type *user_schema,
                           struct lt_files_partitions *out, struct lt_error *error) LT_MUST_USE;

/* Whether a file's parts are these columns; else ANALYSIS, as above. */
int lt_files_partitions_check(const struct lt_files_partitions *partitions,
                              const struct lt_files_parts *parts, const char *path,
                              struct lt_error *error) LT_MUST_USE;
/* A column's value of a text; strings point to it. INVALID (INVALID_PARTITION_VALUE) when it is
 * none of the type. */
int lt_files_partition_value(const struct lt_field *column, const char *text,
                             struct lt_datetime_context *times, union lt_value *out, bool *is_null,
                             struct lt_error *error) LT_MUST_USE;

#endif
