/*
 * What the files of io/format_write have in common.
 */
#ifndef LT_IO_FORMAT_WRITE_INTERNAL_H
#define LT_IO_FORMAT_WRITE_INTERNAL_H

#include "io/format_internal.h"
#include "io/format_write.h"

struct lt_format_write_ops {
    const char *name;
    int (*create)(const struct lt_format_write_setup *setup, struct lt_format_writer **out,
                  struct lt_error *error);
    /* Appends the record without its frame. False: *why says what is wrong. */
    bool (*write)(struct lt_format_writer *writer, struct lt_row *row, struct lt_text_buffer *out,
                  const char **why);
    /* What stands in front of the first record, as a record; false: nothing does. Optional. */
    bool (*begin)(struct lt_format_writer *writer, struct lt_text_buffer *out);
    void (*destroy)(struct lt_format_writer *writer);
};

extern const struct lt_format_write_ops lt_format_write_json_ops, lt_format_write_csv_ops;

/* First member of each format's writer. */
struct lt_format_writer {
    const struct lt_format_write_ops *ops;
    struct lt_framing framing;
    uint32_t column; /* raw and text: the one that is written */
    enum lt_charset charset;
    struct lt_text_buffer body; /* varint: the record, until its size is known; another charset: the
                                   record in UTF-8 */
    struct lt_text_buffer converted;
};

/* The next column from `column` on that is written; field_count: there is none. */
static inline uint32_t lt_format_next_column(const struct lt_format_write_setup *setup,
                                             uint32_t column)
{
    while (column < setup->schema->field_count && lt_bit(setup->left_out, column))
        column++;
    return column;
}

const char *lt_format_write_text_option(const struct lt_format_write_setup *setup,
                                        const char *name);
/* As lt_format_each_option; `take` NULL: the format has no options. */
int lt_format_write_each_option(const struct lt_format_write_setup *setup,
                                lt_format_option_fn *take, void *context,
                                struct lt_error *error) LT_MUST_USE;

#endif
