/*
 * Statements as trees: what the parser makes of SQL text and analysis reads. Plain data in an
 * arena.
 *
 * Places (begin, end) are bytes of the text that was parsed, for carets. Expressions are
 * core/flow/expression.h's, of the same text, not analysed.
 *
 * on: control.
 */
#ifndef LT_OPS_SQL_SYNTAX_H
#define LT_OPS_SQL_SYNTAX_H

#include <stdbool.h>
#include <stdint.h>

#include "core/data/type.h"
#include "ops/expr/parser.h"

/* A name of one or several parts. */
struct lt_sql_name {
    const char **parts; /* NULL: no name */
    uint32_t count;
    uint32_t begin, end;
};

/* Names in brackets: columns of a view, an alias or an INSERT. */
struct lt_sql_columns {
    const char **names;
    const char **comments; /* of a view's columns; NULL, or NULL each */
    uint32_t count;
    uint32_t begin, end;
};

struct lt_sql_query;

enum lt_sql_relation_kind {
    LT_SQL_ONE_ROW, /* no FROM */
    LT_SQL_TABLE,
    LT_SQL_SUBQUERY,
    LT_SQL_FUNCTION, /* table, generator */
    LT_SQL_JOIN,
    LT_SQL_LATERAL_VIEW, /* left, generator */
    LT_SQL_SAMPLE,       /* left */
    LT_SQL_PIVOT,        /* left, pivot */
    LT_SQL_UNPIVOT,
};

enum { LT_SQL_PIVOT_MAX = 64 };
/* Relations that one query reads, with those of its views. */
enum { LT_SQL_RELATIONS_MAX = 1000, LT_SQL_RELATIONS_IN_ALL_MAX = 20000 };

/* One value that PIVOT looks for, or one column that UNPIVOT reads; several stand in brackets. */
struct lt_sql_pivot_place {
    struct lt_parser_items items;
    const char *name; /* NULL: none is given */
};

/* PIVOT (made FOR columns IN (places)), UNPIVOT (made FOR columns IN (places)) */
struct lt_sql_pivot {
    struct lt_parser_items made; /* aggregates; or the names of the value columns */
    const char *made_names[LT_SQL_PIVOT_MAX];
    uint32_t count; /* of made_names */
    struct lt_parser_items columns;
    struct lt_sql_pivot_place *places;
    uint32_t place_count;
    bool includes_nulls; /* UNPIVOT INCLUDE NULLS */
};

struct lt_sql_relation {
    enum lt_sql_relation_kind kind;
    uint32_t begin, end;
    struct lt_sql_name table;
    struct lt_sql_query *query;
    const char *alias;             /* or NULL */
    struct lt_sql_columns columns; /* of the alias, or of a lateral view */
    /* TABLE, SUBQUERY: WATERMARK expression [AS name] DELAY OF interval; NULL: none */
    struct lt_expression *watermark, *delay;
    const char *watermark_name;
    uint32_t watermark_begin;
    struct lt_sql_relation *left, *right;
    const char *join;    /* Spark's name of the kind: "Inner", "LeftOuter", ... */
    uint32_t join_begin; /* of the word JOIN or what stands before it */
    bool is_natural, is_lateral;
    struct lt_expression *condition;
    struct lt_expression *generator;
    bool is_outer; /* LATERAL VIEW OUTER */
    const struct lt_sql_pivot *pivot;
    bool is_limit; /* SAMPLE of so many rows */
    int64_t limit;
};

enum lt_sql_grouping {
    LT_SQL_NOT_GROUPED,
    LT_SQL_GROUPED,
    LT_SQL_GROUPED_ALL,
    LT_SQL_GROUPING_SETS
};

struct lt_sql_select {
    uint32_t begin, end;
    struct lt_parser_items items;
    bool is_distinct;
    struct lt_parser_items hints; /* calls: REPARTITION(3, a) */
    struct lt_sql_relation *from;
    struct lt_expression *where, *having;
    enum lt_sql_grouping grouping;
    uint32_t group_begin; /* of GROUP BY */
    struct lt_parser_items group_by;
    const char **windows; /* names of the WINDOW clause */
    uint32_t window_count;
};

struct lt_sql_cte {
    const char *name;
    struct lt_sql_columns columns;
    struct lt_sql_query *query;
    uint32_t begin, end;
};

