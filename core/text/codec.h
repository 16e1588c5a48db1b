/*
 * What the typed readers and writers of JSON and CSV ask of their caller: memory for values, and
 * the text of types that has no one form. Dates, timestamps and intervals are written by patterns
 * and in a zone that the caller knows; the readers and writers here know neither.
 *
 * on: the reader's or writer's thread.
 */
#ifndef LT_TEXT_CODEC_H
#define LT_TEXT_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "core/base/text_buffer.h"
#include "core/data/type.h"
#include "core/data/value.h"

/* Where computed values go: as long-lived as the caller says. */
struct lt_codec_memory {
    /* Aligned to 16, not zeroed; NULL: there is no more, and the call that asked says so. */
    void *(*alloc)(void *context, size_t size_bytes);
    void *context;
};

/* A struct of so many fields, all NULL, its values and nulls to be filled; NULL without memory. */
static inline struct lt_struct *lt_codec_struct(const struct lt_codec_memory *memory,
                                                uint32_t count, union lt_value **values,
                                                uint64_t **nulls)
{
    _Static_assert(sizeof(struct lt_struct) % 16 == 0, "the values behind it are aligned");
    size_t value_bytes = count * sizeof(union lt_value);
    size_t null_bytes = (count + 63) / 64 * sizeof(uint64_t);
    struct lt_struct *structure =
        memory->alloc(memory->context, sizeof *structure + value_bytes + null_bytes);
    if (structure == NULL)
        return NULL;
    *values = (union lt_value *)(void *)(structure + 1);
    *nulls = (uint64_t *)(void *)(*values + count);
    memset(*values, 0, value_bytes);
    memset(*nulls, 0xFF, null_bytes);
    *structure = (struct lt_struct){.nulls = *nulls, .values = *values};
    return structure;
}

/* DATE, TIMESTAMP, TIMESTAMP_NTZ, TIME and the intervals. Either function may be NULL where no type
 * needs it. */
struct lt_codec_times {
    /* A text that is not empty to a value; false when it is none. With Spark's fall-backs: a date
     * or timestamp without a pattern of its own is parsed as a cast does it. */
    bool (*parse)(void *context, const struct lt_type *type, const void *data, size_t size_bytes,
                  union lt_value *out);
    /* Appends the text, without quotes. */
    void (*format)(void *context, const struct lt_type *type, const union lt_value *value,
                   struct lt_text_buffer *out);
    void *context;
    bool dates_are_plain; /* yyyy-MM-dd is that DATE: parse() need not be asked */
};

/* What becomes of a record that does not parse. */
enum lt_codec_mode {
    LT_CODEC_PERMISSIVE, /* kept: what parsed, NULLs, and its text in the corrupt-record column */
    LT_CODEC_DROPMALFORMED,
    LT_CODEC_FAILFAST,
};

/* What reading one record gave. */
enum lt_codec_result {
    LT_CODEC_VALUE,
    LT_CODEC_NULL,    /* the whole value is NULL */
    LT_CODEC_DROPPED, /* DROPMALFORMED: malformed */
    LT_CODEC_FAILED,  /* FAILFAST: malformed; the reader has the condition */
    LT_CODEC_NO_MEMORY,
};

static inline bool lt_codec_is_time(const struct lt_type *type)
{
    return (type->kind >= LT_TYPE_DATE && type->kind <= LT_TYPE_INTERVAL_CALENDAR);
}

#endif
