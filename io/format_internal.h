/*
 * What the files of io/format have in common: a format is a table of functions, its options are
 * told by codecs.
 */
#ifndef LT_IO_FORMAT_INTERNAL_H
#define LT_IO_FORMAT_INTERNAL_H

#include <string.h>

#include "io/format.h"
#include "io/format_table.h"

/* First member of each format's reader. */
struct lt_format_reader {
    const struct lt_format *format;
    const struct lt_format_ops *ops;
    const char *stage;
    struct lt_framing framing;
    bool is_previewed; /* see lt_format_reader_form */
    bool has_more;     /* the record at hand, of another charset, was converted before */
    struct lt_format_counters counters;
    struct lt_error error;
};

struct lt_format_ops {
    const char *name;
    /* What the format needs of the setup, into a struct that begins with struct lt_format. */
    int (*bind)(const struct lt_format_setup *setup, struct lt_arena *arena,
                struct lt_format **out, struct lt_error *error);
    int (*create_reader)(const struct lt_format *format, const uint64_t *used_columns,
                         struct lt_format_reader **out, struct lt_error *error);
    enum lt_format_result (*read)(struct lt_format_reader *reader, struct lt_format_stream *stream,
                                  struct lt_bytes record, struct lt_row *row,
                                  struct lt_fault **fault);
    void (*reset)(struct lt_format_reader *reader); /* optional: it never has MORE */
    /* Adds what it has counted besides; optional. */
    void (*count)(const struct lt_format_reader *reader, struct lt_format_counters *out);
    void (*destroy)(struct lt_format_reader *reader);
};

extern const struct lt_format_ops lt_format_json_ops, lt_format_csv_ops;

/* The typed getters over the table of all read options. */
const char *lt_format_text_option(const struct lt_format_setup *setup, const char *name);
bool lt_format_bool_option(const struct lt_format_setup *setup, const char *name);

/* As lt_format_table_each. */
int lt_format_each_option(const struct lt_format_setup *setup, lt_format_option_fn *take,
                          void *context, struct lt_error *error) LT_MUST_USE;

/* The record without a UTF-8 byte order mark in front of it. */
static inline struct lt_bytes lt_format_skip_mark(struct lt_bytes record)
{
    static const uint8_t mark[] = {0xEF, 0xBB, 0xBF};
    if (record.size_bytes < sizeof mark || memcmp(record.data, mark, sizeof mark) != 0)
        return record;
    record.data += sizeof mark;
    record.size_bytes -= (uint32_t)sizeof mark;
    return record;
}

#endif
