/*
 * The type of a CSV record, as schema_of_csv gives it: a struct of _c0, _c1, ... of INT, BIGINT,
 * DECIMAL, DOUBLE, DATE, TIMESTAMP, BOOLEAN or STRING.
 *
 * For the control plane: it allocates.
 *
 * on: any.
 */
#ifndef LT_TEXT_CSV_INFER_H
#define LT_TEXT_CSV_INFER_H

#include "core/base/arena.h"
#include "core/base/error.h"
#include "core/data/type.h"
#include "core/text/csv_options.h"

/* The struct in `arena`. PARSE when there is no record. `times` parses DATE by its pattern alone
 * (yyyy-MM-dd), without falling back to what a cast takes. */
int lt_csv_infer(const void *data, size_t size_bytes, const struct lt_csv_options *options,
                 const struct lt_codec_times *times, struct lt_arena *arena,
                 const struct lt_type **out, struct lt_error *error) LT_MUST_USE;

#endif
