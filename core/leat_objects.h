/*
 * What stands behind the opaque names of core/leat.h, and the few functions by which the files of
 * the public doors help each other. The doors hold no logic: they turn calls into a plan, hand it
 * to core/run, and give its answers back.
 *
 * A stream is a node of a plan that is never analysed itself: each start copies the nodes a query
 * needs into the query's own arena and analyses the copy. So queries of one context share nothing
 * that changes, and what a start has made goes when the query goes.
 *
 * Rows are handed out as they are: leat_row is struct lt_row under its public name.
 *
 * on: as core/leat.h says.
 */
#ifndef LT_LEAT_OBJECTS_H
#define LT_LEAT_OBJECTS_H

#include "core/base/arena.h"
#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/base/limits.h"
#include "core/base/options.h"
#include "core/base/shared.h"
#include "core/flow/connector.h"
#include "core/flow/plan.h"
#include "core/leat.h"
#include "core/leat_manager.h"
#include "core/run/query.h"
#include "ops/expr/session.h"

/* Something that a context frees at its end. */
struct lt_door_owned {
    void (*destroy)(void *object);
    void *object;
    struct lt_door_owned *next;
};

struct leat_context {
    struct lt_arena *arena; /* streams, their plan nodes, schemas */
    struct lt_error error;  /* the first since it was cleared; code 0: none */
    struct lt_clock clock;  /* the system's, or the program's */
    /* What expressions built from now on mean; NULL: the defaults. Never changed: a setting makes
     * a new one, so that streams keep what they were built under. */
    const struct lt_session *session;
    struct lt_door_sql *sql; /* what statements have made; NULL before the first */
    struct lt_door_owned *owned;
    struct lt_door_manager manager; /* of its queries: each may be on a thread of its own */
    /* Set to 1 by leat_admin_interrupt, maybe in a signal handler; read between two slices of a
     * statement that runs here and now. One word by itself: no order with anything else. */
    struct lt_shared_u32 is_interrupted;
};

struct leat_options {
    struct lt_options *set;
    struct lt_error error; /* the first wrong pair; told by whoever takes the options */
};

struct leat_stream {
    leat_context *context;
    struct lt_plan_node *node;
    /* What it uses beside projections and filters: judged when the query's output mode is known.
     * NULL: nothing. The context's. */
    const struct lt_sql_uses *uses;
    const char *schema_ddl; /* once asked for */
};

struct leat_query {
    leat_context *context;
    struct lt_arena *arena; /* of the analysed plan */
    struct lt_options *options;
    struct lt_plan_node *sinks[LT_LIMIT_SINKS]; /* as built */
    const struct lt_sql_uses *uses[LT_LIMIT_SINKS]; /* of what each is written, or NULL */
    uint32_t sink_count;
    struct lt_plan_node *dead_letters; /* or NULL */
    struct lt_trigger trigger;
    bool has_trigger; /* it was chosen; else what the plan needs chooses it */
    enum lt_output_mode output_mode;
    /* Of INSERT: the table it writes, and the shared one that it reads (leat_sql_share.c); or
     * NULL. */
    const struct lt_sql_table *written, *shared;
    struct lt_clock clock;    /* the context's at the start */
    struct lt_plan plan;      /* analysed by the start */
    struct lt_query *running; /* NULL before a start; then for ever */
    struct lt_error error;    /* of the last call that failed; code 0: none */
    struct lt_door_managed managed;
    leat_query *next; /* of the manager's */
};

/* Keeps the context's first error. Returns NULL, for builder functions that fail with it. */
void *lt_door_fail(leat_context *context, const struct lt_error *error);
/* The context will destroy `object` at its end, later ones first. */
void lt_door_own(leat_context *context, void (*destroy)(void *object), void *object);

/* A connector that reads or writes times as text, in the formats json and csv (the option
 * timeZone), and is not told of a zone gets the session's. */
void lt_door_put_time_zone(const leat_context *context, const char *connector,
                           const struct lt_option_spec *specs, size_t count,
                           struct lt_options *options);
/* Takes `options` apart: the set is the caller's, never NULL; NULL options are an empty set. A
 * wrong pair is an error, and the set is gone then. */
int lt_door_take_options(leat_options *options, struct lt_options **out,
                         struct lt_error *error) LT_MUST_USE;

/* A stream on a new node of the context's arena. */
leat_stream *lt_door_stream(leat_context *context, struct lt_plan_node *node);
/* The same, of what is done with a stream: what that one uses, this one does. */
leat_stream *lt_door_over(const leat_stream *stream, struct lt_plan_node *node);
/* The stream of a source that is no catalog's. */
leat_stream *lt_door_read_type(leat_context *context, const struct lt_source_type *type);

/* Adds a WRITE node for `stream` to the query; `type` NULL: by `format`. Takes the set. */
int lt_door_write(leat_query *query, leat_stream *stream, const char *format,
                  const struct lt_sink_type *type, struct lt_options *options);
/* The same for dead letters. */
int lt_door_write_dead_letters(leat_query *query, const char *format,
                               const struct lt_sink_type *type, struct lt_options *options);
/* The plan of the query, copied into its arena for analysis. */
const struct lt_plan *lt_door_copy_plan(leat_query *query);

/* "append", "update", "complete", in any case. */
int lt_door_read_output_mode(const char *text, enum lt_output_mode *out,
                             struct lt_error *error) LT_MUST_USE;
/* What core/run needs to start or check the query. An error where its output mode or trigger allows
 * what it does not. */
int lt_door_spec(leat_query *query, struct lt_query_spec *out, struct lt_error *error) LT_MUST_USE;
/* A copy of the stream's plan in the arena, with its schemas. */
int lt_door_analysed(const leat_stream *stream, struct lt_arena *arena, struct lt_plan_node **out,
                     struct lt_error *error) LT_MUST_USE;

/* Accepts a struct of the public header by its own size: at least `least_bytes`, at most what this
 * library knows. Copies it into `into`, zeroing what an older program does not have. */
int lt_door_copy_struct(const char *what, const void *from, void *into, size_t known_bytes,
                        size_t least_bytes, struct lt_error *error) LT_MUST_USE;

#endif
