/*
 * What stands in state/<operator>/_metadata/metadata: which operator it is, which stores it has,
 * and what their keys and values are. Spark's text, with three more fields for each store:
 *
 *   v1
 *   {"operatorInfo":{"operatorId":0,"operatorName":"stateStoreSave"},"stateStoreInfo":[
 *    {"storeName":"default","numColsPrefixKey":0,"numPartitions":4,
 *     "keySchema":"word STRING","valueSchema":"...","keySuffixBytes":0}]}
 *
 * on one line behind the version. The schemas are what the byte forms of keys and values are read
 * by (core/data/row_bytes.h), and what a start compares those of its operators with.
 *
 * on: any. Pure.
 */
#ifndef LT_STATE_METADATA_H
#define LT_STATE_METADATA_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/arena.h"
#include "core/base/error.h"
#include "core/base/text_buffer.h"
#include "core/data/type.h"

/* Of an operator, beside its partitions; and the file in it. */
#define LT_STATE_METADATA_FOLDER "_metadata"
#define LT_STATE_METADATA_FILE "metadata"
/* How an operator's only store is called there. */
#define LT_STATE_DEFAULT_STORE "default"

struct lt_state_metadata_store {
    const char *name;
    uint32_t partition_count, key_suffix_bytes;
    const char *key, *value; /* DDL; NULL: it is not said, as by Spark */
};

struct lt_state_metadata {
    uint64_t number; /* of the operator */
    const char *operator_name;
    const struct lt_state_metadata_store *stores;
    size_t store_count;
};

void lt_state_metadata_format(struct lt_text_buffer *out,
                              const struct lt_state_metadata *metadata);
/* Texts are in the arena. Errors (LT_E_CORRUPT) say what is wrong; the caller names the file. */
int lt_state_metadata_parse(const char *text, size_t size_bytes, struct lt_arena *arena,
                            struct lt_state_metadata *out, struct lt_error *error) LT_MUST_USE;
/* By name, NULL for the only one; NULL if there is none. */
const struct lt_state_metadata_store *
lt_state_metadata_find(const struct lt_state_metadata *metadata, const char *store);

/* The schema of a DDL that stands in it, which may have no column. */
int lt_state_schema_parse(const char *ddl, struct lt_arena *arena, const struct lt_type **out,
                          struct lt_error *error) LT_MUST_USE;
/* Can what was written with the one be read with the other? Columns may be called otherwise in
 * keys, not in values: the name of an aggregate's state says which it is. */
bool lt_state_is_same_key(const struct lt_type *a, const struct lt_type *b);
bool lt_state_is_same_value(const struct lt_type *a, const struct lt_type *b);

#endif
