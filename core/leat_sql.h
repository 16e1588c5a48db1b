/*
 * What the files of the SQL door share: the session that statements make in a context, and what
 * each kind of statement does with it.
 *
 *   leat_sql.c           the door: from a text to the statement at work
 *   leat_sql_define.c    CREATE and DROP
 *   leat_sql_settings.c  SET and RESET
 *   leat_sql_table.c     tables: their formats and options, how they are read
 *   leat_sql_job.c       INSERT and SELECT: queries and streams
 *   leat_sql_share.c     INSERTs that read a table together
 *   leat_sql_memory.c    tables of the format memory, whose rows the context holds
 *   leat_sql_static.c    tables that streams are joined with
 *   leat_sql_answer.c    SHOW and DESCRIBE
 *   leat_sql_one_table.c what they answer about one table's parts: a column, its partitions, the
 *                        statement that makes it
 *   leat_sql_explain.c   EXPLAIN
 *   leat_admin_sql.c     what tools ask of a session beside: checks, names, the end of a statement
 *
 * on: the context's thread, unless said otherwise.
 */
#ifndef LT_LEAT_SQL_H
#define LT_LEAT_SQL_H

#include "core/leat_objects.h"
#include "ops/sql/analyse.h"

/* A query that INSERT has made: the same statement again is the same query again. */
struct lt_door_job {
    const char *table, *query; /* its name, and the text behind it */
    const char *name;
    struct lt_door_job *next;
};

struct lt_door_sql {
    leat_context *context;
    struct lt_door_job *jobs; /* whose names follow from their tables */
    struct lt_sql_catalog catalog;
    struct lt_sql_host host;
    struct lt_door_shared *shared; /* what tables that are shared are read by */
    uint32_t watermark_count;    /* of all plans that the session has made */
    struct lt_options *settings; /* of SET, by Spark's names, those of expressions too */
};

/* One statement at work. */
struct lt_door_statement {
    struct lt_door_sql *sql;
    const struct lt_sql_statement *tree;
    const char *text; /* what it was parsed from; the context's */
    struct lt_error *error;
    leat_sql_result *result;
    bool only_check; /* nothing runs, not even what ends */
};

/* What a statement is taken for. */
enum lt_door_sql_purpose {
    LT_DOOR_SQL_RUN,
    LT_DOOR_SQL_CHECK,   /* its analysis alone */
    LT_DOOR_SQL_EXPLAIN, /* a query or an INSERT is as EXPLAIN EXTENDED of it */
};

/* The session of a context; made when it is first asked for. */
struct lt_door_sql *lt_door_sql_of(leat_context *context);
/* leat_sql, for a purpose. */
int lt_door_sql_run(leat_context *context, const char *text, const char **rest,
                    enum lt_door_sql_purpose purpose, leat_sql_result *result) LT_MUST_USE;

/* -------------------------------------------------------------------------- names, settings */

int lt_door_sql_create(const struct lt_door_statement *statement) LT_MUST_USE;
int lt_door_sql_drop(const struct lt_door_statement *statement) LT_MUST_USE;
/* SET of a value, or what is set. */
int lt_door_sql_set(const struct lt_door_statement *statement) LT_MUST_USE;
int lt_door_sql_reset(const struct lt_door_statement *statement) LT_MUST_USE;
/* Settings with nothing set; the context's. */
struct lt_options *lt_door_sql_create_settings(leat_context *context);
/* What SET knows, by index; false past the last. */
bool lt_door_sql_setting(size_t index, struct lt_option_spec *out);
/* The directory that SET gives checkpoints; NULL: none. */
const char *lt_door_sql_checkpoint_root(const struct lt_door_sql *sql);
/* Adds to the options of a query what SET says and they do not. */
int lt_door_sql_put_settings(const struct lt_door_sql *sql, struct lt_options *options,
                             struct lt_error *error) LT_MUST_USE;

/* ------------------------------------------------------------------------------------- tables */

/* How a table says how the query runs that writes it, beside the options of queries. */
const struct lt_option_spec *lt_door_sql_job_specs(size_t *count);

/* Checks format and options of a table that is to be made. */
int lt_door_sql_check_table(const struct lt_door_statement *statement,
                            struct lt_sql_table *table) LT_MUST_USE;
