/*
 * A type compiled for reading, and what one document is read with. For core/text/json_read*.c only.
 *
 * on: one thread at a time.
 */
#ifndef LT_TEXT_JSON_READ_PLAN_H
#define LT_TEXT_JSON_READ_PLAN_H

#include <string.h>

#include "core/base/error.h"
#include "core/text/json_broken.h"
#include "core/text/json_read.h"
#include "core/text/json_read_tokens.h"

/* The name of a field: its first bytes as a number, and its size. */
struct lt_json_slot {
    uint64_t head;
    uint32_t size_bytes;
    uint32_t child; /* + 1; 0: free */
};

enum lt_json_way {
    LT_JSON_WAY_OTHER,
    LT_JSON_WAY_PASS,
    LT_JSON_WAY_TEXT,
    LT_JSON_WAY_DATE,
    LT_JSON_WAY_BIGINT,
    LT_JSON_WAY_DOUBLE,
};

/* The name that stood at some place among a struct's names in the document before, with its closing
 * quote if there is room: most documents of a stream have their names in one order. */
struct lt_json_expected {
    uint64_t head, mask;
    uint32_t size_bytes;
    int32_t child;       /* -1: the type has no such field */
    uint32_t way;        /* enum lt_json_way: how its value is read where it is as most are */
    const uint8_t *name; /* of the child, if it has more bytes than the head */
};
enum { LT_JSON_EXPECTED = 32 };

/* One type. Fields of a struct are found by a hash of their names. */
struct lt_json_plan {
    const struct lt_type *type;
    struct lt_json_plan *children; /* STRUCT: its fields; ARRAY: the element; MAP: the value */
    uint32_t child_count;
    int32_t skipped_column;     /* the outermost STRUCT: the corrupt-record column; -1: none */
    struct lt_json_slot *slots; /* STRUCT: by hash */
    uint32_t slot_mask;
    struct lt_json_expected *expected; /* STRUCT: LT_JSON_EXPECTED of them */
    /* Of the type as it was declared: how many fields of the STRUCT the reader's type has, and
     * which one of its struct's this is, -1 when it has it not. */
    uint32_t kept_count;
    int32_t kept;
};

/* What reading a value gave. All but STOPPED leave the tokens at the value's last one. */
enum lt_json_outcome {
    LT_JSON_OUTCOME_VALUE,
    LT_JSON_OUTCOME_NULL,
    LT_JSON_OUTCOME_PARTIAL, /* a value; something in it did not fit */
    LT_JSON_OUTCOME_MISFIT,
    LT_JSON_OUTCOME_STOPPED, /* the document is no JSON from here on */
    LT_JSON_OUTCOME_NO_MEMORY,
};

/* Elements of arrays and maps that are not complete yet: a stack for each reader. */
struct lt_json_element {
    union lt_value value;
    union lt_value key;
    bool is_null;
};

struct lt_json_reader {
    struct lt_json_plan root;
    struct lt_json_index *index;
    struct lt_json_tokens tokens;
    struct lt_codec_times times;
    const struct lt_codec_memory *memory; /* of the document at hand */
    union lt_value *values;               /* where the fields of the root go; NULL: to a struct */
    uint64_t *nulls;
    const uint8_t *document_end;
    uint32_t document_padding_bytes;
    struct lt_json_element *elements;
    size_t element_count, element_capacity;
    struct lt_text_buffer text;
    enum lt_codec_mode mode;
    unsigned scan_flags;
    bool allows_not_finite, keeps_text, splits_arrays;
    const char *condition, *cause;
    struct lt_json_read_counters counters;
    /* Documents that are no JSON. */
    struct lt_json_broken broken;
    struct lt_json_plan declared;
    struct lt_json_plan *whole; /* `declared`, or the root where that is the same */
    bool goes_on;               /* what can be had of them is asked for */
    bool reads_alone;
    int32_t only; /* the one field of `whole` that is wanted; -1: all are */
};

/* The child of a struct with the current token's name; -1 if none. */
int32_t lt_json_plan_find(const struct lt_json_reader *reader, const struct lt_json_plan *plan);
/* The first bytes of [name, readable), fewer than eight, as a number. */
uint64_t lt_json_short_head(const uint8_t *name, const uint8_t *readable);
/* The slot of the name, or the free one where it would be; bytes up to `readable` may be read. */
static inline struct lt_json_slot *lt_json_plan_slot(const struct lt_json_plan *plan,
                                                     const uint8_t *name, size_t size_bytes,
                                                     const uint8_t *readable)
{
    enum { HEAD = sizeof(uint64_t) };
    uint64_t head;
    if (lt_likely(readable - name >= HEAD))
        memcpy(&head, name, HEAD);
    else
        head = lt_json_short_head(name, readable);
    if (size_bytes < HEAD)
        head &= ((uint64_t)1 << (8 * size_bytes)) - 1;
    uint64_t hash = (head + size_bytes) * UINT64_C(0x9E3779B97F4A7C15);
    for (uint64_t at = hash >> 48;; at++) {
        struct lt_json_slot *slot = &plan->slots[at & plan->slot_mask];
        if (slot->child == 0)
            return slot;
        if (slot->head == head && slot->size_bytes == size_bytes &&
            (size_bytes <= HEAD ||
             memcmp(plan->type->fields[slot->child - 1].name, name, size_bytes) == 0))
            return slot;
    }
}

