/*
 * Types: Spark SQL's, nested, as plain immutable data in an arena. The one place that says what a
 * type is: its name, its width in a row, how it compares, hashes and prints.
 *
 * A schema is a struct type. Types live as long as the arena they were made in; a query keeps one
 * arena. Nesting is at most LT_LIMIT_TYPE_DEPTH.
 *
 * on: any thread once made.
 */
#ifndef LT_DATA_TYPE_H
#define LT_DATA_TYPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/arena.h"
#include "core/base/error.h"

/* kind, Spark's simple name ("decimal", "char" and nested kinds print with their parameters) */
#define LT_TYPE_MAP(XX)                                                                            \
    XX(VOID, "void")                                                                               \
    XX(BOOLEAN, "boolean")                                                                         \
    XX(TINYINT, "tinyint")                                                                         \
    XX(SMALLINT, "smallint")                                                                       \
    XX(INT, "int")                                                                                 \
    XX(BIGINT, "bigint")                                                                           \
    XX(FLOAT, "float")                                                                             \
    XX(DOUBLE, "double")                                                                           \
    XX(DECIMAL, "decimal")                                                                         \
    XX(STRING, "string")                                                                           \
    XX(CHAR, "char")                                                                               \
    XX(VARCHAR, "varchar")                                                                         \
    XX(BINARY, "binary")                                                                           \
    XX(DATE, "date")                                                                               \
    XX(TIMESTAMP, "timestamp")                                                                     \
    XX(TIMESTAMP_NTZ, "timestamp_ntz")                                                             \
    XX(TIME, "time")                                                                               \
    XX(INTERVAL_DAY_TIME, "interval day to second")                                                \
    XX(INTERVAL_YEAR_MONTH, "interval year to month")                                              \
    XX(INTERVAL_CALENDAR, "interval")                                                              \
    XX(VARIANT, "variant")                                                                         \
    XX(ARRAY, "array")                                                                             \
    XX(MAP, "map")                                                                                 \
    XX(STRUCT, "struct")

enum lt_type_kind {
#define LT_TYPE_ENUM(kind, name) LT_TYPE_##kind,
    LT_TYPE_MAP(LT_TYPE_ENUM)
#undef LT_TYPE_ENUM
        LT_TYPE_KIND_COUNT
};

enum lt_interval_field {
    LT_INTERVAL_YEAR = 0,
    LT_INTERVAL_MONTH = 1,
    LT_INTERVAL_DAY = 0,
    LT_INTERVAL_HOUR = 1,
    LT_INTERVAL_MINUTE = 2,
    LT_INTERVAL_SECOND = 3,
};

struct lt_type;

struct lt_field {
    const char *name;
    const struct lt_type *type;
    bool nullable;
    const char *comment; /* or NULL */
};

struct lt_type {
    enum lt_type_kind kind;
    uint8_t precision, scale; /* DECIMAL: 0..38, 0..precision; TIME: precision 0..6 */
    /* INTERVAL_YEAR_MONTH: enum lt_interval_field YEAR..MONTH; INTERVAL_DAY_TIME: DAY..SECOND */
    uint8_t interval_start, interval_end;
    uint32_t char_count;   /* CHAR, VARCHAR */
    const char *collation; /* STRING: "UTF8_LCASE"; NULL is UTF8_BINARY, which compares bytes */
    uint32_t field_count;  /* STRUCT: n; ARRAY: 1 ("element"); MAP: 2 ("key", "value") */
    const struct lt_field *fields;
    const bool *hidden; /* STRUCT: which fields are hidden (lt_type_hide); NULL: none */
};

/* The type without parameters; a static object. DECIMAL gives (10,0), TIME (6), intervals their
 * whole range. A kind that cannot do without parameters (CHAR, VARCHAR, nested) is asserted
 * against. */
const struct lt_type *lt_type_simple(enum lt_type_kind kind);
/* precision 0..38, scale 0..precision (asserted). */
const struct lt_type *lt_type_decimal(struct lt_arena *arena, uint8_t precision, uint8_t scale);
const struct lt_type *lt_type_array(struct lt_arena *arena, const struct lt_type *element,
                                    bool nullable);
const struct lt_type *lt_type_map(struct lt_arena *arena, const struct lt_type *key,
                                  const struct lt_type *value, bool value_nullable);
/* The schema of a source, with its fields from `first` on hidden: stars do not stand for them and
 * sinks are not given them, but they can be named (`_metadata`). `first` is the count of fields at
 * most. */
const struct lt_type *lt_type_hide(struct lt_arena *arena, const struct lt_type *schema,
                                   uint32_t first);
/* The same for any of its fields: `hidden` has an entry for each, and is referenced. */
const struct lt_type *lt_type_hide_these(struct lt_arena *arena, const struct lt_type *schema,
                                         const bool *hidden);