enum lt_sql_set { LT_SQL_NO_SET, LT_SQL_UNION, LT_SQL_INTERSECT, LT_SQL_EXCEPT };

/* One select, or a set operation of two queries, with what may stand before and behind. */
struct lt_sql_query {
    uint32_t begin, end;
    struct lt_sql_cte *ctes;
    uint32_t cte_count;
    struct lt_sql_select *select;             /* or NULL: */
    bool is_values;                           /* the select is VALUES ... */
    const struct lt_sql_columns *value_names; /* of its alias; or NULL */
    enum lt_sql_set set;
    bool is_all;
    struct lt_sql_query *left, *right;
    struct lt_sql_query *nested; /* a query in brackets, with clauses of its own behind */
    struct lt_parser_items order_by, sort_by, distribute_by;
    bool is_clustered; /* CLUSTER BY: distribute_by, and sorted by the same */
    struct lt_expression *limit, *offset;
};

struct lt_sql_option {
    const char *key, *value;
    uint32_t begin, end;
};

/* How the rows of a table lie: PARTITIONED BY, CLUSTERED BY, CLUSTER BY, LOCATION. */
struct lt_sql_layout {
    const char *clause;                     /* the first of them; NULL: none */
    uint32_t begin, end;                    /* of it */
    struct lt_parser_items partitions;      /* columns, or transforms of them: years(a) */
    const struct lt_type *partition_fields; /* PARTITIONED BY (a INT); or NULL */
    struct lt_sql_columns buckets, sorted, clustered;
    int64_t bucket_count;
    bool is_partitioned, is_bucketed, is_clustered;
    const char *location; /* or NULL */
};

enum lt_sql_kind {
    LT_SQL_CREATE_TABLE,
    LT_SQL_CREATE_VIEW,
    LT_SQL_DROP,
    LT_SQL_INSERT,
    LT_SQL_SELECT,
    LT_SQL_SET,
    LT_SQL_RESET,
    LT_SQL_EXPLAIN,
    LT_SQL_DESCRIBE,
    LT_SQL_DESCRIBE_QUERY,
    LT_SQL_DESCRIBE_FUNCTION,
    LT_SQL_SHOW_TABLES,
    LT_SQL_SHOW_VIEWS,
    LT_SQL_SHOW_FUNCTIONS,
    LT_SQL_SHOW_COLUMNS,
    LT_SQL_SHOW_PROPERTIES, /* name, and key where one is asked for */
    LT_SQL_SHOW_CREATE,     /* is_extended: AS SERDE */
    LT_SQL_SHOW_PARTITIONS,
};

enum lt_sql_explain {
    LT_SQL_EXPLAIN_SIMPLE,
    LT_SQL_EXPLAIN_EXTENDED,
    LT_SQL_EXPLAIN_FORMATTED,
    LT_SQL_EXPLAIN_COST,
};

struct lt_sql_statement {
    enum lt_sql_kind kind;
    uint32_t begin, end; /* without the ';' */
    struct lt_sql_name name;
    bool or_replace, if_not_exists, if_exists, is_temporary, is_view, is_extended, is_by_name;
    const struct lt_type *schema; /* CREATE TABLE; NULL: none is given */
    const char *format;           /* CREATE TABLE */
    const char *const *defaults;  /* of its columns: texts of expressions; NULL, or NULL each */
    const char *comment;          /* CREATE; or NULL */
    struct lt_sql_option *options, *properties; /* OPTIONS, TBLPROPERTIES */
    uint32_t option_count, property_count;
    struct lt_sql_layout layout;
    struct lt_sql_columns columns; /* CREATE VIEW, INSERT */
    struct lt_sql_query *query;    /* CREATE VIEW, INSERT, SELECT, EXPLAIN */
    const char *key, *value;       /* SET, RESET; NULL: not given */
    const char *pattern;           /* SHOW ... LIKE; or NULL */
    struct lt_sql_name column;     /* DESCRIBE of one; without parts: of all */
    bool has_partition;            /* DESCRIBE, SHOW PARTITIONS: one is asked for */
    enum lt_sql_explain explain;
    bool is_insert; /* EXPLAIN INSERT: name and columns are those of the table written */
};

#endif