/* Memory for the value at hand; NULL: there is none. */
static inline void *lt_json_reader_alloc(const struct lt_json_reader *reader, size_t size_bytes)
{
    return reader->memory->alloc(reader->memory->context, size_bytes);
}

/* The first reason why a document is malformed is the one that is told. */
static inline void lt_json_reader_blame(struct lt_json_reader *reader, const char *condition,
                                        const char *cause)
{
    if (reader->condition == NULL) {
        reader->condition = condition;
        reader->cause = cause;
    }
}

#define LT_JSON_MALFORMED "MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION"
#define LT_JSON_MALFORMED_ARRAY "MALFORMED_RECORD_IN_PARSING.CANNOT_PARSE_JSON_ARRAYS_AS_STRUCTS"
#define LT_JSON_MALFORMED_STRING "MALFORMED_RECORD_IN_PARSING.CANNOT_PARSE_STRING_AS_DATATYPE"

/* Reads the value that the current token begins. json_read_nested.c. */
enum lt_json_outcome lt_json_read_value(struct lt_json_reader *reader, struct lt_json_plan *plan,
                                        union lt_value *out);
/* A struct, from its OBJECT_BEGIN; the outermost one leaves its corrupt-record column NULL. */
enum lt_json_outcome lt_json_read_struct(struct lt_json_reader *reader, struct lt_json_plan *plan,
                                         union lt_value *out);
/* The fields of a struct of an indexed document, from its OBJECT_BEGIN. json_read_fields.c. */
enum lt_json_outcome lt_json_read_fields(struct lt_json_reader *reader, struct lt_json_plan *plan,
                                         union lt_value *values, uint64_t *nulls);
/* From a NAME past the field's value. */
enum lt_json_outcome lt_json_read_field(struct lt_json_reader *reader, struct lt_json_plan *plan,
                                        union lt_value *values, uint64_t *nulls);
/* The value of the field `index`, which the current token begins. */
enum lt_json_outcome lt_json_read_child(struct lt_json_reader *reader, struct lt_json_plan *plan,
                                        uint32_t index, union lt_value *values, uint64_t *nulls);
/* The document is no JSON: says so. */
enum lt_json_outcome lt_json_read_stopped(struct lt_json_reader *reader);
/* Memory for a struct of so many fields, all NULL; false without. The outermost struct is where the
 * caller wants it. */
bool lt_json_read_alloc_struct(const struct lt_json_reader *reader, bool is_outermost,
                               uint32_t count, union lt_value *out, union lt_value **values,
                               uint64_t **nulls);
/* Puts an element on the reader's stack; those above `base` as an array or a map, and off it: VALUE
 * or PARTIAL. */
void lt_json_read_push(struct lt_json_reader *reader, struct lt_json_element element);
enum lt_json_outcome lt_json_read_make_array(struct lt_json_reader *reader, bool is_partial,
                                             size_t base, union lt_value *out);
enum lt_json_outcome lt_json_read_make_map(struct lt_json_reader *reader, bool is_partial,
                                           size_t base, union lt_value *out);
/* An array of the one value, which was read with the outcome. json_read.c. */
enum lt_json_outcome lt_json_read_wrap(const struct lt_json_reader *reader, union lt_value value,
                                       enum lt_json_outcome outcome, union lt_value *out);
/* What can be had of a document that is no JSON: VALUE, PARTIAL, MISFIT or NULL.
 * json_broken_read.c. */
enum lt_json_outcome lt_json_read_broken(struct lt_json_reader *reader, struct lt_bytes document,
                                         union lt_value *out);
/* A scalar type, from any token but INVALID and END, which leaves containers where they begin.
 * json_read_scalar.c. */
enum lt_json_outcome lt_json_read_scalar(struct lt_json_reader *reader, const struct lt_type *type,
                                         union lt_value *out);
/* The current string or name as a value. */
enum lt_json_outcome lt_json_read_text(struct lt_json_reader *reader, union lt_value *out);

#endif
