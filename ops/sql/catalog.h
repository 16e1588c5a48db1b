/*
 * The tables and views that statements have made: names and definitions. A table is a format with
 * options, and may be read, written, or both; a view is a query's text, analysed anew at each use.
 *
 * Names match without regard to case. Everything lives in the arena given; what is dropped stays
 * there until the end, so plans may point into it.
 *
 * on: control, one thread at a time.
 */
#ifndef LT_OPS_SQL_CATALOG_H
#define LT_OPS_SQL_CATALOG_H

#include "ops/sql/syntax.h"

struct lt_plan_node;
struct lt_sql_uses;

struct lt_sql_table {
    const char *name;
    const char *comment;      /* or NULL */
    bool is_called_temporary; /* CREATE TEMPORARY made it */
    /* a table */
    const char *format; /* NULL: a view */
    const struct lt_sql_option *options;
    uint32_t option_count;
    const struct lt_type *schema; /* declared; NULL: the format's, or what is written first */
    bool is_written;              /* an INSERT has named it */
    const char *const *defaults;  /* of its columns, as texts; NULL, or NULL each */
    const struct lt_sql_option *properties; /* TBLPROPERTIES */
    uint32_t property_count;
    void *host; /* what the program around keeps of it, or NULL */
    /* a view */
    const char *text;
    struct lt_sql_columns columns;
    /* a view of what the program around has built: analysed, and what it uses (refuse.h), or NULL.
     * `text` says what it is. */
    struct lt_plan_node *built;
    const struct lt_sql_uses *uses;
    struct lt_sql_table *next; /* by name */
};

struct lt_sql_catalog {
    struct lt_sql_table *first;
};

/* The name that a table stands under: the only part, or the last of default.t and
 * spark_catalog.default.t. NULL with Spark's error for any other. */
const char *lt_sql_table_name(const struct lt_sql_name *name, const char *text,
                              struct lt_error *error);
/* NULL: there is none. */
struct lt_sql_table *lt_sql_catalog_find(const struct lt_sql_catalog *catalog, const char *name);
/* The same, with TABLE_OR_VIEW_NOT_FOUND and the nearest name. */
struct lt_sql_table *lt_sql_catalog_get(const struct lt_sql_catalog *catalog,
                                        const struct lt_sql_name *name, const char *text,
                                        struct lt_error *error);
/* Puts a table in its place, or in that of the one of its name. */
void lt_sql_catalog_put(struct lt_sql_catalog *catalog, struct lt_sql_table *table);
void lt_sql_catalog_remove(struct lt_sql_catalog *catalog, const struct lt_sql_table *table);
/* An option of a table; NULL: not given. The last of several wins. */
const char *lt_sql_table_option(const struct lt_sql_table *table, const char *key);
/* The pattern of SHOW ... LIKE: '*' is any text, '|' parts alternatives; no regard to case. */
bool lt_sql_matches(const char *pattern, const char *name);

#endif
