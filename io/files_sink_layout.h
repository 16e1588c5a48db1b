/*
 * The directories of a partitioned file sink: `partitionBy` names columns, and a row goes to
 * `c1=v1/c2=v2`, each value as a cast to STRING gives it, escaped as Spark escapes it. NULL and the
 * empty text are __HIVE_DEFAULT_PARTITION__. The columns are left out of the files.
 *
 * on: any thread once bound; the texts are the caller's.
 */
#ifndef LT_IO_FILES_SINK_LAYOUT_H
#define LT_IO_FILES_SINK_LAYOUT_H

#include "core/base/arena.h"
#include "core/base/text_buffer.h"
#include "core/data/row.h"
#include "core/data/type.h"
#include "core/flow/fault.h"
#include "core/text/zone.h"

struct lt_files_level {
    uint32_t column;
    const struct lt_type *type;
    const char *name; /* "k=", escaped */
};

struct lt_files_layout {
    uint32_t count;
    const struct lt_files_level *columns;
    const uint64_t *left_out; /* bit set: the column is one of them; NULL: there is none */
    struct lt_zone zone;      /* of TIMESTAMP */
};

/* `names` separated by commas; NULL or blank: none. In the arena. Spark's errors for a column that
 * is not there and for one whose type cannot be a directory. */
int lt_files_layout_bind(const char *names, const struct lt_type *schema,
                             const struct lt_zone *zone, struct lt_arena *arena,
                             struct lt_files_layout *out, struct lt_error *error) LT_MUST_USE;

/* Writes the row's directory, without a slash at the end, in place of what is in `out`. NULL when
 * it is done; else why it cannot be a directory's name. `cell` is room to work in. */
const char *lt_files_layout_write(const struct lt_files_layout *layout,
                                      const struct lt_row *row, struct lt_text_buffer *cell,
                                      struct lt_text_buffer *out);

#endif