/* Whether its rows lie in a directory's files: LOCATION and PARTITIONED BY may say how. */
bool lt_door_sql_has_directories(const struct lt_sql_table *table);
/* The callbacks by which analysis reads tables. */
struct lt_sql_host lt_door_sql_host(struct lt_door_sql *sql);
/* Has it rows that a query can read without its having been written? Views have. */
bool lt_door_sql_can_read(const struct lt_sql_table *table);
/* Their callback `collect` (leat_sql_static.c). */
int lt_door_sql_collect(void *user, struct lt_plan_node *node, uint32_t limit,
                        struct lt_arena *arena, struct lt_array *out,
                        struct lt_error *error) LT_MUST_USE;
/* The query ends where what the node reads ended at its start, if that does not end by itself. */
int lt_door_sql_end_at_start(leat_query *query, const struct lt_plan_node *node) LT_MUST_USE;
/* What analysis is given for a statement. */
struct lt_sql_env lt_door_sql_env(const struct lt_door_statement *statement,
                                  enum lt_output_mode mode);
/* The options of the table that the sink of its format understands; the caller's. */
struct lt_options *lt_door_sql_sink_options(const struct lt_sql_table *table);

/* --------------------------------------------------------------------------------------- jobs */

/* The query that INSERT makes, not started, in *out; *ends: it ends by itself. */
int lt_door_sql_insert(const struct lt_door_statement *statement, struct lt_sql_plan *plan,
                       leat_query **out, bool *ends) LT_MUST_USE;
/* An option of the table, false by itself; LT_E_INVALID if it is neither true nor false. */
int lt_door_sql_read_flag(const struct lt_sql_table *table, const char *key, bool *out,
                          struct lt_error *error) LT_MUST_USE;
/* The READ by which a shared table is read; NULL: none yet. */
struct lt_plan_node *lt_door_sql_shared_read(const struct lt_door_sql *sql,
                                             const struct lt_sql_table *table);
/* Keeps it; `node` is of the context's arena. */
void lt_door_sql_share(struct lt_door_sql *sql, const struct lt_sql_table *table,
                       struct lt_plan_node *node);
/* The shared table that a plan reads; NULL: it reads none, or more than that. */
const struct lt_sql_table *lt_door_sql_shared_by(const struct lt_door_sql *sql,
                                                 const struct lt_plan_node *node);
/* SELECT: a stream, or the rows of what ends as text. */
int lt_door_sql_select(const struct lt_door_statement *statement) LT_MUST_USE;
/* The output mode that a table's options ask for. */
int lt_door_sql_output_mode(const struct lt_sql_table *table, enum lt_output_mode *out,
                            struct lt_error *error) LT_MUST_USE;

/* ------------------------------------------------------------------------------ memory tables */

/* The stream of what the table holds now; NULL with an error if it has no columns yet. */
leat_stream *lt_door_sql_memory_read(struct lt_door_sql *sql, struct lt_sql_table *table,
                                     struct lt_error *error);
/* Adds a sink that appends to the table, whose columns are `schema` from now on. */
int lt_door_sql_memory_write(struct lt_door_sql *sql, struct lt_sql_table *table, leat_query *query,
                             leat_stream *stream, const struct lt_type *schema,
                             struct lt_error *error) LT_MUST_USE;

/* ------------------------------------------------------------------------------------ answers */

/* SHOW, DESCRIBE. */
int lt_door_sql_answer(const struct lt_door_statement *statement) LT_MUST_USE;
/* DESCRIBE of a column of the table, whose columns are `schema` (NULL: none yet), or of a partition
 * of it. */
int lt_door_sql_describe_part(const struct lt_door_statement *statement,
                              const struct lt_sql_table *table,
                              const struct lt_type *schema) LT_MUST_USE;
int lt_door_sql_show_create(const struct lt_door_statement *statement) LT_MUST_USE;
int lt_door_sql_show_partitions(const struct lt_door_statement *statement) LT_MUST_USE;
int lt_door_sql_explain(const struct lt_door_statement *statement) LT_MUST_USE;
/* A table of texts as show() prints it, without truncation: cells row by row; NULL: null. The
 * caller's to free. */
char *lt_door_sql_print(const char *const *columns, uint32_t column_count, const char *const *cells,
                        uint32_t row_count);

#endif
