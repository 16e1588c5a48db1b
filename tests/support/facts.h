/*
 * JSON documents that a test reads: by a schema as DDL, field by field. What the schema calls a
 * STRING and is more than that in the document is its text as it stands.
 *
 * What is missing, NULL or of another kind reads as NULL, 0 or an empty list: tests compare, and
 * tell what they see. Everything lives in the arena given.
 */
#ifndef LT_TESTS_FACTS_H
#define LT_TESTS_FACTS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/arena.h"
#include "core/data/type.h"
#include "core/data/value.h"

struct fact {
    const struct lt_type *type;
    union lt_value value;
    bool is_null;
};

/* `ddl` is a column list: of the document's object. */
struct fact fact_parse(struct lt_arena *arena, const char *ddl, const char *document);
struct fact fact_get(struct fact of, const char *field);
/* Of an array or a map. */
uint32_t fact_count(struct fact of);
struct fact fact_at(struct fact array, uint32_t index);
struct fact fact_key(struct fact map, uint32_t index);
struct fact fact_value(struct fact map, uint32_t index);
/* By a key that is a text. */
struct fact fact_find(struct fact map, const char *key);
const char *fact_text(struct fact of, struct lt_arena *arena); /* NULL for NULL */
int64_t fact_i64(struct fact of);
/* As JSON again, NULL fields shown. */
const char *fact_json(struct fact of, struct lt_arena *arena);

#endif
