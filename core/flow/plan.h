/*
 * The logical plan: what the C builder, SQL text and the command line all make, and what a runner
 * takes. Plain data in an arena; nothing here runs, and nothing here knows Kafka or a text format.
 *
 * A plan is a tree of nodes, one root per sink: READ at the leaves, WRITE at the root. Expression
 * texts are parsed and analysed by ops; a node's `schema` is filled by analysis.
 */
#ifndef LT_FLOW_PLAN_H
#define LT_FLOW_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/arena.h"
#include "core/base/options.h"
#include "core/data/type.h"
#include "core/flow/expression.h"
#include "core/flow/operator.h"

enum lt_plan_kind {
    LT_PLAN_READ,      /* format, options, user schema */
    LT_PLAN_FILTER,    /* expressions[0] */
    LT_PLAN_PROJECT,   /* expressions; generators among them give 0..n rows */
    LT_PLAN_OPERATOR,  /* a user-written operator: create */
    LT_PLAN_UNION,     /* inputs */
    LT_PLAN_WATERMARK, /* name: the column; interval */
    LT_PLAN_AGGREGATE, /* micro-batch mode from here on */
    LT_PLAN_JOIN,
    LT_PLAN_DEDUPLICATE,
    LT_PLAN_TRANSFORM, /* custom keyed state: processor */
    LT_PLAN_SORT,
    LT_PLAN_LIMIT,
    LT_PLAN_WRITE, /* format, options; dead letters */
};

struct lt_session;     /* ops/expr: what expressions mean */
struct lt_processor;   /* ops/stateful/transform.h */
struct lt_source_type; /* core/flow/connector.h */
struct lt_sink_type;

/* Makes a user-written operator for one lane. `input` is the schema it gets; the operator says its
 * output schema. */
typedef int lt_operator_create_fn(void *context, const struct lt_type *input,
                                  struct lt_operator **out, struct lt_error *error);

enum lt_output_mode { LT_OUTPUT_APPEND, LT_OUTPUT_UPDATE, LT_OUTPUT_COMPLETE };

/* One aggregate of an AGGREGATE: its arguments are columns of the input, computed by a PROJECT
 * below where they are more than that; so an aggregate knows no expressions. */
struct lt_plan_aggregate {
    const char *function;      /* "sum"; its name in the table of aggregates */
    const uint32_t *arguments; /* columns; none: count(*) */
    uint32_t argument_count;
    int32_t filter; /* column of FILTER (WHERE ...); -1: every row */
    bool ignores_nulls, is_distinct;
    /* Arguments that are constants by the function's own rules (an accuracy, percentages), in their
     * order, as literals. */
    struct lt_expression *const *parameters;
    uint32_t parameter_count;
    const struct lt_type *type; /* of the result */
};

enum lt_join_kind {
    LT_JOIN_INNER,
    LT_JOIN_LEFT_OUTER,
    LT_JOIN_RIGHT_OUTER,
    LT_JOIN_FULL_OUTER,
    LT_JOIN_LEFT_SEMI,
    LT_JOIN_LEFT_ANTI,
};

/* TRANSFORM: what its timers go by, and what time rows are late by. */
enum lt_time_mode { LT_TIME_NONE, LT_TIME_PROCESSING, LT_TIME_EVENT };

/* What makes state final: the event time among the keys, or of a side of a join. */
struct lt_plan_event_time {
    int32_t column; /* of the input; -1: none, state is kept for ever */
    bool is_window; /* a struct of start and end: the end counts */
    /* JOIN: a row of this side can find no partner any more when its event time + slack_us is at
     * or before the watermark; INT64_MAX: it always may, and the column says only what is late. */
    int64_t slack_us;
};

/* One input of a stateful operator. Rows with equal keys meet in one partition. */
struct lt_plan_side {
    const uint32_t *keys; /* columns of the input */
    uint32_t key_count;
    struct lt_plan_event_time event_time; /* that rows are late by, and state final by */
};

/* What a stateful node does, after analysis. The keys of AGGREGATE come out first, then the
 * aggregates; DEDUPLICATE lets rows pass as they are; of JOIN the columns of the left side come out
 * and then, unless it is semi or anti, those of the right. */
struct lt_plan_stateful {
    uint32_t number; /* of the operator, in the order of the plan: state/<number> */
    enum lt_output_mode output_mode;
    struct lt_plan_side left, right; /* right: JOIN */
    const struct lt_plan_aggregate *aggregates;
    uint32_t aggregate_count;
    int32_t session_gap; /* AGGREGATE by sessions: column with the session's window as one row would
                            make it ([time, time + gap)), which is a key too; -1: no sessions */
    bool within_watermark; /* DEDUPLICATE: keys count for delay_us after the first row */
    int64_t delay_us;
    enum lt_join_kind join;
    struct lt_expression *condition; /* JOIN: over left and right columns, beside equal keys */
    enum lt_time_mode time_mode;     /* TRANSFORM */
};

