/*
 * The measured queries with state. Each reads one or two topics of the same bytes for all engines,
 * which Spark's SQL is asked as leat's is:
 *
 *     prepare   SELECT from_json(cast(value AS string), SCHEMA) AS j FROM the topic
 *     columns   SELECT ... FROM that
 *     withWatermark(watermark, delay), dropDuplicates(distinct), a view of the input's name
 *     sql       over the views: columns that are all BIGINT
 */
#ifndef LT_BENCH_STATE_QUERIES_H
#define LT_BENCH_STATE_QUERIES_H

#include <stdbool.h>

#include "bench/state/events.h"
#include "bench/state/models.h"
#include "core/leat.h"

enum { STATE_INPUTS_MAX = 2 };

struct state_input {
    const char *view;
    enum events_kind kind;
    bool is_keyed_by_other; /* its topic is, as the query is */
    uint32_t one_of;    /* it has one row for so many of the query; 0: for each */
    const char *schema; /* of the documents */
    const char *columns;
    const char *watermark, *delay; /* NULL: none */
    const char *distinct;          /* NULL: rows are not compared */
};

struct state_query {
    const char *name, *id; /* for people; for programs and topics */
    uint32_t rows;         /* of an input */
    uint32_t input_count;
    struct state_input inputs[STATE_INPUTS_MAX];
    const char *sql;
    /* In its place, over the same views: only leat is asked then. */
    leat_stream *(*custom)(leat_context *context);
    const char *mode;     /* "append" or "update" */
    bool is_one_batch;    /* else their size is given */
    uint32_t column_count;
    state_model *model;
};

/* Rows of a topic, where the query has `rows`. */
uint32_t state_input_rows(const struct state_input *input, uint32_t rows);
extern const struct state_query state_queries[];
extern const uint32_t state_query_count;

#endif
