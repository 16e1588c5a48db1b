/*
 * Rows of state as JSON, a line each, with the columns of Spark's state reader:
 *
 *   {"key":{"word":"be"},"value":{"count":"..."},"partition_id":0}
 *
 * Keys and values are read by the schemas that the operator's metadata has. Bytes for which there
 * are none stand as base64. Where some bytes at the end of a key do not count for its group, they
 * stand behind the key's columns: as the number "index", or, if they are more than a number has, in
 * hexadecimal digits as "place".
 *
 * Files are read, and no live copy: neither store is touched.
 *
 * on: any; waits for the disk.
 */
#ifndef LT_STATE_DUMP_H
#define LT_STATE_DUMP_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/error.h"
#include "core/base/text_buffer.h"
#include "core/data/value.h"
#include "core/state/metadata.h"

struct lt_state_dump {
    const char *root;    /* the checkpoint's state/<operator> */
    uint64_t version;    /* of batch N: N + 1 */
    uint32_t partition;  /* or LT_STATE_ALL_PARTITIONS */
    const struct lt_state_metadata_store *store; /* NULL: there is no metadata */
    const char *store_name;                      /* its folder; NULL: the operator's only store */
    /* Only entries with this key: a JSON object of some or all of its columns, or, of a key of one
     * column, its value as text or as JSON. NULL: all. */
    const char *key;
    /* Writes the values, which are not NULL, as JSON; NULL: as core/text/json_write.h does. */
    int (*write)(void *context, const struct lt_type *type, const union lt_value *value,
                 struct lt_text_buffer *out, struct lt_error *error);
    void *write_context;
    /* Takes a row without a line break, which is valid during the call. False: no more. */
    bool (*line)(void *context, const char *json);
    void *context;
};

int lt_state_dump(const struct lt_state_dump *dump, struct lt_error *error) LT_MUST_USE;

#endif