/* ORDER BY of a SORT: in complete mode. */
struct lt_plan_order {
    uint32_t column;
    bool is_descending, nulls_last;
};

#define LT_PLAN_NO_LIMIT INT64_MAX

struct lt_plan_node {
    enum lt_plan_kind kind;
    struct lt_plan_node **inputs;
    uint32_t input_count;

    const char *format; /* READ, WRITE: a name in the catalog */
    /* READ, WRITE: what the format stands for; NULL: look it up in the catalog. What a program has
     * written itself stands in no catalog. */
    const struct lt_source_type *source_type;
    const struct lt_sink_type *sink_type;
    struct lt_options *options;        /* READ, WRITE; owned by the query */
    const struct lt_type *user_schema; /* READ, or NULL */

    struct lt_expression **expressions; /* FILTER: 1; PROJECT: the columns */
    const char **expression_texts;      /* as the user wrote them, for errors and explain */
    uint32_t expression_count;
    /* FILTER, PROJECT: the settings their expressions are analysed and evaluated under; outlives
     * the plan. NULL: the defaults. */
    const struct lt_session *session;

    const char *name;              /* OPERATOR: its name; WATERMARK: the column */
    int64_t interval_us;           /* WATERMARK: the delay */
    int64_t idle_us; /* WATERMARK: after so long without rows it holds no other back; 0: never */
    /* WATERMARK: nodes of the same number, on the sides of a union, are one watermark. Before
     * lt_plan_number any number, after it they are counted from 0 in the plan. */
    uint32_t watermark;
    lt_operator_create_fn *create; /* OPERATOR */
    void *create_context;
    const struct lt_type *declared_schema; /* OPERATOR: what it emits; NULL: what it gets */

    /* AGGREGATE, JOIN, DEDUPLICATE, TRANSFORM, and LIMIT of a query's whole life; after analysis */
    const struct lt_plan_stateful *stateful;
    const struct lt_processor *processor;    /* TRANSFORM; outlives the plan */
    const struct lt_plan_order *orders;      /* SORT */
    uint32_t order_count;
    int64_t limit; /* LIMIT: rows, or LT_PLAN_NO_LIMIT */

    const struct lt_type *schema; /* after analysis: what comes out */
};

enum lt_trigger_kind {
    LT_TRIGGER_PROCESSING_TIME,
    LT_TRIGGER_ONCE,
    LT_TRIGGER_AVAILABLE_NOW,
    LT_TRIGGER_CONTINUOUS
};

struct lt_trigger {
    enum lt_trigger_kind kind;
    int64_t interval_ns; /* CONTINUOUS: the epoch interval; PROCESSING_TIME: 0 is as soon as there
                            is data */
};

struct lt_plan {
    struct lt_plan_node **sinks; /* WRITE nodes */
    uint32_t sink_count;
    struct lt_plan_node
        *dead_letters; /* a WRITE node without input, or NULL: a failing record stops the query */
    struct lt_trigger trigger;
    bool has_trigger; /* it was chosen; else it is what the plan needs */
    enum lt_output_mode output_mode;
};

/* A zeroed node of a kind with room for `input_count` inputs, in the arena. */
struct lt_plan_node *lt_plan_node_create(struct lt_arena *arena, enum lt_plan_kind kind,
                                         uint32_t input_count);
/* Puts the nodes that analysis set between `before` and nodes[*at] into the list, in front of the
 * latter, whose place is `*at` then. False: there is room for `capacity` nodes only. */
bool lt_plan_insert_steps(struct lt_plan_node **nodes, uint32_t *count, uint32_t capacity,
                          uint32_t *at, const struct lt_plan_node *before);
/* The first node, from this one on, or of a plan, that only micro-batches run; NULL: there is none.
 */
const struct lt_plan_node *lt_plan_find_batch(const struct lt_plan_node *node);
const struct lt_plan_node *lt_plan_batch_node(const struct lt_plan *plan);
/* True when it has such a node, or a sink that is given whole batches. */
bool lt_plan_needs_batches(const struct lt_plan *plan);
/* A LIMIT over `node`, of its schema, that is never reached: its one instance brings together, in
 * micro-batches, what several lanes, sources or operators give. And whether a node is one. */
struct lt_plan_node *lt_plan_bring_together(struct lt_plan_node *node, struct lt_arena *arena);
bool lt_plan_brings_together(const struct lt_plan_node *node);
/* Takes the WATERMARK nodes out, which say nothing where nothing keeps state. */
void lt_plan_drop_watermarks(struct lt_plan *plan);
/* What a plan's nodes are told of the whole: stateful ones the output mode and their numbers, from
 * 0, sink by sink, and in each those that rows come to last first, as Spark does; watermarks
 * theirs, from 0 too. The nodes are the plan's own. */
void lt_plan_number(struct lt_plan *plan, struct lt_arena *arena);
/* Spark's name of the operator, for errors: "Aggregate", "Join", "Filter". */
const char *lt_plan_kind_name(enum lt_plan_kind kind);

#endif
