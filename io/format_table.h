/*
 * What reading and writing formats have in common of their options: both have a table with rows for
 * frames and rows for formats (format_options.h), and a connector's set holds options of its own
 * beside them.
 *
 * on: control.
 */
#ifndef LT_IO_FORMAT_TABLE_H
#define LT_IO_FORMAT_TABLE_H

#include "core/base/options.h"
#include "io/frame.h"

struct lt_format_table {
    const struct lt_options *options; /* checked */
    const struct lt_option_spec *specs;
    size_t count;
    const char *format; /* in errors: "json" */
};

/* Called for every option that was set and belongs to the table, but for those that go with all
 * formats. NOT_FOUND: the format does not know it. */
typedef int lt_format_option_fn(void *context, const char *key, const char *value,
                                struct lt_error *error);
/* `take` NULL: the format has no options. */
int lt_format_table_each(const struct lt_format_table *table, lt_format_option_fn *take,
                         void *context, struct lt_error *error) LT_MUST_USE;

/* The frame and its options. `usual` is what it is where `frame` is not set: the format's own for a
 * stream of bytes, which `line` asks for too, else the connector's. max_bytes is left alone, and
 * the separator where lineSep is not set. */
int lt_format_table_framing(const struct lt_format_table *table, enum lt_frame_kind usual,
                            struct lt_framing *framing, struct lt_error *error) LT_MUST_USE;

#endif