static inline bool lt_type_is_hidden(const struct lt_type *schema, uint32_t index)
{
    return schema->hidden != NULL && schema->hidden[index];
}
/* The schema without its hidden fields; itself where it has none. */
const struct lt_type *lt_type_visible(struct lt_arena *arena, const struct lt_type *schema);
uint32_t lt_type_visible_count(const struct lt_type *schema);
/* Copies the field array (names and types are referenced). */
const struct lt_type *lt_type_struct(struct lt_arena *arena, const struct lt_field *fields,
                                     size_t count);

/* Ignoring nullability and comments. */
bool lt_type_equal(const struct lt_type *a, const struct lt_type *b);
/* Index of a field by name, without regard to case; -1 if none, -2 if the name is ambiguous. */
int lt_type_field_index(const struct lt_type *schema, const char *name);

/* Is it of this kind, or has it a part that is? */
bool lt_type_has_kind(const struct lt_type *type, enum lt_type_kind kind);
/* Do its values have an order? Maps have none. */
bool lt_type_is_ordered(const struct lt_type *type);
/* Can its values be the keys of a map, and be hashed? Maps cannot. */
bool lt_type_is_key(const struct lt_type *type);

static inline bool lt_type_is_bytes(const struct lt_type *type)
{
    return type->kind >= LT_TYPE_STRING && type->kind <= LT_TYPE_BINARY;
}
static inline bool lt_type_is_nested(const struct lt_type *type)
{
    return type->kind >= LT_TYPE_ARRAY;
}
static inline bool lt_type_is_integral(const struct lt_type *type)
{
    return type->kind >= LT_TYPE_TINYINT && type->kind <= LT_TYPE_BIGINT;
}
static inline bool lt_type_is_number(const struct lt_type *type)
{
    return type->kind >= LT_TYPE_TINYINT && type->kind <= LT_TYPE_DOUBLE;
}
static inline bool lt_type_is_fraction(const struct lt_type *type)
{
    return type->kind == LT_TYPE_FLOAT || type->kind == LT_TYPE_DOUBLE;
}
static inline bool lt_type_is_numeric(const struct lt_type *type) /* decimals too */
{
    return lt_type_is_number(type) || type->kind == LT_TYPE_DECIMAL;
}
static inline bool lt_type_is_text(const struct lt_type *type)
{
    return type->kind >= LT_TYPE_STRING && type->kind <= LT_TYPE_VARCHAR;
}
static inline bool lt_type_is_datetime(const struct lt_type *type)
{
    return type->kind >= LT_TYPE_DATE && type->kind <= LT_TYPE_TIMESTAMP_NTZ;
}
/* The intervals of standard SQL, which compare. */
static inline bool lt_type_is_ansi_interval(const struct lt_type *type)
{
    return type->kind == LT_TYPE_INTERVAL_DAY_TIME || type->kind == LT_TYPE_INTERVAL_YEAR_MONTH;
}
static inline bool lt_type_is_interval(const struct lt_type *type)
{
    return lt_type_is_ansi_interval(type) || type->kind == LT_TYPE_INTERVAL_CALENDAR;
}
/* The largest and the smallest value of an integral type. */
static inline int64_t lt_type_largest(const struct lt_type *type)
{
    unsigned bits = 8U << (type->kind - LT_TYPE_TINYINT);
    return INT64_MAX >> (64 - bits);
}
static inline int64_t lt_type_smallest(const struct lt_type *type)
{
    return -lt_type_largest(type) - 1;
}

/* Spark's texts. In the arena.
 * simpleString: "struct<id:int,tags:array<string>>"; catalogString alike.
 * DDL of a struct: "id INT NOT NULL,tags ARRAY<STRING>".
 * JSON: {"type":"struct","fields":[...]}. */
const char *lt_type_simple_string(struct lt_arena *arena, const struct lt_type *type);
const char *lt_type_ddl(struct lt_arena *arena, const struct lt_type *schema);
const char *lt_type_json(struct lt_arena *arena, const struct lt_type *type);
/* "INT", "STRUCT<a: INT>": how Spark's error messages print a type (in double quotes there). */
const char *lt_type_sql(struct lt_arena *arena, const struct lt_type *type);

/* Parses a DDL column list: "id INT NOT NULL, tags ARRAY<STRING> COMMENT 'x'". The result is a
 * struct. Errors carry Spark's condition (PARSE_SYNTAX_ERROR, UNSUPPORTED_DATATYPE, ...) and the
 * place. */
int lt_type_parse_ddl(const char *text, struct lt_arena *arena, const struct lt_type **out,
                      struct lt_error *error) LT_MUST_USE;
/* Parses one type: "array<decimal(10,2)>". */
int lt_type_parse(const char *text, struct lt_arena *arena, const struct lt_type **out,
                  struct lt_error *error) LT_MUST_USE;
/* Parses one type or, if it is none, a column list: what from_json takes. The error is the first
 * one's. */
int lt_type_parse_any(const char *text, struct lt_arena *arena, const struct lt_type **out,
                      struct lt_error *error) LT_MUST_USE;

#endif
