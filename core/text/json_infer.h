/*
 * The type of a JSON document, as schema_of_json gives it: integers are BIGINT, larger ones DECIMAL
 * or DOUBLE, fields stand in the order of their names, what is only ever null is STRING, and a
 * struct without fields is left out.
 *
 * For the control plane: it allocates.
 *
 * on: any.
 */
#ifndef LT_TEXT_JSON_INFER_H
#define LT_TEXT_JSON_INFER_H

#include "core/base/arena.h"
#include "core/base/error.h"
#include "core/data/type.h"
#include "core/text/codec.h"
#include "core/text/json_read_options.h"

/* The type in `arena`. PARSE with the place when it is no JSON, LIMIT when it is nested deeper than
 * types may be. `times` is used with the option inferTimestamp only, and may be NULL without. */
int lt_json_infer(const void *data, size_t size_bytes, const struct lt_json_options *options,
                  const struct lt_codec_times *times, struct lt_arena *arena,
                  const struct lt_type **out, struct lt_error *error) LT_MUST_USE;

#endif
